"""States and levels of the reference tables, and the reading of a proposed catalogue."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.kernel.csv_rows import Line, LineError, read_rows
from app.kernel.errors import Conflict, InvalidInput, RuleViolation
from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class RegionLevel(StrEnum):
    """Level of an administrative division."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class DayKind(StrEnum):
    """Why a day differs from its weekday."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


class ProposalState(StrEnum):
    """Where a change that needs four eyes stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


PROPOSAL_STATE_TITLES: Mapping[ProposalState, str] = {
    ProposalState.PROPOSED: N_("Proposed"),
    ProposalState.ACCEPTED: N_("Accepted"),
    ProposalState.REJECTED: N_("Rejected"),
}

AREA_TITLES: Mapping[str, str] = {
    "appraisal": N_("Appraisal"),
    "approaches": N_("Approaches of appraisal"),
    "assets": N_("Assets"),
    "carbon_allowance": N_("Carbon allowance"),
    "carbon_sink": N_("Carbon sink"),
    "carbon_ticket": N_("Carbon sink ticket"),
    "ccer": N_("CCER"),
    "collateral": N_("Collateral"),
    "discharge_right": N_("Pollutant discharge right"),
    "energy_use_right": N_("Energy-use right"),
    "forest_compensation_income": N_("Forest compensation income"),
    "forest_right": N_("Forest right"),
    "gep": N_("GEP accounts"),
    "green_certificate": N_("Green certificate"),
    "income_right": N_("Income right"),
    "loans": N_("Loans"),
    "market": N_("Market prices"),
    "origination": N_("Origination"),
    "oversight": N_("Oversight"),
    "price": N_("Prices"),
    "scenario": N_("Scenarios"),
    "tradable": N_("Tradable rights"),
    "vep_income": N_("Ecological product income"),
    "water_right": N_("Water right"),
}
"""Titles of the areas that dated parameters belong to, by the first word of their ids."""

STATUS_TITLES: Mapping[str, str] = {
    "sourced": N_("Sourced"),
    "practice": N_("Practice"),
    "judgement": N_("Judgement"),
    "to-confirm": N_("To be confirmed"),
    "computed": N_("Computed"),
    "synthetic": N_("Synthetic"),
}


class LawFixesThis(RuleViolation):
    """A value that a published rule sets; a bank cannot choose another."""

    code = "law-fixes-this"
    title = N_("A published rule sets this value")
    detail = N_(
        "“%(parameter_title)s” is set by %(source)s. A bank cannot lay its own value over it."
    )


LTV_LINES: Final = (
    "collateral.ltv.cure_target",
    "collateral.ltv.warning",
    "collateral.ltv.top_up",
    "collateral.ltv.disposal",
)
"""The lines of the loan-to-value from below."""


class LinesDoNotRise(RuleViolation):
    """A value with which the lines of the loan-to-value would not follow each other."""

    code = "lines-do-not-rise"
    title = N_("The lines would not rise")
    detail = N_(
        "On %(on)s the lines would be: target %(target)s %%, warning %(warning)s %%, top-up %(top_up)s %%, "
        "disposal %(disposal)s %%. The target lies at most at the warning line, that below the top-up line, and that "
        "below the disposal line. Choose another value, or have the neighbouring line moved first."
    )


def lines_rise(shares: Sequence[Decimal]) -> bool:
    """Whether target <= warning < top-up < disposal, for shares in the order of `LTV_LINES`."""
    target, warning, top_up, disposal = shares
    return target <= warning < top_up < disposal


class SecondPersonNeeded(RuleViolation):
    """The proposer may not accept the own proposal."""

    code = "second-person-needed"
    title = N_("A second person decides")
    detail = N_("You proposed this. A colleague must accept or reject it.")


class AlreadyDecided(Conflict):
    """The proposal was accepted or rejected before."""

    code = "already-decided"
    title = N_("Decided already")
    detail = N_("This proposal was decided before. Make a new one if it is still needed.")


class ImportRefused(InvalidInput):
    """A file with wrong lines; nothing of it was taken in."""

    code = "import-refused"
    title = N_("The file has wrong lines")
    detail = N_("Nothing was taken in. Correct the lines that are named and send the file again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One item of a catalogue as a file proposes it."""

    code: str
    level: int
    parent_code: str | None
    name_zh: str
    name_en: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsRead:
    """What a catalogue file holds: items, and what is wrong with it."""

    items: tuple[NewItem, ...]
    errors: tuple[LineError, ...]


ITEM_COLUMNS: Final = ("code", "level", "parent_code", "name_zh")
ITEM_OPTIONAL: Final = ("name_en", "status")
ITEM_STATUSES: Final = ("sourced", "to-confirm")
MAX_ITEMS: Final = 1_000
"""Three times the largest published edition."""

_CODE: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}")


def read_items(text: str, known: Mapping[str, int]) -> ItemsRead:
    """Read items of one edition; `known` are the codes it has, with their levels.

    A parent stands in the edition or earlier in the file, one level above; a code that is known is refused.
    """
    rows = read_rows(text, required=ITEM_COLUMNS, optional=ITEM_OPTIONAL, max_rows=MAX_ITEMS)
    levels = dict(known)
    items: list[NewItem] = []
    errors = list(rows.errors)
    for line in rows.lines:
        wrong = _item_error(line, levels)
        if wrong is not None:
            errors.append(wrong)
            continue
        item = _item(line)
        levels[item.code] = item.level
        items.append(item)
    return ItemsRead(items=tuple(items), errors=tuple(errors))


def _item(line: Line) -> NewItem:
    cells = line.cells
    return NewItem(
        code=cells["code"],
        level=int(cells["level"]),
        parent_code=cells["parent_code"] or None,
        name_zh=cells["name_zh"],
        name_en=cells.get("name_en", ""),
        status=cells.get("status") or "to-confirm",
    )


def _item_error(line: Line, levels: Mapping[str, int]) -> LineError | None:  # noqa: PLR0911 - one line a rule
    def wrong(column: str, detail: str, **facts: object) -> LineError:
        return LineError(line=line.number, column=column, detail=detail, facts=facts)

    cells = line.cells
    code, parent = cells["code"], cells["parent_code"]
    if not _CODE.fullmatch(code):
        return wrong("code", N_("Write the code as numbers with dots, such as 4.3.1."))
    if code in levels:
        return wrong("code", N_("The code %(code)s is in this edition already."), code=code)
    if cells["level"] != str(code.count(".") + 1):
        return wrong("level", N_("The level does not fit the code %(code)s."), code=code)
    if parent != code.rpartition(".")[0] or (parent and parent not in levels):
        return wrong("parent_code", N_("The parent of %(code)s is missing or wrong."), code=code)
    if not 1 <= len(cells["name_zh"]) <= 200 or len(cells.get("name_en", "")) > 300:
        return wrong("name_zh", N_("Give a name of at most 200 characters."))
    if cells.get("status") not in (None, "", *ITEM_STATUSES):
        return wrong("status", N_("The status is one of: %(legal)s."), legal=list(ITEM_STATUSES))
    return None


class ProposalEvent(StrEnum):
    """What a second person does with a proposal."""

    ACCEPT = "accept"
    REJECT = "reject"


PROPOSAL_EVENT_TITLES: Mapping[ProposalEvent, str] = {
    ProposalEvent.ACCEPT: N_("Accept"),
    ProposalEvent.REJECT: N_("Reject"),
}


def _machine(name: str, permission: Permission) -> StateMachine[ProposalState, ProposalEvent]:
    return StateMachine(
        name,
        {
            (ProposalState.PROPOSED, ProposalEvent.ACCEPT): ProposalState.ACCEPTED,
            (ProposalState.PROPOSED, ProposalEvent.REJECT): ProposalState.REJECTED,
        },
        initial=ProposalState.PROPOSED,
        permissions=dict.fromkeys(ProposalEvent, permission),
        state_titles=PROPOSAL_STATE_TITLES,
        event_titles=PROPOSAL_EVENT_TITLES,
    )


OVERRIDE: Final = _machine("policy-override", Permission.ACCEPT_POLICY)
ITEMS: Final = _machine("catalogue-import", Permission.ACCEPT_CATALOGUE)
