"""The API of the registry, as an owner, the three centres and a bank use it."""

from io import BytesIO
from uuid import UUID

import pytest

from app.assets.services import share_asset

RING = [[101.0, 38.7], [101.01, 38.7], [101.01, 38.71], [101.0, 38.71], [101.0, 38.7]]
LAND = {"type": "Polygon", "coordinates": [RING]}
FOREST = {
    "kind": "forest-right",
    "title": "经济林（沙棘）",
    "region_code": "620725",
    "certificate_registry": "山丹县不动产登记中心",
    "certificate_number": "甘(2021)山丹县不动产权第0001号",
    "right_starts_on": "2021-01-01",
    "right_ends_on": "2051-01-01",
    "forest_category": "economic",
    "area_mu": "1448",
    "parcels": LAND,
}
ACT = {"number": "JL-1", "on": "2024-01-02", "quantity": "816", "unit": "tCO2e/year"}


@pytest.fixture
def asset(api):
    """A registered forest right of C1."""
    return api("c1-fin").post("/assets", FOREST, status=201).json


def test_an_asset_is_registered_and_found_where_the_answer_says(api) -> None:
    answer = api("c1-fin").post("/assets", FOREST, status=201)
    found = api("c1-fin").get(answer.headers["Location"], status=200)
    assert found.json["number"] == "A-2024-000001"
    assert (found.json["state"], found.json["events"]) == ("registered", ["withdraw"])
    assert found.json["owner"]["zh"] == "焉支示例林果有限公司"
    assert found.json["parcels"][0]["geometry"] == LAND
    assert found.headers["ETag"] == '"2"'


def test_an_empty_text_that_is_not_needed_counts_as_left_out(api) -> None:
    empty = {"note": "", "title_en": "", "quantity_unit": ""}
    made = api("c1-fin").post("/assets", {**FOREST, **empty}, status=201).json
    assert (made["note"], made["title_en"]) == ("", "")
    refused = api("c1-fin").post("/assets", {**FOREST, "title": ""}, status=422)
    assert [each["pointer"] for each in refused.json["errors"]] == ["/title"]


def test_the_same_key_registers_once_and_a_missing_key_is_refused(api) -> None:
    first = api("c1-fin").post("/assets", FOREST, key="k1", status=201)
    again = api("c1-fin").post("/assets", FOREST, key="k1", status=201)
    assert again.json["id"] == first.json["id"]
    api("c1-fin").post("/assets", FOREST, key=None, status=400)
    assert api("c1-fin").get("/assets", status=200).json["total"] == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"area_mu": 1448}, "/area_mu"),
        ({"area_mu": "NaN"}, "/area_mu"),
        ({"kind": "Forest-Right"}, "/kind"),
        ({"right_ends_on": "2024-02-30"}, "/right_ends_on"),
        ({"right_ends_on": "2021-01-01"}, "/right_ends_on"),
        ({"title": "  "}, "/title"),
        ({"title": "a\u0000b"}, "/title"),
        ({"owner_id": "x"}, "/owner_id"),
        ({"state": "filed"}, "/state"),
        ({"region_code": "999999"}, "/region_code"),
        ({"region_code": "620700"}, "/region_code"),
        ({"model_id": "no-such"}, "/model_id"),
        ({"model_id": "carbon-sink-income"}, "/model_id"),
        ({"parcels": {"type": "Polygon", "coordinates": [RING[:-1]]}}, "/parcels/0"),
        ({"parcels": {"type": "Polygon", "coordinates": [[[101, 38, 1]] * 4]}}, "/parcels/0"),
        ({"parcels": []}, "/parcels"),
        ({"quantity": "5"}, "/quantity"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(api, change, pointer) -> None:
    answer = api("c1-fin").post("/assets", {**FOREST, **change}, status=422)
    assert pointer in [error["pointer"] for error in answer.json["errors"]]
    assert api("c1-fin").get("/assets", status=200).json["total"] == 0


def test_a_broken_rule_answers_with_its_figures(api) -> None:
    answer = api("c1-fin").post("/assets", {**FOREST, "area_mu": "2000"}, status=422)
    assert answer.json["code"] == "area-differs"
    assert answer.json["stated_mu"] == "2000"
    assert float(answer.json["drawn_mu"]) == pytest.approx(1448, rel=0.01)
    forest = {**FOREST, "forest_category": "protection"}
    answer = api("c1-fin").post("/assets", forest, status=422)
    assert answer.json["code"] == "forest-not-mortgageable"
    assert answer.json["advice"] == ["compensation-income", "carbon-sink-income"]


def test_the_same_land_or_certificate_twice_is_refused(api, asset) -> None:
    other = {**FOREST, "certificate_number": "X"}
    assert api("c2-fin").post("/assets", other, status=422).json["code"] == "parcels-overlap"
    assert api("c2-fin").post("/assets", FOREST, status=409).json["code"] == "certificate-taken"


def test_the_chain_of_three_bodies_is_walked_by_events(api, world) -> None:
    centres = [str(world.organisation(code)) for code in ("MC", "VC", "TC")]
    body = {**FOREST, "kind": "carbon-sink-income", "send_to": centres}
    path = api("c1-fin").post("/assets", body, status=201).headers["Location"]
    assert api("vc-1").event(path, "certify", status=409, **ACT).json["legal"] == [
        "measure",
        "withdraw",
    ]
    api("mc-1").event(path, "measure", status=200, **ACT)
    api("vc-1").event(path, "certify", status=200, **{**ACT, "number": "SH-1"})
    filed = api("tc-1").event(path, "file", status=200, **{**ACT, "number": "BA-1"})
    assert filed.json["ready_for_pledge"] is True
    acts = api("c1-fin").get(f"{path}/measurements", status=200).json["items"]
    assert [act["act"] for act in acts] == ["measure", "certify", "file"]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_act_of_nothing_is_refused_and_the_chain_goes_on(api, world, at) -> None:
    centres = [str(world.organisation(code)) for code in ("MC", "VC", "TC")]
    body = {**FOREST, "kind": "carbon-sink-income", "send_to": centres}
    path = api("c1-fin").post("/assets", body, status=201).headers["Location"]
    steps = [("mc-1", "measure"), ("vc-1", "certify"), ("tc-1", "file")]
    for login, event in steps[:at]:
        api(login).event(path, event, status=200, **{**ACT, "number": event})
    login, event = steps[at]
    refused = api(login).event(path, event, status=422, **{**ACT, "quantity": "0"})
    assert [each["pointer"] for each in refused.json["errors"]] == ["/quantity"]
    api(login).event(path, event, status=200, **{**ACT, "quantity": "0.0001"})


def test_a_right_that_is_not_measured_is_never_told_to_be(api, asset) -> None:
    path = f"/assets/{asset['id']}"
    refused = api("c1-fin").event(path, "register", status=409).json
    assert refused["legal"] == ["withdraw"]
    refused = api("c1-fin").post(
        f"{path}/parcels", {"parcels": LAND}, version=asset["version"], status=409
    )
    assert refused.json["code"] == "land-drawn"


def test_an_event_needs_the_version_that_it_was_decided_on(api, asset) -> None:
    path = f"/assets/{asset['id']}/events"
    body = {"event": "withdraw", "reason": "换证"}
    api("c1-fin").post(path, body, status=428)
    api("c1-fin").post(path, body, version=asset["version"] + 1, status=412)
    api("c1-fin").post(path, {**body, "extra": 1}, version=asset["version"], status=422)
    gone = api("c1-fin").post(path, body, version=asset["version"], status=200)
    assert gone.json["state"] == "withdrawn"


def test_what_belongs_to_another_is_not_found_on_every_route(api, asset) -> None:
    path = f"/assets/{asset['id']}"
    for tail in ("", "/parcels", "/measurements", "/evidence", "/encumbrances"):
        api("c2-fin").get(path + tail, status=404)
        api("a-officer").get(path + tail, status=404)
    lease = {"kind": "lease", "holder": "x", "since_on": "2024-01-01"}
    api("c2-fin").post(path + "/encumbrances", lease, status=404)
    api("pbc-1").get(path, status=403)
    api().get(path, status=401)


def test_a_bank_reads_what_was_offered_to_it_and_changes_nothing(
    api, asset, database, world
) -> None:
    with database.write() as writing:
        share_asset(
            writing,
            asset_id=UUID(asset["id"]),
            organisation_id=world.organisation("A"),
            reason="offered",
        )
    found = api("a-officer").get(f"/assets/{asset['id']}", status=200).json
    assert found["events"] == []
    api("a-officer").event(f"/assets/{asset['id']}", "withdraw", status=403, reason="x")
    assert api("a-officer").get("/assets", status=200).json["total"] == 1
    assert api("b-officer").get("/assets", status=200).json["total"] == 0


def send_file(client, path: str, name: str, content: bytes, **fields: str):
    data = {"title": "宗地图", **fields, "file": (BytesIO(content), name)}
    return client.post(path, data=data, content_type="multipart/form-data")


def test_evidence_is_stored_and_comes_back_as_an_attachment_only(api, asset) -> None:
    path = f"/assets/{asset['id']}/evidence"
    added = send_file(api("c1-fin"), path, "../宗地图.geojson", b'{"type": "Feature"}')
    assert added.status_code == 201, added.text
    assert added.json["name"] == "宗地图.geojson"
    file = api("c1-fin").get(added.headers["Location"], status=200)
    assert file.data == b'{"type": "Feature"}'
    assert file.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%E5%AE%97" in file.headers["Content-Disposition"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["Cache-Control"] == "no-store"
    api("c2-fin").get(added.headers["Location"], status=404)


@pytest.mark.parametrize(
    ("name", "content"), [("a.svg", b"<svg/>"), ("a.pdf", b"MZ"), ("a.html", b"x"), ("a.png", b"")]
)
def test_a_file_that_is_not_what_it_says_is_refused(api, asset, name, content) -> None:
    answer = send_file(api("c1-fin"), f"/assets/{asset['id']}/evidence", name, content)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/file"


def test_an_upload_without_a_file_or_with_unknown_fields_is_refused(api, asset) -> None:
    path = f"/assets/{asset['id']}/evidence"
    client = api("c1-fin")
    plain = client.post(path, data={"title": "x"}, content_type="multipart/form-data")
    assert plain.status_code == 422
    extra = send_file(client, path, "a.geojson", b"{}", extra="1")
    assert [error["pointer"] for error in extra.json["errors"]] == ["/extra"]
    client.post(path, {"title": "x"}, status=422)


def test_encumbrances_are_recorded_and_ended(api, asset) -> None:
    path = f"/assets/{asset['id']}/encumbrances"
    lease = {"kind": "lease", "holder": "村集体", "since_on": "2024-01-01", "secured_yuan": "10.00"}
    api("c1-fin").post(path, lease, status=201)
    found = api("c1-fin").get(path, status=200).json["items"][0]
    assert (found["holder"], found["secured_yuan"]) == ("村集体", "10.00")
    end = api("c1-fin").post(f"{path}/{found['id']}/end", {"ended_on": "2024-01-02"}, status=200)
    assert end.json["encumbered"] is False
    again = api("c1-fin").post(f"{path}/{found['id']}/end", {"ended_on": "2024-01-02"}, status=409)
    assert (again.json["code"], again.json["ended_on"]) == ("encumbrance-ended", "2024-01-02")


def test_a_bank_that_was_only_offered_an_asset_does_not_end_its_encumbrances(
    api, asset, database, world
) -> None:
    path = f"/assets/{asset['id']}/encumbrances"
    lease = {"kind": "lease", "holder": "村集体", "since_on": "2024-01-01"}
    api("c1-fin").post(path, lease, status=201)
    with database.write() as writing:
        share_asset(
            writing,
            asset_id=UUID(asset["id"]),
            organisation_id=world.organisation("A"),
            reason="offered",
        )
    (found,) = api("a-officer").get(path, status=200).json["items"]
    assert found["may_end"] is False
    end = {"ended_on": "2024-01-02"}
    refused = api("a-officer").post(f"{path}/{found['id']}/end", end, status=403)
    assert refused.json["code"] == "encumbrance-of-others"


def test_a_draft_is_drawn_later_and_lists_filter_by_what_is_listed(api) -> None:
    draft = {key: value for key, value in FOREST.items() if key != "parcels"}
    made = api("c1-fin").post("/assets", {**draft, "as_draft": True}, status=201).json
    path = f"/assets/{made['id']}"
    drawn = api("c1-fin").post(
        f"{path}/parcels", {"parcels": LAND}, version=made["version"], status=200
    )
    assert drawn.json["drawn_area_mu"] is not None
    api("c1-fin").event(path, "register", status=200)
    assert api("c1-fin").get("/assets", status=200, state="registered").json["total"] == 1
    assert api("c1-fin").get("/assets", status=200, kind="water-right").json["total"] == 0
    api("c1-fin").get("/assets", status=422, password_hash="x")
    api("c1-fin").get("/assets", status=422, page_size=101)
