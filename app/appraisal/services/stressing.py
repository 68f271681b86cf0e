"""Stored assets valued again in the world of a stress scenario; nothing is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import AppraisalState
from app.appraisal.domain.catalogue import find_spec, parameters_on
from app.appraisal.domain.portfolio import Portfolio, RowValue, value_portfolio
from app.appraisal.domain.valuing import Inputs, Problem, laid_over
from app.appraisal.models import Appraisal, AssetValue
from app.appraisal.services.prices import market_facts
from app.kernel.errors import InvalidInput, RuleViolation
from app.kernel.text import N_
from risk_models.stressing import Scenario, scenarios

CHUNK_ASSETS: Final = 500
"""Assets read by one set of statements; those of one model are valued in one call."""

NO_APPRAISAL: Final = Problem(
    code="no-valid-appraisal",
    field="",
    en="The asset has no appraisal that is valid on the day.",
    zh="该资产在此日没有有效评估。",
)
NO_INPUTS: Final = Problem(
    code="no-inputs",
    field="",
    en="The value was not made by a model; it stays as it is.",
    zh="该价值并非由模型得出，保持不变。",
)


class UnknownScenario(RuleViolation):
    """No scenario has this id."""

    code = "unknown-scenario"
    title = N_("There is no such scenario")
    detail = N_("No scenario “%(scenario)s” counts on %(day)s. Choose one of: %(scenarios)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedValue:
    """An asset's value by its model as it is and under the stress, in fen; or why there is none.

    `current_fen` is what the asset is worth under the stress: never above the appraised value, never
    below zero.
    """

    model_id: str
    base_fen: int | None
    stressed_fen: int | None
    current_fen: int | None
    problem: Problem | None = None


def scenarios_on(day: date) -> list[Scenario]:
    """The scenarios that count on a day."""
    return [each for each in scenarios().values() if each.since <= day]


def get_scenario(scenario_id: str, day: date) -> Scenario:
    """A scenario that counts on a day; refused with those that there are, or with its first day."""
    found = scenarios().get(scenario_id)
    if found is None:
        named = [each.id for each in scenarios_on(day)] or list(scenarios())
        raise UnknownScenario(scenario=scenario_id, day=day, scenarios=named)
    if day < found.since:
        detail = N_("This scenario counts from %(since)s. Choose that day or a later one.")
        raise InvalidInput.at("/on", detail, since=found.since)
    return found


def stressed_values(
    session: Session, asset_ids: Iterable[UUID], scenario: Scenario, on: date
) -> dict[UUID, StressedValue]:
    """Every asset valued on a day as it is and under a scenario, by its valid appraisal's inputs."""
    wanted = sorted(set(asset_ids))
    by_model: dict[str, list[_Asked]] = {}
    found: dict[UUID, StressedValue] = {}
    for start in range(0, len(wanted), CHUNK_ASSETS):
        part = wanted[start : start + CHUNK_ASSETS]
        asked = _asked(session, part, on)
        for asset_id in part:
            if asset_id not in asked:
                found[asset_id] = _without("", NO_APPRAISAL)
            elif asked[asset_id].inputs is None:
                found[asset_id] = _without(asked[asset_id].model_id, NO_INPUTS)
            else:
                by_model.setdefault(asked[asset_id].model_id, []).append(asked[asset_id])
    for model_id, rows in by_model.items():
        found |= _valued(session, model_id, rows, scenario, on)
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    asset_id: UUID
    model_id: str
    inputs: Inputs | None
    appraised_fen: int | None


def _without(model_id: str, problem: Problem) -> StressedValue:
    return StressedValue(
        model_id=model_id, base_fen=None, stressed_fen=None, current_fen=None, problem=problem
    )


def _asked(session: Session, asset_ids: Sequence[UUID], on: date) -> dict[UUID, _Asked]:
    """The inputs that count on a day, with what was recorded since the appraisal laid over them."""
    statement = (
        sa.select(
            col(Appraisal.asset_id),
            col(Appraisal.model_id),
            col(Appraisal.valued_on),
            col(Appraisal.inputs),
            col(AssetValue.appraised_fen),
        )
        .join(AssetValue, col(AssetValue.asset_id) == col(Appraisal.asset_id))
        .where(
            col(Appraisal.asset_id).in_(asset_ids),
            col(Appraisal.state) == AppraisalState.VALID,
            col(Appraisal.valued_on) <= on,
            col(Appraisal.valid_until) >= on,
        )
    )
    recorded = queries.recorded_between(session, asset_ids[0], asset_ids[-1])
    return {
        row.asset_id: _Asked(
            row.asset_id, row.model_id, _inputs(row, recorded, on), row.appraised_fen
        )
        for row in session.execute(statement).all()
    }


def _inputs(row: sa.Row[Any], recorded: dict[UUID, list[Any]], on: date) -> Inputs | None:
    if not row.inputs or find_spec(row.model_id) is None:
        return None
    known = queries.recorded_of(recorded.get(row.asset_id, []))
    return laid_over(row.inputs, known, valued_on=row.valued_on, on=on)[0]


def _valued(
    session: Session, model_id: str, rows: Sequence[_Asked], scenario: Scenario, on: date
) -> dict[UUID, StressedValue]:
    """All assets of a model: one call as it is, one under the stress."""
    spec = find_spec(model_id)
    if spec is None:
        return {row.asset_id: _without(model_id, NO_INPUTS) for row in rows}
    prices = market_facts(session, spec.price_ids, on)
    given = [row.inputs or {} for row in rows]
    base = value_portfolio(Portfolio(model_id=model_id, on=on, rows=given, prices=prices))
    stressed = value_portfolio(
        Portfolio(
            model_id=model_id,
            on=on,
            rows=given,
            prices=prices,
            stress=scenario.stress_for(spec, parameters_on(on)),
        )
    )
    return {
        row.asset_id: _answer(model_id, row, before, after)
        for row, before, after in zip(rows, base, stressed, strict=True)
    }


def _answer(model_id: str, row: _Asked, before: RowValue, after: RowValue) -> StressedValue:
    if after.value_fen is None:
        return _without(model_id, after.problems[0])
    appraised = after.value_fen if row.appraised_fen is None else row.appraised_fen
    return StressedValue(
        model_id=model_id,
        base_fen=before.value_fen,
        stressed_fen=after.value_fen,
        current_fen=max(min(appraised, after.value_fen), 0),
    )
