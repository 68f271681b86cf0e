"""Loan products: loaded from data, offered by a bank from a day to a day."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import yaml
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import today
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.loans.titles import loan_title
from app.origination.domain.products import ProductTerms, read_terms
from app.origination.models import Product
from app.origination.queries import organisations_by_id, visible_products
from app.origination.refusals import ProductUnknown
from app.web.paging import Page, PageRequest, fetch_page

PRODUCTS: Final = Path(__file__).resolve().parent.parent / "products.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """The bank whose products are asked for; all banks without one."""

    bank: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """A loan product on offer, with the terms that a loan would copy."""

    bank_id: UUID
    bank: Name
    code: str
    title: Name
    terms: Mapping[str, Any]
    valid_from: date
    valid_until: date | None


@cache
def _catalogue() -> dict[str, Any]:
    rows: dict[str, Any] = yaml.load(PRODUCTS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)[
        "products"
    ]
    for row in rows.values():
        read_terms(row["terms"])
    return rows


def load_products(
    session: Session,
    actor: Actor,
    bank_id: UUID,
    *,
    valid_from: date,
    codes: Collection[str] | None = None,
) -> list[Product]:
    """Let a bank offer products of the catalogue; what it offers already stays as it is.

    codes: all of the catalogue when None; `ProductUnknown` when one is not in it.
    """
    actor.require(Permission.ACCEPT_POLICY)
    if not set(codes or ()) <= _catalogue().keys():
        raise ProductUnknown(choices=list(_catalogue()))
    made = []
    for code, row in _catalogue().items():
        wanted = codes is None or code in codes
        if wanted and session.get(Product, (bank_id, code)) is None:
            made.append(_product(bank_id, code, row, valid_from))
    session.add_all(made)
    session.flush()
    record(
        session,
        actor,
        "product.offer",
        subject_kind="bank",
        subject_id=bank_id,
        organisation_id=bank_id,
        codes=[each.code for each in made],
    )
    return made


def _product(bank_id: UUID, code: str, row: dict[str, Any], valid_from: date) -> Product:
    return Product(
        bank_id=bank_id,
        code=code,
        title_zh=row["zh"],
        title_en=loan_title(row["zh"]).en,
        terms=row["terms"],
        valid_from=valid_from,
    )


def products_of(session: Session, bank_id: UUID, day: date) -> list[Product]:
    """What a bank offers on a day, by code."""
    statement = (
        sa.select(Product)
        .where(
            col(Product.bank_id) == bank_id,
            col(Product.valid_from) <= day,
            sa.or_(col(Product.valid_until).is_(None), col(Product.valid_until) >= day),
        )
        .order_by(col(Product.code))
    )
    return list(session.execute(statement).scalars())


def product_page(
    session: Session, actor: Actor, wanted: PageRequest, narrowed: ProductFilter
) -> Page[ProductView]:
    """The products on offer that the actor may see, by bank and code."""
    statement = visible_products(actor, today(session))
    if narrowed.bank is not None:
        statement = statement.where(col(Product.bank_id) == narrowed.bank)
    ordered = statement.order_by(col(Product.bank_id), col(Product.code))
    page = fetch_page(session, ordered, wanted)
    banks = organisations_by_id(session, {row.bank_id for row in page.items})
    return page.holding(
        [
            ProductView(
                bank_id=row.bank_id,
                bank=Name(zh=banks[row.bank_id].name_zh, en=banks[row.bank_id].name_en),
                code=row.code,
                title=Name(zh=row.title_zh, en=row.title_en),
                terms=_shown(read_terms(row.terms)),
                valid_from=row.valid_from,
                valid_until=row.valid_until,
            )
            for row in page.items
        ]
    )


def _shown(terms: ProductTerms) -> dict[str, Any]:
    kinds = sorted(terms.asset_kinds)
    return {**asdict(terms), "every": str(terms.every), "asset_kinds": kinds}


def require_offered(session: Session, bank_id: UUID, code: str, day: date) -> Product:
    """The product when the bank offers it on the day; else refused with what it offers."""
    offered = products_of(session, bank_id, day)
    found = next((each for each in offered if each.code == code), None)
    if found is None:
        raise ProductUnknown(choices=[each.code for each in offered])
    return found


def terms_of(session: Session, bank_id: UUID, code: str) -> ProductTerms:
    """The terms of a product of a bank, still on offer or not."""
    return read_terms(session.get_one(Product, (bank_id, code)).terms)
