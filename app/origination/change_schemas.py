"""What callers send and receive about changes of a loan."""

from typing import Any, Final

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.amounts import DatedAmount
from app.loans.rates.schemas import MAX_BP
from app.loans.schemas import LoanInstalmentSchema
from app.origination.domain.changes import CHANGE_KIND_TITLES, ChangeKind
from app.origination.domain.checks import OUTCOME_TITLES, Outcome
from app.origination.schemas import Hint, Sentence
from app.origination.services.changes import CarryOut, DecideChange, ProposeChange
from app.web.fields import (
    Choice,
    Day,
    Entries,
    Flag,
    Ident,
    Rate,
    Structure,
    Text,
    Whole,
    Yuan,
)
from app.web.schemas import BilingualSchema, CommandSchema, ThingSchema, ViewSchema

MAX_PLAN_ROWS: Final = 600
"""Half a century of months."""


class PlanRowSchema(CommandSchema):
    """Principal that falls due on a day."""

    command = DatedAmount

    on = Day(required=True, title=N_("Due on"))
    amount_fen = Yuan(required=True, low_fen=1, title=N_("Principal"))


class ProposeChangeSchema(CommandSchema):
    """An extension, a restructuring or a renewal with what shows that its conditions are met."""

    command = ProposeChange

    kind = Choice(ChangeKind, titles=CHANGE_KIND_TITLES, required=True, title=N_("What changes"))
    matures_on = Day(
        title=N_("New maturity"),
        help=N_(
            "For an extension or a renewal within its limit; a restructuring may keep the present one."
        ),
    )
    rate_ppm = Rate(
        low_ppm=1,
        title=N_("New fixed rate"),
        help=N_(
            "Where an extension comes under the rate of a longer tenor, a restructuring changes the rate,"
            " or a renewal is signed at another one."
        ),
    )
    lpr_bp = Whole(
        low=-MAX_BP,
        high=MAX_BP,
        title=N_("New basis points over the LPR"),
        help=N_("Of a floating rate; the LPR is that of the whole tenor."),
    )
    small_borrower = Flag(
        title=N_("A small or micro firm, or a person in business"),
        help=N_("Needed for a renewal without repayment."),
    )
    financial_difficulty = Flag(
        title=N_("The debtor is in financial difficulty"),
        help=N_("Then the loan is marked as restructured and put under observation."),
    )
    consent = Text(
        max_length=500,
        lines=True,
        title=N_("Written consent of pledgors and guarantors"),
        help=N_("Number and day of each; needed where the loan has security."),
    )
    registered_until = Day(
        title=N_("Registrations run until"),
        help=N_("Their last day after they were extended; needed where something is pledged."),
    )
    reason = Text(required=True, max_length=1000, lines=True, title=N_("Reasons"))
    plan = ma.fields.List(ma.fields.Nested(PlanRowSchema), validate=Entries(max=MAX_PLAN_ROWS))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> ProposeChange:
        """The frozen command."""
        return ProposeChange(**{**data, "plan": tuple(data.get("plan", ()))})


class DecideChangeSchema(CommandSchema):
    """The reasons of who decides."""

    command = DecideChange

    note = Text(required=True, max_length=500, lines=True, title=N_("Reasons"))


class CarryOutSchema(CommandSchema):
    """Nothing more is said."""

    command = CarryOut


class PlanRowViewSchema(ViewSchema):
    """Principal that falls due on a day."""

    on = Day()
    amount_fen = Yuan()


class ChangeCheckSchema(ViewSchema):
    """A check of a change as it was stored."""

    code = Text(max_length=60)
    title = Sentence(max_length=200)
    outcome = Choice(Outcome, titles=OUTCOME_TITLES)
    hint = Hint(max_length=400)
    facts = Structure()
    found = Sentence(max_length=400)


class LoanChangeSchema(ThingSchema):
    """A change of a loan's terms."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    borrower = ma.fields.Nested(BilingualSchema)
    kind = Choice(ChangeKind, titles=CHANGE_KIND_TITLES)
    signed_until_on = Day()
    before_on = Day()
    matures_on = Day()
    longest_on = Day()
    applied_on = Day()
    plan = ma.fields.List(ma.fields.Nested(PlanRowViewSchema))
    financial_difficulty = Flag()
    reason = Text(max_length=1000)
    consent = Text(max_length=500)
    registered_until = Day(allow_none=True)
    checks = ma.fields.List(ma.fields.Nested(ChangeCheckSchema))
    note = Text(max_length=500)
    proposed_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    decided_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    decided_on = Day(allow_none=True)
    carried_out_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    carried_out_on = Day(allow_none=True)
    withdrawn_note = Text(max_length=500)
    withdrawn_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    withdrawn_on = Day(allow_none=True)
    rate_ppm = Rate(allow_none=True)
    lpr_bp = Whole(low=-MAX_BP, high=MAX_BP, allow_none=True)
    small_borrower = Flag()
    new_loan_id = Ident(allow_none=True)
    new_loan_number = Text(max_length=40)


class ChangePreviewSchema(ViewSchema):
    """What is to come without a change and with it, as the day would make it; of a renewal, of the new loan."""

    on = Day()
    before = ma.fields.List(ma.fields.Nested(LoanInstalmentSchema))
    after = ma.fields.List(ma.fields.Nested(LoanInstalmentSchema))


class LoanChangeListSchema(ViewSchema):
    """The changes of a loan."""

    items = ma.fields.List(ma.fields.Nested(LoanChangeSchema))
