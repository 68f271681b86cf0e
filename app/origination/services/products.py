"""Loan products: loaded from data, offered by a bank from a day to a day."""

from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import yaml
from sqlmodel import Session, col

from app.audit.services import record
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.titles import loan_title
from app.origination.domain.products import ProductTerms, read_terms
from app.origination.models import Product
from app.origination.refusals import ProductUnknown

PRODUCTS: Final = Path(__file__).resolve().parent.parent / "products.yaml"


@cache
def _catalogue() -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load(PRODUCTS.read_text(encoding="utf-8"))["products"]
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
