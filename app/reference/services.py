"""Use cases of the reference room: loading the tables, catalogue imports, and a bank's own policy."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import yaml
from sqlmodel import Session, SQLModel, col

from app import policy
from app.audit.services import record
from app.db.engine import now, today
from app.documents.content_types import UploadRefused, check_upload, decode_text
from app.kernel.actor import Actor, Name
from app.kernel.calendar import BusinessCalendar
from app.kernel.csv_rows import LineError
from app.kernel.errors import FieldError, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.reference import domain, queries
from app.reference.domain import DayKind, ImportRefused, ProposalState, RegionLevel
from app.reference.models import (
    CalendarDay,
    CalendarYear,
    CatalogueEdition,
    CatalogueImport,
    CatalogueItem,
    Industry,
    PolicyOverride,
    Region,
)
from app.reference.official_calendar import (
    FIRST_CALENDAR_YEAR,
    last_calendar_year,
    special_days,
)
from risk_models.dated import DatedParameter, ParameterSet, Reference

DATA: Final = Path(__file__).resolve().parent / "data"
"""The oldest loan of a file that is still served was drawn after it."""

_CALENDAR_SOURCE: Final = (
    "Annual notice of the State Council, as carried by the package chinesecalendar"
)
_SATURDAY: Final = 5
_WHOLE_BOUNDS: Final = (Decimal(1), Decimal(3660))


# ---------------------------------------------------------------------------
# Tables


def load_reference(session: Session, actor: Actor) -> None:
    """Bring the tables to what the files say; running it again changes nothing."""
    loads = (_regions(), _industries(), _catalogues(), _calendar())
    rows = [row for load in loads for row in load]
    known = _known_keys(session, {type(row) for row in rows})
    for row in rows:
        if _key(row) in known:
            session.merge(row)
        else:
            session.add(row)
    session.flush()
    record(
        session,
        actor,
        "reference.load",
        subject_kind="reference",
        subject_id="files",
        rows=len(rows),
    )


Key = tuple[type[SQLModel], tuple[Any, ...]]


def _known_keys(session: Session, tables: set[type[SQLModel]]) -> set[Key]:
    """What the tables hold; reading it whole spares a query for each row."""
    return {_key(row) for table in tables for row in session.execute(sa.select(table)).scalars()}


def _key(row: SQLModel) -> Key:
    return type(row), tuple(sa.inspect(type(row)).primary_key_from_instance(row))


def _regions() -> Iterator[SQLModel]:
    for row in _read_csv("regions.csv"):
        yield Region(
            **{name: row[name] for name in row if name not in {"level", "parent_code"}},
            level=RegionLevel(row["level"]),
            parent_code=row["parent_code"] or None,
        )


def _industries() -> Iterator[SQLModel]:
    for row in _read_csv("industries.csv"):
        yield Industry(**row)


def _read_csv(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _catalogues() -> Iterator[SQLModel]:
    for path in sorted(DATA.glob("catalogue_*.yaml")):
        table: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        yield CatalogueEdition(
            edition=table["edition"],
            title_zh=table["title_zh"],
            title_en=table["title_en"],
            document=table["document"],
            tags_from=date.fromisoformat(table["tags_from"]),
            tags_to=date.fromisoformat(table["tags_to"]) if table["tags_to"] else None,
            counts=dict(table["counts"]),
        )
        for item in table["items"]:
            yield _item_row(table["edition"], item)


def _item_row(edition: str, item: dict[str, Any]) -> CatalogueItem:
    return CatalogueItem(
        edition=edition,
        code=item["code"],
        level=item["level"],
        parent_code=item["parent"],
        name_zh=item["name_zh"],
        name_en=item["name_en"],
        status=item["status"],
    )


def _calendar() -> Iterator[SQLModel]:
    """Days off and made-up days of the years whose notice the package carries."""
    for year in range(FIRST_CALENDAR_YEAR, last_calendar_year() + 1):
        yield CalendarYear(year=year, source=_CALENDAR_SOURCE)
    for day, kind, note in special_days():
        yield CalendarDay(day=day, kind=kind, note=note)


def region_name(session: Session, code: str) -> Name:
    """The name of a region; its code when the table does not know it."""
    row = session.get(Region, code)
    return Name(zh=code, en=code) if row is None else Name(zh=row.name_zh, en=row.name_en)


def region_names(session: Session, level: RegionLevel | None = None) -> dict[str, Name]:
    """Short names by code, for lists and filters."""
    rows = session.execute(queries.regions(level=level)).scalars()
    return {row.code: Name(zh=row.short_zh, en=row.short_en) for row in rows}


def require_region(session: Session, code: str, pointer: str = "/region_code") -> None:
    """Refuse a region that the table does not have."""
    if session.get(Region, code) is None:
        raise InvalidInput.at(pointer, N_("There is no region with this code."))


def require_county(session: Session, code: str, pointer: str = "/region_code") -> None:
    """Refuse what is not a county of the table, such as the city above it."""
    row = session.get(Region, code)
    if row is None or row.level is not RegionLevel.COUNTY:
        raise InvalidInput.at(pointer, N_("There is no county with this code."))


# ---------------------------------------------------------------------------
# Calendar

_CALENDAR: Final = "business_calendar"


def business_calendar(session: Session) -> BusinessCalendar:
    """The business calendar as a value; read once in a session."""
    kept: BusinessCalendar | None = session.info.get(_CALENDAR)
    if kept is None:
        days = session.execute(sa.select(CalendarDay)).scalars().all()
        last = session.execute(sa.select(sa.func.max(CalendarYear.year))).scalar_one_or_none()
        kept = BusinessCalendar(
            holidays=frozenset(row.day for row in days if row.kind is DayKind.HOLIDAY),
            workdays=frozenset(row.day for row in days if row.kind is DayKind.WORKDAY),
            official_until=date(last or 1949, 12, 31),
        )
        session.info[_CALENDAR] = kept
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDayView:
    """A day as banks see it; `is_official` is false where no order names the year yet."""

    day: date
    is_business_day: bool
    is_official: bool
    kind: str
    note: str


def calendar_days(session: Session, first: date, last: date) -> list[CalendarDayView]:
    """Every day from the first to the last."""
    calendar = business_calendar(session)
    special = queries.special_days(session, first, last)
    days = (date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1))
    return [_calendar_view(day, calendar, special.get(day)) for day in days]


def _calendar_view(
    day: date, calendar: BusinessCalendar, special: CalendarDay | None
) -> CalendarDayView:
    plain = "weekend" if day.weekday() >= _SATURDAY else "weekday"
    return CalendarDayView(
        day=day,
        is_business_day=calendar.is_business_day(day),
        is_official=calendar.is_official(day),
        kind=special.kind.value if special else plain,
        note=special.note if special else "",
    )


# ---------------------------------------------------------------------------
# Policy


def policy_for(session: Session, bank_id: UUID | None, day: date) -> policy.Policy:
    """What counts for a bank on a day: the files, with the bank's accepted rows over them."""
    rows = queries.accepted_overrides(session, bank_id) if bank_id else ()
    if not rows:
        return policy.Policy(parameters=policy.on(day))
    return policy.Policy(parameters=_laid_over(rows).on(day))


def _laid_over(rows: Sequence[PolicyOverride]) -> ParameterSet:
    """The files with rows of one bank over them; the rows stand by parameter and day."""
    own = [_own(key, list(group)) for key, group in groupby(rows, lambda row: row.parameter_id)]
    return policy.parameter_set().laid_over(own)


def _own(parameter_id: str, rows: Sequence[PolicyOverride]) -> DatedParameter:
    base = policy.parameter_set()[parameter_id]
    return replace(
        base,
        values={row.valid_from: row.value for row in rows},
        references={
            row.valid_from: Reference(title=row.reason, source="Decision of the bank")
            for row in rows
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeOverride:
    """A bank's own value of a parameter from a day on; no value means: back to the files."""

    parameter_id: str
    valid_from: date
    value: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """A bank's own row of policy."""

    id: UUID
    bank_id: UUID
    parameter_id: str
    valid_from: date
    value: Decimal | None
    reason: str
    state: ProposalState
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    events: tuple[str, ...]
    version: int


def propose_override(session: Session, actor: Actor, command: ProposeOverride) -> OverrideView:
    """Propose the bank's own value of a parameter; it counts once a second person accepted it."""
    actor.require(Permission.PROPOSE_POLICY)
    _require_open(command, today(session))
    row = PolicyOverride(
        bank_id=actor.organisation_id,
        parameter_id=command.parameter_id,
        valid_from=command.valid_from,
        value=command.value,
        reason=command.reason,
        proposed_by=actor.person_id,
        proposed_at=now(session),
    )
    _require_rising_lines(session, row)
    session.add(row)
    session.flush()
    _record_override(session, actor, "policy.propose", row)
    return override_view(row, actor)


def decide_override(
    session: Session, actor: Actor, override_id: UUID, *, accept: bool
) -> OverrideView:
    """Accept or reject a colleague's proposal."""
    actor.require(Permission.ACCEPT_POLICY)
    row = _load_override(session, actor, override_id)
    _require_decidable(row, actor)
    if accept:
        if row.value is not None:
            _require_within_bounds(policy.parameter_set()[row.parameter_id], row.value)
        _require_rising_lines(session, row)
    row.state = ProposalState.ACCEPTED if accept else ProposalState.REJECTED
    row.decided_by, row.decided_at = actor.person_id, now(session)
    session.add(row)
    session.flush()
    _record_override(session, actor, f"policy.{row.state.value}", row)
    return override_view(row, actor)


def get_override(session: Session, actor: Actor, override_id: UUID) -> OverrideView:
    """A row of the actor's bank, or NotFound."""
    return override_view(_load_override(session, actor, override_id), actor)


def _load_override(session: Session, actor: Actor, override_id: UUID) -> PolicyOverride:
    statement = queries.visible_overrides(actor).where(col(PolicyOverride.id) == override_id)
    row: PolicyOverride | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def override_view(row: PolicyOverride, actor: Actor) -> OverrideView:
    """A row as callers see it; its proposer may not decide on it."""
    names = set(OverrideView.__dataclass_fields__) - {"events"}
    return OverrideView(
        **{name: getattr(row, name) for name in names}, events=_events(domain.OVERRIDE, row, actor)
    )


def _events(
    machine: StateMachine[Any, Any], row: PolicyOverride | CatalogueImport, actor: Actor
) -> tuple[str, ...]:
    own = row.proposed_by == actor.person_id
    return () if own else tuple(each.value for each in machine.events_for(row.state, actor))


def _record_override(session: Session, actor: Actor, action: str, row: PolicyOverride) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="policy-override",
        subject_id=row.id,
        organisation_id=row.bank_id,
        parameter=row.parameter_id,
        value=row.value,
        valid_from=row.valid_from,
    )


def _require_open(command: ProposeOverride, day: date) -> None:
    """A bank may set a plain number that is not law, within its bounds."""
    known = policy.parameter_set()
    if command.parameter_id not in known or known[command.parameter_id].unit == "table":
        raise InvalidInput.at("/parameter_id", N_("Choose a parameter that is a plain number."))
    parameter = known[command.parameter_id]
    since = parameter.since(command.valid_from)
    if since is None or command.valid_from < day:
        raise InvalidInput.at("/valid_from", N_("Choose today or a later day."))
    if parameter.status == "sourced":
        source = parameter.references[since].source
        title = Name(zh=parameter.title.zh, en=parameter.title.en)
        raise domain.LawFixesThis(
            parameter=command.parameter_id, parameter_title=title, source=source
        )
    if command.value is not None:
        _require_within_bounds(parameter, command.value)


def _require_within_bounds(parameter: DatedParameter, value: Decimal) -> None:
    """Refuse what the file of the parameter, or else its unit, does not allow."""
    is_share = parameter.unit == "ratio"
    low, high = parameter.bounds or ((Decimal(0), Decimal(1)) if is_share else _WHOLE_BOUNDS)
    if low <= value <= high and value == round(value, 6 if is_share else 0):
        return
    words = (
        N_("Enter a share from %(low)s to %(high)s with at most six decimals.")
        if is_share
        else N_("Enter a whole number from %(low)s to %(high)s.")
    )
    raise InvalidInput.at("/value", words, low=f"{low:f}", high=f"{high:f}")


def _require_rising_lines(session: Session, row: PolicyOverride) -> None:
    """Refuse a line that would not rise over the one below, on its day or on a later day of any line."""
    if row.parameter_id not in domain.LTV_LINES:
        return
    accepted = queries.accepted_overrides(session, row.bank_id)
    rows = sorted([*accepted, row], key=lambda each: (each.parameter_id, each.valid_from))
    laid = _laid_over(rows)
    days = {day for line in domain.LTV_LINES for day in laid[line].values if day > row.valid_from}
    for day in sorted({row.valid_from, *days}):
        shares = [laid.on(day).ratio(line) for line in domain.LTV_LINES]
        if not domain.lines_rise(shares):
            target, warning, top_up, disposal = (
                f"{(share * 100).normalize():f}" for share in shares
            )
            raise domain.LinesDoNotRise(
                on=day.isoformat(),
                target=target,
                warning=warning,
                top_up=top_up,
                disposal=disposal,
            )


def _require_decidable(row: PolicyOverride | CatalogueImport, actor: Actor) -> None:
    if row.state is not ProposalState.PROPOSED:
        raise domain.AlreadyDecided(state=row.state)
    if row.proposed_by == actor.person_id:
        raise domain.SecondPersonNeeded


# ---------------------------------------------------------------------------
# Deeper levels of a catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCatalogue:
    """A CSV file of items for an edition; a dry run stores nothing."""

    edition: str
    source: str
    file_name: str
    content: bytes
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueImportView:
    """A proposal, or the answer of a dry run (then without an id)."""

    id: UUID | None
    edition: str
    source: str
    state: str
    items: tuple[domain.NewItem, ...]
    errors: tuple[LineError, ...]
    events: tuple[str, ...] = ()
    version: int = 1


def propose_items(session: Session, actor: Actor, command: ImportCatalogue) -> CatalogueImportView:
    """Read a file of items; without a dry run and without errors it becomes a proposal."""
    actor.require(Permission.IMPORT_CATALOGUE)
    queries.get_edition(session, command.edition)
    rows = session.execute(queries.catalogue_items(command.edition)).scalars()
    read = domain.read_items(_text(command), {row.code: row.level for row in rows})
    if command.dry_run:
        return CatalogueImportView(
            id=None,
            edition=command.edition,
            source=command.source,
            state="dry-run",
            items=read.items,
            errors=read.errors,
        )
    if read.errors or not read.items:
        raise ImportRefused(errors=line_errors(read.errors))
    row = CatalogueImport(
        edition=command.edition,
        source=command.source,
        rows=[_plain(item) for item in read.items],
        sha256=hashlib.sha256(command.content).hexdigest(),
        proposed_by=actor.person_id,
        proposed_at=now(session),
    )
    session.add(row)
    session.flush()
    _record_import(session, actor, "catalogue.propose", row)
    return import_view(row, actor)


def decide_items(
    session: Session, actor: Actor, import_id: UUID, *, accept: bool
) -> CatalogueImportView:
    """Accept or reject the items that another person proposed; accepted ones enter the edition."""
    actor.require(Permission.ACCEPT_CATALOGUE)
    row = get_import(session, import_id)
    _require_decidable(row, actor)
    row.state = ProposalState.ACCEPTED if accept else ProposalState.REJECTED
    row.decided_by, row.decided_at = actor.person_id, now(session)
    session.add(row)
    if accept:
        for item in row.rows:
            session.add(CatalogueItem(edition=row.edition, import_id=row.id, **item))
            session.flush()
    session.flush()
    _record_import(session, actor, f"catalogue.{row.state.value}", row)
    return import_view(row, actor)


def get_import_view(session: Session, actor: Actor, import_id: UUID) -> CatalogueImportView:
    """A proposal with its items, for those who propose or decide."""
    actor.require_any(Permission.ACCEPT_CATALOGUE, Permission.IMPORT_CATALOGUE)
    return import_view(get_import(session, import_id), actor)


def get_import(session: Session, import_id: UUID) -> CatalogueImport:
    """A proposal, or NotFound."""
    row = session.get(CatalogueImport, import_id)
    if row is None:
        raise NotFound
    return row


def import_view(row: CatalogueImport, actor: Actor) -> CatalogueImportView:
    """A proposal as callers see it."""
    return CatalogueImportView(
        id=row.id,
        edition=row.edition,
        source=row.source,
        state=row.state.value,
        items=tuple(domain.NewItem(**item) for item in row.rows),
        errors=(),
        events=_events(domain.ITEMS, row, actor),
        version=row.version,
    )


def line_errors(errors: Sequence[LineError]) -> tuple[FieldError, ...]:
    """Wrong lines as wrong fields, pointed at by line and column."""
    return tuple(
        FieldError(
            pointer=f"/file/{each.line}" + (f"/{each.column}" if each.column else ""),
            detail=each.detail,
            facts={**each.facts, "line": each.line},
        )
        for each in errors
    )


def import_text(file_name: str, content: bytes) -> str:
    """The text of an import file: checked by extension and content, UTF-8 or GB 18030."""
    if not file_name.lower().endswith(".csv"):
        raise InvalidInput.at("/file", N_("Send a file with the extension .csv."))
    try:
        check_upload(filename=file_name, content=content)
        return decode_text(content)
    except UploadRefused as refused:
        raise InvalidInput.at("/file", refused.detail, **refused.facts) from refused


def _text(command: ImportCatalogue) -> str:
    return import_text(command.file_name, command.content)


def _plain(item: domain.NewItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in domain.NewItem.__dataclass_fields__}


def _record_import(session: Session, actor: Actor, action: str, row: CatalogueImport) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="catalogue-import",
        subject_id=row.id,
        edition=row.edition,
        rows=len(row.rows),
        sha256=row.sha256,
    )
