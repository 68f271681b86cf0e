"""Search over what an actor sees: by number, name, USCC and certificate; grouped, a few of each kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import Appraisal
from app.appraisal.queries import light, visible_appraisals
from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.models import Loan
from app.loans.queries import visible_loans
from app.loans.titles import loan_title
from app.origination.models import Application
from app.origination.queries import visible_applications

MIN_LETTERS: Final = 2
"""One letter finds everything."""

MAX_EACH: Final = 10
"""Of each kind; who needs more narrows the words or uses the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing found."""

    number: str
    title: Name
    note: Name
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The hits of one kind; `more` when there are others."""

    title: str
    hits: tuple[Hit, ...]
    more: bool
    list_href: str


def search(session: Session, actor: Actor, words: str) -> list[Group]:
    """What matches, within sight: at most one query a kind and one for names."""
    if len(words) < MIN_LETTERS:
        return []
    kinds = (_loans, _enterprises, _assets, _applications, _appraisals)
    found = [kind(session, actor, words) for kind in kinds]
    return [group for group in found if group is not None and group.hits]


def _group(title: str, hits: list[Hit], list_href: str) -> Group:
    return Group(
        title=title,
        hits=tuple(hits[:MAX_EACH]),
        more=len(hits) > MAX_EACH,
        list_href=list_href,
    )


def _like(words: str, *columns: Any) -> sa.ColumnElement[bool]:
    return sa.or_(*(col(column).icontains(words, autoescape=True) for column in columns))


def _firms(words: str) -> Any:
    return sa.select(col(Organisation.id)).where(
        sa.or_(
            _like(words, Organisation.name_zh, Organisation.name_en),
            col(Organisation.uscc) == words.upper(),
        )
    )


def _loans(session: Session, actor: Actor, words: str) -> Group | None:
    if not actor.may(Permission.READ_LOANS):
        return None
    match = sa.or_(
        _like(words, Loan.number, Loan.title, Loan.borrower_name),
        col(Loan.borrower_id).in_(_firms(words)),
    )
    statement = visible_loans(session, actor).where(match).order_by(col(Loan.number).desc())
    rows = session.execute(statement.limit(MAX_EACH + 1)).scalars().all()
    names = _names(session, {row.borrower_id for row in rows if row.borrower_id})
    hits = [
        Hit(
            number=row.number,
            title=names.get(row.borrower_id, Name(zh=row.borrower_name, en=row.borrower_name))
            if row.borrower_id
            else Name(zh=row.borrower_name, en=row.borrower_name),
            note=loan_title(row.title),
            href=f"/loans/{row.id}",
        )
        for row in rows
    ]
    return _group(N_("Loans"), hits, "/loans")


def _enterprises(session: Session, actor: Actor, words: str) -> Group | None:
    """Borrowers, applicants and owners whose loans, files or assets are in sight."""
    seen = list(_firms_in_sight(session, actor))
    if not seen:
        return None
    statement = (
        sa.select(Organisation)
        .where(col(Organisation.id).in_(_firms(words)))
        .where(sa.or_(*(col(Organisation.id).in_(ids) for ids in seen)))
        .order_by(col(Organisation.code))
        .limit(MAX_EACH + 1)
    )
    hits = [
        Hit(
            number=row.uscc or row.code,
            title=Name(zh=row.name_zh, en=row.name_en),
            note=Name(zh="", en=""),
            href=f"/search?q={quote(row.uscc or row.name_zh)}",
        )
        for row in session.execute(statement).scalars()
    ]
    return _group(N_("Enterprises"), hits, "")


def _firms_in_sight(session: Session, actor: Actor) -> Iterator[Any]:
    if actor.may(Permission.READ_LOANS):
        yield visible_loans(session, actor).with_only_columns(col(Loan.borrower_id)).order_by(None)
    if actor.may(Permission.READ_APPLICATIONS):
        files = visible_applications(session, actor)
        yield files.with_only_columns(col(Application.borrower_id)).order_by(None)
    if actor.may(Permission.READ_ASSETS):
        yield visible_assets(session, actor).with_only_columns(col(Asset.owner_id)).order_by(None)


def _assets(session: Session, actor: Actor, words: str) -> Group | None:
    if not actor.may(Permission.READ_ASSETS):
        return None
    match = sa.or_(
        _like(words, Asset.number, Asset.title, Asset.title_en, Asset.certificate_number),
        col(Asset.owner_id).in_(_firms(words)),
    )
    statement = visible_assets(session, actor).where(match).order_by(col(Asset.number).desc())
    hits = [
        Hit(
            number=row.number,
            title=Name(zh=row.title, en=row.title_en),
            note=Name(zh=row.certificate_number, en=row.certificate_number),
            href=f"/assets/{row.id}",
        )
        for row in session.execute(statement.limit(MAX_EACH + 1)).scalars()
    ]
    return _group(N_("Assets"), hits, "/assets")


def _applications(session: Session, actor: Actor, words: str) -> Group | None:
    if not actor.may(Permission.READ_APPLICATIONS):
        return None
    match = sa.or_(
        _like(words, Application.number), col(Application.borrower_id).in_(_firms(words))
    )
    statement = visible_applications(session, actor).where(match)
    ordered = statement.order_by(None).order_by(col(Application.number).desc())
    rows = session.execute(ordered.limit(MAX_EACH + 1)).scalars().all()
    names = _names(session, {row.borrower_id for row in rows})
    hits = [
        Hit(
            number=row.number,
            title=names[row.borrower_id],
            note=Name(zh=row.purpose[:60], en=row.purpose[:60]),
            href=f"/loan-applications/{row.id}",
        )
        for row in rows
    ]
    return _group(N_("Loan applications"), hits, "/loan-applications")


def _appraisals(session: Session, actor: Actor, words: str) -> Group | None:
    if not actor.may(Permission.READ_APPRAISALS):
        return None
    statement = (
        light(visible_appraisals(session, actor))
        .join(Asset, col(Asset.id) == col(Appraisal.asset_id))
        .where(_like(words, Appraisal.number, Asset.number, Asset.title))
        .add_columns(col(Asset.title), col(Asset.title_en))
        .order_by(col(Appraisal.number).desc())
    )
    hits = [
        Hit(
            number=row.number,
            title=Name(zh=title, en=title_en),
            note=Name(zh=row.purpose, en=row.purpose),
            href=f"/appraisals/{row.id}",
        )
        for row, title, title_en in session.execute(statement.limit(MAX_EACH + 1)).all()
    ]
    return _group(N_("Appraisals"), hits, "/appraisals")


def _names(session: Session, ids: set[UUID]) -> dict[UUID, Name]:
    if not ids:
        return {}
    rows = session.execute(sa.select(Organisation).where(col(Organisation.id).in_(ids))).scalars()
    return {row.id: Name(zh=row.name_zh, en=row.name_en) for row in rows}
