"""Decisions on an application: complete enough to submit, investigated, within authority, ready to sign."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.money import Money
from app.kernel.rates import format_percent
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_, Coded
from app.loans.domain.terms import Method
from app.origination.domain.checks import Check, outcome
from app.origination.domain.products import ProductTerms
from app.origination.domain.states import METHOD_TITLES


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitFacts:
    """What is looked at before an application goes to the bank."""

    terms: ProductTerms
    offered: bool
    term_months: int
    purpose: str
    repayment_source: str
    credit_consent: bool
    asset_kinds: Sequence[str]
    guaranteed_fen: int


def decide_submit(facts: SubmitFacts) -> tuple[Check, ...]:
    """Completeness of an application at submit."""
    return tuple(_submit_checks(facts))


def _submit_checks(facts: SubmitFacts) -> Iterator[Check]:
    terms = facts.terms
    yield Check(
        code="product-offered",
        title=N_("The bank offers the product today"),
        outcome=outcome(met=facts.offered),
        hint=N_("Choose another product of the bank."),
        pointer="/product",
    )
    yield Check(
        code="term-within-product",
        title=N_("The term lies within the product"),
        outcome=outcome(met=facts.term_months <= terms.max_term_months),
        hint=N_("Ask for at most %(limit)s months."),
        pointer="/term_months",
        facts={"limit": terms.max_term_months},
    )
    yield Check(
        code="purpose-stated",
        title=N_("The purpose is stated"),
        outcome=outcome(met=len(facts.purpose) >= MIN_PURPOSE),
        hint=N_("Say what the money is for: supplier, goods, place."),
        pointer="/purpose",
    )
    yield Check(
        code="repayment-source-stated",
        title=N_("The source of repayment is stated"),
        outcome=outcome(met=bool(facts.repayment_source)),
        hint=N_("Say from which income the loan will be repaid."),
        pointer="/repayment_source",
    )
    yield Check(
        code="credit-consent",
        title=N_("Consent to query the credit bureau is given"),
        outcome=outcome(met=facts.credit_consent),
        hint=N_("The bank may not query anything before the borrower consents in writing."),
        pointer="/credit_consent",
    )
    yield from _security_checks(facts)


def _security_checks(facts: SubmitFacts) -> Iterator[Check]:
    terms = facts.terms
    offered = bool(facts.asset_kinds) or facts.guaranteed_fen > 0
    yield Check(
        code="security-offered",
        title=N_("Security is offered"),
        outcome=outcome(met=offered, needed=not terms.credit),
        hint=N_("Offer at least one asset or a guarantee."),
        pointer="/assets",
    )
    missing = [kind.value for kind in terms.needs_kinds if kind not in facts.asset_kinds]
    yield Check(
        code="needed-assets-offered",
        title=N_("The assets that the product needs are offered"),
        outcome=outcome(met=not missing, needed=bool(terms.needs_kinds)),
        hint=N_("Still missing: %(kinds)s."),
        pointer="/assets",
        facts={"kinds": missing},
    )


MIN_PURPOSE = 4
"""Characters; two Chinese words at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigationFacts:
    """What an investigation says, beside the product."""

    terms: ProductTerms
    method: Method
    rate_ppm: int
    term_months: int
    purpose_checked: bool
    green: bool
    leaf_known: bool
    edition_in_force: bool
    green_evidence: str


def decide_investigation(facts: InvestigationFacts) -> tuple[Check, ...]:
    """Whether an investigation may be signed."""
    return tuple(_term_checks(facts)) + tuple(_green_checks(facts))


def _term_checks(facts: InvestigationFacts) -> Iterator[Check]:
    terms = facts.terms
    yield Check(
        code="method-of-product",
        title=N_("The repayment method belongs to the product"),
        outcome=outcome(met=facts.method in terms.methods),
        hint=N_("Choose one of: %(methods)s."),
        pointer="/method",
        facts={"methods": [Coded(method.value, METHOD_TITLES[method]) for method in terms.methods]},
    )
    yield Check(
        code="rate-within-product",
        title=N_("The rate lies within the product"),
        outcome=outcome(met=0 < facts.rate_ppm <= terms.max_rate_ppm),
        hint=N_("Enter a rate above 0 and at most %(limit)s %%."),
        pointer="/rate",
        facts={"limit": format_percent(terms.max_rate_ppm)},
    )
    yield Check(
        code="term-within-product",
        title=N_("The term lies within the product"),
        outcome=outcome(met=facts.term_months <= terms.max_term_months),
        hint=N_("Ask for at most %(limit)s months."),
        pointer="/term_months",
        facts={"limit": terms.max_term_months},
    )
    yield Check(
        code="purpose-checked",
        title=N_("The purpose was checked on site"),
        outcome=outcome(met=facts.purpose_checked),
        hint=N_("Check contracts and site before you sign, and confirm that you did."),
        pointer="/purpose_checked",
    )


def _green_checks(facts: InvestigationFacts) -> Iterator[Check]:
    required = facts.terms.green_required
    yield Check(
        code="green-leaf",
        title=N_("The green leaf is named"),
        outcome=outcome(met=facts.green, needed=required),
        hint=N_("This product is for green use of funds only: name edition and item."),
        pointer="/catalogue_code",
    )
    yield Check(
        code="green-leaf-known",
        title=N_("The leaf stands in the edition in force"),
        outcome=outcome(met=facts.leaf_known and facts.edition_in_force, needed=facts.green),
        hint=N_(
            "Choose an item of the catalogue edition by which new loans are tagged today; a chapter is none."
        ),
        pointer="/catalogue_code",
    )
    yield Check(
        code="green-evidence",
        title=N_("The green use is evidenced"),
        outcome=outcome(met=bool(facts.green_evidence), needed=facts.green),
        hint=N_("Name the contract, permit or report that shows the green use."),
        pointer="/green_evidence",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """What bounds an approval."""

    amount_fen: int
    asked_fen: int
    limit_fen: int
    ceiling_fen: int
    on_credit: bool = False
    """Lent without security: no pool and no guarantee bounds it."""


def decide_approval(facts: ApprovalFacts) -> tuple[Check, ...]:
    """Whether this approver may approve this amount: authority, pool, and what was asked."""
    return (
        Check(
            code="within-authority",
            title=N_("The amount lies within the approver's authority"),
            outcome=outcome(met=facts.amount_fen <= facts.ceiling_fen),
            hint=N_("Your authority ends at %(ceiling)s yuan. Pass it to a higher authority."),
            pointer="/amount_yuan",
            facts={"ceiling": Money(facts.ceiling_fen)},
        ),
        Check(
            code="within-limit",
            title=N_("The security covers the amount"),
            outcome=outcome(met=facts.amount_fen <= facts.limit_fen, needed=not facts.on_credit),
            hint=N_("The pool and the guarantees lend %(limit)s yuan today."),
            pointer="/amount_yuan",
            facts={"limit": Money(facts.limit_fen)},
        ),
        Check(
            code="within-request",
            title=N_("The amount is not above the request"),
            outcome=outcome(met=facts.amount_fen <= facts.asked_fen),
            hint=N_("The borrower asked for %(asked)s yuan."),
            pointer="/amount_yuan",
            facts={"asked": Money(facts.asked_fen)},
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    """What bounds a contract."""

    amount_fen: int
    approved_fen: int
    approved_until: date
    today: date
    pool_changed: bool


def decide_contract(facts: ContractFacts) -> tuple[Check, ...]:
    """Whether the contract stays within the approval. More, or other security, needs a new approval."""
    return (
        Check(
            code="within-approval",
            title=N_("The amount was approved"),
            outcome=outcome(met=facts.amount_fen <= facts.approved_fen),
            hint=N_("%(approved)s yuan were approved. A higher amount needs a new approval."),
            pointer="/amount_yuan",
            facts={"approved": Money(facts.approved_fen)},
        ),
        Check(
            code="approval-valid",
            title=N_("The approval is still valid"),
            outcome=outcome(met=facts.today <= facts.approved_until),
            hint=N_("The approval lapsed on %(until)s. Apply again."),
            facts={"until": facts.approved_until},
        ),
        Check(
            code="pool-as-approved",
            title=N_("The security is the one approved"),
            outcome=outcome(met=not facts.pool_changed),
            hint=N_("The security changed after the approval. It needs a new approval."),
        ),
    )


def matures_on(starts_on: date, term_months: int) -> date:
    """The last day of a term: the day before its anniversary."""
    end = add_months(starts_on, term_months, anchor_day=starts_on.day)
    return end - timedelta(days=1)
