"""What the daily jobs do to what was left lying."""

import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from app.documents.files import store_of
from app.documents.models import Document
from app.documents.services import UploadFile, upload_document
from app.jobs.runner import run_due
from app.jobs.work import make_jobs
from app.settings import Settings
from tests.factories.samples import PICTURE


def sweep(database, home):
    (job,) = [
        each for each in make_jobs(Settings(home=home)) if each.rule.name == "document-cleanup"
    ]
    return run_due(database, job, owner="one", stop=threading.Event())


def test_files_without_a_row_go_after_a_day_and_others_stay(
    database, session, world, commit, clock, tmp_path
):
    upload_document(session, world.actor("c1-fin"), UploadFile(name="file.png", content=PICTURE))
    store = store_of(session)
    orphan = store.put_once(b"a request that failed")
    commit()
    clock.instant = datetime.now(UTC)  # Files bear the machine's time.
    assert sweep(database, tmp_path) == 1
    assert store.exists(orphan), "younger than a day: its row may still come"

    clock.instant += timedelta(days=2)
    sweep(database, tmp_path)
    assert not store.exists(orphan)
    kept = session.execute(sa.select(Document.sha256)).scalar_one()
    assert store.exists(kept)
