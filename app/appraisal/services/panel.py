"""A bank's panel of appraisal agencies."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.models import PanelMember
from app.appraisal.services.errors import NotAnAgency
from app.assets.queries import organisation_names
from app.audit.services import record
from app.db.engine import today
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_


class AlreadyOnPanel(Conflict):
    """The agency is on the panel on these days."""

    code = "already-on-panel"
    title = N_("The agency is on the panel already")
    detail = N_("Its present place must end before a new one begins.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPanelMember:
    """An agency that the bank accepts from a day on, until a day if one is set."""

    agency_id: UUID
    valid_from: date
    valid_until: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPanelMember:
    """The last day on which the bank accepts new orders to the agency."""

    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelMemberView:
    """A place of an agency on a bank's panel."""

    id: UUID
    bank_id: UUID
    bank: Name
    agency_id: UUID
    agency: Name
    valid_from: date
    valid_until: date | None
    in_force: bool
    note: str


def add_panel_member(session: Session, actor: Actor, command: AddPanelMember) -> PanelMemberView:
    """Put an agency on the actor's bank's panel; refuses other organisations and overlapping places."""
    actor.require(Permission.MANAGE_PANEL)
    if command.valid_until is not None and command.valid_until < command.valid_from:
        _refuse_order()
    agency = _held_agency(session, command.agency_id)
    if agency is None:
        raise InvalidInput.at("/agency_id", N_("Choose an existing entry."))
    if agency.kind is not OrganisationKind.APPRAISER:
        raise NotAnAgency
    row = PanelMember(
        bank_id=actor.organisation_id,
        agency_id=command.agency_id,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        note=command.note,
    )
    _require_free(session, row)
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "panel.add",
        subject_kind="panel-member",
        subject_id=row.id,
        agency_id=row.agency_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
    return panel_views(session, [row])[0]


def end_panel_member(
    session: Session, actor: Actor, member_id: UUID, command: EndPanelMember
) -> PanelMemberView:
    """Set the last day of a place; reports already ordered stay. It may not reach into the next place."""
    actor.require(Permission.MANAGE_PANEL)
    row = _own_member(session, actor, member_id)
    if command.valid_until < row.valid_from - timedelta(days=1):
        _refuse_order()
    _held_agency(session, row.agency_id)
    row.valid_until = command.valid_until
    _require_free(session, row)
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "panel.end",
        subject_kind="panel-member",
        subject_id=row.id,
        valid_until=row.valid_until,
    )
    return panel_views(session, [row])[0]


def get_panel_member(session: Session, actor: Actor, member_id: UUID) -> PanelMemberView:
    """One place in sight; `NotFound` otherwise."""
    statement = queries.visible_panel(session, actor).where(col(PanelMember.id) == member_id)
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return panel_views(session, [row])[0]


def panel_views(session: Session, rows: list[PanelMember]) -> list[PanelMemberView]:
    """Views of places with one query for all names."""
    day = today(session)
    names = organisation_names(
        session, {each for row in rows for each in (row.bank_id, row.agency_id)}
    )
    return [
        PanelMemberView(
            id=row.id,
            bank_id=row.bank_id,
            bank=names[row.bank_id],
            agency_id=row.agency_id,
            agency=names[row.agency_id],
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            in_force=row.valid_from <= day and (row.valid_until is None or row.valid_until >= day),
            note=row.note,
        )
        for row in rows
    ]


def agencies_in_force(session: Session, actor: Actor, day: date) -> list[PanelMemberView]:
    """The places in force on a day that the actor may order from."""
    statement = queries.visible_panel(session, actor).where(queries.on_panel(day))
    return panel_views(session, list(session.execute(statement).scalars()))


def _own_member(session: Session, actor: Actor, member_id: UUID) -> PanelMember:
    statement = queries.visible_panel(session, actor).where(
        col(PanelMember.id) == member_id, col(PanelMember.bank_id) == actor.organisation_id
    )
    row: PanelMember | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def _held_agency(session: Session, agency_id: UUID) -> Organisation | None:
    """The agency, held so that two places for it are compared one after the other."""
    return session.get(Organisation, agency_id, with_for_update={"key_share": True})


def _require_free(session: Session, place: PanelMember) -> None:
    """Refuse a place that shares a day with another of the agency on the panel."""
    ends = place.valid_until
    statement = sa.select(col(PanelMember.id)).where(
        col(PanelMember.id) != place.id,
        col(PanelMember.bank_id) == place.bank_id,
        col(PanelMember.agency_id) == place.agency_id,
        sa.or_(
            col(PanelMember.valid_until).is_(None),
            col(PanelMember.valid_until) >= place.valid_from,
        ),
        sa.true() if ends is None else col(PanelMember.valid_from) <= ends,
    )
    if session.execute(statement).first() is not None:
        raise AlreadyOnPanel


def _refuse_order() -> None:
    raise InvalidInput.at("/valid_until", N_("The last day lies before the first."))
