"""Pages of the reference room, and the four eyes on policy and catalogue."""

from io import BytesIO

import pytest

from app.policy import area_of
from app.reference.browsing import every_parameter
from app.reference.domain import AREA_TITLES


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_catalogue_parameters_and_calendar_are_shown(sign_in, language) -> None:
    browser = sign_in("a-risk", language=language)
    page = browser.get("/reference?edition=2019", status=200).text
    assert ("节能环保产业" if language == "zh_CN" else "Energy saving") in page
    assert "collateral.ltv.top_up" in browser.get("/reference/parameters", status=200).text
    browser.get("/reference/parameters?on=2021-01-01&area=loans", status=200)
    assert "2024-02-12" in browser.get("/reference/calendar", status=200).text
    late = browser.get("/reference/calendar?from=2030-01-01&to=2030-12-31", status=200).text
    assert ("待定" if language == "zh_CN" else "provisional") in late
    browser.get("/reference/policy", status=200)
    browser.get("/reference/policy/new", status=200)
    browser.get("/reference?edition=1999", status=404)
    browser.get("/reference/calendar?from=x&to=y", status=422)


def test_a_wrong_query_leaves_the_page_its_form_and_names_the_field(sign_in) -> None:
    browser = sign_in("a-risk", language="en")
    page = browser.get("/reference/parameters?on=abc&q=forest_right", status=422).text
    assert 'value="abc"' in page
    assert 'id="filter-on-error"' in page
    assert ">Day: " in page.replace("</svg>", ">")
    assert "forest_right.discount_rate_low" in page
    assert "collateral.ltv" not in page
    wrong = browser.get("/reference/parameters?status=wrong", status=422).text
    assert '<option value="wrong" selected>wrong</option>' in wrong
    assert "Status: " in wrong
    both = browser.get("/reference/parameters?status=wrong&on=2024-02-30", status=422).text
    assert both.count('aria-invalid="true"') == 2
    assert 'aria-invalid="true"' not in browser.get("/reference/parameters", status=200).text
    listed = browser.get("/assets?page=abc", status=422).text
    assert "filters" in listed
    assert "page</span>: " in listed
    # What has no form of its own keeps its refusal.
    export = browser.get("/reference/parameters/export.csv?on=abc", status=422)
    assert "filters" not in export.text


def test_an_own_value_is_proposed_and_accepted_on_pages(sign_in) -> None:
    fields = {
        "parameter_id": "collateral.cure_days",
        "valid_from": "2024-01-02",
        "value": "15",
        "reason": "会议纪要",
    }
    made = sign_in("a-risk").submit("/reference/policy/new", fields, status=303)
    path = made.headers["Location"]
    approver = sign_in("a-approve")
    assert f"{path}/events/accept" in approver.get(path, status=200).text
    approver.submit(f"{path}/events/accept", status=303)
    assert "15" in sign_in("a-officer").get("/reference/parameters", status=200).text
    sign_in("b-approve").get(path, status=404)


def test_items_are_proposed_and_accepted_on_pages(sign_in) -> None:
    content = "code,level,parent_code,name_zh\n4.3.1,3,4.3,退耕还林还草\n".encode()

    def fields(**more: str) -> dict:
        return {"source": "附件", "file": (BytesIO(content), "items.csv"), **more}

    admin = sign_in("sys-1")
    form = "/reference/imports/new/2019"
    checked = admin.submit(form, fields(dry_run="true"), status=200)
    assert "退耕还林还草" in checked.text
    path = admin.submit(form, fields(), status=303).headers["Location"]
    second = sign_in("sec-1")
    assert "附件" in second.get("/reference/imports", status=200).text
    second.submit(f"{path}/events/accept", status=303)
    admin.submit(form, fields(), status=422)
    sign_in("a-officer").get(path, status=403)


@pytest.mark.parametrize(
    ("language", "word"), [("zh_CN", "级别"), ("en", "Level in the catalogue")]
)
def test_the_level_of_an_item_is_not_called_as_that_of_a_loan(sign_in, language, word) -> None:
    page = sign_in("a-officer", language=language).get("/reference", status=200).text
    assert word in page
    assert "触线情况" not in page


@pytest.mark.parametrize(
    ("language", "basis", "source"),
    [
        ("zh_CN", "两个交易周", "本项目经验判断"),
        ("en", "Two trading weeks", "Judgement of the project"),
    ],
)
def test_a_science_parameter_tells_its_source_in_the_readers_language(
    sign_in, language, basis, source
) -> None:
    browser = sign_in("a-risk", language=language)
    one = "/reference/parameters/energy_use_right.orderly_days"
    for page in ("/reference/parameters", one, "/reference/parameters/export.csv"):
        text = browser.get(page, status=200).text
        assert basis in text, page
        assert source in text, page


def test_areas_and_units_of_parameters_are_told_in_the_readers_language(sign_in) -> None:
    browser = sign_in("a-risk", language="zh_CN")
    page = browser.get("/reference/parameters", status=200).text
    assert '<option value="carbon_sink">碳汇</option>' in page
    sheet = browser.get("/reference/parameters/export.csv?area=carbon_sink", status=200)
    text = sheet.data.decode("utf-8-sig")
    assert ",碳汇," in text
    assert ",carbon_sink," not in text
    assert ",ratio," not in text


def test_every_parameter_belongs_to_an_area_with_a_title() -> None:
    areas = {area_of(each) for each in every_parameter()}
    assert areas - AREA_TITLES.keys() == set()
