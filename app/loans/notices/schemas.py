"""What callers send and receive about notices to borrowers."""

from typing import Any

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.notices import (
    LANGUAGE_TITLES,
    NOTICE_KIND_TITLES,
    NOTICE_STATE_TITLES,
    Language,
    NoticeKind,
    NoticeState,
)
from app.loans.notices.queries import MAIL_TITLES, LoanNoticeFilter, MailStanding
from app.loans.notices.services import RecordContact
from app.web.fields import Choice, Day, Ident, Instant, Text, Whole
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ViewSchema


class LoanNoticeQuery(ListQuery):
    """Filters of the list of notices to borrowers."""

    kind = Choice(NoticeKind, titles=NOTICE_KIND_TITLES)
    state = Choice(NoticeState, titles=NOTICE_STATE_TITLES)
    mail = Choice(MailStanding, titles=MAIL_TITLES)
    number = Text(max_length=40)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> LoanNoticeFilter:
        """The filter; which page is read elsewhere."""
        names = LoanNoticeFilter.__dataclass_fields__
        return LoanNoticeFilter(**{name: data[name] for name in names if name in data})


class LoanNoticeSchema(ViewSchema):
    """A notice to a borrower, its document's number and code, and what became of its mail."""

    id = Ident()
    loan_id = Ident()
    loan_number = Text(max_length=40)
    note_number = Text(max_length=40)
    kind = Choice(NoticeKind)
    title = ma.fields.Nested(BilingualSchema)
    about_on = Day()
    filed_on = Day()
    state = Choice(NoticeState)
    number = Text(max_length=40)
    code = Text(max_length=24)
    language = Choice(Language)
    detail = Text(max_length=300)
    issued_at = Instant(allow_none=True)
    mail = Choice(MailStanding)
    address = Text(max_length=254)
    attempts = Whole(low=0, high=1000)
    mail_error = Text(max_length=200)
    sent_at = Instant(allow_none=True)


class RecordContactSchema(CommandSchema):
    """Where a borrower is written to."""

    command = RecordContact

    address = Text(
        required=True,
        max_length=254,
        title=N_("Mail address of the borrower"),
        help=N_("Notices of all loans of this borrower go there from now on."),
        example="finance@example.com",
    )
    language = Choice(
        Language, titles=LANGUAGE_TITLES, title=N_("Language"), load_default=Language.ZH
    )


class ContactSchema(ViewSchema):
    """Where a bank writes to a borrower."""

    id = Ident()
    address = Text(max_length=254)
    language = Choice(Language)
    created_at = Instant()


class ContactListSchema(ViewSchema):
    """The addresses of a borrower, the one that counts first."""

    items = ma.fields.List(ma.fields.Nested(ContactSchema))
