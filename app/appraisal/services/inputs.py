"""Entering inputs and running the model; what-if values; recording what was seen on the ground."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain import APPRAISAL, AppraisalState
from app.appraisal.domain.catalogue import find_model, find_spec, parameters_on
from app.appraisal.domain.matching import (
    REFUSE,
    RegisteredAsset,
    asset_findings,
    worked_out_removals,
)
from app.appraisal.domain.spread import STORED, Draw, spread
from app.appraisal.domain.valuing import (
    MAX_VALUE_FEN,
    Appraised,
    Problem,
    appraise_one,
    digest,
    failure_problem,
    found_problem,
    stored_inputs,
    told_problem,
    with_findings,
    with_more,
)
from app.appraisal.models import Appraisal, ValuationInput
from app.appraisal.services.comparison import against_former
from app.appraisal.services.errors import (
    NoValidAppraisal,
    PriceMissing,
    RecordedTooEarly,
    ValueOutOfRange,
)
from app.appraisal.services.orders import chosen_model, own_appraisal
from app.appraisal.services.outside import against_outside
from app.appraisal.services.prices import StatedPrice, prices_for
from app.appraisal.services.views import AppraisalView, appraisal_view
from app.assets.models import Asset
from app.assets.queries import acts_of, drawn_area_mu, load_asset
from app.audit.services import record
from app.db.engine import now, today
from app.kernel.actor import Actor, Name
from app.kernel.calendar import FIRST_DAY, LAST_DAY
from app.kernel.errors import FieldError, InvalidInput, NotFound, StaleVersion
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_, Coded
from app.reference.services import policy_for
from risk_models.batches import InvalidInputs, batch_from_rows, validate
from risk_models.contract import Model, ModelSpec
from risk_models.dated import ParameterNotInForce

LOGGER: Final = logging.getLogger(__name__)

WORDS: Final = N_("%(words)s")
"""A message whose words a model brings along in both languages."""

MISSING_PRICE: Final = "price-missing"

AREA_TOLERANCE: Final = "assets.area_tolerance"
"""The dated rule of how far a stated area may lie from the drawing; an appraised one from the registry."""

AREA_ABOVE: Final = "appraisal.area_above_registered"
"""The dated rule of how much more than the registered area an explanation can carry."""

QUANTITY_ABOVE: Final = "appraisal.quantity_above_certified"
"""The dated rule of how much more than the measured, certified or filed quantity an explanation can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveInputs:
    """What an appraiser enters: day, inputs by field, prices he states himself, another model if needed."""

    valued_on: date
    inputs: Mapping[str, Any]
    prices: tuple[StatedPrice, ...] = ()
    model_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedInputs:
    """What saving would keep, worked out before anything is written, and the version it was worked out on."""

    version: int
    model_id: str
    valued_on: date
    inputs: Mapping[str, Any]
    prices: Mapping[str, Any]
    found: Appraised
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A question to a model that stores nothing; `draw` says how its band is drawn."""

    valued_on: date
    inputs: Mapping[str, Any]
    prices: tuple[StatedPrice, ...] = ()
    draw: Draw = STORED


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInputs:
    """What was seen of an asset from a day on, by input field, and how it is known."""

    valid_from: date
    overrides: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedView:
    """A record that revaluations lay over the appraisal's inputs."""

    id: UUID
    asset_id: UUID
    valid_from: date
    overrides: Mapping[str, Any]
    reason: str


def get_preparing(session: Session, actor: Actor, appraisal_id: UUID) -> AppraisalView:
    """An appraisal whose inputs the actor may enter; refused in every other state."""
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(Permission.PREPARE_APPRAISAL)
    _require_preparing(row)
    return appraisal_view(session, actor, row)


def save_inputs(
    session: Session,
    actor: Actor,
    appraisal_id: UUID,
    command: SaveInputs,
    valued: ValuedInputs | None = None,
) -> AppraisalView:
    """Run the model on what was entered and keep inputs, prices, result and value, for the agency.

    Refuses while another state than in preparation, a day to come, a missing price, and every
    input that the model refuses; what it only asks or notes is kept with the result, and so is
    what does not fit the registered asset; what goes far beyond it is refused. What was valued before
    the transaction is not valued again; an appraisal that changed since is refused.
    """
    ready = valued or value_inputs(session, actor, appraisal_id, command)
    return appraisal_view(session, actor, keep_inputs(session, actor, appraisal_id, ready))


def value_inputs(
    session: Session, actor: Actor, appraisal_id: UUID, command: SaveInputs, *, banded: bool = True
) -> ValuedInputs:
    """What saving these inputs would keep, with every refusal it would meet; nothing is written.

    Without `banded` the scenarios, which take most of the time, are left out; that cannot be kept.
    """
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(Permission.PREPARE_APPRAISAL)
    _require_preparing(row)
    require_past(session, command.valued_on)
    asset = session.get_one(Asset, row.asset_id)
    model_id = row.model_id
    if command.model_id is not None:
        model_id = chosen_model(asset, command.model_id)
    model = get_model(model_id)
    inputs = _read_inputs(model.spec, command.inputs)
    prices = prices_for(session, model.spec, command.valued_on, command.prices, inputs)
    found = run_model(model, inputs, prices, command.valued_on)
    value_fen = _reportable(found)
    if banded:
        found = with_more(found, _spread(model, inputs, prices, command.valued_on))
    more = _beside_the_asset(session, asset, model.spec.id, inputs, command.valued_on)
    _refuse_beyond(more)
    more += against_outside(session, row, value_fen)
    more += against_former(session, row, command.valued_on, value_fen)
    found = with_findings(found, more)
    return ValuedInputs(
        version=row.version,
        model_id=model_id,
        valued_on=command.valued_on,
        inputs=inputs,
        prices=prices,
        found=found,
        value_fen=value_fen,
    )


def keep_inputs(
    session: Session, actor: Actor, appraisal_id: UUID, valued: ValuedInputs
) -> Appraisal:
    """Write what `value_inputs` worked out, unless the appraisal changed since."""
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(Permission.PREPARE_APPRAISAL)
    _require_preparing(row)
    if row.version != valued.version:
        raise StaleVersion(current=row.version)
    _store(row, valued)
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "appraisal.inputs",
        subject_kind="appraisal",
        subject_id=row.id,
        number=row.number,
        inputs_digest=row.inputs_digest,
        value_fen=row.value_fen,
    )
    return row


def what_if(session: Session, actor: Actor, model_id: str, command: WhatIf) -> dict[str, Any]:
    """The value of some inputs on a day; nothing is stored."""
    actor.require(Permission.READ_APPRAISALS)
    model = get_model(model_id)
    require_past(session, command.valued_on)
    inputs = _read_inputs(model.spec, command.inputs)
    prices = prices_for(session, model.spec, command.valued_on, command.prices, inputs)
    found = run_model(model, inputs, prices, command.valued_on)
    more = _spread(model, inputs, prices, command.valued_on, command.draw)
    return with_more(found, more).result


def record_inputs(
    session: Session, actor: Actor, asset_id: UUID, command: RecordInputs
) -> RecordedView:
    """Record what was seen of an asset (frost, a new count, a lost payer); revaluations take it from its day on."""
    actor.require(Permission.RECORD_VALUATION_INPUTS)
    asset = load_asset(session, actor, asset_id)
    require_past(session, command.valid_from, pointer="/valid_from")
    appraisal = queries.valid_appraisal(session, asset.id)
    if appraisal is None or appraisal.valued_on is None or appraisal.inputs is None:
        raise NoValidAppraisal(day=command.valid_from)
    if command.valid_from <= appraisal.valued_on:
        raise RecordedTooEarly(day=appraisal.valued_on)
    model = get_model(appraisal.model_id)
    overrides = _read_inputs(model.spec, command.overrides, pointer="/overrides")
    if not overrides:
        raise InvalidInput.at("/overrides", N_("Name at least one input that changed."))
    laid = {**appraisal.inputs, **overrides}
    _require_readable(model.spec, laid, command.valid_from)
    valued_on, before = appraisal.valued_on, appraisal.inputs
    _require_registered(session, asset, model.spec.id, valued_on, before=before, laid=laid)
    row = ValuationInput(
        asset_id=asset.id,
        valid_from=command.valid_from,
        overrides=overrides,
        reason=command.reason,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "asset.record-inputs",
        subject_kind="asset",
        subject_id=asset.id,
        valid_from=row.valid_from,
        fields=sorted(overrides),
        reason=row.reason,
    )
    return recorded_view(row)


def recorded_view(row: ValuationInput) -> RecordedView:
    """The view of a record."""
    return RecordedView(**{name: getattr(row, name) for name in RecordedView.__dataclass_fields__})


def get_model(model_id: str) -> Model:
    """The model, or NotFound."""
    model = find_model(model_id)
    if model is None:
        raise NotFound
    return model


def get_spec(model_id: str) -> ModelSpec:
    """The passport of a model, or NotFound."""
    spec = find_spec(model_id)
    if spec is None:
        raise NotFound
    return spec


def run_model(
    model: Model, inputs: Mapping[str, Any], prices: Mapping[str, Any], on: date
) -> Appraised:
    """Value one asset; every refusal of the model becomes an error at its field."""
    found = appraise_one(model, inputs, prices, on)
    if not found.refusals:
        return found
    missing = [each for each in found.refusals if each.code == MISSING_PRICE]
    if missing and len(missing) == len(found.refusals):
        raise _price_missing(model.spec, inputs, prices, on)
    raise InvalidInput(errors=tuple(field_error(each) for each in found.refusals))


def _spread(
    model: Model,
    inputs: Mapping[str, Any],
    prices: Mapping[str, Any],
    on: date,
    draw: Draw = STORED,
) -> dict[str, Any]:
    """Band and bars; a model that fails on the inputs moved for them is refused as on those given."""
    try:
        return spread(model, inputs, prices, on, draw)
    except Exception as failure:
        LOGGER.exception("the model %s failed on moved inputs", model.spec.id)
        problem = failure_problem(failure)
        raise InvalidInput(errors=(field_error(problem),)) from failure


def _price_missing(
    spec: ModelSpec, inputs: Mapping[str, Any], prices: Mapping[str, Any], on: date
) -> PriceMissing:
    """The refusal that names the prices which these inputs use and the day lacks."""
    wanted = [
        use
        for use in spec.prices
        if use.id not in prices
        and all((inputs.get(other) or "") in levels for other, levels in use.when)
    ]
    titles = [Name(zh=use.title.zh, en=use.title.en) for use in wanted]
    return PriceMissing(prices=[use.id for use in wanted], titles=titles, day=on)


def field_error(problem: Problem, pointer: str = "/inputs") -> FieldError:
    """A model's refusal at its field, in both languages."""
    words = Name(zh=problem.zh, en=problem.en)
    return FieldError(
        pointer=f"{pointer}/{problem.field}" if problem.field else pointer,
        detail=WORDS,
        facts={"words": words},
    )


def _read_inputs(
    spec: ModelSpec, given: Mapping[str, Any], pointer: str = "/inputs"
) -> dict[str, Any]:
    """Inputs as they are stored; their days lie between those that all days lie between."""
    inputs = stored_inputs(spec, given)
    first, last = FIRST_DAY.isoformat(), LAST_DAY.isoformat()
    errors = tuple(
        FieldError(
            pointer=f"{pointer}/{each.name}",
            detail=N_("Enter a day from %(first)s to %(last)s."),
            facts={"first": first, "last": last},
        )
        for each in spec.fields
        if each.kind == "date" and _is_far_day(inputs.get(each.name))
    )
    if errors:
        raise InvalidInput(errors=errors)
    return inputs


def _is_far_day(given: object) -> bool:
    """Whether it is a day out of bounds; what is no day at all, the model refuses."""
    try:
        return not FIRST_DAY <= date.fromisoformat(str(given)) <= LAST_DAY
    except ValueError:
        return False


def _refuse_beyond(findings: Sequence[Mapping[str, str]], pointer: str = "/inputs") -> None:
    """What goes far beyond the registered asset is no question of words."""
    errors = tuple(
        field_error(
            Problem(code=each["code"], field=each["field"], en=each["en"], zh=each["zh"]), pointer
        )
        for each in findings
        if each["severity"] == REFUSE
    )
    if errors:
        raise InvalidInput(errors=errors)


def _require_registered(
    session: Session,
    asset: Asset,
    model_id: str,
    on: date,
    *,
    before: Mapping[str, Any],
    laid: Mapping[str, Any],
) -> None:
    """A record takes nothing beyond the registered asset that its appraisal did not take before."""
    known = {each["code"] for each in _beside_the_asset(session, asset, model_id, before, on)}
    found = _beside_the_asset(session, asset, model_id, laid, on)
    _refuse_beyond([each for each in found if each["code"] not in known], "/overrides")


def _beside_the_asset(
    session: Session, asset: Asset, model_id: str, inputs: Mapping[str, Any], on: date
) -> list[dict[str, str]]:
    """What the registry says against inputs."""
    worked_out = worked_out_removals(model_id, inputs, on, parameters_on(on))
    return asset_findings(inputs, _registered(session, asset), worked_out)


def _registered(session: Session, asset: Asset) -> RegisteredAsset:
    last = acts_of(session, asset.id)[-1:]
    rules = policy_for(session, None, today(session))
    return RegisteredAsset(
        area_mu=asset.area_mu or drawn_area_mu(session, asset.id),
        quantity=last[0].quantity if last else None,
        quantity_unit=last[0].unit if last else "",
        right_ends_on=asset.right_ends_on,
        area_tolerance=rules.ratio(AREA_TOLERANCE),
        area_above=rules.ratio(AREA_ABOVE),
        quantity_above=rules.ratio(QUANTITY_ABOVE),
    )


def _reportable(found: Appraised) -> int:
    value_fen = found.value_fen
    if value_fen is None or not 0 <= value_fen <= MAX_VALUE_FEN:
        raise ValueOutOfRange(value="—" if value_fen is None else Money(value_fen))
    return value_fen


def _store(row: Appraisal, valued: ValuedInputs) -> None:
    row.model_id = valued.model_id
    row.model_version = valued.found.model_version
    row.valued_on = valued.valued_on
    row.inputs = dict(valued.inputs)
    row.prices = dict(valued.prices)
    row.result = valued.found.result
    row.inputs_digest = digest(valued.inputs)
    row.basis_digest = valued.found.basis_digest
    row.value_fen = valued.value_fen


def _require_preparing(row: Appraisal) -> None:
    if row.state is not AppraisalState.PREPARING:
        raise APPRAISAL.refusal(row.state, Coded("save-inputs", N_("Save the inputs")))


def require_past(session: Session, day: date, pointer: str = "/valued_on") -> None:
    """Refuse a day to come: prices and facts are not known ahead."""
    last = today(session)
    if day > last:
        detail = N_("This day has not come yet. The last possible day is %(last)s.")
        raise InvalidInput.at(pointer, detail, last=last)


def _require_readable(spec: ModelSpec, inputs: Mapping[str, Any], day: date) -> None:
    try:
        batch = batch_from_rows(spec, [inputs], parameters_on(day))
    except InvalidInputs as refusal:
        errors: Sequence[FieldError] = [
            field_error(told_problem(each.code, each.field, each.detail, {}), pointer="/overrides")
            for each in refusal.problems
        ]
    except ParameterNotInForce as refusal:
        told = Name(zh=refusal.detail.zh, en=refusal.detail.en)
        raise InvalidInput.at("/valid_from", WORDS, words=told) from refusal
    else:
        errors = [
            field_error(found_problem(each, 0), pointer="/overrides")
            for each in validate(spec, batch)
            if each.severity == "refuse"
        ]
    if errors:
        raise InvalidInput(errors=tuple(errors))
