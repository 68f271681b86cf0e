"""Pages of the registry: list, form with a GeoJSON file or text, the asset, evidence, encumbrances."""

import json
from io import BytesIO

import pytest

RING = [[101.0, 38.7], [101.01, 38.7], [101.01, 38.71], [101.0, 38.71], [101.0, 38.7]]
LAND = json.dumps({"type": "Polygon", "coordinates": [RING]})
FIELDS = {
    "kind": "forest-right",
    "title": "经济林（沙棘）",
    "region_code": "620725",
    "certificate_registry": "山丹县不动产登记中心",
    "certificate_number": "0001",
    "right_starts_on": "2021-01-01",
    "right_ends_on": "2051-01-01",
    "forest_category": "economic",
    "area_mu": "1448",
}


@pytest.fixture
def owner(sign_in):
    return sign_in("c1-fin")


@pytest.fixture
def asset_path(owner) -> str:
    """The page of a registered forest right of C1."""
    return owner.submit("/assets/new", {**FIELDS, "parcels": LAND}, status=303).headers["Location"]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_of_an_asset_is_shown_in_both_languages(sign_in, asset_path, language) -> None:
    browser = sign_in("c1-fin", language=language)
    title = "资产" if language == "zh_CN" else "Assets"
    assert title in browser.get("/assets", status=200).text
    page = browser.get(asset_path, status=200).text
    assert "经济林（沙棘）" in page
    assert "A-2024-000001" in page
    for tail in ("/evidence", "/encumbrances", "/events/withdraw"):
        browser.get(asset_path + tail, status=200)
    browser.get("/assets/new", status=200)


def test_a_new_asset_is_not_said_to_secure_loans(sign_in, asset_path) -> None:
    page = sign_in("c1-fin", language="en").get(asset_path, status=200).text
    assert "It can secure a loan once it is appraised." in page
    assert "loans that it secures are unpriced" not in page


def test_parcels_come_as_a_file_instead_of_text(owner) -> None:
    file = (BytesIO(LAND.encode()), "parcels.geojson")
    made = owner.submit("/assets/new", {**FIELDS, "parcels_file": file}, status=303)
    assert "1,4" in owner.get(made.headers["Location"], status=200).text


def test_a_wrong_form_comes_back_with_what_was_typed(owner) -> None:
    answer = owner.submit("/assets/new", {**FIELDS, "parcels": LAND, "area_mu": "很多"}, status=422)
    assert 'value="很多"' in answer.text
    assert "经济林（沙棘）" in answer.text
    broken = owner.submit("/assets/new", {**FIELDS, "parcels": "{"}, status=422)
    assert "parcels" in broken.text


def test_what_only_some_kinds_need_is_asked_for_them_and_is_not_called_optional(owner) -> None:
    page = owner.get("/assets/new?lang=en", status=200).text
    label = page.split('for="forest_category">')[1].split("</label>")[0]
    assert "optional" not in label
    box = page.split('for="forest_category">')[0].rsplit("<div", 1)[1]
    assert 'data-when-name="kind"' in box
    assert "forest-right" in box
    assert "carbon" not in box
    assert "optional" in page.split('for="note">')[1].split("</label>")[0]


def test_a_refused_forest_names_its_field(owner) -> None:
    typed = {**FIELDS, "parcels": LAND, "forest_category": "protection"}
    page = owner.submit("/assets/new", typed, status=422).text
    assert 'href="#forest_category"' in page
    assert 'id="forest_category-error"' in page


def test_the_list_keeps_its_filter_and_names_what_it_found(owner, asset_path) -> None:
    assert "A-2024-000001" in owner.get("/assets?kind=forest-right&county=620725&q=沙棘").text
    assert "A-2024-000001" not in owner.get("/assets?state=filed", status=200).text
    owner.get("/assets?kind=nonsense", status=422)


def test_evidence_and_encumbrances_are_added_by_forms(owner, asset_path) -> None:
    file = (BytesIO(b'{"type": "Feature"}'), "宗地图.geojson")
    owner.submit(f"{asset_path}/evidence", {"title": "宗地图", "file": file}, status=303)
    lease = {"kind": "lease", "holder": "村集体", "since_on": "2024-01-01", "secured_yuan": "12"}
    owner.submit(f"{asset_path}/encumbrances", lease, status=303)
    page = owner.get(asset_path, status=200).text
    assert "宗地图" in page
    assert "村集体" in page
    assert "/end" in page


def test_another_owner_does_not_find_the_page(sign_in, asset_path) -> None:
    for tail in ("", "/evidence", "/encumbrances", "/parcels.geojson"):
        sign_in("c2-fin").get(asset_path + tail, status=404)


def test_the_owner_withdraws_by_a_button(owner, asset_path) -> None:
    assert f"{asset_path}/events/withdraw" in owner.get(asset_path).text
    owner.submit(f"{asset_path}/events/withdraw", {"reason": "换证"}, status=303)
    assert f"{asset_path}/events/withdraw" not in owner.get(asset_path, status=200).text


def test_certification_and_filing_show_the_act_before_and_its_unit(sign_in, api, world) -> None:
    centres = [str(world.organisation(code)) for code in ("MC", "VC", "TC")]
    body = {**FIELDS, "kind": "carbon-sink-income", "parcels": json.loads(LAND)}
    path = (
        api("c1-fin").post("/assets", {**body, "send_to": centres}, status=201).headers["Location"]
    )
    act = {"number": "JL-1", "on": "2024-01-02", "quantity": "5170", "unit": "tCO2e/year"}
    api("mc-1").event(path, "measure", status=200, **act)
    href = path.removeprefix("/api/v1") + "/events/certify"
    page = sign_in("vc-1", language="en").get(href, status=200).text
    assert "5,170 tCO2e/year" in page
    assert "5,170 吨CO2e/年" in sign_in("vc-1").get(href, status=200).text
    assert 'value="tCO2e/year"' in page
    nothing = {**act, "number": "SH-1", "quantity": "0"}
    refused = sign_in("vc-1", language="en").submit(href, nothing, status=422)
    assert "Enter a quantity above zero." in refused.text
