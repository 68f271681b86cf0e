"""Evidence and issued documents: checked, stored once, found again, and swept when no row points."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.db.engine import now
from app.documents.files import store_of
from app.documents.invariants import violations
from app.documents.models import Document
from app.documents.queries import get_document
from app.documents.services import (
    IssueDocument,
    UploadFile,
    check_code,
    document_content,
    issue_document,
    new_identity,
    sweep_orphans,
    upload_document,
)
from app.kernel.actor import Name
from app.kernel.errors import InvalidInput, NotFound

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\x00IEND\xaeB`\x82"
)


def upload(session, actor, name: str = "证书.png", content: bytes = PNG):
    return upload_document(session, actor, UploadFile(name=name, content=content))


def test_an_upload_is_found_by_its_organisation_only(session, world) -> None:
    made = upload(session, world.actor("c1-fin"))
    row = get_document(session, world.actor("c1-fin"), made.id)
    assert document_content(session, row) == PNG
    assert (row.media_type, row.name) == ("image/png", "证书.png")
    with pytest.raises(NotFound):
        get_document(session, world.actor("c2-fin"), made.id)
    assert list(violations(session)) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a.pdf", PNG),
        ("a.png", b""),
        ("a.svg", b"<svg/>"),
        ("a.pdf", b"%PDF-1.7 /JavaScript %%EOF"),
    ],
)
def test_a_file_of_another_kind_than_its_name_says_is_refused(
    session, world, name, content
) -> None:
    with pytest.raises(InvalidInput) as refused:
        upload(session, world.actor("c1-fin"), name, content)
    assert refused.value.errors[0].pointer == "/file"
    assert session.execute(sa.select(Document)).first() is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../etc/x.png", "x.png"), ("..\\..\\x.png", "x.png"), ("-x\u202e.png", "x.png")],
)
def test_a_name_never_becomes_a_path(session, world, sent, kept) -> None:
    assert upload(session, world.actor("c1-fin"), sent).name == kept


def test_the_sweep_takes_old_files_without_a_row_and_no_others(session, world, clock) -> None:
    store = store_of(session)
    made = upload(session, world.actor("c1-fin"))
    orphan = store.put_once(b"orphan")
    clock.instant = now(session) - timedelta(days=365)
    assert sweep_orphans(session) == 0, "a young file may still get its row"
    clock.instant = clock.instant.replace(year=2199)
    assert sweep_orphans(session) == 1
    assert not store.exists(orphan)
    assert store.exists(made.sha256)


def issue(session, world, content: bytes = b"%PDF-1.7 report"):
    identity = new_identity(session, year=2024)
    command = IssueDocument(
        identity=identity,
        kind="appraisal-report",
        title=Name(zh="评估报告", en="Appraisal report"),
        issued_on=date(2024, 1, 2),
        subject_kind="appraisal",
        subject_id=uuid4(),
        content=content,
    )
    return issue_document(session, world.actor("ag1-a"), command)


def test_anybody_learns_number_day_issuer_and_digest_by_the_code(session, world) -> None:
    row = issue(session, world)
    found = check_code(session, row.code.lower().replace("-", " "))
    assert found.number == row.number == "DOC-2024-000001"
    assert found.issuer.zh == "崆峒示例资产评估有限公司"
    assert found.sha256 == row.sha256
    with pytest.raises(NotFound):
        check_code(session, "AAAA-BBBB-CCCC-DDDD")


def test_codes_differ_and_are_long(session) -> None:
    codes = {new_identity(session, year=2024).code for _ in range(50)}
    assert len(codes) == 50
    assert {len(code) for code in codes} == {19}


def test_a_row_whose_file_is_gone_is_found_by_verify(session, world) -> None:
    row = issue(session, world)
    session.execute(
        sa.update(type(row)).values(sha256="0" * 64).execution_options(synchronize_session=False)
    )
    session.expire_all()
    found = list(violations(session))
    assert [each.detail for each in found] == ["the file is missing"]
    assert row.number in found[0].subject
