"""Choices for forms of origination, as pairs of value and words."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.assets.domain import AssetState
from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor
from app.loans.services import lending_day
from app.origination.models import Application, Product
from app.origination.services.products import products_of
from app.reference.domain import RegionLevel
from app.reference.models import CatalogueEdition, CatalogueItem, Region

Pairs = list[tuple[str, str]]

MAX_CHOICES: Final = 500
"""A longer list is not read in a form; the API takes any id."""


def organisations(session: Session, kind: OrganisationKind, language: str) -> Pairs:
    """Organisations of a kind by code; names of firms are no secret."""
    statement = (
        sa.select(Organisation)
        .where(col(Organisation.kind) == kind)
        .order_by(col(Organisation.code))
        .limit(MAX_CHOICES)
    )
    return [
        (str(row.id), _words(row.name_zh, row.name_en, language))
        for row in session.execute(statement).scalars()
    ]


def banks(session: Session, language: str) -> Pairs:
    """Banks that offer some product; one that only reports balances takes no application."""
    offered = sa.select(col(Product.bank_id))
    statement = (
        sa.select(Organisation)
        .where(col(Organisation.kind) == OrganisationKind.BANK, col(Organisation.id).in_(offered))
        .order_by(col(Organisation.code))
        .limit(MAX_CHOICES)
    )
    return [
        (str(row.id), _words(row.name_zh, row.name_en, language))
        for row in session.execute(statement).scalars()
    ]


def products(session: Session, bank_id: UUID, language: str) -> Pairs:
    """What a bank offers on its day."""
    rows = products_of(session, bank_id, lending_day(session, bank_id))
    return [(row.code, _words(row.title_zh, row.title_en, language)) for row in rows]


def all_products(session: Session, language: str) -> Pairs:
    """Every product that some bank offers, once each."""
    rows = session.execute(sa.select(Product).order_by(col(Product.code))).scalars()
    return list(
        {
            row.code: (row.code, _words(row.title_zh, row.title_en, language)) for row in rows
        }.values()
    )


def regions(session: Session, language: str) -> Pairs:
    """Counties and the city itself."""
    levels = (RegionLevel.CITY, RegionLevel.COUNTY)
    statement = (
        sa.select(Region)
        .where(col(Region.level).in_(levels))
        .order_by(col(Region.code))
        .limit(MAX_CHOICES)
    )
    return [
        (row.code, _words(row.name_zh, row.name_en, language))
        for row in session.execute(statement).scalars()
    ]


def assets(session: Session, actor: Actor, owner_id: UUID) -> Pairs:
    """The borrower's assets that the actor sees."""
    statement = (
        visible_assets(session, actor)
        .where(col(Asset.owner_id) == owner_id, col(Asset.state) != AssetState.WITHDRAWN)
        .order_by(col(Asset.number))
        .limit(MAX_CHOICES)
    )
    return [
        (str(row.id), f"{row.number} · {row.title}") for row in session.execute(statement).scalars()
    ]


def leaves(
    session: Session, application: Application, language: str
) -> dict[str, Sequence[tuple[str, str]]]:
    """Editions that tag new loans on the bank's day, and their items without the chapters above them."""
    day = lending_day(session, application.bank_id)
    statement = sa.select(CatalogueEdition).where(
        col(CatalogueEdition.tags_from) <= day,
        sa.or_(col(CatalogueEdition.tags_to).is_(None), col(CatalogueEdition.tags_to) >= day),
    )
    editions = session.execute(statement).scalars().all()
    below = aliased(CatalogueItem)
    chapter = sa.exists().where(
        col(below.edition) == col(CatalogueItem.edition),
        col(below.parent_code) == col(CatalogueItem.code),
    )
    items = (
        sa.select(CatalogueItem)
        .where(col(CatalogueItem.edition).in_([each.edition for each in editions]), ~chapter)
        .order_by(col(CatalogueItem.edition), col(CatalogueItem.code))
        .limit(MAX_CHOICES)
    )
    return {
        "catalogue_edition": [
            (each.edition, _words(each.title_zh, each.title_en, language)) for each in editions
        ],
        "catalogue_code": [
            (row.code, f"{row.code} {_words(row.name_zh, row.name_en, language)}")
            for row in session.execute(items).scalars()
        ],
    }


def _words(zh: str, en: str, language: str) -> str:
    return (zh or en) if language.startswith("zh") else (en or zh)
