"""The page of an import says of each problem in which row or column it stands."""

import re
from io import BytesIO

import openpyxl

PATH = "/appraisal-models/forest-right"
NAMES, FIRST = 2, 4


def test_a_problem_of_a_reference_stands_at_its_title(sign_in):
    page = sign_in("ag1-a", language="en")
    book = openpyxl.load_workbook(BytesIO(page.get(f"{PATH}/template.xlsx").data))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[NAMES]}
    sheet.cell(FIRST, places["ref"], "AP-none")
    for other in book.worksheets[1:-1]:
        other.delete_rows(FIRST, 100)
    out = BytesIO()
    book.save(out)
    sent = {
        "valued_on": "2023-12-26",
        "dry_run": "true",
        "file": (BytesIO(out.getvalue()), "a.xlsx"),
    }
    shown = page.submit(f"{PATH}/import", sent, status=200).text
    assert "Your agency has no appraisal with this number." in shown
    assert ">Reference</span>" in shown
    assert ">Row</span>" not in shown
    assert "Rows with a problem: 1." in shown
    assert "The others are not held up" not in shown


def test_a_bad_row_beside_a_good_one_does_not_hold_it_up(sign_in):
    page = sign_in("a-risk", language="en")
    book = openpyxl.load_workbook(BytesIO(page.get(f"{PATH}/template.xlsx").data))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[NAMES]}
    for at in range(1, sheet.max_column + 1):
        sheet.cell(FIRST + 1, at, sheet.cell(FIRST, at).value)
    sheet.cell(FIRST, places["ref"], "AP-good")
    sheet.cell(FIRST + 1, places["ref"], "AP-bad")
    sheet.cell(FIRST + 1, places["area_mu"], -1)
    for other in book.worksheets[1:-1]:
        other.delete_rows(FIRST, 100)
    out = BytesIO()
    book.save(out)
    file = (BytesIO(out.getvalue()), "a.xlsx")
    sent = {"valued_on": "2023-12-26", "answer": "page", "file": file}
    shown = page.submit(f"{PATH}/portfolio", sent, status=200).text
    assert "Rows with a problem: 1." in shown
    assert "The others are not held up" in shown


def test_words_that_name_their_column_have_no_second_title(sign_in):
    page = sign_in("a-risk", language="en")
    path = "/appraisal-models/forest-compensation-income"
    book = openpyxl.load_workbook(BytesIO(page.get(f"{path}/template.xlsx").data))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[NAMES]}
    cell = sheet.cell(FIRST, places["compensation_yuan_per_mu"])
    cell.value = cell.value * 15
    sheet.cell(FIRST, places["ref"], "AP-mixed")
    for other in book.worksheets[1:-1]:
        other.delete_rows(FIRST, 100)
    out = BytesIO()
    book.save(out)
    file = (BytesIO(out.getvalue()), "a.xlsx")
    sent = {"valued_on": "2023-12-26", "answer": "page", "file": file}
    shown = page.submit(f"{path}/portfolio", sent, status=200).text
    (told,) = re.findall(r"<p><span[^>]*>([^<]*)</span> ([^<(]*) \(yuan/mu[^)]*\): ", shown)
    assert told[0] == f"Row {FIRST}"
    assert told[1]
