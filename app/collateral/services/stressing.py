"""Portfolio stress: every pledged asset valued again under a scenario, and what that does to each loan.

Nothing is stored. Debts and recognised values are those of now; a recognised value follows the
stressed value down and never up. A written-off loan is left out: its claim stands in the memorandum
and its loss is booked whole, so that no scenario adds to it. An asset that no model can value keeps
its recognised value and is listed with the reason, so that a reader knows what the figures leave out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain.valuing import Problem
from app.appraisal.services.inputs import require_past
from app.appraisal.services.stressing import StressedValue, get_scenario, stressed_values
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.assets.queries import organisation_names
from app.collateral.domain.cover import Cover, cure_of, guarantees_close, moving_ppm, needs_case
from app.collateral.domain.states import Level, PledgeState
from app.collateral.models import Pledge
from app.collateral.queries import Pool, pools_of_loans, visible_pledges
from app.db.engine import today
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.loans.domain.states import LoanState
from app.loans.models import Loan
from risk_models.stressing import Scenario

CHUNK_LOANS: Final = 500

WORSE: Final = (
    *(Level.NONE, Level.NORMAL, Level.WARNING),
    *(Level.TOP_UP, Level.DISPOSAL, Level.UNPRICED),
)
"""The lines from below. A scenario leaves a loan unpriced when nothing of its security is worth anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedAsset:
    """An asset behind a loan: by its model as it is and under the stress, recognised before and after; in fen."""

    asset_id: UUID
    number: str
    name: Name
    kind: str
    base_fen: int | None
    stressed_fen: int | None
    recognised_before_fen: int | None
    recognised_after_fen: int | None
    problem: Name | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedLoan:
    """A loan before and after, counted by the rules of the watch.

    `guarantees_close_before` and `guarantees_close_after`: its ratio crosses a line, and guarantees close
    the gap between lendable value and exposure. Then no signal rises and no case opens: it is at no line.
    `shortfall_fen`: where the watch would open a case, what to repay to be back at the target.
    """

    loan_id: UUID
    number: str
    bank_id: UUID
    exposure_fen: int
    recognised_before_fen: int | None
    recognised_after_fen: int | None
    ltv_before_ppm: int | None
    ltv_after_ppm: int | None
    level_before: Level
    level_after: Level
    guarantees_close_before: bool
    guarantees_close_after: bool
    shortfall_fen: int
    assets: tuple[StressedAsset, ...]

    @property
    def at_line_before(self) -> bool:
        """Whether it stood at a line that no guarantee makes good."""
        return _over_line(self.level_before) and not self.guarantees_close_before

    @property
    def at_line_after(self) -> bool:
        """Whether it stands at a line that no guarantee makes good."""
        return _over_line(self.level_after) and not self.guarantees_close_after

    @property
    def newly_at_line(self) -> bool:
        """Whether it stands at a line, and stood at none."""
        return self.at_line_after and not self.at_line_before

    @property
    def at_worse_line(self) -> bool:
        """Whether it stood at a line already and stands at a worse one."""
        worse = _rank(self.level_after) > _rank(self.level_before)
        return self.at_line_before and self.at_line_after and worse

    @property
    def crossed(self) -> bool:
        """Whether a line lies between both levels, the first or a worse one."""
        return self.newly_at_line or self.at_worse_line

    @property
    def effect_ppm(self) -> int | None:
        """By how much the ratio rises; None when there is none before or after."""
        if self.ltv_before_ppm is None or self.ltv_after_ppm is None:
            return None
        return self.ltv_after_ppm - self.ltv_before_ppm


@dataclass(frozen=True, slots=True, kw_only=True)
class StressTotal:
    """Sums over the loans of a bank, or over all.

    `at_line_before` and `at_line_after` count the loans that stand at a line, `newly_at_line` those
    between both, `at_worse_line` those at a line before and at a worse one after, and `crossed`
    the last two together.
    """

    key: str
    name: Name
    count: int
    before_fen: int
    after_fen: int
    exposure_fen: int
    crossed: int
    at_line_before: int
    at_line_after: int
    newly_at_line: int
    at_worse_line: int
    shortfall_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StressedKind:
    """Recognised values of the assets of a kind; exposure and lines are of loans, which hold assets of several."""

    key: str
    name: Name
    count: int
    before_fen: int
    after_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StressReport:
    """What a scenario does to the loans in sight, the hardest hit first."""

    scenario: Scenario
    on: date
    loans: tuple[StressedLoan, ...]
    kinds: tuple[StressedKind, ...]
    banks: tuple[StressTotal, ...]
    unvalued: tuple[StressedAsset, ...]

    @property
    def total(self) -> StressTotal:
        """All banks together."""
        return _sum("", Name(zh="", en=""), self.loans)


def stress_portfolio(
    session: Session, actor: Actor, scenario_id: str, on: date | None
) -> StressReport:
    """Every registered pledge of the loans in sight under a scenario on a day, by default today.

    Refuses unknown scenarios and days to come.
    """
    actor.require(Permission.RUN_STRESS)
    day = on or today(session)
    require_past(session, day, pointer="/on")
    scenario = get_scenario(scenario_id, day)
    pools = list(_pools(session, actor))
    ids = {asset.asset_id for pool in pools for asset in pool.assets}
    known = _assets(session, sorted(ids))
    values = stressed_values(session, ids, scenario, day)
    numbers = _numbers(session, [pool.loan_id for pool in pools])
    loans = [_loan(pool, numbers[pool.loan_id], known, values) for pool in pools]
    loans.sort(key=lambda loan: (not loan.crossed, -(loan.effect_ppm or 0), loan.number))
    return StressReport(
        scenario=scenario,
        on=day,
        loans=tuple(loans),
        kinds=_by_kind(loans),
        banks=_by_bank(session, loans),
        unvalued=_unvalued(loans),
    )


def _pools(session: Session, actor: Actor) -> Iterator[Pool]:
    seen = (
        visible_pledges(session, actor)
        .with_only_columns(col(Pledge.loan_id))
        .join(Loan, col(Loan.id) == col(Pledge.loan_id))
        .where(col(Pledge.state) == PledgeState.REGISTERED)
        .where(col(Loan.state) != LoanState.WRITTEN_OFF)
        .distinct()
        .order_by(None)
    )
    ids = sorted(session.execute(seen).scalars())
    for start in range(0, len(ids), CHUNK_LOANS):
        pools = pools_of_loans(session, ids[start : start + CHUNK_LOANS])
        yield from (pool for pool in pools if pool.debt.exposure_fen)


def _assets(session: Session, ids: Sequence[UUID]) -> dict[UUID, Asset]:
    found: dict[UUID, Asset] = {}
    for start in range(0, len(ids), CHUNK_LOANS):
        statement = sa.select(Asset).where(col(Asset.id).in_(ids[start : start + CHUNK_LOANS]))
        found |= {row.id: row for row in session.execute(statement).scalars()}
    return found


def _numbers(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), CHUNK_LOANS):
        part = ids[start : start + CHUNK_LOANS]
        statement = sa.select(col(Loan.id), col(Loan.number)).where(col(Loan.id).in_(part))
        found |= {row.id: row.number for row in session.execute(statement).all()}
    return found


def _loan(
    pool: Pool, number: str, known: Mapping[UUID, Asset], values: Mapping[UUID, StressedValue]
) -> StressedLoan:
    """One loan measured twice, by the same rules as the watch."""
    moved = {
        asset.asset_id: _recognised(asset.recognised_fen, values[asset.asset_id])
        for asset in pool.assets
    }
    after = replace(
        pool,
        assets=tuple(replace(asset, recognised_fen=moved[asset.asset_id]) for asset in pool.assets),
    )
    before, then = pool.cover(), after.cover()
    return StressedLoan(
        loan_id=pool.loan_id,
        number=number,
        bank_id=pool.bank_id,
        exposure_fen=pool.debt.exposure_fen,
        recognised_before_fen=before.recognised_fen,
        recognised_after_fen=then.recognised_fen,
        ltv_before_ppm=moving_ppm(before, pool.lines.basis),
        ltv_after_ppm=moving_ppm(then, pool.lines.basis),
        level_before=before.level,
        level_after=then.level,
        guarantees_close_before=_closed(pool, before),
        guarantees_close_after=_closed(pool, then),
        shortfall_fen=_shortfall(pool, then),
        assets=tuple(
            _asset(known[each.asset_id], each.recognised_fen, moved[each.asset_id], values)
            for each in pool.assets
        ),
    )


def _recognised(recognised_fen: int | None, value: StressedValue) -> int | None:
    """The lower of both; what has no stressed value keeps what it has."""
    if recognised_fen is None or value.current_fen is None:
        return recognised_fen
    return min(recognised_fen, value.current_fen)


def _closed(pool: Pool, cover: Cover) -> bool:
    return _over_line(cover.level) and guarantees_close(cover, pool.debt.exposure_fen)


def _shortfall(pool: Pool, cover: Cover) -> int:
    if not needs_case(cover, pool.debt) or cover.recognised_fen is None:
        return 0
    return cure_of(pool.debt, cover.recognised_fen, pool.lines).repay_fen


def _asset(
    row: Asset, before_fen: int | None, after_fen: int | None, values: Mapping[UUID, StressedValue]
) -> StressedAsset:
    value = values[row.id]
    return StressedAsset(
        asset_id=row.id,
        number=row.number,
        name=Name(zh=row.title, en=row.title_en),
        kind=row.kind.value,
        base_fen=value.base_fen,
        stressed_fen=value.stressed_fen,
        recognised_before_fen=before_fen,
        recognised_after_fen=after_fen,
        problem=_words(value.problem),
    )


def _words(problem: Problem | None) -> Name | None:
    return None if problem is None else Name(zh=problem.zh, en=problem.en)


# ---------------------------------------------------------------------------
# Totals


def _unvalued(loans: Sequence[StressedLoan]) -> tuple[StressedAsset, ...]:
    found = {asset.asset_id: asset for loan in loans for asset in loan.assets if asset.problem}
    return tuple(sorted(found.values(), key=lambda asset: asset.number))


def _by_kind(loans: Sequence[StressedLoan]) -> tuple[StressedKind, ...]:
    """Recognised values by kind; an asset behind two loans of a bank counts once."""
    assets = {(loan.bank_id, each.asset_id): each for loan in loans for each in loan.assets}
    kinds: dict[str, list[StressedAsset]] = {}
    for each in assets.values():
        kinds.setdefault(each.kind, []).append(each)
    totals = [
        StressedKind(
            key=kind,
            name=kind_info(kind).title,
            count=len(rows),
            before_fen=sum(each.recognised_before_fen or 0 for each in rows),
            after_fen=sum(each.recognised_after_fen or 0 for each in rows),
        )
        for kind, rows in kinds.items()
    ]
    return tuple(sorted(totals, key=lambda each: (each.after_fen - each.before_fen, each.key)))


def _by_bank(session: Session, loans: Sequence[StressedLoan]) -> tuple[StressTotal, ...]:
    banks: dict[UUID, list[StressedLoan]] = {}
    for loan in loans:
        banks.setdefault(loan.bank_id, []).append(loan)
    names = organisation_names(session, set(banks))
    totals = [_sum(str(bank_id), names[bank_id], rows) for bank_id, rows in banks.items()]
    return tuple(sorted(totals, key=lambda each: (-each.shortfall_fen, each.key)))


def _rank(level: Level) -> int:
    return WORSE.index(level)


def _over_line(level: Level) -> bool:
    return _rank(level) > _rank(Level.NORMAL)


def _sum(key: str, name: Name, loans: Sequence[StressedLoan]) -> StressTotal:
    return StressTotal(
        key=key,
        name=name,
        count=len(loans),
        before_fen=sum(loan.recognised_before_fen or 0 for loan in loans),
        after_fen=sum(loan.recognised_after_fen or 0 for loan in loans),
        exposure_fen=sum(loan.exposure_fen for loan in loans),
        crossed=sum(1 for loan in loans if loan.crossed),
        at_line_before=sum(1 for loan in loans if loan.at_line_before),
        at_line_after=sum(1 for loan in loans if loan.at_line_after),
        newly_at_line=sum(1 for loan in loans if loan.newly_at_line),
        at_worse_line=sum(1 for loan in loans if loan.at_worse_line),
        shortfall_fen=sum(loan.shortfall_fen for loan in loans),
    )
