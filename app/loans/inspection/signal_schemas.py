"""What callers send and receive about warning signals."""

from typing import Any, ClassVar

import marshmallow as ma

from app.documents.services import UploadFile
from app.kernel.text import N_
from app.loans.domain.causes import Trigger, told_sources
from app.loans.domain.inspection import tables
from app.loans.domain.signals import SignalState, levels, signal_kinds, sources
from app.loans.domain.states import LoanFact
from app.loans.inspection.signal_queries import MAX_MEASURES, SignalFilter
from app.loans.inspection.signals import (
    AddEvidence,
    CloseSignal,
    CompleteMeasure,
    PlanMeasure,
    RaiseLevel,
    RaiseSignal,
)
from app.web.fields import Choice, Day, Flag, Ident, Instant, OneOf, Text, Whole
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

SIGNAL_STATE_TITLES = {
    state: str(tables()["signal"]["states"][state.value]["en"]) for state in SignalState
}


class SignalQuery(ListQuery):
    """Filters of the list of signals."""

    state = Choice(SignalState, titles=SIGNAL_STATE_TITLES)
    level = OneOf(max_length=20, known=levels())
    kind = OneOf(max_length=40, known=signal_kinds())
    number = Text(max_length=40)
    source = OneOf(max_length=40, known=sources())
    loan_id = Ident()
    open = Flag()
    over = Flag()
    mine = Flag()

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> SignalFilter:
        """The filter; which page is read elsewhere."""
        names = SignalFilter.__dataclass_fields__
        return SignalFilter(**{name: data[name] for name in names if name in data})


class RaiseSignalSchema(CommandSchema):
    """A sign that a loan may go wrong."""

    command = RaiseSignal

    loan_id = Ident(required=True, title=N_("Loan"))
    level = OneOf(required=True, max_length=20, known=levels(), title=N_("Warning level"))
    kind = OneOf(required=True, max_length=40, known=signal_kinds(), title=N_("Kind of signal"))
    source = OneOf(required=True, max_length=40, known=told_sources(), title=N_("Source"))
    description = Text(required=True, max_length=2000, lines=True, title=N_("What was seen"))
    inspection_id = Ident(title=N_("Check that found it"))


class PlanMeasureSchema(CommandSchema):
    """A task with its day and who answers for it."""

    command = PlanMeasure

    task = Text(required=True, max_length=500, lines=True, title=N_("Measure"))
    due_on = Day(required=True, title=N_("To be done by"))
    person_id = Ident(required=True, title=N_("Responsible person"))


class CompleteMeasureSchema(CommandSchema):
    """What came of a task."""

    command = CompleteMeasure

    measure = Whole(required=True, low=1, high=MAX_MEASURES, title=N_("Number of the measure"))
    note = Text(required=True, max_length=500, lines=True, title=N_("What came of it"))


class RaiseLevelSchema(CommandSchema):
    """A higher level."""

    command = RaiseLevel

    level = OneOf(required=True, max_length=20, known=levels(), title=N_("New level"))
    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class CloseSignalSchema(CommandSchema):
    """Why a signal ends."""

    command = CloseSignal

    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class SignalFileSchema(UploadSchema):
    """A file that shows it."""

    command: ClassVar[type[Any] | None] = AddEvidence

    note = Text(max_length=300, title=N_("What the file shows"))
    file = File(
        required=True,
        title=N_("File"),
        help=N_(
            "PDF up to 20 MiB, PNG or JPEG up to 12 MiB, XLSX or CSV up to 10 MiB, GeoJSON up to 5 MiB."
        ),
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> AddEvidence:
        """The command with the file as the documents room takes it."""
        sent: SentFile = data.pop("file")
        return AddEvidence(**data, file=UploadFile(name=sent.name, content=sent.content))


class MeasureSchema(ViewSchema):
    """A task of a signal."""

    seq = Whole(low=1, high=MAX_MEASURES)
    task = Text(max_length=500)
    due_on = Day()
    person_id = Ident()
    person_name = ma.fields.Nested(BilingualSchema)
    done_on = Day(allow_none=True)
    done_note = Text(max_length=500)


class ActSchema(ViewSchema):
    """What was done about a signal."""

    seq = Whole(low=1, high=10_000)
    event = Text(max_length=40)
    level = Text(max_length=20)
    on = Day()
    note = Text(max_length=500)
    person_name = ma.fields.Nested(BilingualSchema)


class StoredEvidenceSchema(ViewSchema):
    """A file of a signal."""

    id = Ident()
    document_id = Ident()
    name = Text(max_length=160)
    media_type = Text(max_length=100)
    size_bytes = Whole(low=1, high=2**31)
    sha256 = Text(max_length=64)
    note = Text(max_length=300)
    created_at = Instant()


class FigureSchema(ViewSchema):
    """A figure that led to a signal: `_yuan` an amount, `_on` a day, `ratio` and `warning` shares, else a count."""

    name = Text(max_length=40)
    text = Text(max_length=40, allow_none=True)


class CauseSchema(ViewSchema):
    """What the system saw, since when it holds by its facts, and whether it has ended."""

    trigger = Choice(Trigger)
    level = Text(max_length=20)
    began_on = Day()
    seen_on = Day()
    ended_on = Day(allow_none=True)
    figures = ma.fields.List(ma.fields.Nested(FigureSchema))


class SignalSchema(ThingSchema):
    """A warning signal; `fact` is what classification should look at, `fact_recorded` whether it is entered."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    loan_title = ma.fields.Nested(BilingualSchema)
    borrower_name = ma.fields.Nested(BilingualSchema)
    inspection_id = Ident(allow_none=True)
    level = Text(max_length=20)
    kind = Text(max_length=40)
    source = Text(max_length=40)
    description = Text(max_length=2000)
    raised_on = Day()
    raised_name = ma.fields.Nested(BilingualSchema)
    closed_on = Day(allow_none=True)
    closed_name = ma.fields.Nested(BilingualSchema)
    closing_note = Text(max_length=500)
    fact = Choice(LoanFact, allow_none=True)
    fact_recorded = Flag()
    cause = ma.fields.Nested(CauseSchema, allow_none=True)
    measures = ma.fields.List(ma.fields.Nested(MeasureSchema))
    acts = ma.fields.List(ma.fields.Nested(ActSchema))
    files = ma.fields.List(ma.fields.Nested(StoredEvidenceSchema))


class SignalListSchema(ViewSchema):
    """The signals of a loan."""

    items = ma.fields.List(ma.fields.Nested(SignalSchema))
