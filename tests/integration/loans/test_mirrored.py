"""Loans that banks keep themselves: taken in by file, looked at, never booked on."""

import pytest

from app.kernel.errors import Forbidden, NotFound
from app.loans.queries import LoanFilter, list_loans, view_of
from app.loans.refusals import LoanNotServiced
from app.loans.schemas import LoanWithClaimSchema
from app.loans.services import ImportMirrored, Repay, import_mirrored, loan_view, repay
from app.reference.domain import ImportRefused

HEAD = "loan_number,title,borrower_name,region_code,class,published,2023-11,2023-12\n"
GOOD = HEAD + (
    "M01,水利贷款,张掖示例水利投资集团,620700,normal,,832720000.00,856050000.00\n"
    "P01,公开首单,公开名称,620725,,yes,0,3000000\n"
)


def take_in(session, actor, bank_id, text, **options):
    command = ImportMirrored(bank_id=bank_id, content=text.encode(), **options)
    return import_mirrored(session, actor, command)


@pytest.fixture
def r01(world):
    return world.organisation("R01")


def test_a_dry_run_counts_and_keeps_nothing(session, world, r01):
    report = take_in(session, world.system("R01"), r01, GOOD)
    assert (report.rows, report.created, report.month_ends, report.errors) == (2, 2, 4, ())
    statement = list_loans(world.system("R01"), LoanFilter())
    assert session.execute(statement).all() == []


def test_rows_become_loans_with_their_last_balance_and_no_class_on_fact_cards(session, world, r01):
    actor = world.system("R01")
    take_in(session, actor, r01, GOOD, dry_run=False)
    views = {
        view.number: view
        for view in map(view_of, session.execute(list_loans(actor, LoanFilter())).all())
    }
    assert views["M01"].principal_fen == 856_050_000_00
    assert (views["M01"].state, views["M01"].loan_class) == ("mirrored", "normal")
    assert views["P01"].loan_class is None
    told = LoanWithClaimSchema().dump(views["M01"])
    unreported = ("contract_yuan", "rate", "penalty", "method", "overdue_days", "overdue_yuan")
    figures = ("accrued_yuan", "fees_yuan", "exposure_yuan", "suspense_yuan")
    unknown = {told[name] for name in (*unreported, *figures)}
    assert (told["principal_yuan"], unknown) == ("856050000.00", {None})
    assert views["P01"].borrower_name.zh == "公开名称"
    with pytest.raises(LoanNotServiced):
        repay(session, actor, views["M01"].id, Repay(amount_fen=1))
    with pytest.raises(NotFound):
        loan_view(session, world.actor("a-ops"), views["M01"].id)


def test_the_next_month_is_added_and_a_month_on_file_never_changes(session, world, r01):
    actor = world.system("R01")
    take_in(session, actor, r01, GOOD, dry_run=False)
    following = "loan_number,title,borrower_name,region_code,2024-01\nM01,x,y,620700,1000.00\n"
    report = take_in(session, actor, r01, following, dry_run=False)
    assert (report.created, report.month_ends) == (0, 1)
    changed = following.replace("2024-01", "2023-12")
    with pytest.raises(ImportRefused) as refused:
        take_in(session, actor, r01, changed, dry_run=False)
    (error,) = refused.value.errors
    assert (error.pointer, error.facts["stored"]) == ("/file/2/2023-12", "856050000.00")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("M02,,y,620700,,,1,1", "title"),
        ("M02,x,y,6207,,,1,1", "region_code"),
        ("M02,x,y,620700,good,,1,1", "class"),
        ("M02,x,y,620700,normal,yes,1,1", "class"),
        ("M02,x,y,620700,,maybe,1,1", "published"),
        ("M02,x,y,620700,,,1.005,1", "2023-11"),
        ("M02,x,y,620700,,,-1,1", "2023-11"),
        ("M01,x,y,620700,,,1,1", "loan_number"),
    ],
)
@pytest.mark.one_engine("sqlite")
def test_a_wrong_row_is_named_and_nothing_is_taken_in(session, world, r01, row, column):
    text = GOOD + row + "\n"
    report = take_in(session, world.system("R01"), r01, text)
    assert [(each.line, each.column) for each in report.errors] == [(4, column)]
    with pytest.raises(ImportRefused):
        take_in(session, world.system("R01"), r01, text, dry_run=False)


@pytest.mark.one_engine("sqlite")
def test_only_returns_officers_of_the_bank_import(session, world):
    bank = world.organisation("B")
    assert take_in(session, world.actor("b-stat"), bank, GOOD).rows == 2
    with pytest.raises(Forbidden):
        take_in(session, world.actor("b-ops"), bank, GOOD)
    with pytest.raises(NotFound):
        take_in(session, world.actor("b-stat"), world.organisation("A"), GOOD)
