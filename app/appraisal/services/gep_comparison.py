"""A GEP account beside an earlier one of its region: what quantities did, and what prices did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.models import GepAccount
from app.appraisal.services.gep_accounts import (
    GepAccountSummary,
    account_summaries,
    load_gep_account,
)
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from risk_models.account_json import comparison_json
from risk_models.accounts import Comparison, InvalidAccount, compare, document_from

__all__ = ["AccountsNotComparable", "GepComparisonView", "compare_gep_accounts"]


class AccountsNotComparable(Conflict):
    """Two years that follow different norms say nothing about growth."""

    code = "gep-accounts-not-comparable"
    title = N_("The accounts cannot be compared")
    detail = N_("They follow different norms. Choose a base that was counted by the same norm.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GepComparisonView:
    """An account, the bases it can be compared with, and the comparison with one of them."""

    account: GepAccountSummary
    base: GepAccountSummary | None
    bases: tuple[GepAccountSummary, ...]
    """Earlier published accounts of the same region, the latest year first."""
    comparison: Mapping[str, Any] | None
    """As `comparison_json` answers; None without a base."""
    recounted: bool
    """The model of today does not give a stored total again, so the comparison does not show it."""


def compare_gep_accounts(
    session: Session, actor: Actor, account_id: UUID, base_id: UUID | None = None
) -> GepComparisonView:
    """The account against a base, the last one before it when none is named.

    Both are counted again from their stored rows and prices, each on its own day. Refuses a base
    that is no earlier published account of the region, and one of another norm.
    """
    actor.require(Permission.READ_GEP_ACCOUNTS)
    row = load_gep_account(session, actor, account_id)
    listed = list(session.execute(queries.gep_bases(session, actor, row)).scalars())
    base = _chosen(listed, base_id)
    found = None if base is None else _compared(session, row, base)
    account, *bases = account_summaries(session, [row, *listed])
    return GepComparisonView(
        account=account,
        base=next((each for each in bases if base is not None and each.id == base.id), None),
        bases=tuple(bases),
        comparison=None if found is None else comparison_json(found),
        recounted=base is not None and found is not None and _differs(row, base, found),
    )


def _chosen(listed: list[GepAccount], base_id: UUID | None) -> GepAccount | None:
    if base_id is None:
        return listed[0] if listed else None
    for each in listed:
        if each.id == base_id:
            return each
    raise InvalidInput.at("/base", N_("Choose an earlier published account of the same region."))


def _compared(session: Session, row: GepAccount, base: GepAccount) -> Comparison:
    statement = sa.select(col(GepAccount.document)).where(col(GepAccount.id) == base.id)
    earlier = session.execute(statement).scalar_one()
    try:
        return compare(
            document_from(row.document),
            document_from(earlier),
            row.accounted_on,
            base_on=base.accounted_on,
            year=row.year,
            base_year=base.year,
        )
    except InvalidAccount as refused:
        raise AccountsNotComparable from refused


def _differs(row: GepAccount, base: GepAccount, found: Comparison) -> bool:
    before, after = found.before.total_fen, found.after.total_fen
    return (before, after) != (base.total_fen, row.total_fen)
