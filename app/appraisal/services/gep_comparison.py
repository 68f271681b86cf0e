"""A GEP account beside an earlier one of its region: what quantities did, and what prices did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain.gep import GepAccountState
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
from risk_models.accounts import Comparison, InvalidAccount, compare, document_from, units_of

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
    """Earlier accounts of the same region in sight, the latest year first."""
    comparison: Mapping[str, Any] | None
    """As `comparison_json` answers; None without a base."""
    recounted: bool
    """The model of today does not give a stored total again, so the comparison does not show it."""


def compare_gep_accounts(
    session: Session, actor: Actor, account_id: UUID, base_id: UUID | None = None
) -> GepComparisonView:
    """The account against a base: when none is named the last published one of its scope, else the last.

    Both are counted again from their stored rows and prices, each on its own day. A draft in sight
    is a base when it is named. Refuses a base that is no earlier account of the region, and one of
    another norm.
    """
    actor.require(Permission.READ_GEP_ACCOUNTS)
    row = load_gep_account(session, actor, account_id)
    listed = list(session.execute(queries.gep_bases(session, actor, row)).scalars())
    base = _chosen(listed, base_id) if base_id else _nearest(session, row, listed)
    found = None if base is None else _compared(session, row, base)
    account, *bases = account_summaries(session, [row, *listed])
    return GepComparisonView(
        account=account,
        base=next((each for each in bases if base is not None and each.id == base.id), None),
        bases=tuple(bases),
        comparison=None if found is None else comparison_json(found),
        recounted=base is not None and found is not None and _differs(row, base, found),
    )


def _nearest(session: Session, row: GepAccount, listed: list[GepAccount]) -> GepAccount | None:
    """The last published account of the same norm and units, else of the same norm, else the last one."""
    published = [each for each in listed if each.state is GepAccountState.PUBLISHED]
    alike = [each for each in published if each.norm_profile == row.norm_profile]
    wanted = _scope(row.document, row.year)
    for each in alike:
        if _scope(_document(session, each), each.year) == wanted:
            return each
    return next(iter(alike or published), None)


def _scope(document: Mapping[str, Any], year: int) -> frozenset[tuple[str, str]]:
    return units_of(each for each in document_from(document).rows if each.year == year)


def _document(session: Session, row: GepAccount) -> Mapping[str, Any]:
    """The rows of an account, which its list leaves out."""
    statement = sa.select(col(GepAccount.document)).where(col(GepAccount.id) == row.id)
    found: Mapping[str, Any] = session.execute(statement).scalar_one()
    return found


def _chosen(listed: list[GepAccount], base_id: UUID) -> GepAccount:
    for each in listed:
        if each.id == base_id:
            return each
    raise InvalidInput.at("/base", N_("Choose an earlier account of the same region."))


def _compared(session: Session, row: GepAccount, base: GepAccount) -> Comparison:
    earlier = _document(session, base)
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
