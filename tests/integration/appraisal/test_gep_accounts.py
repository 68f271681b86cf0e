"""A stored GEP account: its digest, and what `verify` names when SQL has changed it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
import sqlalchemy as sa

from app.appraisal.domain.gep import account_digest
from app.appraisal.invariants import violations
from app.appraisal.models import GepAccount
from app.appraisal.services.gep_accounts import (
    AccountOfYearPublished,
    StoreAccount,
    publish_account,
    store_account,
)

ON = date(2023, 12, 26)
ROW = {
    "region": "620721",
    "year": 2023,
    "ecosystem": "meadow",
    "inputs": {"area": 10.0, "area_unit": "ha", "visits": 10.0},
}
SHARED = {"norm_profile": "garze-2010", "price_table": "garze-2010"}


@pytest.fixture
def accounts(session, world, commit):
    """One published account and one draft."""
    actor = world.actor("mc-1")
    for row in (ROW, {**ROW, "year": 2022}):
        command = StoreAccount(
            title="核算", source="synthetic", accounted_on=ON, document={**SHARED, "rows": [row]}
        )
        made = store_account(session, actor, command)
        if row is ROW:
            publish_account(session, world.actor("mc-2"), made.id)
    commit()


def test_accounts_that_only_services_wrote_are_clean(session, accounts):
    assert session.execute(sa.select(sa.func.count()).select_from(GepAccount)).scalar_one() == 2
    assert list(violations(session)) == []


TAMPERED = {
    "a total": ("total_fen = total_fen + 1", "gep-account-total"),
    "a region": ("region_code = '620722'", "gep-account-total"),
    "a norm": ("norm_profile = 'other'", "gep-account-total"),
    "a price table": ("price_table = ''", "gep-account-total"),
    "a year": ("year = 2001", "gep-account-total"),
    "a day": ("accounted_on = '2023-12-25'", "gep-account-content"),
    "a version": ("model_version = '0.0.1'", "gep-account-content"),
    "a digest": ("digest = '0'", "gep-account-content"),
    "a state": ("state = 'draft'", "gep-account-published"),
    "another state": (
        "state = 'published', published_by_id = stored_by_id",
        "gep-account-published",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_sql_changed_is_named(session, accounts, what):
    change, invariant = TAMPERED[what]
    session.execute(sa.text(f"UPDATE gep_account SET {change}"))
    session.expire_all()
    found = [each for each in violations(session) if each.invariant == invariant]
    assert found
    assert found[0].subject.startswith("GEP account of 62072")


def test_the_digest_does_not_hang_on_how_a_database_spells_numbers():
    sent = account_digest(ON, "1.0.0", {"a": [1e16, 0.5, True]}, {})
    assert sent == account_digest(ON, "1.0.0", {"a": [10**16, 0.5, True]}, {})
    assert sent != account_digest(ON, "1.0.0", {"a": [10**16, 0.25, True]}, {})


def test_a_publisher_who_stored_the_account_is_named(session, accounts):
    session.execute(
        sa.text("UPDATE gep_account SET published_by_id = stored_by_id WHERE state = 'published'")
    )
    session.expire_all()
    assert [each.invariant for each in violations(session)] == ["gep-account-publisher"]


WRITERS = 4


def test_of_drafts_of_one_year_published_at_once_one_is_published(database, session, world, commit):
    command = StoreAccount(
        title="核算", source="synthetic", accounted_on=ON, document={**SHARED, "rows": [ROW]}
    )
    drafts = [store_account(session, world.actor("mc-1"), command).id for _ in range(WRITERS)]
    commit()
    barrier = Barrier(WRITERS)

    def publish(draft):
        barrier.wait()
        try:
            with database.write() as own:
                return publish_account(own, world.actor("mc-2"), draft)
        except AccountOfYearPublished as refusal:
            return refusal

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(publish, drafts))
    assert sum(isinstance(each, AccountOfYearPublished) for each in answers) == WRITERS - 1
