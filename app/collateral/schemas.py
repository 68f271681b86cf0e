"""What callers send and receive about collateral."""

from typing import Any

import marshmallow as ma

from app.collateral.domain.states import (
    LEVEL_TITLES,
    SECURITY_KIND_TITLES,
    CallState,
    Level,
    PledgeState,
    RegistrationKind,
    SecurityKind,
)
from app.collateral.queries import CallFilter, PledgeFilter
from app.collateral.services import calls, pledging, recognition
from app.kernel.text import N_
from app.loans.domain.states import LtvBasis
from app.web.fields import Choice, Day, Flag, Ident, OneOf, Rate, Text, Whole, Yuan
from app.web.schemas import CommandSchema, ListQuery, ThingSchema, ViewSchema
from app.web.uploads import File, UploadSchema

MAX_RATIO_PPM = 10**12
"""A value of one fen against a large debt gives ratios far above one."""


class ConfirmRecognisedSchema(CommandSchema):
    """What a bank recognises for an asset."""

    command = recognition.ConfirmRecognised

    recognised_fen = Yuan(
        required=True,
        title=N_("Recognised value"),
        help=N_(
            "At most the current value. It falls at once with the value and rises only by a new confirmation."
        ),
    )
    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class RecognitionSchema(ViewSchema):
    """The values of an asset side by side."""

    asset_id = Ident()
    appraised_fen = Yuan(allow_none=True)
    valuation_fen = Yuan(allow_none=True)
    current_fen = Yuan(allow_none=True)
    valid_until = Day(allow_none=True)
    recognised_fen = Yuan(allow_none=True)
    recognised_on = Day(allow_none=True)
    version = Whole(low=0, high=2**31)


class PledgeLineSchema(CommandSchema):
    """An asset taken as security."""

    command = pledging.PledgeLine

    asset_id = Ident(required=True, title=N_("Asset"))
    security = Choice(
        SecurityKind, required=True, titles=SECURITY_KIND_TITLES, title=N_("Mortgage or pledge")
    )
    secured_fen = Yuan(required=True, low_fen=1, title=N_("Amount secured"))


class RegisterPledgeSchema(CommandSchema):
    """A receipt of a registry."""

    command = pledging.RegisterPledge

    registry = OneOf(required=True, max_length=40, title=N_("Registry"))
    number = Text(required=True, max_length=60, title=N_("Number of the receipt"))
    registered_on = Day(required=True, title=N_("Registered on"))
    expires_on = Day(
        title=N_("Registration ends on"), help=N_("Leave empty where the registration has no end.")
    )


class NoteSchema(CommandSchema):
    """A reason."""

    command = calls.CloseCall

    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class RegistrationSchema(ViewSchema):
    """An act of a registry."""

    kind = Choice(RegistrationKind)
    registry_code = Text(max_length=40, data_key="registry")
    number = Text(max_length=60)
    registered_on = Day()
    expires_on = Day(allow_none=True)


class PledgeSchema(ThingSchema):
    """A pledge or mortgage."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    asset_id = Ident()
    asset_number = Text(max_length=40)
    asset_title = Text(max_length=120)
    security = Choice(SecurityKind)
    rank = Whole(low=1, high=1000)
    secured_fen = Yuan()
    cap_ppm = Rate()
    relied_current_fen = Yuan()
    relied_recognised_fen = Yuan()
    recognised_fen = Yuan(allow_none=True)
    contracted_on = Day()
    carries_id = Ident(allow_none=True)
    carries_number = Text(max_length=20)
    change_to_register = Flag()
    registrations = ma.fields.List(ma.fields.Nested(RegistrationSchema))


class PledgeQuery(ListQuery):
    """Filters of the register."""

    state = Choice(PledgeState)
    number = Text(max_length=20)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> PledgeFilter:
        """The filter; which page is read elsewhere."""
        return PledgeFilter(state=data.get("state"), number=data.get("number"))


class CallQuery(ListQuery):
    """Filters of the list of top-up cases."""

    state = Choice(CallState)
    number = Text(max_length=20)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> CallFilter:
        """The filter; which page is read elsewhere."""
        return CallFilter(state=data.get("state"), number=data.get("number"))


class PledgeListSchema(ViewSchema):
    """The pledges of a loan."""

    items = ma.fields.List(ma.fields.Nested(PledgeSchema))


class ReviewCallSchema(CommandSchema):
    """The officer's finding."""

    command = calls.ReviewCall

    note = Text(required=True, max_length=500, lines=True, title=N_("Finding"))


class IssueNoticeSchema(CommandSchema):
    """The notice."""

    command = calls.IssueNotice

    due_on = Day(title=N_("Cure by"), help=N_("Leave empty for the days that the contract gives."))
    note = Text(max_length=500, lines=True, title=N_("Cause, as the notice shall say it"))


class ServeNoticeSchema(CommandSchema):
    """Proof of service."""

    command = calls.ServeNotice

    served_on = Day(required=True, title=N_("Received on"))
    served_to = Text(required=True, max_length=80, title=N_("Received by"))
    method = Text(required=True, max_length=40, title=N_("How it was served"), example="当面签收")
    document_id = Ident(title=N_("Receipt as a file"))


class ServeWithReceiptSchema(UploadSchema):
    """Proof of service with the receipt itself."""

    command = calls.ServeWithReceipt

    served_on = Day(required=True, title=N_("Received on"))
    served_to = Text(required=True, max_length=80, title=N_("Received by"))
    method = Text(required=True, max_length=40, title=N_("How it was served"), example="当面签收")
    file = File(
        title=N_("Receipt as a file"),
        help=N_(
            "PDF up to 20 MiB, PNG or JPEG up to 12 MiB, XLSX or CSV up to 10 MiB, GeoJSON up to 5 MiB."
        ),
    )


class ExtendCallSchema(CommandSchema):
    """More time."""

    command = calls.ExtendCall

    due_on = Day(required=True, title=N_("New last day to cure"))
    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class MarginCallSchema(ThingSchema):
    """A top-up case."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    level = Choice(Level, titles=LEVEL_TITLES)
    basis = Choice(LtvBasis)
    opened_on = Day()
    measured_on = Day()
    exposure_fen = Yuan()
    recognised_fen = Yuan(allow_none=True)
    ratio_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)
    line_ppm = Rate()
    target_ppm = Rate()
    repay_fen = Yuan()
    add_recognised_fen = Yuan()
    review_note = Text(max_length=500)
    issued_on = Day(allow_none=True)
    due_on = Day(allow_none=True)
    notice_id = Ident(allow_none=True)
    served_on = Day(allow_none=True)
    served_to = Text(max_length=80)
    service_method = Text(max_length=40)
    service_document_id = Ident(allow_none=True)
    closed_on = Day(allow_none=True)
    closing_note = Text(max_length=500)


class CoverSchema(ViewSchema):
    """The cover of a loan as last watched."""

    loan_id = Ident()
    observed_on = Day()
    level = Choice(Level, titles=LEVEL_TITLES)
    basis = Choice(LtvBasis)
    principal_fen = Yuan()
    exposure_fen = Yuan()
    recognised_fen = Yuan(allow_none=True)
    lendable_fen = Yuan()
    guaranteed_fen = Yuan()
    ltv_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)
    risk_ltv_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)
    warning_ppm = Rate()
    top_up_ppm = Rate()
    disposal_ppm = Rate()
    target_ppm = Rate()
    repay_fen = Yuan()
    add_recognised_fen = Yuan()


class MarginCallListSchema(ViewSchema):
    """The top-up cases of a loan."""

    items = ma.fields.List(ma.fields.Nested(MarginCallSchema))
