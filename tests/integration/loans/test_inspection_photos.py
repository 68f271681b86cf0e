"""Photographs of a check in its printed report; both engines."""

from io import BytesIO

import pytest
from PIL import Image

from app.documents.services import UploadFile
from app.loans.domain.inspection import FilePurpose
from app.loans.inspection.report import MAX_PHOTOS, issue_report
from app.loans.inspection.services import (
    AddFile,
    Said,
    add_file,
    record_findings,
    report_content,
    review_report,
    submit_report,
)
from tests.integration.loans.test_inspections import (  # noqa: F401 - fixtures
    act,
    check_id,
    loan_id,
    report,
)
from tests.support.documents import text_of


def photo(number, name=None, spoil=False):
    sink = BytesIO()
    Image.new("RGB", (40 + number, 30), (0, 9 * number, 0)).save(sink, "PNG")
    content = sink.getvalue()
    if spoil:
        at = content.index(b"IDAT") + 4
        content = content[:at] + bytes(len(content) - at - 12) + content[-12:]
    file = UploadFile(name=name or f"photo-{number}.png", content=content)
    return AddFile(file=file, purpose=FilePurpose.PHOTO, note=f"地块{number}")


def printed(bank, check_id, photos, tmp_path):  # noqa: F811
    act(bank, record_findings, "a-officer", check_id, report())
    for each in photos:
        act(bank, add_file, "a-officer", check_id, each)
    act(bank, submit_report, "a-officer", check_id, None)
    act(bank, review_report, "a-risk", check_id, Said(note="属实"))
    assert issue_report(bank.database, bank.world.system(), check_id) is not None
    _name, content = act(bank, report_content, "a-officer", check_id)
    return content, text_of(content, tmp_path)


def test_the_report_shows_the_photographs_and_says_which_it_cannot(bank, check_id, tmp_path):  # noqa: F811
    photos = [photo(1), photo(2, "broken.png", spoil=True)]
    content, text = printed(bank, check_id, photos, tmp_path)
    assert content.count(b"/Subtype /Image") == 1
    assert "现场照片" in text
    assert text.count("照片无法显示") == 1
    assert text.count("broken.png") == 2


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("more", [0, 1])
def test_no_more_photographs_are_printed_than_a_report_holds(bank, check_id, tmp_path, more):  # noqa: F811
    photos = [photo(number) for number in range(MAX_PHOTOS + more)]
    content, text = printed(bank, check_id, photos, tmp_path)
    assert content.count(b"/Subtype /Image") == MAX_PHOTOS
    assert ("另有照片" in text) is bool(more)


@pytest.mark.one_engine("sqlite")
def test_a_report_without_photographs_has_no_place_for_them(bank, check_id, tmp_path):  # noqa: F811
    _content, text = printed(bank, check_id, [], tmp_path)
    assert "现场照片" not in text
