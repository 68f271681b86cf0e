"""The API of reference tables, catalogues, calendar and policy."""

from io import BytesIO

import pytest

ITEMS = "code,level,parent_code,name_zh\n4.3.1,3,4.3,退耕还林还草\n".encode()


def send_items(client, content: bytes = ITEMS, **fields: str):
    data = {"source": "附件", **fields, "file": (BytesIO(content), "items.csv")}
    return client.post("/catalogues/2019/imports", data=data, content_type="multipart/form-data")


def test_tables_are_listed_with_their_filters(api) -> None:
    client = api("a-officer")
    counties = client.get("/regions", status=200, level="county", parent_code="620700").json
    assert {each["name_zh"] for each in counties["items"]} >= {"甘州区", "山丹县"}
    assert counties["total"] == 6
    assert client.get("/industries", status=200).json["total"] >= 10
    editions = client.get("/catalogues", status=200).json["items"]
    assert [each["edition"] for each in editions] == ["2025", "2019"]
    items = client.get("/catalogues/2019/items", status=200, level=1).json
    assert items["total"] == 6
    client.get("/catalogues/1999/items", status=404)
    client.get("/regions", status=422, level="village")
    api().get("/regions", status=401)


def test_the_calendar_names_days_off_and_made_up_days(api) -> None:
    query = {"from": "2024-02-09", "to": "2024-02-18"}
    days = api("a-officer").get("/calendar", status=200, **query).json["items"]
    assert [day["is_business_day"] for day in days] == [True] + [False] * 8 + [True]
    assert all(day["is_official"] for day in days)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2024-01-02", "to": "2024-01-01"},
        {"from": "2024-01-01", "to": "2028-01-01"},
        {"from": "2024-02-30", "to": "2024-03-01"},
    ],
)
def test_a_calendar_without_end_or_with_wrong_days_is_refused(api, query) -> None:
    api("a-officer").get("/calendar", status=422, **query)


def test_parameters_show_value_day_source_and_status(api) -> None:
    query = {"on": "2024-01-02", "area": "collateral"}
    found = api("a-officer").get("/parameters", status=200, **query).json["items"]
    cap = next(each for each in found if each["id"].endswith("pledge_rate.forest_right"))
    assert (cap["value"], cap["unit"], cap["status"], cap["own"]) == (
        "0.50",
        "ratio",
        "judgement",
        False,
    )
    assert cap["source"]


def test_an_own_value_counts_once_a_colleague_accepted_it(api) -> None:
    body = {
        "parameter_id": "collateral.pledge_rate.forest_right",
        "valid_from": "2024-01-02",
        "value": "0.45",
        "reason": "会议纪要",
    }
    made = api("a-risk").post("/policy-overrides", body, status=201)
    path = made.headers["Location"]
    assert made.json["events"] == []
    assert api("a-approve").get(path, status=200).json["events"] == ["accept", "reject"]
    api("b-approve").get(path, status=404)
    api("a-approve").event(path, "accept", status=200)
    api("a-approve").event(path, "accept", status=409)
    found = api("a-officer").get("/parameters", status=200).json["items"]
    cap = next(each for each in found if each["id"] == body["parameter_id"])
    assert (cap["value"], cap["own"]) == ("0.45", True)
    others = api("b-officer").get("/parameters", status=200).json["items"]
    assert next(each for each in others if each["id"] == body["parameter_id"])["own"] is False
    assert api("a-risk").get("/policy-overrides", status=200).json["total"] == 1


def test_a_value_set_by_law_is_refused_with_its_source(api) -> None:
    body = {
        "parameter_id": "loans.penalty_rate.overdue_high",
        "valid_from": "2024-01-02",
        "value": "0.6",
        "reason": "x",
    }
    answer = api("a-risk").post("/policy-overrides", body, status=422).json
    assert answer["code"] == "law-fixes-this"
    assert "251" in answer["source"]
    assert answer["parameter_title"] in answer["detail"]
    assert answer["parameter"] not in answer["detail"]


def test_items_are_checked_proposed_and_accepted_by_two_people(api) -> None:
    checked = send_items(api("sys-1"), dry_run="true")
    assert checked.status_code == 200, checked.text
    assert checked.json["id"] is None
    made = send_items(api("sys-1"))
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    api("sys-1").event(path, "accept", status=403)
    api("sec-1").event(path, "accept", status=200)
    assert api("a-officer").get("/catalogues/2019/items", level=3).json["total"] == 1
    api("a-officer").get(path, status=403)


def test_a_dry_run_of_items_that_is_neither_true_nor_false_proposes_nothing(api) -> None:
    refused = send_items(api("sys-1"), dry_run="yes")
    assert refused.status_code == 422, refused.text
    assert [each["pointer"] for each in refused.json["errors"]] == ["/dry_run"]
    assert send_items(api("sys-1"), dry_run="True").status_code == 200


def test_a_wrong_file_of_items_names_its_lines(api) -> None:
    wrong = send_items(api("sys-1"), b"code,level,parent_code,name_zh\n9.9,2,9,x\n")
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["pointer"] == "/file/2/parent_code"
    assert send_items(api("a-officer")).status_code == 403
