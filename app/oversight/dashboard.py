"""The page of balances: everything it shows, read with a bounded number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.kernel.actor import Actor
from app.loans.queries import region_prefix
from app.oversight import queries
from app.oversight.disclosure import EVERY_CELL, Size, Table, too_few, withheld
from app.oversight.domain import (
    NON_PERFORMING,
    Balances,
    BaseKind,
    Cell,
    Dimension,
    Figures,
    Grouping,
    PublishedFigure,
    Reconciliation,
    base_day,
    fold,
    reconcile,
    shares_ppm,
    size_of,
)
from app.oversight.published import published_figures
from app.oversight.queries import Absence, Days, Line, Report, Wanted

CLASS_ORDER = ("normal", "special-mention", "substandard", "doubtful", "loss", None)
MERGED = "merged"
"""In the place of a class: all those of too few loans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """The balance of a class; None is the class of published cards, `MERGED` what classes of few loans hold."""

    loan_class: str | None
    balance_fen: int
    share_ppm: int
    loans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeBalance:
    """Principal that ecological assets secure, with its growth; green or not. None where it would show a loan."""

    balance_fen: int | None
    growth_ppm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """What the page of balances shows on a day."""

    days: Days
    latest: Days
    least: int
    year_on_year: Report
    since_year_start: Figures
    year_start_on: date | None
    months: Report
    categories: Report
    items: Report
    regions: Report
    banks: Report
    classes: tuple[ClassLine, ...]
    pledges: PledgeBalance
    watch: queries.Watch | None
    """How cover stands now; None beside the balances of another time."""
    reconciliations: Sequence[Reconciliation]


def dashboard(session: Session, actor: Actor, as_of: date | None) -> Dashboard | Absence:
    """Everything on the page, or why there is nothing. A bounded number of queries whatever the data."""
    days = queries.days_of(session, actor, as_of)
    if days is None:
        return queries.absence_of(session, actor, as_of)
    latest = queries.days_of(session, actor, None) if as_of else days
    least = queries.least_loans(session, actor, days.on)
    bases = {kind: base_day(kind, days.on) for kind in BaseKind}
    wanted_days = {days.on, *(day for day in bases.values() if day)}
    every = (Dimension.CATEGORY, Dimension.REGION, Dimension.BANK)
    found = queries.cells(session, actor, days, wanted_days, every)
    year_start = _fold(found, actor, days, (), base=BaseKind.YEAR_START, least=least)
    year_on_year = _fold(found, actor, days, (), least=least)
    if year_on_year.withheld:
        return Absence.TOO_FEW
    reports = _reports(session, actor, days, found, least)
    return Dashboard(
        days=days,
        latest=latest or days,
        least=least,
        year_on_year=_unnamed(year_on_year, days),
        since_year_start=year_start.total,
        year_start_on=year_start.base_on,
        months=_months(session, actor, days, least),
        categories=reports[Dimension.CATEGORY, 1],
        items=reports[Dimension.CATEGORY, 2],
        regions=reports[Dimension.REGION, 1],
        banks=reports[Dimension.BANK, 1],
        classes=_classes(found, days.on, least),
        pledges=_pledges(session, actor, days, bases[BaseKind.YEAR_ON_YEAR], least),
        watch=queries.watch_counts(session, actor)
        if queries.is_present(days, latest or days)
        else None,
        reconciliations=reconcile(_published(actor, days), year_on_year.total),
    )


def _fold(
    found: Sequence[Cell],
    actor: Actor,
    days: Days,
    dimensions: tuple[Dimension, ...],
    *,
    base: BaseKind = BaseKind.YEAR_ON_YEAR,
    level: int = 1,
    least: int = EVERY_CELL,
) -> Balances:
    grouping: Grouping = queries.grouping_for(actor, dimensions, base=base, level=level)
    return fold(found, grouping, days.on, days.month_ends, least=least)


def _reports(
    session: Session, actor: Actor, days: Days, found: Sequence[Cell], least: int
) -> Mapping[tuple[Dimension, int], Report]:
    """Categories on two levels, regions and banks; the names of both levels come in one query each."""
    asked = (
        (Dimension.CATEGORY, 1),
        (Dimension.CATEGORY, 2),
        (Dimension.REGION, 1),
        (Dimension.BANK, 1),
    )
    return {
        (dimension, level): queries.named(
            session,
            _fold(found, actor, days, (dimension,), level=level, least=least),
            Wanted(group_by=(dimension,), level=level),
            days,
            least,
        )
        for dimension, level in asked
    }


def _months(session: Session, actor: Actor, days: Days, least: int) -> Report:
    wanted = Wanted(group_by=(Dimension.MONTH,))
    months = queries.shown_months(days)
    bases = {base for month in months if (base := base_day(wanted.base, month))}
    found = queries.cells(session, actor, days, {*months, *bases}, wanted.group_by)
    grouping = queries.grouping_for(actor, wanted.group_by, base=wanted.base)
    balances = fold(found, grouping, days.on, days.month_ends, months, least)
    return queries.named(session, balances, wanted, days, least)


def _unnamed(balances: Balances, days: Days) -> Report:
    return Report(
        as_of=None,
        on=balances.on,
        live=days.live_on is not None,
        mirrored_on=days.month_ends[-1] if days.live_on else None,
        base=balances.base,
        base_on=balances.base_on,
        group_by=(),
        level=1,
        lines=(),
        total=balances.total,
    )


_CLASS_TABLES = (
    Table[str | None](row_of=lambda _tier: "all"),
    Table[str | None](row_of=lambda tier: tier in NON_PERFORMING, above=(0,)),
    Table[str | None](row_of=lambda tier: tier, above=(0, 1)),
)
"""What is known of the classes: the whole, the non-performing part, each class."""


def _classes(found: Sequence[Cell], on: date, least: int) -> tuple[ClassLine, ...]:
    now = [cell for cell in found if cell.on == on]
    sizes = {tier: size_of(cell for cell in now if cell.loan_class == tier) for tier in CLASS_ORDER}
    gone = withheld(sizes, least, _CLASS_TABLES)
    rows = [(tier, size) for tier, size in sizes.items() if tier not in gone]
    if gone:
        together = (sizes[tier] for tier in sizes if tier in gone)
        rows.append((MERGED, sum(together, Size(loans=0, fen=0))))
    shares = shares_ppm([size.fen for _tier, size in rows])
    lines = [
        ClassLine(loan_class=tier, balance_fen=size.fen, share_ppm=share, loans=size.loans)
        for (tier, size), share in zip(rows, shares, strict=True)
    ]
    return tuple(line for line in lines if line.balance_fen or line.loan_class is not None)


def _pledges(
    session: Session, actor: Actor, days: Days, base_on: date | None, least: int
) -> PledgeBalance:
    known = base_on if base_on in days.month_ends else None
    found = queries.pledge_balances(
        session, actor, days, [days.on] if known is None else [days.on, known]
    )
    nothing = Size(loans=0, fen=0)
    now = found.get(days.on, nothing)
    before = nothing if known is None else found.get(known, nothing)
    if too_few(now.loans, least):
        return PledgeBalance(balance_fen=None, growth_ppm=None)
    figures = Figures(
        balance_fen=now.fen,
        opening_fen=None if known is None or too_few(before.loans, least) else before.fen,
        share_ppm=0,
        loans=now.loans,
        non_performing_fen=0,
    )
    return PledgeBalance(balance_fen=now.fen, growth_ppm=figures.growth_ppm)


def _published(actor: Actor, days: Days) -> Sequence[PublishedFigure]:
    prefix = queries.sight_prefix(actor)
    if prefix != region_prefix(actor.region_code):
        return ()
    return published_figures(actor.region_code, days.on)


def by_share(lines: Sequence[Line]) -> list[Line]:
    """The largest first."""
    return sorted(lines, key=lambda line: -line.figures.balance_fen)
