"""What must hold before money moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.kernel.errors import InvalidInput
from app.kernel.money import Money
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.origination.domain.checks import Check, Outcome, outcome
from app.origination.domain.states import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownFacts:
    """Everything that decides on a drawdown, in fen.

    paid_before_fen: earlier drawdowns of the loan to the same payee, so that splitting does not help.
    last_registered_on: of the pool; None when nothing had to be registered. observed: restructured, and the
    observation has not ended. debtor_overdue_fen: of all loans of the debtor at the bank.
    """

    amount_fen: int
    contract_fen: int
    drawn_fen: int
    contract_signed: bool
    loan_open: bool
    loan_class: LoanClass
    observed: bool
    debtor_overdue_fen: int
    secured: bool
    all_registered: bool
    lendable_fen: int
    guaranteed_fen: int
    exposure_fen: int
    conditions: str
    conditions_evidence: str
    open_top_up_case: bool
    last_registered_on: date | None
    searched_on: date | None
    payee: str
    payment: Payment
    paid_before_fen: int
    entrusted_above_fen: int

    @property
    def undrawn_fen(self) -> int:
        """What is left of the contract."""
        return self.contract_fen - self.drawn_fen


def require_search_day(searched_on: date | None, *, signed_on: date | None, today: date) -> None:
    """Refuse a search dated after the business day, or before the contract that it looks for."""
    if searched_on is None:
        return
    if searched_on > today:
        raise InvalidInput.at(
            "/searched_on", N_("The search cannot lie after the business day %(day)s."), day=today
        )
    if signed_on is not None and searched_on < signed_on:
        raise InvalidInput.at(
            "/searched_on",
            N_("The search cannot lie before the contract of %(day)s."),
            day=signed_on,
        )


def decide_drawdown(facts: DrawdownFacts) -> tuple[Check, ...]:
    """The checks of a drawdown, in the order of the file."""
    return (*_contract_checks(facts), *_security_checks(facts), *_payment_checks(facts))


def _contract_checks(facts: DrawdownFacts) -> Iterator[Check]:
    yield Check(
        code="contract-signed",
        title=N_("The contract is signed and the loan is open"),
        outcome=outcome(met=facts.contract_signed and facts.loan_open),
        hint=N_("A loan that is overdue, settled or cancelled is not drawn."),
    )
    yield Check(
        code="class-allows",
        title=N_("The loan is not non-performing and not under observation"),
        outcome=outcome(met=not (facts.loan_class.is_non_performing or facts.observed)),
        hint=N_(
            "Nothing is drawn of a loan that is substandard or worse, or restructured and still observed."
        ),
    )
    yield Check(
        code="debtor-not-overdue",
        title=N_("The borrower has nothing overdue at this bank"),
        outcome=outcome(met=facts.debtor_overdue_fen <= 0),
        hint=N_("%(overdue)s yuan of the borrower's loans are overdue. Have them paid first."),
        facts={"overdue": Money(facts.debtor_overdue_fen)},
    )
    yield Check(
        code="conditions-met",
        title=N_("The conditions of the approval are met"),
        outcome=outcome(met=bool(facts.conditions_evidence), needed=bool(facts.conditions)),
        hint=N_("Say what shows that each condition of the approval is met."),
        pointer="/conditions_evidence",
    )
    yield Check(
        code="within-undrawn",
        title=N_("The amount lies within what is not drawn yet"),
        outcome=outcome(met=facts.amount_fen <= facts.undrawn_fen),
        hint=N_("%(undrawn)s yuan of the contract are not drawn yet."),
        pointer="/amount_yuan",
        facts={"undrawn": Money(max(facts.undrawn_fen, 0))},
    )


def _security_checks(facts: DrawdownFacts) -> Iterator[Check]:
    pledged = facts.last_registered_on is not None or not facts.all_registered
    yield Check(
        code="security-registered",
        title=N_("Every mortgage and pledge is registered"),
        outcome=outcome(met=facts.all_registered, needed=pledged),
        hint=N_("Record the receipts of the registries first."),
    )
    yield Check(
        code="search-after-registration",
        title=N_("A search after the registration is recorded"),
        outcome=_search(facts),
        hint=N_(
            "Search the registries again after the last registration and record number and day."
        ),
        pointer="/searched_on",
    )
    covered = facts.lendable_fen + facts.guaranteed_fen
    yield Check(
        code="debt-covered",
        title=N_("Lendable values and guarantees cover the new debt"),
        outcome=outcome(met=facts.exposure_fen + facts.amount_fen <= covered, needed=facts.secured),
        hint=N_("%(covered)s yuan cover a new debt of %(debt)s yuan. Add security or draw less."),
        pointer="/amount_yuan",
        facts={"covered": Money(covered), "debt": Money(facts.exposure_fen + facts.amount_fen)},
    )
    yield Check(
        code="no-top-up-case",
        title=N_("No top-up case is open"),
        outcome=outcome(met=not facts.open_top_up_case),
        hint=N_("Close the case of this loan before more is drawn."),
    )


def _search(facts: DrawdownFacts) -> Outcome:
    last = facts.last_registered_on
    if last is None:
        return outcome(met=False, needed=not facts.all_registered)
    return outcome(met=facts.searched_on is not None and facts.searched_on >= last)


def _payment_checks(facts: DrawdownFacts) -> Iterator[Check]:
    yield Check(
        code="payee-named",
        title=N_("The payee is named"),
        outcome=outcome(met=bool(facts.payee.strip())),
        hint=N_("Name who receives the money."),
        pointer="/payee",
    )
    large = facts.paid_before_fen + facts.amount_fen > facts.entrusted_above_fen
    yield Check(
        code="entrusted-payment",
        title=N_("Large payments are entrusted to the bank"),
        outcome=outcome(met=facts.payment is Payment.ENTRUSTED, needed=large),
        hint=N_("Payments to one payee above %(limit)s yuan are made by the bank itself."),
        pointer="/payment",
        facts={"limit": Money(facts.entrusted_above_fen)},
    )
