"""GEP accounts over the API and on pages: stored, checked, published, seen by whom."""

from io import BytesIO

import openpyxl
import pytest

from app.documents.tables import XLSX_TYPE

DAY = "2023-12-26"


def document(**changes):
    rows = [
        {"region": "620700", "year": 2021, "stated_yuan": {"undivided": "121649000010"}},
        {
            "region": "620721",
            "parent": "620700",
            "year": 2021,
            "stated_yuan": {"undivided": "121649000000"},
        },
    ]
    return {
        "title": "张掖市2021年核算",
        "source": "synthetic",
        "accounted_on": DAY,
        "document": {"rows": rows},
        **changes,
    }


def units(**inputs):
    row = {
        "region": "620721",
        "year": 2023,
        "ecosystem": "meadow",
        "inputs": {"area": 10.0, "area_unit": "ha", "visits": 10.0, **inputs},
    }
    shared = {"norm_profile": "garze-2010", "price_table": "garze-2010"}
    return document(document={**shared, "rows": [row]})


def test_an_account_is_stored_with_its_totals_and_differences(api):
    client = api("mc-1")
    made = client.post("/gep-accounts", document(), status=201).json
    assert made["state"] == "draft"
    assert made["total_yuan"] == "121649000000.00"
    assert (made["region_code"], made["year"]) == ("620700", 2021)
    assert made["result"]["differences"][0]["difference_yuan"] == "10.00"
    assert len(made["digest"]) == 64
    again = client.get(f"/gep-accounts/{made['id']}", status=200).json
    assert again["digest"] == made["digest"]


def test_an_account_is_worked_out_by_the_model(api):
    made = api("mc-1").post("/gep-accounts", units(), status=201).json
    assert made["total_yuan"] == "19701.90"
    assert made["norm_profile"] == "garze-2010"
    assert made["result"]["matrix"] == {"cultural": {"meadow": "19701.90"}}


def test_a_refused_row_keeps_the_account_out(api):
    refused = api("mc-1").post("/gep-accounts", units(visits=-1), status=409).json
    assert refused["type"].endswith("gep-account-not-sound")


@pytest.mark.parametrize("raw", [{}, {"rows": []}, {"rows": [{"region": "620721"}]}])
def test_what_is_no_account_is_refused_with_its_reason(api, raw):
    refused = api("mc-1").post("/gep-accounts", document(document=raw), status=422).json
    assert refused["errors"][0]["pointer"] == "/document"


def test_a_day_before_the_tables_is_refused(api):
    early = {**units(), "accounted_on": "1999-12-31"}
    refused = api("mc-1").post("/gep-accounts", early, status=422).json
    assert refused["errors"][0]["pointer"] == "/accounted_on"


def test_a_draft_is_its_keepers_and_a_published_one_every_readers(api):
    keeper, bank = api("mc-1"), api("a-risk")
    made = keeper.post("/gep-accounts", document(), status=201).json
    path = f"/gep-accounts/{made['id']}"
    bank.get(path, status=404)
    bank.post(f"{path}/publish", status=403)
    published = keeper.post(f"{path}/publish", status=200).json
    assert published["state"] == "published"
    assert published["published_at"]
    assert bank.get(path, status=200).json["total_yuan"] == made["total_yuan"]
    assert [
        each["id"] for each in bank.get("/gep-accounts?year=2021", status=200).json["items"]
    ] == [made["id"]]
    assert bank.get("/gep-accounts?year=2020", status=200).json["items"] == []
    refused = keeper.post(f"{path}/publish", status=409).json
    assert refused["type"].endswith("gep-account-published")


def test_the_workbook_holds_native_numbers(api):
    client = api("mc-1")
    made = client.post("/gep-accounts", units(), status=201).json
    answer = client.get(f"/gep-accounts/{made['id']}/account.xlsx", status=200)
    assert answer.mimetype == XLSX_TYPE
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    assert 19_701.90 in [cell.value for row in sheet.iter_rows() for cell in row]


def workbook(page, *rows) -> bytes:
    book = openpyxl.load_workbook(BytesIO(page.get("/gep-accounts/template.xlsx").data))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[2]}
    sheet.delete_rows(4)
    for at, row in enumerate(rows):
        for name, given in {"ref": f"r{at}", **row}.items():
            sheet.cell(4 + at, places[name], given)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def send(page, content, *, dry_run):
    fields = {"title": "核算", "source": "synthetic", "accounted_on": DAY}
    data = {**fields, **({"dry_run": "true"} if dry_run else {})}
    data |= {"file": (BytesIO(content), "account.xlsx")}
    return page.submit("/gep-accounts/new", data)


UNIT = {
    "region_code": 620721,
    "account_year": 2023,
    "norm_profile": "garze-2010",
    "price_table": "garze-2010",
    "ecosystem": "meadow",
    "area": 10,
    "area_unit": "ha",
    "visits": 10,
}


def test_a_workbook_is_checked_and_then_stored_and_published_on_pages(sign_in):
    page = sign_in("mc-1", language="en")
    good = workbook(page, UNIT)
    shown = send(page, good, dry_run=True).text
    assert "19,701.90" in shown
    assert "Nothing was stored" in shown
    stored = send(page, good, dry_run=False)
    assert stored.status_code == 303
    account = page.get(stored.location).text
    assert "19,701.90" in account
    assert "Sunan" in account
    assert page.submit(f"{stored.location}/publish").status_code == 303
    listed = sign_in("a-risk").get("/gep-accounts").text
    assert "核算" in listed


def test_rows_with_problems_are_shown_at_their_line(sign_in):
    page = sign_in("mc-1", language="en")
    bad = workbook(page, UNIT, {**UNIT, "ecosystem": "wetland", "visits": -1})
    assert "below the lowest" in send(page, bad, dry_run=True).text
    assert send(page, bad, dry_run=False).status_code == 409
