"""The page of balances: everything it shows, read with a bounded number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.kernel.actor import Actor
from app.loans.queries import region_prefix
from app.oversight import queries
from app.oversight.domain import (
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
    share_ppm,
)
from app.oversight.published import published_figures
from app.oversight.queries import Days, Line, Report, Wanted

CLASS_ORDER = ("normal", "special-mention", "substandard", "doubtful", "loss", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """The balance of a class; None is the class of published cards, which is not published."""

    loan_class: str | None
    balance_fen: int
    share_ppm: int
    loans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeBalance:
    """Principal that ecological assets secure, with its growth; green or not."""

    balance_fen: int
    growth_ppm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """What the page of balances shows on a day."""

    days: Days
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
    watch: queries.Watch
    reconciliations: Sequence[Reconciliation]


def dashboard(session: Session, actor: Actor, as_of: date | None) -> Dashboard | None:
    """Everything on the page; None when nothing is in sight. At most fourteen queries whatever the data."""
    days = queries.days_of(session, actor, as_of)
    if days is None:
        return None
    bases = {kind: base_day(kind, days.on) for kind in BaseKind}
    wanted_days = {days.on, *(day for day in bases.values() if day)}
    every = (Dimension.CATEGORY, Dimension.REGION, Dimension.BANK)
    found = queries.cells(session, actor, days, wanted_days, every)
    year_start = _fold(found, actor, days, (), base=BaseKind.YEAR_START)
    year_on_year = _fold(found, actor, days, ())
    reports = _reports(session, actor, days, found)
    return Dashboard(
        days=days,
        year_on_year=_unnamed(year_on_year, days),
        since_year_start=year_start.total,
        year_start_on=year_start.base_on,
        months=_months(session, actor, days),
        categories=reports[Dimension.CATEGORY, 1],
        items=reports[Dimension.CATEGORY, 2],
        regions=reports[Dimension.REGION, 1],
        banks=reports[Dimension.BANK, 1],
        classes=_classes(found, days.on),
        pledges=_pledges(session, actor, days, bases[BaseKind.YEAR_ON_YEAR]),
        watch=queries.watch_counts(session, actor),
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
) -> Balances:
    grouping: Grouping = queries.grouping_for(actor, dimensions, base=base, level=level)
    return fold(found, grouping, days.on, days.month_ends)


def _reports(
    session: Session, actor: Actor, days: Days, found: Sequence[Cell]
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
            _fold(found, actor, days, (dimension,), level=level),
            Wanted(group_by=(dimension,), level=level),
            days,
        )
        for dimension, level in asked
    }


def _months(session: Session, actor: Actor, days: Days) -> Report:
    wanted = Wanted(group_by=(Dimension.MONTH,))
    months = queries.shown_months(days)
    bases = {base for month in months if (base := base_day(wanted.base, month))}
    found = queries.cells(session, actor, days, {*months, *bases}, wanted.group_by)
    grouping = queries.grouping_for(actor, wanted.group_by, base=wanted.base)
    balances = fold(found, grouping, days.on, days.month_ends, months)
    return queries.named(session, balances, wanted, days)


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
        share_difference_ppm=0,
    )


def _classes(found: Sequence[Cell], on: date) -> tuple[ClassLine, ...]:
    now = [cell for cell in found if cell.on == on]
    whole = sum(cell.balance_fen for cell in now)
    lines = []
    for tier in CLASS_ORDER:
        cells = [cell for cell in now if cell.loan_class == tier]
        balance = sum(cell.balance_fen for cell in cells)
        lines.append(
            ClassLine(
                loan_class=tier,
                balance_fen=balance,
                share_ppm=share_ppm(balance, whole),
                loans=sum(cell.loans for cell in cells),
            )
        )
    return tuple(line for line in lines if line.balance_fen or line.loan_class is not None)


def _pledges(session: Session, actor: Actor, days: Days, base_on: date | None) -> PledgeBalance:
    known = base_on if base_on in days.month_ends else None
    found = queries.pledge_balances(
        session, actor, days, [days.on] if known is None else [days.on, known]
    )
    figures = Figures(
        balance_fen=found.get(days.on, 0),
        opening_fen=None if known is None else found.get(known, 0),
        share_ppm=0,
        loans=0,
        non_performing_fen=0,
    )
    return PledgeBalance(balance_fen=figures.balance_fen, growth_ppm=figures.growth_ppm)


def _published(actor: Actor, days: Days) -> Sequence[PublishedFigure]:
    prefix = queries.sight_prefix(actor)
    if prefix != region_prefix(actor.region_code):
        return ()
    return published_figures(actor.region_code, days.on)


def by_share(lines: Sequence[Line]) -> list[Line]:
    """The largest first."""
    return sorted(lines, key=lambda line: -line.figures.balance_fen)
