"""Balances within sight: sums over month ends, the open month, pledges, cover and cases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.domain import AssetKind
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.collateral.domain.states import OPEN_CALL_STATES, Level, PledgeState
from app.collateral.models import LoanCover, MarginCall, Pledge
from app.db.engine import today
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.states import Kept, LoanState
from app.loans.models import BankDay, Loan, LoanMonthEnd, LoanStateRow
from app.loans.queries import region_prefix
from app.oversight.disclosure import EVERY_CELL, SMALLEST_CELL, Size
from app.oversight.domain import (
    MONTHS_READ,
    MONTHS_SHOWN,
    Balances,
    BaseKind,
    Cell,
    Dimension,
    Figures,
    Grouping,
    Key,
    Row,
    base_day,
    fold,
    months_back,
)
from app.reference.domain import RegionLevel
from app.reference.models import CatalogueItem, Region
from app.reference.services import policy_for

EVERY_PLACE: Final = ""
PROVINCE_DIGITS: Final = 2


# ---------------------------------------------------------------------------
# Sight


def sight_prefix(actor: Actor) -> str | None:
    """The beginning of the region codes that the actor sees; None when sight is not by region."""
    if actor.sees("balance") in {"region", "aggregate"}:
        return region_prefix(actor.region_code)
    return EVERY_PLACE if _sees_all(actor) else None


def _sees_all(actor: Actor) -> bool:
    return "all" in {actor.sees("*"), actor.sees("balance")}


def in_sight(actor: Actor) -> sa.ColumnElement[bool]:
    """Which loans count in the actor's balances; none at all by an unknown rule."""
    if _sees_all(actor):
        return sa.true()
    rule = actor.sees("balance")
    if rule in {"region", "aggregate"}:
        return col(Loan.region_code).startswith(region_prefix(actor.region_code), autoescape=True)
    return col(Loan.bank_id) == actor.organisation_id if rule == "own" else sa.false()


def least_loans(session: Session, actor: Actor, on: date) -> int:
    """Fewer loans than this are no row of their own for the actor; one loan is, for who may see single loans."""
    of_its_own = actor.sees("balance") == "own" and actor.may(Permission.READ_LOANS)
    if of_its_own or actor.may(Permission.READ_BALANCE_DETAIL):
        return EVERY_CELL
    return policy_for(session, None, on).whole(SMALLEST_CELL)


# ---------------------------------------------------------------------------
# Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The day that balances speak of, and the month ends known up to it.

    live_on: set when serviced loans are read as they stand in the open month instead of at a month end.
    as_of: the day asked for, but no later than the newest of which balances are known.
    """

    on: date
    month_ends: tuple[date, ...]
    live_on: date | None = None
    as_of: date | None = None


def days_of(session: Session, actor: Actor, as_of: date | None) -> Days | None:
    """The day to speak of: the open month when `as_of` lies in it, else the last month end up to it.

    None when nothing is in sight up to that day. Refuses a day that has not come.
    """
    if as_of is not None:
        _require_come(session, actor, as_of)
    known = _month_ends(session, actor, as_of)
    if not known:
        return None
    open_on = _open_day(session, actor) if as_of is not None and as_of > known[-1] else None
    if as_of is not None and open_on is not None and as_of >= open_on.replace(day=1) > known[-1]:
        return Days(
            on=open_on, month_ends=known, live_on=open_on, as_of=_come(as_of, until=open_on)
        )
    return Days(on=known[-1], month_ends=known, as_of=_come(as_of, until=open_on or known[-1]))


def _require_come(session: Session, actor: Actor, as_of: date) -> None:
    """A bank may have closed the civil day already: its open day has come as well."""
    last = today(session)
    if as_of <= last:
        return
    last = max(last, _open_day(session, actor) or last)
    if as_of > last:
        raise InvalidInput.at(
            "/as_of", N_("Balances are known up to %(day)s; this day is to come."), day=last
        )


def _come(as_of: date | None, *, until: date) -> date | None:
    return None if as_of is None else min(as_of, until)


def is_present(days: Days, latest: Days) -> bool:
    """Whether the balances of a day are the newest there are, so that what stands now may stand beside them."""
    return days.live_on is not None or days.on == latest.on


def _month_ends(session: Session, actor: Actor, as_of: date | None) -> tuple[date, ...]:
    """Month ends that are complete: of serviced loans and of mirrored ones, as far as either is in sight.

    A month of which only one kind is known would read as a leap, so it is neither shown nor a base.
    """
    latest = _by_keeper(actor, sa.func.max(LoanMonthEnd.month_end_on), as_of)
    lasts = [day for _kept, day in session.execute(latest.group_by(col(Loan.kept))).all()]
    if not lasts:
        return ()
    last = min(lasts)
    statement = _by_keeper(actor, col(LoanMonthEnd.month_end_on), last).distinct()
    recent = col(LoanMonthEnd.month_end_on) >= months_back(last, MONTHS_READ - 1)
    found: dict[Kept, set[date]] = {}
    for kept, day in session.execute(statement.where(recent)).all():
        found.setdefault(kept, set()).add(day)
    return tuple(sorted(set.intersection(*found.values())))


def _by_keeper(actor: Actor, day: Any, until: date | None) -> sa.Select[Any]:
    statement: sa.Select[Any] = (
        sa.select(col(Loan.kept), day)
        .select_from(LoanMonthEnd)
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(in_sight(actor))
    )
    return statement if until is None else statement.where(col(LoanMonthEnd.month_end_on) <= until)


def _open_day(session: Session, actor: Actor) -> date | None:
    banks = sa.select(col(Loan.bank_id)).where(in_sight(actor), col(Loan.kept) == Kept.SERVICED)
    statement = sa.select(sa.func.max(BankDay.open_on)).where(col(BankDay.bank_id).in_(banks))
    open_on: date | None = session.execute(statement).scalar_one()
    return open_on


# ---------------------------------------------------------------------------
# Cells

_COLUMNS: Final[Mapping[str, Any]] = {
    "edition": col(Loan.catalogue_edition),
    "category": col(Loan.catalogue_code),
    "region_code": col(Loan.region_code),
    "bank_id": col(Loan.bank_id),
}
_DIMENSION_COLUMNS: Final[Mapping[Dimension, tuple[str, ...]]] = {
    Dimension.CATEGORY: ("edition", "category"),
    Dimension.REGION: ("region_code",),
    Dimension.BANK: ("bank_id",),
    Dimension.MONTH: (),
}


def cells(
    session: Session, actor: Actor, days: Days, on: Iterable[date], dimensions: Iterable[Dimension]
) -> list[Cell]:
    """Green balances in sight by day and class, split by the dimensions: one query, and two more for a live day."""
    names = [name for each in dimensions for name in _DIMENSION_COLUMNS[each]]
    wanted = {day for day in on if day != days.live_on}
    found = _month_end_cells(session, actor, wanted, names)
    if days.live_on is not None:
        found += _live_cells(session, actor, days, days.live_on, names)
    return found


def _month_end_cells(
    session: Session, actor: Actor, on: Iterable[date], names: Sequence[str], *where: Any
) -> list[Cell]:
    columns = [_COLUMNS[name].label(name) for name in names]
    day, tier = col(LoanMonthEnd.month_end_on), col(LoanMonthEnd.loan_class)
    statement = (
        sa.select(
            day.label("on"),
            tier.label("loan_class"),
            *columns,
            sa.func.sum(LoanMonthEnd.principal_fen).label("balance_fen"),
            sa.func.count().label("loans"),
        )
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(in_sight(actor), col(Loan.green), col(LoanMonthEnd.principal_fen) > 0)
        .where(day.in_(sorted(on)), *where)
        .group_by(day, tier, *(_COLUMNS[name] for name in names))
    )
    return [_cell(dict(row)) for row in session.execute(statement).mappings()]


def _live_cells(
    session: Session, actor: Actor, days: Days, live_on: date, names: Sequence[str]
) -> list[Cell]:
    """Serviced loans as they stand; mirrored ones as last reported."""
    mirrored = _month_end_cells(
        session, actor, days.month_ends[-1:], names, col(Loan.kept) == Kept.MIRRORED
    )
    columns = [_COLUMNS[name].label(name) for name in names]
    tier = col(LoanStateRow.loan_class)
    statement = (
        sa.select(
            tier.label("loan_class"),
            *columns,
            sa.func.sum(LoanStateRow.principal_fen).label("balance_fen"),
            sa.func.count().label("loans"),
        )
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(in_sight(actor), col(Loan.green), col(Loan.kept) == Kept.SERVICED)
        .where(col(LoanStateRow.principal_fen) > 0)
        .group_by(tier, *(_COLUMNS[name] for name in names))
    )
    rows = session.execute(statement).mappings()
    serviced = [_cell({**row, "on": live_on}) for row in rows]
    return [*serviced, *(replace(cell, on=live_on) for cell in mirrored)]


def _cell(row: Mapping[str, Any]) -> Cell:
    facts = dict(row)
    facts["balance_fen"] = int(facts["balance_fen"])
    tier = facts["loan_class"]
    facts["loan_class"] = tier.value if tier is not None else None
    return Cell(**facts)


# ---------------------------------------------------------------------------
# Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a day (the latest month end when none), the grouping, the base."""

    as_of: date | None = None
    group_by: tuple[Dimension, ...] = (Dimension.CATEGORY,)
    base: BaseKind = BaseKind.YEAR_ON_YEAR
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row with its names."""

    key: Key
    figures: Figures
    category_name: Name | None = None
    region_name: Name | None = None
    bank_code: str = ""
    bank_name: Name | None = None


class Absence(StrEnum):
    """Why nothing is shown."""

    NO_LOANS = "no-loans"
    NO_DAY = "no-day"
    TOO_FEW = "too-few"


ABSENCE_WORDS: Final[Mapping[Absence, str]] = {
    Absence.NO_LOANS: N_("No loans in your jurisdiction."),
    Absence.NO_DAY: N_("No balances are kept of that day, nor of one before it."),
    Absence.TOO_FEW: N_(
        "So few loans stand behind these figures that they would show one of them."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Balances with names, as page, API, CSV and XLSX show them. `on` is None when nothing is in sight."""

    as_of: date | None
    on: date | None
    live: bool
    mirrored_on: date | None
    base: BaseKind
    base_on: date | None
    group_by: tuple[Dimension, ...]
    level: int
    lines: tuple[Line, ...]
    total: Figures
    absence: Absence | None = None
    """Set when there are no rows to read; under `TOO_FEW` the total is not to be shown either."""

    @property
    def empty(self) -> bool:
        """Whether nothing at all is in sight."""
        return self.on is None


NOTHING: Final = Figures(
    balance_fen=0, opening_fen=None, share_ppm=0, loans=0, non_performing_fen=0
)


def report(session: Session, actor: Actor, wanted: Wanted) -> Report:
    """The balances in sight: at most eight queries whatever the number of rows."""
    days = days_of(session, actor, wanted.as_of)
    if days is None:
        return _no_report(wanted, absence_of(session, actor, wanted.as_of))
    grouping = grouping_for(actor, wanted.group_by, base=wanted.base, level=wanted.level)
    months = shown_months(days) if Dimension.MONTH in wanted.group_by else (days.on,)
    bases = {base for month in (*months, days.on) if (base := base_day(wanted.base, month))}
    found = cells(session, actor, days, {days.on, *months, *bases}, wanted.group_by)
    least = least_loans(session, actor, days.on)
    balances = fold(found, grouping, days.on, days.month_ends, months, least)
    return named(session, balances, wanted, days, least)


def shown_months(days: Days) -> tuple[date, ...]:
    """The last months up to the day; a live day stands as its own."""
    known = days.month_ends[-MONTHS_SHOWN:]
    return (*known[1:], days.live_on) if days.live_on else known


def grouping_for(
    actor: Actor, dimensions: tuple[Dimension, ...], *, base: BaseKind, level: int = 1
) -> Grouping:
    """Counties for a city's desk; a province's desk sees its cities."""
    by_city = len(sight_prefix(actor) or "") == PROVINCE_DIGITS
    return Grouping(
        dimensions=dimensions,
        base=base,
        level=level,
        fold_region=city_of if by_city else str,
    )


def city_of(code: str) -> str:
    """The city that a county belongs to."""
    return code[:4] + "00"


def named(
    session: Session, balances: Balances, wanted: Wanted, days: Days, least: int = EVERY_CELL
) -> Report:
    """Give the rows their names: three queries."""
    keys = [row.key for row in balances.rows if not row.key.merged]
    categories = category_names(session, {(key.edition, key.category) for key in keys})
    regions = region_names(session, {key.region_code for key in keys if key.region_code})
    banks = bank_names(session, {UUID(key.bank) for key in keys if key.bank})
    lines = [
        _merged_line(row, wanted, least)
        if row.key.merged
        else Line(
            key=row.key,
            figures=row.figures,
            category_name=categories.get((row.key.edition, row.key.category)),
            region_name=regions.get(row.key.region_code),
            bank_code=banks[UUID(row.key.bank)][0] if row.key.bank else "",
            bank_name=banks[UUID(row.key.bank)][1] if row.key.bank else None,
        )
        for row in balances.rows
    ]
    return Report(
        as_of=days.as_of,
        on=balances.on,
        live=days.live_on is not None,
        mirrored_on=days.month_ends[-1] if days.live_on else None,
        base=balances.base,
        base_on=balances.base_on,
        group_by=wanted.group_by,
        level=wanted.level,
        lines=tuple(lines),
        total=NOTHING if balances.withheld else balances.total,
        absence=Absence.TOO_FEW if balances.withheld else None,
    )


def merged_name(least: int) -> Name:
    """What the row of all small cells is called."""
    return Name(
        zh=f"其他（少于{least}笔贷款的项目）", en=f"Other (cells of fewer than {least} loans)"
    )


def _merged_line(row: Row, wanted: Wanted, least: int) -> Line:
    """The name stands where the first dimension has its own."""
    first = next(each for each in wanted.group_by if each is not Dimension.MONTH)
    name = merged_name(least)
    return Line(
        key=row.key,
        figures=row.figures,
        category_name=name if first is Dimension.CATEGORY else None,
        region_name=name if first is Dimension.REGION else None,
        bank_name=name if first is Dimension.BANK else None,
    )


def absence_of(session: Session, actor: Actor, as_of: date | None) -> Absence:
    """Why nothing is in sight up to a day: none at all, or the day lies before the first balances."""
    later = as_of is not None and _month_ends(session, actor, None)
    return Absence.NO_DAY if later else Absence.NO_LOANS


def _no_report(wanted: Wanted, absence: Absence) -> Report:
    return Report(
        as_of=wanted.as_of,
        on=None,
        live=False,
        mirrored_on=None,
        base=wanted.base,
        base_on=None,
        group_by=wanted.group_by,
        level=wanted.level,
        lines=(),
        total=NOTHING,
        absence=absence,
    )


UNTAGGED: Final = Name(zh="未标注", en="Not tagged")


def category_names(
    session: Session, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Name]:
    """Names of catalogue items by edition and code; a code that no edition lists shows as itself."""
    wanted = {(edition, code) for edition, code in keys if code}
    statement = sa.select(CatalogueItem).where(
        col(CatalogueItem.edition).in_({edition for edition, _ in wanted}),
        col(CatalogueItem.code).in_({code for _, code in wanted}),
    )
    rows = session.execute(statement).scalars().all() if wanted else ()
    found = {
        (row.edition, row.code): Name(zh=row.name_zh, en=row.name_en or row.name_zh) for row in rows
    }
    missing = {key: Name(zh=key[1], en=key[1]) for key in wanted if key not in found}
    return {**found, **missing, ("", ""): UNTAGGED}


def region_names(session: Session, codes: Iterable[str]) -> dict[str, Name]:
    """Short names of regions; a city's own bucket beside its counties is named as such."""
    wanted = set(codes)
    if not wanted:
        return {}
    statement = sa.select(Region).where(col(Region.code).in_(wanted))
    rows = {row.code: row for row in session.execute(statement).scalars()}
    beside_counties = any(not code.endswith("00") for code in wanted)
    return {
        code: _region_name(rows[code], bucket=beside_counties)
        if code in rows
        else Name(zh=code, en=code)
        for code in wanted
    }


def region_choices(session: Session, actor: Actor) -> list[tuple[str, Name]]:
    """Cities and counties within the actor's sight, by code."""
    statement = (
        sa.select(Region)
        .where(
            col(Region.level).in_((RegionLevel.CITY, RegionLevel.COUNTY)),
            col(Region.code).startswith(sight_prefix(actor) or EVERY_PLACE, autoescape=True),
        )
        .order_by(col(Region.code))
    )
    rows = session.execute(statement).scalars()
    return [(row.code, Name(zh=row.name_zh, en=row.name_en)) for row in rows]


def _region_name(region: Region, *, bucket: bool) -> Name:
    if bucket and region.bucket_zh:
        return Name(zh=region.bucket_zh, en=region.bucket_en)
    return Name(zh=region.short_zh, en=region.short_en)


def bank_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[str, Name]]:
    """Code and name of banks."""
    wanted = set(ids)
    if not wanted:
        return {}
    statement = sa.select(Organisation).where(col(Organisation.id).in_(wanted))
    return {
        row.id: (row.code, Name(zh=row.name_zh, en=row.name_en))
        for row in session.execute(statement).scalars()
    }


# ---------------------------------------------------------------------------
# Pledges and cover


def pledge_balances(
    session: Session, actor: Actor, days: Days, on: Iterable[date]
) -> dict[date, Size]:
    """Principal that ecological assets secured on some days, green or not: a measure of its own."""
    ecological = [kind for kind in AssetKind if kind_info(kind).ecological]
    months = sorted({day for day in on if day != days.live_on})
    day = col(LoanMonthEnd.month_end_on)
    statement = (
        sa.select(day, sa.func.count(), sa.func.sum(LoanMonthEnd.principal_fen))
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(in_sight(actor), day.in_(months), _secured(ecological, day))
        .where(col(LoanMonthEnd.principal_fen) > 0)
        .group_by(day)
    )
    rows = session.execute(statement).all()
    found = {row[0]: Size(loans=row[1], fen=int(row[2])) for row in rows}
    if days.live_on is not None:
        live = (
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(LoanStateRow.principal_fen), 0))
            .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
            .where(in_sight(actor), _secured(ecological, days.live_on))
            .where(col(LoanStateRow.principal_fen) > 0)
        )
        loans, fen = session.execute(live).one()
        found[days.live_on] = Size(loans=loans, fen=int(fen))
    return found


def _secured(kinds: Sequence[str], day: Any) -> sa.ColumnElement[bool]:
    ended = col(Pledge.released_on)
    pledge = (
        sa.select(sa.literal(1))
        .select_from(Pledge)
        .join(Asset, col(Asset.id) == col(Pledge.asset_id))
        .where(col(Pledge.loan_id) == col(Loan.id), col(Asset.kind).in_(kinds))
        .where(col(Pledge.contracted_on) <= day, sa.or_(ended.is_(None), ended > day))
        .where(col(Pledge.state) != PledgeState.CANCELLED)
    )
    return sa.exists(pledge.correlate(Loan, LoanMonthEnd))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How many loans stand at each level of cover now, and how many cases are open."""

    levels: Mapping[Level, int]
    open_cases: int
    observed_on: date | None

    def at(self, level: str) -> int:
        """Loans at a level."""
        return self.levels.get(Level(level), 0)


def watch_counts(session: Session, actor: Actor) -> Watch:
    """Counts over the loans in sight that stand in the books: no loan is named, no written-off one counted."""
    statement = (
        sa.select(col(LoanCover.level), sa.func.count(), sa.func.max(LoanCover.observed_on))
        .join(Loan, col(Loan.id) == col(LoanCover.loan_id))
        .where(in_sight(actor), col(LoanCover.exposure_fen) > 0)
        .where(col(Loan.state) != LoanState.WRITTEN_OFF)
        .group_by(col(LoanCover.level))
    )
    rows = session.execute(statement).all()
    cases = (
        sa.select(sa.func.count())
        .select_from(MarginCall)
        .join(Loan, col(Loan.id) == col(MarginCall.loan_id))
        .where(in_sight(actor), col(MarginCall.state).in_(OPEN_CALL_STATES))
    )
    return Watch(
        levels={Level(level): int(count) for level, count, _day in rows},
        open_cases=int(session.execute(cases).scalar_one()),
        observed_on=max((day for _level, _count, day in rows), default=None),
    )
