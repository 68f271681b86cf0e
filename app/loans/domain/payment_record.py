"""How a debtor kept its due days, and whether that is long enough for a class to recover."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.kernel.errors import Fact
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass, Reason, TrialRules


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """A day on which something fell due, and the value day of the last payment of it; None while it is unpaid."""

    due_on: date
    paid_on: date | None

    def is_missed(self, on: date) -> bool:
        """Whether it was not paid on its day, as the close of a day sees it."""
        if self.paid_on is None:
            return self.due_on <= on
        return self.paid_on > self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A run of due days kept: since when, how many, and until when it lasts at least.

    since_on is None while something overdue is unpaid.
    """

    since_on: date | None
    met: int
    periods: int
    lasts_until_on: date | None
    is_over: bool


def merged(days: Iterable[DueDay]) -> tuple[DueDay, ...]:
    """One entry a day: paid when the last bill of the day was."""
    found: dict[date, list[date | None]] = {}
    for each in days:
        found.setdefault(each.due_on, []).append(each.paid_on)
    return tuple(DueDay(due_on=due_on, paid_on=_last(found[due_on])) for due_on in sorted(found))


def _last(paid: Sequence[date | None]) -> date | None:
    known = [each for each in paid if each is not None]
    return max(known) if len(known) == len(paid) else None


def upgrade_trial(days: Iterable[DueDay], *, on: date, rules: TrialRules) -> Trial | None:
    """The run since the last arrears were paid; None for a loan that never missed a day."""
    known = merged(days)
    missed = [each for each in known if each.is_missed(on)]
    if not missed:
        return None
    if any(each.paid_on is None for each in missed):
        return Trial(
            since_on=None, met=0, periods=rules.periods, lasts_until_on=None, is_over=False
        )
    since_on = max(each.paid_on for each in missed if each.paid_on is not None)
    return _run(known, since_on=since_on, first_on=None, on=on, rules=rules)


def observation(
    days: Iterable[DueDay], *, first_due_on: date, on: date, rules: TrialRules
) -> Trial:
    """The observation of a restructured loan: from its first adjusted due day, or from the last one missed since."""
    known = [each for each in merged(days) if each.due_on >= first_due_on]
    missed = [each for each in known if each.is_missed(on)]
    if not missed:
        return _run(known, since_on=first_due_on, first_on=first_due_on, on=on, rules=rules)
    run = _run(known, since_on=missed[-1].due_on, first_on=None, on=on, rules=rules)
    if any(each.paid_on is None for each in missed):
        return Trial(
            since_on=run.since_on,
            met=0,
            periods=rules.periods,
            lasts_until_on=run.lasts_until_on,
            is_over=False,
        )
    return run


def _run(
    days: Iterable[DueDay],
    *,
    since_on: date,
    first_on: date | None,
    on: date,
    rules: TrialRules,
) -> Trial:
    """`first_on`: a day that itself counts; after a miss only the days that follow do."""
    met = sum(
        1
        for each in days
        if each.paid_on is not None
        and each.due_on <= on
        and not each.is_missed(on)
        and (each.due_on > since_on or each.due_on == first_on)
    )
    until_on = add_months(since_on, rules.months, anchor_day=since_on.day)
    return Trial(
        since_on=since_on,
        met=met,
        periods=rules.periods,
        lasts_until_on=until_on,
        is_over=met >= rules.periods and on >= until_on,
    )


def upgrade_reason(trial: Trial) -> Reason:
    """Why a non-performing loan does not perform yet."""
    if trial.since_on is None or trial.lasts_until_on is None:
        detail = N_("Something overdue is not paid.")
        return Reason(code="upgrade-waits", floor=LoanClass.SUBSTANDARD, detail=detail, facts={})
    facts: dict[str, Fact] = {
        "since": trial.since_on.isoformat(),
        "met": trial.met,
        "periods": trial.periods,
        "until": trial.lasts_until_on.isoformat(),
    }
    return Reason(
        code="upgrade-waits",
        floor=LoanClass.SUBSTANDARD,
        detail=N_(
            "Arrears are paid since %(since)s; %(met)s of %(periods)s due days were met, until %(until)s at least."
        ),
        facts=facts,
    )
