"""Notices about the notes of a loan: kinds, states, and what the letters that carry them say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.kernel.actor import Name
from app.kernel.text import N_
from app.policy import Policy


class NoticeKind(StrEnum):
    """What a notice is about."""

    DUE = "due"
    OVERDUE = "overdue"
    RATE_CHANGE = "rate-change"


NOTICE_KIND_TITLES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.DUE: N_("Payment due soon"),
    NoticeKind.OVERDUE: N_("Payment overdue"),
    NoticeKind.RATE_CHANGE: N_("Change of rate"),
}

NOTICE_TITLES: Final[Mapping[NoticeKind, Name]] = {
    NoticeKind.DUE: Name(zh="贷款到期还款提示书", en="Notice of a payment due"),
    NoticeKind.OVERDUE: Name(zh="贷款逾期催收通知书", en="Notice of an overdue payment"),
    NoticeKind.RATE_CHANGE: Name(zh="贷款利率调整通知书", en="Notice of a change of rate"),
}


class NoticeState(StrEnum):
    """How far a notice has come."""

    WAITING = "waiting"
    ISSUED = "issued"
    DROPPED = "dropped"
    """What it would have said had passed before it was printed."""
    FAILED = "failed"
    """It could not be printed; somebody repeats it."""


NOTICE_STATE_TITLES: Final[Mapping[NoticeState, str]] = {
    NoticeState.WAITING: N_("Waiting to be printed"),
    NoticeState.ISSUED: N_("Notice issued"),
    NoticeState.DROPPED: N_("No longer needed"),
    NoticeState.FAILED: N_("Could not be printed"),
}


PAID_BEFORE: Final = N_("Nothing of it is left to pay.")
NOT_DUE: Final = N_("Nothing falls due on this day any more.")
DAY_PASSED: Final = N_(
    "The due day had passed before it was printed; what is unpaid is demanded as overdue."
)
NO_CHANGE: Final = N_("No rate counts from this day any more.")

DROP_REASONS: Final[Mapping[NoticeKind, frozenset[str]]] = {
    NoticeKind.DUE: frozenset({NOT_DUE, PAID_BEFORE, DAY_PASSED}),
    NoticeKind.OVERDUE: frozenset({PAID_BEFORE}),
    NoticeKind.RATE_CHANGE: frozenset({NO_CHANGE}),
}
"""Why a notice of a kind is no longer needed when it comes to be printed."""


def fits_state(kind: NoticeKind, state: NoticeState, detail: str) -> bool:
    """Whether the words beside a notice are those of its state: only what went wrong or was dropped says why."""
    if state is NoticeState.DROPPED:
        return detail in DROP_REASONS[kind]
    return bool(detail) is (state is NoticeState.FAILED)


class Language(StrEnum):
    """In which words a borrower is written to."""

    ZH = "zh"
    EN = "en"


LANGUAGE_TITLES: Final[Mapping[Language, str]] = {
    Language.ZH: N_("Chinese"),
    Language.EN: N_("Chinese and English"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDays:
    """How many days before a due day, and after it, a borrower is told."""

    ahead: int
    after: int


def notice_days(policy: Policy) -> NoticeDays:
    """The days of a policy's day."""
    return NoticeDays(
        ahead=policy.whole("loans.notice_days.due"),
        after=policy.whole("loans.notice_days.overdue"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Subject and body of a mail."""

    subject: str
    body: str


_SUBJECTS: Final[Mapping[NoticeKind, Name]] = {
    NoticeKind.DUE: Name(
        zh="还款提示：{loan}，{about_on} 应还 {amount} 元",
        en="Payment due: {loan}, CNY {amount} on {about_on}",
    ),
    NoticeKind.OVERDUE: Name(
        zh="逾期催收：{loan}，{about_on} 到期款项尚欠 {amount} 元",
        en="Payment overdue: {loan}, CNY {amount} due on {about_on}",
    ),
    NoticeKind.RATE_CHANGE: Name(
        zh="利率调整：{loan}，自 {about_on} 起执行 {rate}",
        en="Change of rate: {loan}, {rate} from {about_on}",
    ),
}
_BODY: Final = Name(
    zh="{borrower}：\n\n请查收随信所附《{title}》（编号 {number}），出具方 {bank}。\n"
    "可凭核验码 {code} 在 {check_url} 核验。\n",
    en="To {borrower}:\n\nPlease find attached the “{title}” No. {number} issued by {bank}.\n"
    "Check it with the code {code} at {check_url}.\n",
)
_WAITING: Final = Name(
    zh="\n该贷款另有 {suspense} 元挂账，尚未抵扣所欠款项；如需用于还款，请与出具方联系。\n",
    en="\nCNY {suspense} of the loan wait in suspense and are not taken off what is owed;"
    " please ask the issuer to use them.\n",
)
"""Money of the borrower that settles nothing yet."""


def letter_of(kind: NoticeKind, language: Language, facts: Mapping[str, Any]) -> Letter:
    """The words of the mail that carries a notice."""
    title = NOTICE_TITLES[kind].in_language(language.value)
    given = {**facts, "title": title}
    for name in ("borrower", "bank"):
        given[name] = Name(**facts[name]).in_language(language.value)
    parts = (_BODY, _WAITING) if given.get("suspense") else (_BODY,)
    return Letter(
        subject=_SUBJECTS[kind].in_language(language.value).format(**given)[:200],
        body="".join(part.in_language(language.value).format(**given) for part in parts),
    )


def days_late(about_on: date, day: date) -> int:
    """Days since a due day; none before it."""
    return max((day - about_on).days, 0)
