"""Events of the audit journal in words: names for ids, figures with their units. What is stored stays as it is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext
from sqlmodel import Session, col

from app.appraisal.models import Appraisal, RevaluationRun
from app.appraisal.queries import region_names
from app.assets.models import Asset
from app.audit.queries import EventFilter, EventView
from app.audit.titles import ACTION_TITLES, FACT_TITLES, KIND_TITLES, THING_TITLES
from app.collateral.models import MarginCall, Pledge
from app.desk.journal_values import input_words, value_words
from app.identity.models import Organisation, Person
from app.kernel.actor import SYSTEM_PERSON_ID, Actor, Name
from app.kernel.permissions import Permission
from app.loans.ledger.models import ManualEntry
from app.loans.models import Loan
from app.origination.models import Application, Product
from app.web import formats
from app.web.shell import words

UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
DIGEST_SHOWN: Final = 12
"""Enough of a digest to compare by eye; the API has all of it."""

NUMBERED: Final[Mapping[str, tuple[Any, str, Permission]]] = {
    "loan": (Loan, "/loans/", Permission.READ_LOANS),
    "asset": (Asset, "/assets/", Permission.READ_ASSETS),
    "application": (Application, "/loan-applications/", Permission.READ_APPLICATIONS),
    "appraisal": (Appraisal, "/appraisals/", Permission.READ_APPRAISALS),
    "margin-call": (MarginCall, "/margin-calls/", Permission.READ_COLLATERAL),
    "pledge": (Pledge, "/pledges/", Permission.READ_COLLATERAL),
    "revaluation-run": (RevaluationRun, "/revaluations/", Permission.RUN_REVALUATION),
    "manual-entry": (ManualEntry, "/ledger/entries/", Permission.READ_LEDGER),
}
"""Things that carry a number, with the page that shows them and who may open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event as the page shows it."""

    event: EventView
    action: str
    kind: str
    thing: str
    href: str | None
    person: str
    facts: tuple[tuple[str, str], ...]


def event_lines(session: Session, actor: Actor, events: Iterable[EventView]) -> list[EventLine]:
    """Events in words: one query for each kind of thing on the page."""
    listed = list(events)
    ids = {text for event in listed for text in _ids(event.facts)}
    ids |= {event.subject_id for event in listed if UUID_TEXT.fullmatch(event.subject_id)}
    ids |= {str(event.person_id) for event in listed}
    known = _names(session, {UUID(text) for text in ids}) | _coded_names(session, listed)
    return [_line(event, actor, known) for event in listed]


def _ids(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)
    elif isinstance(value, str) and UUID_TEXT.fullmatch(value):
        yield value


def _names(session: Session, ids: set[UUID]) -> dict[str, Name]:
    """Numbers of things, names of people and organisations."""
    found = {str(SYSTEM_PERSON_ID): Name(zh="系统", en="System")}
    for model, _href, _permission in NUMBERED.values():
        statement = sa.select(model.id, model.number).where(model.id.in_(ids))
        found |= {
            str(row[0]): Name(zh=row[1], en=row[1]) for row in session.execute(statement).all()
        }
    people = sa.select(Person).where(col(Person.id).in_(ids))
    firms = sa.select(Organisation).where(col(Organisation.id).in_(ids))
    named = [*session.execute(people).scalars(), *session.execute(firms).scalars()]
    return found | {str(row.id): Name(zh=row.name_zh, en=row.name_en) for row in named}


def _coded_names(session: Session, events: Iterable[EventView]) -> dict[str, Name]:
    """Names of regions and products by fact and code."""
    facts = [event.facts for event in events]
    regions = {str(each["region_code"]) for each in facts if each.get("region_code")}
    codes = {str(each["product"]) for each in facts if each.get("product")}
    codes |= {str(code) for each in facts for code in each.get("codes") or ()}
    statement = sa.select(Product).where(col(Product.code).in_(codes))
    products = session.execute(statement).scalars() if codes else ()
    named = region_names(session, regions) if regions else {}
    return {f"region_code={code}": name for code, name in named.items()} | {
        f"product={row.code}": Name(zh=row.title_zh, en=row.title_en) for row in products
    }


def subject_of(session: Session, asked: str) -> str:
    """The id of the thing with a number; what is no number stays as it was asked."""
    for model, _href, _permission in NUMBERED.values():
        found = session.execute(sa.select(model.id).where(model.number == asked)).scalars().first()
        if found is not None:
            return str(found)
    return asked


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of things of the journal, for its filter."""
    return [(kind, gettext(title)) for kind, title in KIND_TITLES.items()]


def action_choices(asked: str = "") -> list[tuple[str, str]]:
    """What can be done, in words and once each, for the filter; a whole action that was asked for by its name too."""
    by_title: dict[str, str] = {}
    for code, title in ACTION_TITLES.items():
        by_title.setdefault(gettext(title), code)
    choices = sorted(((code, title) for title, code in by_title.items()), key=lambda each: each[1])
    named = {code for code, _ in choices}
    return choices if not asked or asked in named else [(asked, action_title(asked)), *choices]


def actions_meant(wanted: EventFilter) -> EventFilter:
    """The same filter, where its action is one of the words of the page: every action that reads so."""
    title = ACTION_TITLES.get(wanted.action)
    if title is None or "." in wanted.action:
        return wanted
    verbs = tuple(code for code, each in ACTION_TITLES.items() if each == title)
    whole = tuple(code for code in ACTION_TITLES if "." in code)
    return replace(wanted, action="", verbs=verbs, but_actions=whole)


def _line(event: EventView, actor: Actor, known: Mapping[str, Name]) -> EventLine:
    title = KIND_TITLES.get(event.subject_kind)
    name = known.get(event.subject_id)
    page = NUMBERED.get(event.subject_kind)
    opens = page is not None and name is not None and actor.may(page[2])
    coded = THING_TITLES.get((event.subject_kind, event.subject_id))
    plain = "" if UUID_TEXT.fullmatch(event.subject_id) else event.subject_id
    return EventLine(
        event=event,
        action=action_title(event.action),
        kind=gettext(title) if title else event.subject_kind,
        thing=words(name) if name else gettext(coded) if coded else plain,
        href=f"{page[1]}{event.subject_id}" if page and opens else None,
        person=words(known.get(str(event.person_id))),
        facts=tuple(
            (fact_title(key), fact_text(key, value, known, event.subject_kind))
            for key, value in event.facts.items()
            if not _is_nameless(value, known)
        ),
    )


def _is_nameless(value: object, known: Mapping[str, Name]) -> bool:
    """Whether a fact is only the id of something without a name or number, which says nothing to a reader."""
    return isinstance(value, str) and bool(UUID_TEXT.fullmatch(value)) and value not in known


def action_title(action: str) -> str:
    """What was done, in words; an action that has none is its own name."""
    title = ACTION_TITLES.get(action) or ACTION_TITLES.get(action.rsplit(".", 1)[-1])
    return gettext(title) if title else action


def fact_title(name: str) -> str:
    """The label of a fact; one that has no words is its name, read as words."""
    plain = _without_unit(name)
    title = FACT_TITLES.get(plain)
    return gettext(title) if title else plain.replace("_", " ").capitalize()


def _without_unit(name: str) -> str:
    return name.removesuffix("_fen").removesuffix("_ppm")


def fact_text(name: str, value: object, known: Mapping[str, Name], kind: str = "") -> str:
    """A value with its unit; what is missing is a dash."""
    if value is None or value in ("", [], {}):
        return formats.MISSING
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, Mapping):
        parts = (
            f"{fact_title(key)} {fact_text(key, each, known, kind)}" for key, each in value.items()
        )
        return " · ".join(parts)
    if isinstance(value, list):
        return "; ".join(_item_text(name, each, known, kind) for each in value)
    if isinstance(value, int):
        return _figure_text(name, value)
    return _coded_text(kind, name, str(value), known) or _plain_text(str(value), known)


def _item_text(name: str, item: object, known: Mapping[str, Name], kind: str) -> str:
    """One of a list: a pair of a thing and its amount, the name of a field, or a value."""
    if isinstance(item, list) and len(item) == 2 and isinstance(item[1], int):
        return f"{fact_text('', item[0], known)} {fact_text('fen', item[1], known)}"
    if name == "fields":
        return field_title(str(item))
    return fact_text("product" if name == "codes" else name, item, known, kind)


def field_title(name: str) -> str:
    """What a field is called that somebody filled in: of a form, or of a model."""
    known = _without_unit(name) in FACT_TITLES
    return fact_title(name) if known else input_words(name) or fact_title(name)


def _figure_text(name: str, figure: int) -> str:
    if name == "fen" or name.endswith("_fen"):
        return formats.money_with_unit(figure, "yuan", locale=formats.current_locale())
    if name.endswith("_ppm"):
        return formats.ppm_percent(figure)
    return formats.number(figure)


def _coded_text(kind: str, name: str, code: str, known: Mapping[str, Name]) -> str | None:
    named = known.get(f"{name}={code}")
    return words(named) if named else value_words(kind, name, code)


def _plain_text(text: str, known: Mapping[str, Name]) -> str:
    if UUID_TEXT.fullmatch(text):
        return words(known.get(text)) or formats.MISSING
    if DIGEST.fullmatch(text):
        return f"{text[:DIGEST_SHOWN]}…"
    return formats.instant(datetime.fromisoformat(text)) if INSTANT.match(text) else text
