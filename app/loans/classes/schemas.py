"""What callers send and receive about the class of a loan."""

import marshmallow as ma

from app.kernel.rates import PPM
from app.kernel.text import N_
from app.loans.classes.changes import DecideChange, EndFact, JudgeClass, RecordClassFact
from app.loans.domain.class_changes import BY_DECISION_ONLY, CHANGE_KIND_TITLES, ChangeKind
from app.loans.domain.classification import CLASS_TITLES, LoanClass
from app.loans.domain.debtor import FACT_TITLES
from app.loans.domain.states import LoanFact
from app.web.fields import Choice, Day, Flag, Ident, OneOf, Rate, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ThingSchema, ViewSchema

_MAX_DUE_DAYS = 1_200
"""A century of months."""


class RecordFactSchema(CommandSchema):
    """A fact that bears on the class, with its reason."""

    command = RecordClassFact

    fact = Choice(
        LoanFact,
        titles=FACT_TITLES,
        refused=BY_DECISION_ONLY,
        required=True,
        title=N_("Fact"),
        help=N_(
            "A technical delay and a recognised enhancement wait for a second person;"
            " other facts count from the next close of day."
        ),
    )
    share_ppm = Rate(
        high_ppm=PPM,
        title=N_("Share"),
        help=N_(
            "Of a credit-impaired loan the expected loss; of debts at all banks what is overdue by over 90 days."
        ),
    )
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class JudgeClassSchema(CommandSchema):
    """The class that a person finds right, with its reason."""

    command = JudgeClass

    loan_class = Choice(
        LoanClass,
        titles=CLASS_TITLES,
        required=True,
        data_key="class",
        title=N_("Class"),
        help=N_(
            "A worse class needs nobody else and is taken at the next close of day;"
            " a better one waits for a second person, within what the rules allow."
        ),
    )
    reason = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class EndFactSchema(CommandSchema):
    """The fact that no longer holds, with the reason."""

    command = EndFact

    fact_id = Ident(required=True, title=N_("Fact"))
    reason = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class EndFactFormSchema(CommandSchema):
    """The form: the fact is chosen from those in force."""

    fact_id = OneOf(max_length=40, required=True, title=N_("Fact"))
    reason = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class DecideChangeSchema(CommandSchema):
    """Why a second person confirms or refuses."""

    command = DecideChange

    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class ClassChangeSchema(ThingSchema):
    """A change of a class by people."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    kind = Choice(ChangeKind, titles=CHANGE_KIND_TITLES)
    judged_class = Choice(LoanClass, allow_none=True)
    fact = Choice(LoanFact, allow_none=True)
    held_class = Choice(LoanClass)
    for_better = Flag()
    reason = Text(max_length=500)
    note = Text(max_length=500)
    proposed_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    proposed_on = Day()
    decided_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    decided_on = Day(allow_none=True)
    replaced_by = Text(max_length=40)


class FactSchema(ViewSchema):
    """A recorded fact."""

    id = Ident()
    fact = Choice(LoanFact)
    from_on = Day()
    until_on = Day(allow_none=True)
    share_ppm = Rate(allow_none=True)
    reason = Text(max_length=300)
    person = ma.fields.Nested(BilingualSchema, allow_none=True)
    counts = Flag()
    by_rule = Flag()


class TrialSchema(ViewSchema):
    """How long due days were kept, and what is asked."""

    since_on = Day(allow_none=True)
    met = Whole(low=0, high=_MAX_DUE_DAYS)
    periods = Whole(low=0, high=_MAX_DUE_DAYS)
    lasts_until_on = Day(allow_none=True)
    is_over = Flag()


class ObservationSchema(ViewSchema):
    """The observation of a restructured loan."""

    change_number = Text(max_length=20)
    first_due_on = Day()
    started_on = Day()
    ended_on = Day(allow_none=True)
    trial = ma.fields.Nested(TrialSchema)


class ClassRecordSchema(ViewSchema):
    """What a bank knows about the class of a loan."""

    facts = ma.fields.List(ma.fields.Nested(FactSchema))
    changes = ma.fields.List(ma.fields.Nested(ClassChangeSchema))
    observations = ma.fields.List(ma.fields.Nested(ObservationSchema))
    upgrade = ma.fields.Nested(TrialSchema, allow_none=True)
    rate_ppm = Rate(allow_none=True)
    provision_fen = Yuan(allow_none=True)


class FactRecordedSchema(ViewSchema):
    """The id of a fact that was recorded, or the change that waits for a second person."""

    id = Ident(allow_none=True)
    change = ma.fields.Nested(ClassChangeSchema, allow_none=True)
