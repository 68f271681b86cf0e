"""What callers send and receive about post-loan checks."""

from enum import StrEnum
from typing import Any, ClassVar, Final

import marshmallow as ma

from app.documents.services import UploadFile
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import (
    Answer,
    Conclusion,
    FilePurpose,
    Finding,
    InspectionKind,
    InspectionState,
    checklist,
    message_of,
    tables,
)
from app.loans.domain.states import Security
from app.loans.inspection.queries import InspectionFilter
from app.loans.inspection.services import AddFile, OrderInspection, RecordFindings, Said
from app.loans.loan_officers import NameOfficer
from app.web.fields import (
    Choice,
    Day,
    Entries,
    Flag,
    Ident,
    Instant,
    OneOf,
    Text,
    Whole,
    Yuan,
)
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

MAX_SUMMARY: Final = 2_000
"""Characters: a page of the printed report."""

MAX_NOTE: Final = 300
"""Characters on one point: more belongs into the summary."""


def titles_of(table: str, enum: type[StrEnum]) -> dict[Any, str]:
    """The words of an enum, from the tables."""
    return {member: message_of(table, member.value) for member in enum}


STATE_TITLES: Final = {
    state: str(tables()["inspection"]["states"][state.value]["en"]) for state in InspectionState
}
KIND_TITLES: Final = titles_of("kinds", InspectionKind)
ANSWER_TITLES: Final = titles_of("answers", Answer)
CONCLUSION_TITLES: Final = titles_of("conclusions", Conclusion)
PURPOSE_TITLES: Final = titles_of("purposes", FilePurpose)


class InspectionQuery(ListQuery):
    """Filters of the list of checks."""

    state = Choice(InspectionState, titles=STATE_TITLES)
    kind = Choice(InspectionKind, titles=KIND_TITLES)
    number = Text(max_length=40)
    loan_id = Ident()
    late = Flag()
    mine = Flag()

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> InspectionFilter:
        """The filter; which page is read elsewhere."""
        names = InspectionFilter.__dataclass_fields__
        return InspectionFilter(**{name: data[name] for name in names if name in data})


class OrderInspectionSchema(CommandSchema):
    """A special check."""

    command = OrderInspection

    loan_id = Ident(required=True, title=N_("Loan"))
    due_on = Day(required=True, title=N_("To be made by"))
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class FindingSchema(CommandSchema):
    """What was found at one point."""

    command = Finding

    item = OneOf(
        required=True, max_length=40, known=[each.code for each in checklist()], title=N_("Point")
    )
    answer = Choice(Answer, required=True, titles=ANSWER_TITLES, title=N_("As found"))
    note = Text(max_length=MAX_NOTE, title=N_("Words"))


class FindingViewSchema(ViewSchema):
    """What was found at one point."""

    item = Text(max_length=40)
    answer = Choice(Answer)
    note = Text(max_length=MAX_NOTE)


class CheckPointSchema(ViewSchema):
    """A point of the checklist, in words; `item` is what a finding names."""

    code = Text(max_length=40, data_key="item")
    name = ma.fields.Nested(BilingualSchema)


class RecordFindingsSchema(CommandSchema):
    """What a check found, whole."""

    checked_on = Day(required=True, title=N_("Checked on"))
    place = Text(required=True, max_length=160, title=N_("Place"))
    present = Text(required=True, max_length=300, title=N_("Who was there"))
    findings = ma.fields.List(
        ma.fields.Nested(FindingSchema),
        required=True,
        validate=Entries(min=1, max=len(checklist())),
    )
    conclusion = Choice(Conclusion, titles=CONCLUSION_TITLES, title=N_("Conclusion"))
    summary = Text(max_length=MAX_SUMMARY, lines=True, title=N_("Summary"))
    next_step = Text(max_length=500, lines=True, title=N_("Next step"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> RecordFindings:
        """The command with its findings as a tuple."""
        return RecordFindings(**{**data, "findings": tuple(data["findings"])})


class _FindingsFormBase(UploadSchema):
    """The form of a report: two fields for each point of the checklist."""

    def form_findings(self, data: dict[str, Any]) -> tuple[Finding, ...]:
        """Take the fields of the points out of the rest; a point without an answer has none."""
        found = []
        for item in checklist():
            answer = data.pop(_answer_field(item.code), None)
            note = data.pop(_note_field(item.code), "")
            if answer is not None:
                found.append(Finding(item=item.code, answer=answer, note=note))
        if not found:
            raise InvalidInput.at(
                f"/{_answer_field(checklist()[0].code)}", N_("Answer at least one point.")
            )
        return tuple(found)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> RecordFindings:
        """The command that programs send as a list."""
        findings = self.form_findings(data)
        return RecordFindings(**data, findings=findings)


def _answer_field(code: str) -> str:
    return f"answer_{code.replace('-', '_')}"


def _note_field(code: str) -> str:
    return f"note_{code.replace('-', '_')}"


def _findings_form() -> type[_FindingsFormBase]:
    """The schema of the form, drawn from the checklist."""
    fields: dict[str, Any] = {
        "checked_on": Day(required=True, title=N_("Checked on")),
        "place": Text(required=True, max_length=160, title=N_("Place")),
        "present": Text(required=True, max_length=300, title=N_("Who was there")),
    }
    for item in checklist():
        fields[_answer_field(item.code)] = Choice(Answer, titles=ANSWER_TITLES, title=item.name.en)
        fields[_note_field(item.code)] = Text(max_length=MAX_NOTE, title=N_("Words"))
    fields |= {
        "conclusion": Choice(Conclusion, titles=CONCLUSION_TITLES, title=N_("Conclusion")),
        "summary": Text(max_length=MAX_SUMMARY, lines=True, title=N_("Summary")),
        "next_step": Text(max_length=500, lines=True, title=N_("Next step")),
    }
    return type("FindingsFormSchema", (_FindingsFormBase,), fields)


FindingsFormSchema: Final = _findings_form()


NEEDED_FIELDS: Final = (
    *(_answer_field(item.code) for item in checklist()),
    "conclusion",
    "summary",
)
"""What a draft may leave open, a submission not."""


def other_points(security: Security | None) -> tuple[str, ...]:
    """The fields of the points that are not asked of a loan with this security."""
    others = [item.code for item in checklist() if not item.applies_to(security)]
    return tuple(field(code) for code in others for field in (_answer_field, _note_field))


def form_values(findings: tuple[Finding, ...], known: dict[str, str]) -> dict[str, str]:
    """What the form shows first: what was written."""
    values = dict(known)
    given = {each.item: each for each in findings}
    for item in checklist():
        found = given.get(item.code)
        if found is not None:
            values[_answer_field(item.code)] = found.answer.value
            values[_note_field(item.code)] = found.note
    return values


class ReasonSchema(CommandSchema):
    """A reason that is kept."""

    command = Said

    note = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class ReviewSchema(CommandSchema):
    """What the reviewer adds."""

    command = Said

    note = Text(max_length=500, lines=True, title=N_("Reviewer's words"))


class InspectionFileSchema(UploadSchema):
    """A photo or a paper of a check."""

    command: ClassVar[type[Any] | None] = AddFile

    purpose = Choice(
        FilePurpose, required=True, titles=PURPOSE_TITLES, title=N_("What the file shows")
    )
    amount_fen = Yuan(
        low_fen=1,
        title=N_("Amount proved"),
        help=N_("For a proof of the use of funds: the amount of the invoice, contract or receipt."),
    )
    payee = Text(max_length=160, title=N_("Payee"))
    note = Text(max_length=MAX_NOTE, title=N_("Words"))
    file = File(
        required=True,
        title=N_("File"),
        help=N_(
            "PDF up to 20 MiB, PNG or JPEG up to 12 MiB, XLSX or CSV up to 10 MiB, GeoJSON up to 5 MiB."
        ),
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> AddFile:
        """The command with the file as the documents room takes it."""
        sent: SentFile = data.pop("file")
        return AddFile(**data, file=UploadFile(name=sent.name, content=sent.content))


class StoredFileSchema(ViewSchema):
    """A file of a check."""

    id = Ident()
    document_id = Ident()
    purpose = Choice(FilePurpose)
    amount_fen = Yuan(allow_none=True)
    payee = Text(max_length=160)
    note = Text(max_length=MAX_NOTE)
    name = Text(max_length=160)
    media_type = Text(max_length=100)
    size_bytes = Whole(low=1, high=2**31)
    sha256 = Text(max_length=64)
    person = ma.fields.Nested(BilingualSchema)
    created_at = Instant()
    withdrawn_at = Instant(allow_none=True)
    withdrawn_reason = Text(max_length=300)


class InspectionSchema(ThingSchema):
    """A check and its report."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    loan_title = ma.fields.Nested(BilingualSchema)
    borrower_name = ma.fields.Nested(BilingualSchema)
    kind = Choice(InspectionKind)
    due_on = Day()
    planned_on = Day()
    officer_id = Ident(allow_none=True)
    officer_name = ma.fields.Nested(BilingualSchema)
    loan_class = Choice(LoanClass, data_key="class", allow_none=True)
    security = Choice(Security, allow_none=True)
    months = Whole(low=1, high=3660, allow_none=True)
    reason = Text(max_length=300)
    replaces_id = Ident(allow_none=True)
    dropped_on = Day(allow_none=True)
    drop_reason = Text(max_length=300)
    checked_on = Day(allow_none=True)
    place = Text(max_length=160)
    present = Text(max_length=300)
    points = ma.fields.List(ma.fields.Nested(CheckPointSchema))
    findings = ma.fields.List(ma.fields.Nested(FindingViewSchema))
    conclusion = Choice(Conclusion, allow_none=True)
    summary = Text(max_length=MAX_SUMMARY)
    next_step = Text(max_length=500)
    inspector_name = ma.fields.Nested(BilingualSchema)
    submitted_name = ma.fields.Nested(BilingualSchema)
    submitted_at = Instant(allow_none=True)
    submitted_on = Day(allow_none=True)
    drawn_fen = Yuan(allow_none=True)
    proved_fen = Yuan(allow_none=True)
    return_reason = Text(max_length=500)
    reviewed_name = ma.fields.Nested(BilingualSchema)
    reviewed_on = Day(allow_none=True)
    review_note = Text(max_length=500)
    document_id = Ident(allow_none=True)
    sealed_sha256 = Text(max_length=64)
    files = ma.fields.List(ma.fields.Nested(StoredFileSchema))


class InspectionListSchema(ViewSchema):
    """The checks of a loan."""

    items = ma.fields.List(ma.fields.Nested(InspectionSchema))


class NameOfficerSchema(CommandSchema):
    """Who looks after a loan from now on."""

    command = NameOfficer

    person_id = Ident(required=True, title=N_("Loan officer"))
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class OfficerSchema(ViewSchema):
    """Who looked after a loan from a day on."""

    person_id = Ident()
    name = ma.fields.Nested(BilingualSchema)
    from_on = Day()
    reason = Text(max_length=300)
    created_at = Instant()


class OfficerListSchema(ViewSchema):
    """Who looked after a loan, the latest first."""

    items = ma.fields.List(ma.fields.Nested(OfficerSchema))
