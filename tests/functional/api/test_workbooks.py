"""Workbooks of the appraisal models: template, portfolio values, import; good rows and every kind of bad one."""

import json
import re
from datetime import date
from decimal import Decimal
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.gep_workbook import account_template, workbook_spec
from app.appraisal.models import Appraisal
from app.appraisal.services import accept_order, importing
from app.appraisal.services.inputs import value_inputs
from app.appraisal.workbooks import layout
from app.appraisal.workbooks.reading import read_workbook
from app.appraisal.workbooks.template import template_xlsx
from app.assets.domain import AssetKind
from app.documents.tables import XLSX_TYPE
from risk_models.batches import batch_from_rows, choices_of, validate
from risk_models.models import forest_right
from risk_models.registry import BUILT_INS, get_model
from tests.factories.appraisals import (
    SIGNED_AT,
    SIGNED_ON,
    add_asset,
    example_inputs,
    lay_ground,
    order,
)

# openpyxl says of a serial beyond the calendar that it becomes an error value.
pytestmark = pytest.mark.filterwarnings("ignore:Cell")

MODEL = "forest-right"
YEARS = "逐年营造林成本"
PATH = f"/appraisal-models/{MODEL}"
DAY = SIGNED_ON.isoformat()


@pytest.fixture
def ground(session, world, clock, commit):
    clock.instant = SIGNED_AT
    lay_ground(session, world)
    commit()


@pytest.fixture
def orders(session, world, ground, commit):
    """Three forest rights whose appraisals are in preparation, and one that only waits."""
    numbers = []
    for at in range(4):
        asset_id = add_asset(session, world, AssetKind.FOREST_RIGHT, number=f"A-{at + 1}")
        made = order(session, world, asset_id)
        if at < 3:
            accept_order(session, world.actor("ag1-a"), made.id)
        numbers.append(made.number)
    commit()
    return numbers


DRAWN = []
"""The template as it was first answered: the same each time."""


def template(client):
    if not DRAWN:
        DRAWN.append(client.get(f"{PATH}/template.xlsx", status=200).data)
    return openpyxl.load_workbook(BytesIO(DRAWN[0]))


def names_of(sheet) -> list[str]:
    return [cell.value for cell in sheet[layout.NAME_ROW]]


def filled(client, rows, *, series=()) -> bytes:
    """The template with rows of inputs written over the example."""
    book = template(client)
    sheet = book.worksheets[0]
    names = names_of(sheet)
    for at, (ref, inputs) in enumerate(rows, start=layout.FIRST_ROW):
        sheet.cell(at, 1).value = ref
        for column, name in enumerate(names[1:], start=2):
            given = inputs.get(name)
            sheet.cell(at, column).value = None if isinstance(given, list) else given
    years = book[YEARS]
    years.delete_rows(layout.FIRST_ROW, 20)
    for at, line in enumerate(series, start=layout.FIRST_ROW):
        for column, given in enumerate(line, start=1):
            years.cell(at, column).value = given
    return saved(book)


def saved(book) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def send(client, path, content, *, status, name="inputs.xlsx", headers=None, **fields):
    data = {"valued_on": DAY, **fields, "file": (BytesIO(content), name)}
    return client.post(
        f"{PATH}/{path}", data=data, content_type="multipart/form-data", status=status,
        headers=headers,
    )  # fmt: skip


def value(client, content, *, status=200, **options):
    return send(client, "portfolio-valuations", content, status=status, **options)


def plain(**changes):
    return {**example_inputs(MODEL), **changes}


def codes(row):
    return {each["column"] for each in row["problems"]}


def test_the_template_is_drawn_from_the_passport(api, ground):
    drawn_now = api("ag1-a").get(f"{PATH}/template.xlsx", status=200)
    book = openpyxl.load_workbook(BytesIO(drawn_now.data))
    sheet = book.worksheets[0]
    assert book.sheetnames[0] == "林权"
    assert YEARS in book.sheetnames[1:-1]
    assert book.sheetnames[-1] == "选项"
    assert sheet.freeze_panes == "B4"
    assert "area_mu" in names_of(sheet)
    column = names_of(sheet).index("category") + 1
    assert sheet.cell(1, column).comment.text
    validated = {str(each.sqref).split(":")[0] for each in sheet.data_validations.dataValidation}
    assert f"{openpyxl.utils.get_column_letter(column)}4" in validated
    assert sheet.cell(4, 1).value == "EXAMPLE"
    english = api("ag1-a").request(
        "GET", f"{PATH}/template.xlsx", status=200, headers={"Accept-Language": "en"}
    )
    assert english.mimetype == XLSX_TYPE
    names = openpyxl.load_workbook(BytesIO(english.data)).sheetnames
    assert (names[0], names[-1]) == ("Forest right", "Lists")
    assert "Silviculture in the coming" in names
    api("ag1-a").get("/appraisal-models/no-such/template.xlsx", status=404)
    api("pbc-1").get(f"{PATH}/template.xlsx", status=403)


def test_good_rows_are_valued_and_bad_ones_listed_by_field(api, ground):
    client = api("a-risk")
    rows = [
        ("first", plain()),
        ("second", plain(area_mu="many", discount_rate=None)),
        ("third", plain(area_mu=2750)),
        ("first", plain()),
    ]
    answer = value(client, filled(client, rows)).json
    assert (answer["total"], answer["refused"], answer["stored"]) == (4, 2, 0)
    first, second, third, again = answer["rows"]
    assert first["value_yuan"] == "5600000.00"
    assert third["value_yuan"] != first["value_yuan"]
    assert codes(second) == {"area_mu"}
    assert second["value_yuan"] is None
    assert codes(again) == {"ref"}
    only = value(client, filled(client, [("x", plain(discount_rate=None))])).json["rows"][0]
    assert codes(only) == {"discount_rate"}


def test_results_come_as_a_workbook_with_native_numbers(api, ground):
    client = api("a-risk")
    content = filled(client, [("a", plain()), ("@b", plain(area_mu=-1))])
    answer = value(client, content, headers={"Accept": XLSX_TYPE})
    book = openpyxl.load_workbook(BytesIO(answer.data))
    first, second, _asked = book.worksheets
    values = [row for row in first.iter_rows(values_only=True) if row[0] in (4, 5)]
    assert values[0][:3] == (4, "a", 5_600_000)
    assert values[1][2] is None
    *_, last = first.iter_rows(values_only=True)
    assert last[2] == 5_600_000
    problems = list(second.iter_rows(min_row=2, values_only=True))
    assert problems[0][0] == 5
    assert problems[0][2] in {"Area (area_mu)", "面积 (area_mu)"}


def test_values_below_zero_are_counted_and_summed_apart(api, sign_in, ground):
    client = api("a-risk")
    owing = plain(cost_due_now_yuan=9_023_487.73)
    content = filled(client, [("a", plain()), ("b", owing), ("c", owing)])
    answer = value(client, content).json
    assert (answer["value_yuan"], answer["negative"]) == ("-1200000.00", 2)
    assert answer["negative_yuan"] == "-6800000.00"
    book = value(client, content, headers={"Accept": XLSX_TYPE})
    first = openpyxl.load_workbook(BytesIO(book.data)).worksheets[0]
    *_, total, below = first.iter_rows(values_only=True)
    assert (total[2], below[2]) == (-1_200_000, -6_800_000)
    fields = {"valued_on": DAY, "answer": "page", "file": (BytesIO(content), "a.xlsx")}
    shown = sign_in("a-risk").submit(f"{PATH}/portfolio", fields, status=200).text
    assert "其中负值：2项" in shown
    assert "6,800,000.00" in shown


def test_questions_about_a_valued_row_do_not_stand_among_the_refusals(api, ground):
    client = api("a-risk")
    # A rate far below the usual ones is asked about; the row keeps its value.
    content = filled(client, [("a", plain(discount_rate=0.02)), ("b", plain(area_mu=-1))])
    listed = value(client, content).json["rows"]
    assert listed[0]["value_yuan"] is not None
    assert codes(listed[0]) == set()
    assert listed[0]["findings"]
    answer = value(client, content, headers={"Accept": XLSX_TYPE})
    book = openpyxl.load_workbook(BytesIO(answer.data))
    _values, problems, asked = (list(each.iter_rows(values_only=True)) for each in book.worksheets)
    assert {row[1] for row in problems[1:]} == {"b"}
    assert {row[1] for row in asked[1:]} == {"a"}
    assert problems[0][3] != asked[0][3]


def test_inputs_that_the_answers_do_not_ask_for_are_one_line_of_a_row(api, ground):
    client = api("a-risk")
    stray = {"haul_km": 35, "tending_cost_yuan_per_mu": 22, "outturn_share": 0.6}
    content = filled(client, [("a", plain(**stray)), ("b", plain(haul_km=35))])
    several, one = value(client, content).json["rows"]
    assert several["value_yuan"] == one["value_yuan"]
    told = [each for each in several["findings"] if "不适用" in each["detail"]]
    assert [each["column"] for each in told] == [""]
    titles = [forest_right.MODEL.spec.field(name).title.zh for name in stray]
    assert all(title in told[0]["detail"] for title in titles)
    assert [e["column"] for e in one["findings"] if "不适用" in e["detail"]] == ["haul_km"]


@pytest.mark.parametrize("model", [model.spec.id for model in BUILT_INS])
def test_a_copied_example_row_has_only_what_its_answers_ask_for(model):
    spec = get_model(model).spec
    book = openpyxl.load_workbook(BytesIO(template_xlsx(spec, parameters_on(SIGNED_ON), "zh")))
    sheet = book.worksheets[0]
    sheet.cell(layout.EXAMPLE_ROW, 1).value = "copied"
    for each in book.worksheets[1:-1]:
        for row in range(layout.EXAMPLE_ROW, each.max_row + 1):
            each.cell(row, 1).value = "copied"
    (row,) = read_workbook(spec, parameters_on(SIGNED_ON), saved(book))
    assert row.problems == []
    found = validate(spec, batch_from_rows(spec, [row.inputs], parameters_on(SIGNED_ON)))
    assert found == []


def test_the_example_row_of_an_account_has_only_what_its_answers_ask_for():
    parameters, gep = parameters_on(SIGNED_ON), get_model("gep").spec
    book = openpyxl.load_workbook(BytesIO(account_template(parameters, "zh")))
    sheet = book.worksheets[0]
    sheet.cell(layout.EXAMPLE_ROW, 1).value = "copied"
    (row,) = read_workbook(workbook_spec(), parameters, saved(book))
    assert row.problems == []
    known = {each.name for each in gep.fields}
    inputs = {name: given for name, given in row.inputs.items() if name in known}
    assert validate(gep, batch_from_rows(gep, [inputs], parameters)) == []


CELLS = (
    ("area_mu", "NaN", True),
    ("area_mu", "1e400", True),
    ("area_mu", "12 mu", True),
    ("area_mu", "2,600", False),
    ("area_mu", "2，600", False),
    ("area_mu", "26，5", True),
    ("area_mu", "2600.0", False),
    ("area_mu", "=1+1", True),
    ("area_mu", True, True),
    ("area_mu", "#DIV/0!", True),
    ("area_mu", date(2024, 1, 2), True),
    ("right_ends_on", 52596, False),
    ("right_ends_on", "2043-12-31", False),
    ("right_ends_on", "2043年12月31日", False),
    ("right_ends_on", "2043/12/31", False),
    ("right_ends_on", date(2043, 12, 31), False),
    ("right_ends_on", "31.12.2043", True),
    ("right_ends_on", "2043-02-30", True),
    ("right_ends_on", 52596.5, True),
    ("right_ends_on", 1e9, True),
    ("right_ends_on", "1900-01-01", True),
    ("category", "Economic tree", True),
    ("category", "economic", False),
)
"""Column, what stands in it, and whether it is refused."""


def test_cells_are_read_or_refused_at_their_column(api, ground):
    client = api("a-risk")
    rows = [
        (f"r-{at}", plain(**{column: given})) for at, (column, given, _wrong) in enumerate(CELLS)
    ]
    told = value(client, filled(client, rows)).json["rows"]
    for (column, given, wrong), row in zip(CELLS, told, strict=True):
        assert codes(row) == ({column} if wrong else set()), given
        assert row["value_yuan"] == (None if wrong else "5600000.00"), given


def test_titles_of_choices_are_taken_in_both_languages(api, ground):
    field = forest_right.MODEL.spec.field("category")
    choice = next(
        each for each in choices_of(field, parameters_on(SIGNED_ON)) if each.id == "economic"
    )
    client = api("a-risk")
    for word in (choice.title.en, choice.title.zh):
        answer = value(client, filled(client, [("a", plain(category=word))])).json
        assert answer["rows"][0]["value_yuan"] == "5600000.00"


def test_the_example_left_in_is_refused_with_words_and_empty_rows_are_skipped(api, ground):
    client = api("a-risk")
    book = template(client)
    book.worksheets[0].cell(9, 1).value = "   "
    answer = value(client, saved(book)).json
    assert answer["total"] == 1
    assert codes(answer["rows"][0]) == {"ref"}
    assert "示例行" in answer["rows"][0]["problems"][0]["detail"]
    told = value(client, saved(book), headers={"Accept-Language": "en"}).json
    assert "example" in told["rows"][0]["problems"][0]["detail"]


def test_a_series_stands_in_its_own_sheet(api, ground):
    client = api("a-risk")
    rows = [("a", plain()), ("b", plain()), ("c", plain())]
    name = "costs_by_year_yuan_per_mu"
    years = [("a", 2, 210), ("a", 1, "620"), ("b", 1, 620), ("b", 3, 1), ("c", 1, "x")]
    answer = value(client, filled(client, rows, series=years)).json["rows"]
    assert [codes(row) for row in answer] == [set(), {name}, {name}]


def test_years_of_an_unknown_reference_are_a_refused_row_and_stop_no_other(
    api, session, orders, commit
):
    client = api("ag1-a")
    first, second, *_ = orders
    years = [(first, 1, 620), ("V-2023-9999", 1, 2), ("V-2023-9999", 2, 3), (second, 1, 210)]
    content = filled(client, [(first, plain()), (second, plain())], series=years)
    commit()
    checked = send(client, "imports", content, dry_run="true", status=200).json
    done = send(client, "imports", content, dry_run="false", status=201).json
    for answer in (checked, done):
        assert (answer["total"], answer["refused"]) == (3, 1)
        *good, unknown = answer["rows"]
        assert all(not row["problems"] and row["value_yuan"] for row in good)
        assert (unknown["ref"], unknown["line"]) == ("V-2023-9999", layout.FIRST_ROW + 1)
        assert [each["column"] for each in unknown["problems"]] == ["costs_by_year_yuan_per_mu"]
        assert unknown["value_yuan"] is None
    assert [row["stored"] for row in done["rows"]] == [True, True, False]
    assert stored(session, second).inputs["costs_by_year_yuan_per_mu"] == ["210"]


@pytest.mark.parametrize(
    "names",
    [
        (MODEL, "costs_by_year_yuan_per_mu"),
        ("Forest right", "Raising costs by year"),
    ],
)
def test_sheets_are_found_by_name_and_by_the_title_in_either_language(api, ground, names):
    client = api("a-risk")
    content = filled(client, [("a", plain())], series=[("a", 1, "x")])
    book = openpyxl.load_workbook(BytesIO(content))
    book.worksheets[0].title, book[YEARS].title = names
    assert codes(value(client, saved(book)).json["rows"][0]) == {"costs_by_year_yuan_per_mu"}


def test_a_wrong_file_is_refused_as_a_whole(api, ground, monkeypatch):
    client = api("a-risk")
    good = filled(client, [("a", plain())])
    for name, content in (
        ("inputs.xlsx", b"ref,area_mu\n1,2\n"),
        ("inputs.csv", b"ref,area_mu\n1,2\n"),
        ("inputs.xlsx", good[: len(good) // 2]),
        ("inputs.xlsx", b""),
        ("inputs.xlsx", bomb()),
        ("inputs.xlsx", broken(good)),
    ):
        refused = value(client, content, name=name, status=422).json
        assert refused["errors"][0]["pointer"] == "/file", name
    sheets = {
        "sheet": lambda book: setattr(book.worksheets[0], "title", "Sheet1"),
        "missing": lambda book: book.worksheets[0].delete_cols(
            names_of(book.worksheets[0]).index("area_mu") + 1
        ),
        "unknown": lambda book: setattr(book.worksheets[0].cell(2, 30), "value", "colour"),
        "twice": lambda book: setattr(book.worksheets[0].cell(2, 30), "value", "area_mu"),
        "empty": lambda book: book.worksheets[0].delete_rows(4, 10),
    }
    for spoil in sheets.values():
        book = openpyxl.load_workbook(BytesIO(good))
        spoil(book)
        refused = value(client, saved(book), status=422).json
        assert refused["errors"][0]["pointer"] == "/file"
    monkeypatch.setattr("app.appraisal.workbooks.reading.MAX_IMPORT_ROWS", 1)
    two = filled(client, [("a", plain()), ("b", plain())])
    assert "1" in value(client, two, status=422).json["errors"][0]["detail"]
    value(client, good)


def bomb() -> bytes:
    """A small archive that unpacks to more than a workbook may."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (26 * 1024 * 1024))
    return out.getvalue()


def broken(good: bytes) -> bytes:
    """A workbook whose first sheet ends in the middle."""
    out = BytesIO()
    with ZipFile(BytesIO(good)) as source, ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            part = content[: len(content) // 2] if name.endswith("sheet1.xml") else content
            archive.writestr(name, part)
    return out.getvalue()


def stored(session, number) -> Appraisal:
    session.expire_all()
    statement = sa.select(Appraisal).where(col(Appraisal.number) == number)
    return session.execute(statement).scalar_one()


def test_an_import_stores_good_rows_through_the_service_and_lists_the_others(
    api, session, orders, commit
):
    client = api("ag1-a")
    first, second, third, waiting = orders
    content = filled(
        client,
        [
            (first, plain()),
            (second, plain(area_mu=-5)),
            (third, plain(area_mu=1300)),
            (waiting, plain()),
            ("V-2023-9999", plain()),
        ],
    )
    commit()
    checked = send(client, "imports", content, dry_run="true", status=200).json
    assert (checked["dry_run"], checked["refused"], checked["stored"]) == (True, 3, 0)
    assert stored(session, first).inputs is None
    commit()
    done = send(client, "imports", content, dry_run="false", status=201).json
    assert (done["refused"], done["stored"]) == (3, 2)
    assert [row["problems"] for row in checked["rows"]] == [row["problems"] for row in done["rows"]]
    assert [codes(row) for row in done["rows"]] == [set(), {"area_mu"}, set(), {"ref"}, {"ref"}]
    values = [row["value_yuan"] for row in done["rows"]]
    assert [each is None for each in values] == [False, True, False, True, True]
    assert values == [row["value_yuan"] for row in checked["rows"]]
    together = sum(Decimal(each) for each in values if each is not None)
    assert Decimal(done["value_yuan"]) == Decimal(checked["value_yuan"]) == together
    assert stored(session, first).value_fen == 5_600_000_00
    assert stored(session, first).inputs["area_mu"] == "2600"
    assert stored(session, second).inputs is None
    assert stored(session, third).valued_on == SIGNED_ON


def test_an_import_finds_what_the_form_finds_and_200_says_that_nothing_was_stored(
    api, session, orders, commit
):
    client = api("ag1-a")
    content = filled(client, [(orders[0], plain(area_mu=2750)), (orders[1], plain(area_mu=-1))])
    commit()
    checked = send(client, "imports", content, dry_run="true", status=200).json["rows"][0]
    done = send(client, "imports", content, dry_run="false", status=201).json["rows"][0]
    assert "area_mu" in {each["column"] for each in checked["findings"]}
    assert checked["findings"] == done["findings"]
    kept = stored(session, orders[0]).result["findings"]
    assert [each["zh"] for each in kept] == [each["detail"] for each in done["findings"]]
    commit()
    bad = filled(client, [(orders[1], plain(area_mu=-1))])
    assert send(client, "imports", bad, dry_run="false", status=200).json["stored"] == 0


def test_rows_are_valued_before_the_writing_transaction_begins(
    api, database, orders, commit, monkeypatch
):
    client = api("ag1-a")
    content = filled(client, [(orders[0], plain())])
    commit()
    free = []

    def value_while_another_writes(*args, **options):
        with database.write() as other:
            other.execute(
                sa.update(Appraisal).where(col(Appraisal.number) == "-").values(purpose="")
            )
        free.append(True)
        return value_inputs(*args, **options)

    monkeypatch.setattr(importing, "value_inputs", value_while_another_writes)
    done = send(client, "imports", content, dry_run="false", status=201).json
    assert (done["stored"], free) == (1, [True])


def test_an_appraisal_that_changed_after_its_row_was_valued_is_refused(
    session, world, orders, commit, api
):
    actor = world.actor("ag1-a")
    content = filled(api("ag1-a"), [(orders[0], plain())])
    commit()
    command = importing.ImportWorkbook(
        valued_on=SIGNED_ON, content=content, file_name="inputs.xlsx", dry_run=False
    )
    ready = importing.prepare_import(session, actor, MODEL, command)
    importing.import_workbook(session, actor, MODEL, command, ready)
    late = importing.import_workbook(session, actor, MODEL, command, ready)
    assert (late.stored, late.refused, late.value_fen) == (0, 1, 0)


def test_a_row_that_the_service_refuses_leaves_nothing_of_it(api, session, orders, commit):
    client = api("ag1-a")
    first, second, *_ = orders
    costly = plain(cost_due_now_yuan=9_000_000_000)
    content = filled(client, [(first, costly), (second, plain())])
    commit()
    done = send(client, "imports", content, dry_run="false", status=201).json
    assert [row["stored"] for row in done["rows"]] == [False, True]
    assert stored(session, first).inputs is None


def test_who_may_import_and_how_it_is_asked_for(api, world, orders, monkeypatch):
    client = api("ag1-a")
    content = filled(client, [(orders[0], plain())])
    for word in ("yes", "TRUE!", ""):
        refused = send(client, "imports", content, dry_run=word, status=422).json
        assert refused["errors"][0]["pointer"] == "/dry_run"
    assert send(client, "imports", content, status=422).json["errors"][0]["pointer"] == "/dry_run"
    send(api("a-risk"), "imports", content, dry_run="true", status=403)
    future = send(client, "imports", content, dry_run="true", valued_on="2031-01-01", status=422)
    assert future.json["errors"][0]["pointer"] == "/valued_on"
    data = {"valued_on": DAY, "dry_run": "false", "file": (BytesIO(content), "a.xlsx")}
    missing = client.post(
        f"{PATH}/imports", data=data, content_type="multipart/form-data", key=None, status=400
    )
    assert missing.json["code"] == "idempotency-key-missing"
    monkeypatch.setattr("app.appraisal.services.importing.MAX_STORED_ROWS", 0)
    send(client, "imports", content, dry_run="true", status=422)


def test_the_same_key_imports_once(api, session, orders, commit):
    client = api("ag1-a")
    content = filled(client, [(orders[0], plain())])
    commit()
    answers = []
    for _ in range(2):
        data = {"valued_on": DAY, "dry_run": "false", "file": (BytesIO(content), "a.xlsx")}
        answers.append(
            client.post(
                f"{PATH}/imports", data=data, content_type="multipart/form-data", key="once",
                status=201,
            ).json
        )  # fmt: skip
    assert json.dumps(answers[0], sort_keys=True) == json.dumps(answers[1], sort_keys=True)
    assert stored(session, orders[0]).version == 3


def test_pages_value_a_portfolio_and_import_after_a_check(sign_in, api, session, orders, commit):
    content = filled(api("ag1-a"), [(orders[0], plain()), (orders[1], plain(area_mu="x"))])
    maker = sign_in("ag1-a")
    commit()
    assert maker.get(f"{PATH}/template.xlsx", status=200).mimetype == XLSX_TYPE
    page = maker.get(PATH, status=200).text
    assert f"{PATH}/portfolio" in page
    assert f"{PATH}/import" in page
    assert f"{PATH}/import" not in sign_in("a-risk").get(PATH, status=200).text

    def fields(**more):
        return {"valued_on": DAY, "file": (BytesIO(content), "a.xlsx"), **more}

    told = maker.submit(f"{PATH}/portfolio", fields(answer="page"), status=200).text
    assert told.count("5,600,000.00") == 2
    assert "有估值各行合计" in told
    book = maker.submit(f"{PATH}/portfolio", fields(answer="xlsx"), status=200)
    assert openpyxl.load_workbook(BytesIO(book.data)).sheetnames == [
        "估值结果",
        "问题",
        "待说明和提示",
    ]
    checked = maker.submit(f"{PATH}/import", fields(dry_run="on"), status=200).text
    assert orders[0] in checked
    assert stored(session, orders[0]).inputs is None
    commit()
    done = maker.submit(f"{PATH}/import", fields(), status=200).text
    for number in orders[:2]:
        assert f'href="/appraisals/{stored(session, number).id}">{number}</a>' in done
    assert stored(session, orders[0]).value_fen == 5_600_000_00
    commit()
    refused = maker.submit(f"{PATH}/import", {"valued_on": DAY}, status=422)
    assert 'href="#file"' in refused.text


@pytest.mark.parametrize("early", ["2010-06-01", "2016-06-01", "2019-06-01"])
def test_a_day_before_the_parameters_is_refused_alike_with_the_first_day(api, ground, early):
    client = api("a-risk")
    content = filled(client, [("a", plain())])
    asked = {"valued_on": early, "inputs": example_inputs(MODEL)}
    one = client.post(f"{PATH}/valuations", asked, status=422).json["errors"]
    told = {each["detail"] for each in one}
    many = value(client, content, status=0, valued_on=early).json
    told |= {each["detail"] for each in many.get("errors", ())}
    told |= {each["detail"] for row in many.get("rows", ()) for each in row["problems"]}
    assert len(told) == 1, told
    assert re.search(r"(counts from|自)\s?\d{4}-\d{2}-\d{2}", told.pop())
