"""How far a loan may be extended, and what must hold for a change of its terms."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from app.kernel.schedule_dates import add_months
from app.kernel.text import N_
from app.loans.domain.classification import percent_words
from app.origination.domain.changes import ChangeKind
from app.origination.domain.checks import Check, outcome
from app.origination.domain.renewal import RenewalFacts, renewal_checks, renewal_rules
from app.policy import Policy

DAYS_OF_A_MONTH: Final = 30
"""What half of an odd month counts, rounded down to whole days."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionLimit:
    """For tenors up to so many months (none: without end): a share of the tenor, or a number of months."""

    tenor_up_to: int | None
    share: Fraction | None
    months: int | None


def extension_limits(policy: Policy) -> tuple[ExtensionLimit, ...]:
    """The limits of a policy's day, the shortest tenors first."""
    table = policy.table("origination.extension_limit")
    rows = []
    for row in table:
        up_to = int(table.decimal(row, "tenor_up_to"))
        share: Decimal = table.decimal(row, "share")
        months = int(table.decimal(row, "months"))
        rows.append(
            ExtensionLimit(
                tenor_up_to=up_to or None,
                share=Fraction(share) if share else None,
                months=months or None,
            )
        )
    return tuple(sorted(rows, key=lambda each: each.tenor_up_to or 10**6))


def longest_extension_months(tenor: Fraction, limits: tuple[ExtensionLimit, ...]) -> Fraction:
    """The longest extension in all of a tenor in months."""
    found = next(each for each in limits if each.tenor_up_to is None or tenor <= each.tenor_up_to)
    bounds = [Fraction(found.months)] if found.months is not None else []
    if found.share is not None:
        bounds.append(tenor * found.share)
    return min(bounds)


def tenor_months(starts_on: date, ends_on: date) -> Fraction:
    """Whole months between two days, and the days beyond as thirtieths.

    From 11 March to 10 March is a year, and so it is to 11 March: contracts name either as the last day.
    """
    if _ends_on_the_day_before(starts_on, ends_on):
        return _months_between(starts_on, ends_on + _ONE_DAY)
    return _months_between(starts_on, ends_on)


def _ends_on_the_day_before(starts_on: date, ends_on: date) -> bool:
    """Whether a term of whole months names the last day that it holds, not the day after."""
    return _months_between(starts_on, ends_on + _ONE_DAY).denominator == 1


def _months_between(starts_on: date, ends_on: date) -> Fraction:
    whole = 12 * (ends_on.year - starts_on.year) + ends_on.month - starts_on.month
    if add_months(starts_on, whole, anchor_day=starts_on.day) > ends_on:
        whole -= 1
    rest = (ends_on - add_months(starts_on, whole, anchor_day=starts_on.day)).days
    return whole + Fraction(rest, DAYS_OF_A_MONTH)


def longest_maturity(
    starts_on: date, signed_until_on: date, limits: tuple[ExtensionLimit, ...]
) -> date:
    """The latest day to which a loan may be extended in all, counted from the maturity that was signed.

    Where the term named the last day that it holds, so does the longest: to the end of August from that of February.
    """
    allowed = longest_extension_months(tenor_months(starts_on, signed_until_on), limits)
    end = _months_after(signed_until_on, allowed)
    if _ends_on_the_day_before(starts_on, signed_until_on):
        end = max(end, _months_after(signed_until_on + _ONE_DAY, allowed) - _ONE_DAY)
    return end


def _months_after(day: date, months: Fraction) -> date:
    whole = months.numerator // months.denominator
    rest = timedelta(days=int((months - whole) * DAYS_OF_A_MONTH))
    return add_months(day, whole, anchor_day=day.day) + rest


def longest_of_change(
    kind: ChangeKind, *, starts_on: date, signed_until_on: date, applied_on: date, policy: Policy
) -> date:
    """The latest maturity that the limits of the day of application allow."""
    if kind is ChangeKind.RENEWAL:
        return renewal_rules(policy).longest_on(applied_on)
    return longest_maturity(starts_on, signed_until_on, extension_limits(policy))


def longest_restructured(applied_on: date, policy: Policy) -> date:
    """The latest maturity that a restructuring asked for on a day may give."""
    months = policy.whole("origination.restructuring.longest_term")
    return add_months(applied_on, months, anchor_day=applied_on.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFacts:
    """The rates of the notes in force, and what a change makes of them: `after_ppm`, None where they stay.

    `made` says how the new rate comes about.
    """

    floating: bool
    low_ppm: int
    high_ppm: int
    after_ppm: int | None = None
    made: str = ""

    @property
    def is_lower(self) -> bool:
        """Whether the change lowers the rate and raises that of no note."""
        after = self.after_ppm
        return after is not None and after <= self.low_ppm and after < self.high_ppm


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """Everything that decides on a change of a loan's terms."""

    kind: ChangeKind
    starts_on: date
    before_on: date
    matures_on: date
    longest_on: date
    today: date
    performing: bool
    open: bool
    secured: bool
    pledged: bool
    consent: str
    registered_until: date | None
    financial_difficulty: bool
    has_plan: bool
    rate_border_months: int
    rate: RateFacts
    restructured_until_on: date
    renewal: RenewalFacts | None = None

    @property
    def is_later(self) -> bool:
        """Whether the maturity moves."""
        return self.matures_on > self.before_on

    @property
    def crosses_border(self) -> bool:
        """Whether the whole tenor comes under the rate of another tenor."""
        return self.is_later and crosses_border(
            self.starts_on, self.before_on, self.matures_on, self.rate_border_months
        )


def crosses_border(starts_on: date, before_on: date, after_on: date, months: int) -> bool:
    """Whether one of two maturities lies beyond so many months from the start and the other does not."""
    return (tenor_months(starts_on, before_on) > months) is not (
        tenor_months(starts_on, after_on) > months
    )


def decide_change(facts: ChangeFacts) -> tuple[Check, ...]:
    """The checks of a change, in the order of the file."""
    if facts.kind is ChangeKind.RENEWAL and facts.renewal is not None:
        return (*_renewal_checks(facts, facts.renewal), *_common_checks(facts))
    own = (
        _extension_checks(facts)
        if facts.kind is ChangeKind.EXTENSION
        else _restructuring_checks(facts)
    )
    return (*own, *_rate_checks(facts), *_common_checks(facts))


def _renewal_checks(facts: ChangeFacts, renewal: RenewalFacts) -> Iterator[Check]:
    yield _performing(facts)
    yield _later_maturity(facts)
    yield Check(
        code="within-renewal-limit",
        title=N_("The term of the new loan is within its limit"),
        outcome=outcome(met=facts.matures_on <= facts.longest_on),
        hint=N_("The new loan may run until %(longest)s at most."),
        pointer="/matures_on",
        facts={"longest": facts.longest_on},
    )
    yield from renewal_checks(
        renewal,
        today=facts.today,
        before_on=facts.before_on,
        secured=facts.secured,
        financial_difficulty=facts.financial_difficulty,
    )


def _performing(facts: ChangeFacts) -> Check:
    return Check(
        code="performing",
        title=N_("The loan is performing and nothing is overdue"),
        outcome=outcome(met=facts.performing),
        hint=N_("Have the arrears paid first, or propose a restructuring.")
        if facts.today < facts.before_on
        else N_("Have what is owed repaid: after the maturity no terms are changed."),
    )


def _later_maturity(facts: ChangeFacts) -> Check:
    return Check(
        code="later-maturity",
        title=N_("The new maturity lies after the present one"),
        outcome=outcome(met=facts.is_later),
        hint=N_("Choose a day after %(before)s."),
        pointer="/matures_on",
        facts={"before": facts.before_on},
    )


def _extension_checks(facts: ChangeFacts) -> Iterator[Check]:
    yield _performing(facts)
    yield _later_maturity(facts)
    yield Check(
        code="within-extension-limit",
        title=N_("The extension is within its limit"),
        outcome=outcome(met=facts.matures_on <= facts.longest_on),
        hint=N_("The longest maturity permitted is %(longest)s, with earlier extensions counted.")
        if facts.longest_on > facts.before_on
        else N_(
            "No extension is possible any more: with earlier ones counted the limit is %(longest)s,"
            " not after the present maturity."
        ),
        pointer="/matures_on",
        facts={"longest": facts.longest_on},
    )
    yield Check(
        code="plan-as-it-stands",
        title=N_("An extension has no new plan of principal"),
        outcome=outcome(met=not facts.has_plan),
        hint=N_(
            "Take the rows of the plan out: an extension moves what falls due at the maturity;"
            " another plan is a restructuring."
        ),
        pointer="/plan",
    )


def _restructuring_checks(facts: ChangeFacts) -> Iterator[Check]:
    yield Check(
        code="loan-open",
        title=N_("The loan is drawn and not ended"),
        outcome=outcome(met=facts.open),
        hint=N_("A loan that is settled, written off or not drawn is not restructured."),
    )
    yield Check(
        code="debtor-in-difficulty",
        title=N_("The debtor is in financial difficulty"),
        outcome=outcome(met=facts.financial_difficulty),
        hint=N_("Without difficulty a later maturity is an extension, within its limits."),
        pointer="/financial_difficulty",
    )
    yield Check(
        code="terms-eased",
        title=N_("The terms change in the debtor's favour"),
        outcome=outcome(
            met=facts.matures_on >= facts.before_on
            and (facts.is_later or facts.has_plan or facts.rate.is_lower)
        ),
        hint=N_("Give a later maturity, a new plan of principal, a lower rate, or more of these."),
        pointer="/matures_on",
    )
    longest = facts.restructured_until_on
    yield Check(
        code="within-restructuring-limit",
        title=N_("The maturity lies within the limit of a restructuring"),
        outcome=outcome(met=facts.matures_on <= longest, needed=facts.is_later),
        hint=N_("A restructured loan may run until %(longest)s at most."),
        pointer="/matures_on",
        facts={"longest": longest},
    )


def _rate_checks(facts: ChangeFacts) -> Iterator[Check]:
    """The rate that counts from the change on; an extension never lowers it."""
    rate, changes = facts.rate, facts.rate.after_ppm is not None
    words: dict[str, object] = {"present": percent_words(rate.high_ppm), "made": rate.made}
    yield Check(
        code="rate-of-cumulative-tenor",
        title=N_("The rate is that of the whole tenor"),
        outcome=outcome(met=changes, needed=facts.crosses_border),
        hint=N_(
            "Beyond %(months)s months in all the rate of another tenor counts: propose a new fixed rate."
            " Today it is %(present)s."
        ),
        found=_tenor_found(facts),
        pointer="/rate",
        facts={**words, "months": facts.rate_border_months},
    )
    yield Check(
        code="rate-not-lower",
        title=N_("The new rate is not below today's"),
        outcome=outcome(
            met=changes and (rate.after_ppm or 0) >= rate.high_ppm,
            needed=changes and facts.kind is ChangeKind.EXTENSION,
        ),
        hint=N_("It would be %(made)s; today it is %(present)s. Propose more."),
        found=N_("It will be %(made)s; today it is %(present)s.") if changes else "",
        pointer="/lpr_bp" if rate.floating else "/rate",
        facts=words,
    )


def _tenor_found(facts: ChangeFacts) -> str:
    """Where the whole tenor lies beside the border of the rates, before the change and after."""
    if facts.crosses_border:
        return N_(
            "More than %(months)s months in all: %(made)s from the day of the change on."
            " Today it is %(present)s."
        )
    if tenor_months(facts.starts_on, facts.matures_on) > facts.rate_border_months:
        return N_("More than %(months)s months in all, as before: the rate of this tenor stays.")
    return N_("At most %(months)s months in all, as before: the rate of this tenor stays.")


def _common_checks(facts: ChangeFacts) -> Iterator[Check]:
    yield Check(
        code="before-maturity",
        title=N_("The present maturity has not come"),
        outcome=outcome(met=facts.today < facts.before_on),
        hint=N_("The loan matured on %(before)s; its terms can no longer be changed."),
        facts={"before": facts.before_on},
    )
    yield Check(
        code="security-consents",
        title=N_("Pledgors and guarantors agree in writing"),
        outcome=outcome(met=bool(facts.consent.strip()), needed=facts.secured),
        hint=N_("Name the written consent of every pledgor and guarantor."),
        pointer="/consent",
    )
    registered = facts.registered_until
    yield Check(
        code="registration-runs",
        title=N_("The registrations run to the new maturity"),
        outcome=outcome(
            met=registered is not None and registered >= facts.matures_on,
            needed=facts.pledged and facts.is_later,
        ),
        hint=N_("Have the registrations extended to %(until)s at least, and give their last day."),
        pointer="/registered_until",
        facts={"until": facts.matures_on},
    )
