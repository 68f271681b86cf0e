"""Checks of loans in life: planned once, recorded with evidence, reviewed by another person, sealed."""

from dataclasses import replace
from datetime import date, timedelta
from threading import Event

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services.reporting import ReportNotReady
from app.desk.worklist import worklist
from app.documents.models import IssuedDocument
from app.documents.printing import PrintRun
from app.documents.services import UploadFile, check_code
from app.jobs.domain import RunState
from app.jobs.models import JobRun
from app.jobs.runner import run_due
from app.jobs.work import make_jobs
from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.loans.domain.inspection import (
    Answer,
    Conclusion,
    FilePurpose,
    Finding,
    InspectionKind,
    InspectionState,
    checklist,
)
from app.loans.domain.states import Security
from app.loans.inspection.invariants import inspection_violations
from app.loans.inspection.models import Inspection, InspectionFile
from app.loans.inspection.planning import plan_bank, plan_inspections
from app.loans.inspection.queries import InspectionFilter, inspection_view, list_inspections
from app.loans.inspection.refusals import (
    ConclusionTooGood,
    FilesClosed,
    FileWithdrawn,
    InspectionTwice,
    LoanNotDrawn,
    ReportIncomplete,
)
from app.loans.inspection.report import issue_missing_reports, issue_report
from app.loans.inspection.services import (
    AddFile,
    OrderInspection,
    RecordFindings,
    Said,
    add_file,
    drop_inspection,
    order_inspection,
    record_findings,
    report_content,
    return_report,
    review_report,
    submit_report,
    withdraw_file,
)
from app.loans.loan_officers import NameOfficer, list_officers, name_officer
from app.loans.services import Repay, repay
from app.settings import Settings
from tests.factories.samples import PICTURE
from tests.support.once import built_once

OPENED = date(2024, 1, 2)
YUAN = 100
LOAN_FEN = 3_000_000 * YUAN


@pytest.fixture
@built_once
def loan_id(bank):
    """A pledged loan of bank A, drawn on the first business day."""
    bank.open(OPENED)
    loan_id = bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2), security=Security.PLEDGE)
    bank.draw(loan_id, LOAN_FEN)
    return loan_id


@pytest.fixture
@built_once
def check_id(bank, loan_id):
    """Its first check, planned."""
    plan(bank)
    return checks(bank)[0].id


def plan(bank):
    return plan_bank(bank.database, bank.actor, bank.id)


def checks(bank):
    with bank.database.read() as session:
        statement = sa.select(Inspection).order_by(col(Inspection.number))
        return session.execute(statement).scalars().all()


def act(bank, use_case, login, *args):
    with bank.database.write() as session:
        return use_case(session, bank.world.actor(login), *args)


def answers(security=Security.PLEDGE, **special):
    return tuple(
        special.get(item.code.replace("-", "_"), Finding(item=item.code, answer=Answer.FINE))
        for item in checklist()
        if item.applies_to(security)
    )


def report(**given):
    known = {
        "checked_on": OPENED,
        "place": "山丹县示例林场",
        "present": "李青禾、曹晚晴",
        "findings": answers(),
        "conclusion": Conclusion.SOUND,
        "summary": "林木长势正常，资金按约使用。",
    }
    return RecordFindings(**{**known, **given})


def proof(amount_fen, name="invoice.png"):
    file = UploadFile(name=name, content=PICTURE)
    return AddFile(
        file=file, purpose=FilePurpose.USE_OF_FUNDS, amount_fen=amount_fen, payee="示例农资"
    )


def submitted(bank, check_id, **given):
    act(bank, record_findings, "a-officer", check_id, report(**given))
    return act(bank, submit_report, "a-officer", check_id, None)


# --- The plan ---


def test_a_drawn_loan_gets_its_first_check_once_however_often_the_plan_runs(bank, loan_id):
    assert plan(bank).planned == 1
    assert plan(bank).planned == 0
    (check,) = checks(bank)
    assert (check.kind, check.due_on) == (InspectionKind.FIRST, OPENED + timedelta(days=15))
    assert (check.loan_id, check.number) == (loan_id, "PI-2024-000001")


def test_a_loan_that_is_only_signed_or_taken_over_has_no_first_check(bank):
    bank.open(OPENED)
    bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2))
    taken = bank.sign(matures_on=date(2024, 12, 25), starts_on=date(2023, 12, 1))
    bank.take_over(taken, drawn_before(taken, date(2023, 12, 1)))
    assert plan(bank).planned == 1
    (check,) = checks(bank)
    assert (check.kind, check.due_on, check.months) == (
        InspectionKind.REGULAR,
        date(2024, 4, 2),
        3,
    )


def drawn_before(loan_id, on):
    from app.loans.services import Drawn, PostDrawdown

    return Drawn(on=on, command=PostDrawdown(loan_id=loan_id, amount_fen=LOAN_FEN))


def test_a_pass_plans_at_most_its_limit_and_the_next_one_goes_on(bank):
    bank.open(OPENED)
    for _ in range(3):
        bank.draw(bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2)), LOAN_FEN)
    with bank.database.write() as session:
        assert plan_inspections(session, bank.actor, bank.id, limit=2).planned == 2
    assert plan(bank).planned == 1
    assert len({check.loan_id for check in checks(bank)}) == 3


def test_a_plan_of_many_chunks_drops_and_brings_forward_once_and_reads_each_loan_once(
    bank, queries
):
    bank.open(OPENED)
    for _ in range(4):
        bank.draw(bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2)), LOAN_FEN)
    with queries() as seen:
        found = plan_bank(bank.database, bank.actor, bank.id, limit=1)
    assert (found.planned, found.brought_forward, found.dropped) == (4, 0, 0)
    worsened = [each for each in seen if "CASE WHEN" in each and "inspection.due_on >" in each]
    ended = [each for each in seen if "loan.state NOT IN" in each]
    assert (len(worsened), len(ended)) == (1, 1)
    missing = [each for each in seen if "first_made" in each]
    assert len([each for each in missing if "loan.id >" in each]) == len(missing) - 1 == 4


def test_more_worsened_loans_than_a_chunk_holds_all_come_forward(bank):
    bank.open(OPENED)
    for _ in range(3):
        bank.draw(bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2)), LOAN_FEN)
    plan(bank)
    bank.sql("UPDATE inspection SET kind = 'regular', due_on = '2024-07-02'")
    bank.sql("UPDATE loan_state SET loan_class = 'substandard'")
    found = plan_bank(bank.database, bank.actor, bank.id, limit=2)
    assert (found.planned, found.brought_forward, found.dropped) == (3, 3, 0)
    brought = [each for each in checks(bank) if each.state is InspectionState.PLANNED]
    assert {each.due_on for each in brought} == {OPENED + timedelta(days=15)}
    assert plan(bank).idle


def test_a_class_that_was_not_known_and_is_a_bad_one_now_brings_the_check_forward(bank, check_id):
    bank.sql("UPDATE inspection SET kind = 'regular', due_on = '2024-07-02', loan_class = NULL")
    assert plan(bank).idle
    bank.sql("UPDATE loan_state SET loan_class = 'substandard'")
    assert plan(bank).brought_forward == 1


def test_more_checks_of_ended_loans_than_a_chunk_holds_are_all_dropped(bank):
    bank.open(OPENED)
    for _ in range(3):
        bank.draw(bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2)), LOAN_FEN)
    plan(bank)
    bank.sql("UPDATE loan SET state = 'settled'")
    assert plan_bank(bank.database, bank.actor, bank.id, limit=2).dropped == 3
    assert {each.state for each in checks(bank)} == {InspectionState.DROPPED}


class Overtaken:
    """A database in which another run plans between what is read and what is written."""

    def __init__(self, bank):
        self.bank, self.read, self.turns = bank, bank.database.read, 0

    def write(self):
        self.turns += 1
        if self.turns == 3:
            plan(self.bank)
        return self.bank.database.write()


def test_two_runs_at_once_plan_one_check_of_a_loan(bank, loan_id):
    assert plan_bank(Overtaken(bank), bank.actor, bank.id).planned == 0
    assert [check.loan_id for check in checks(bank)] == [loan_id]


def test_a_check_made_early_does_not_stop_the_plan_when_the_next_one_falls_on_its_day(
    bank, check_id
):
    """Made on 01-02 for 02-02; the class worsened since, and a month after 01-02 is 02-02 again."""
    submitted(bank, check_id)
    act(bank, review_report, "a-risk", check_id, Said())
    plan(bank)
    regular = checks(bank)[-1].id
    bank.sql("UPDATE inspection SET due_on = '2024-02-02' WHERE kind = 'regular'")
    submitted(bank, regular)
    act(bank, review_report, "a-risk", regular, Said())
    bank.sql("UPDATE loan_state SET loan_class = 'substandard'")
    assert plan(bank).planned == 1
    following = checks(bank)[-1]
    assert (following.kind, following.due_on) == (InspectionKind.REGULAR, date(2024, 2, 2))
    assert plan(bank).idle


def test_after_the_review_the_next_check_is_planned_an_interval_later(bank, check_id):
    submitted(bank, check_id)
    assert plan(bank).planned == 0
    act(bank, review_report, "a-risk", check_id, Said())
    assert plan(bank).planned == 1
    following = checks(bank)[-1]
    assert (following.kind, following.due_on) == (InspectionKind.REGULAR, date(2024, 4, 2))


def test_a_worse_class_brings_the_next_check_forward_and_keeps_the_old_one_on_record(
    bank, check_id
):
    submitted(bank, check_id)
    act(bank, review_report, "a-risk", check_id, Said())
    plan(bank)
    bank.sql("UPDATE loan_state SET loan_class = 'substandard'")
    found = plan(bank)
    assert (found.planned, found.brought_forward) == (1, 1)
    later, earlier = checks(bank)[-2:]
    assert later.state is InspectionState.DROPPED
    assert (earlier.due_on, earlier.replaces_id) == (OPENED + timedelta(days=15), later.id)
    assert plan(bank).idle


def test_the_check_of_a_settled_loan_is_no_longer_needed(bank, loan_id, check_id):
    with bank.database.write() as session:
        actor = bank.world.actor("a-ops")
        repay(session, actor, loan_id, Repay(amount_fen=LOAN_FEN, prepay=True, key="all"))
    assert plan(bank).dropped == 1
    assert checks(bank)[0].state is InspectionState.DROPPED
    assert plan(bank).idle


def test_a_planned_check_goes_with_the_loan_to_another_officer(bank, loan_id, check_id):
    person_id = bank.world.person("a-co")
    command = NameOfficer(person_id=person_id, reason="调岗")
    act(bank, name_officer, "a-risk", loan_id, command)
    (officer,) = act(bank, list_officers, "a-officer", loan_id)
    assert (officer.person_id, officer.from_on) == (person_id, OPENED)
    assert checks(bank)[0].officer_id == person_id


def test_only_a_colleague_who_makes_checks_looks_after_a_loan(bank, loan_id):
    for login in ("a-ops", "b-officer"):
        command = NameOfficer(person_id=bank.world.person(login), reason="调岗")
        with pytest.raises(InvalidInput):
            act(bank, name_officer, "a-risk", loan_id, command)


# --- The report ---


def test_a_report_goes_from_draft_over_submission_to_review_and_is_printed_after_it(bank, check_id):
    view = submitted(bank, check_id)
    assert (view.state, view.drawn_fen, view.proved_fen) == (
        InspectionState.SUBMITTED,
        LOAN_FEN,
        0,
    )
    done = act(bank, review_report, "a-risk", check_id, Said(note="属实"))
    assert (done.state, done.reviewed_on, done.events) == (InspectionState.REVIEWED, OPENED, ())
    with pytest.raises(ReportNotReady):
        act(bank, report_content, "a-officer", check_id)
    actor = bank.world.actor("a-risk")
    issued_id = issue_report(bank.database, actor, check_id)
    name, content = act(bank, report_content, "a-officer", check_id)
    assert name == f"{done.number}.pdf"
    assert content.startswith(b"%PDF")
    with bank.database.read() as session:
        issued = session.get(IssuedDocument, issued_id)
        assert (issued.number, issued.issued_on, issued.issuer_id) == (done.number, OPENED, bank.id)
        assert check_code(session, issued.code).kind == "inspection-report"
        row = session.get(Inspection, check_id)
        assert (row.document_id, row.version) == (issued_id, done.version)
        assert row.sealed_sha256 != done.sealed_sha256


def test_a_report_is_printed_once_and_the_job_makes_up_for_one_that_was_cut_off(bank, check_id):
    submitted(bank, check_id)
    system = bank.world.system()
    assert issue_report(bank.database, system, check_id) is None
    act(bank, review_report, "a-risk", check_id, Said())
    assert issue_missing_reports(bank.database, system) == PrintRun(printed=1)
    assert issue_missing_reports(bank.database, system) == PrintRun()
    with bank.database.read() as session:
        (issued,) = session.execute(sa.select(IssuedDocument)).scalars()
    assert issue_report(bank.database, system, check_id) == issued.id


@pytest.mark.parametrize("printed", [False, True])
def test_what_changed_since_the_review_is_named_and_neither_printed_nor_sealed_anew(
    bank, check_id, printed
):
    submitted(bank, check_id)
    number = act(bank, review_report, "a-risk", check_id, Said()).number
    if printed:
        issue_missing_reports(bank.database, bank.actor)
    bank.sql("UPDATE inspection SET summary = 'all is well', document_id = NULL")
    assert issue_missing_reports(bank.database, bank.actor) == PrintRun(failed=(number,))
    with bank.database.read() as session:
        found = {each.invariant for each in inspection_violations(session)}
    assert found == {"inspection-sealed"}


def test_the_job_names_the_check_whose_report_cannot_be_printed(bank, check_id, home):
    submitted(bank, check_id)
    number = act(bank, review_report, "a-risk", check_id, Said()).number
    bank.sql("UPDATE inspection SET summary = 'all is well'")
    jobs = {each.rule.name: each for each in make_jobs(Settings(home=home))}
    assert run_due(bank.database, jobs["inspection-reports"], owner="one", stop=Event()) == 1
    with bank.database.read() as session:
        (run,) = session.execute(sa.select(JobRun)).scalars()
    told = {"printed": 0, "failed": 1, "waiting": 0, "not_printed": number}
    assert (run.state, run.facts) == (RunState.DONE, told)


def test_nobody_reviews_the_own_report(bank, check_id):
    submitted(bank, check_id)
    bank.sql("UPDATE inspection SET submitted_by = :person", person=person(bank, "a-risk"))
    bank.tampered = False
    view = act(bank, inspection_view, "a-risk", check_id)
    assert view.events == ()
    for step in (review_report, return_report):
        with pytest.raises(DutiesApart):
            act(bank, step, "a-risk", check_id, Said(note="属实"))


def tasks(bank, login):
    with bank.database.read() as session:
        return {task.number for task in worklist(session, bank.world.actor(login))}


def in_both_roles(bank, use_case, check_id, *args):
    """What a risk officer does who also makes checks."""
    with bank.database.write() as session:
        officer, risk = bank.world.actor("a-officer"), bank.world.actor("a-risk")
        actor = replace(risk, permissions=risk.permissions | officer.permissions)
        return use_case(session, actor, check_id, *args)


def test_who_recorded_findings_before_the_last_writer_does_not_review_them(bank, check_id):
    in_both_roles(bank, record_findings, check_id, report())
    view = submitted(bank, check_id)
    assert act(bank, inspection_view, "a-risk", check_id).events == ()
    for step in (review_report, return_report):
        with pytest.raises(DutiesApart):
            act(bank, step, "a-risk", check_id, Said(note="属实"))
    assert view.state is InspectionState.SUBMITTED


def test_who_added_a_file_that_stands_does_not_review_the_report(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    (file,) = in_both_roles(bank, add_file, check_id, proof(1 * YUAN)).files
    act(bank, submit_report, "a-officer", check_id, None)
    with pytest.raises(DutiesApart):
        act(bank, review_report, "a-risk", check_id, Said())
    assert "PI-2024-000001" not in tasks(bank, "a-risk")
    bank.sql(
        "UPDATE inspection_file SET withdrawn_at = created_at, withdrawn_reason = '误传',"
        " amount_fen = 1"
    )
    assert "review" in act(bank, inspection_view, "a-risk", check_id).events
    assert "PI-2024-000001" in tasks(bank, "a-risk")
    assert file.withdrawn_at is None


def test_a_return_ends_the_part_that_somebody_had_in_a_report(bank, check_id):
    in_both_roles(bank, record_findings, check_id, report())
    submitted(bank, check_id)
    with bank.database.write() as session:
        risk = bank.world.actor("a-risk")
        other = replace(risk, person_id=bank.world.person("a-approve"))
        return_report(session, other, check_id, Said(note="请重写"))
    submitted(bank, check_id)
    assert act(bank, review_report, "a-risk", check_id, Said()).state is InspectionState.REVIEWED


def person(bank, login):
    """An id as the engine stores it."""
    found = bank.world.person(login)
    return found.hex if bank.database.is_sqlite else found


def test_an_officer_may_not_review_and_a_reviewer_may_not_record(bank, check_id):
    with pytest.raises(Forbidden):
        act(bank, record_findings, "a-risk", check_id, report())
    submitted(bank, check_id)
    with pytest.raises(Forbidden):
        act(bank, review_report, "a-officer", check_id, Said())


def test_a_returned_report_is_written_again_with_the_reason_in_sight(bank, check_id):
    submitted(bank, check_id)
    back = act(bank, return_report, "a-risk", check_id, Said(note="请补充灌溉情况"))
    assert (back.state, back.return_reason) == (InspectionState.DRAFT, "请补充灌溉情况")
    again = submitted(bank, check_id)
    assert (again.state, again.return_reason) == (InspectionState.SUBMITTED, "")


def test_a_report_that_leaves_a_point_open_is_not_submitted(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report(findings=answers()[:-1]))
    with pytest.raises(ReportIncomplete) as refused:
        act(bank, submit_report, "a-officer", check_id, None)
    assert refused.value.facts["items"] == [answers()[-1].item]
    unsaid = report(conclusion=None, summary="")
    assert act(bank, record_findings, "a-officer", check_id, unsaid).conclusion is None
    with pytest.raises(ReportIncomplete) as open_parts:
        act(bank, submit_report, "a-officer", check_id, None)
    assert open_parts.value.facts["items"] == ["conclusion", "summary"]


def test_a_concern_needs_words_and_a_conclusion_that_fits(bank, check_id):
    silent = Finding(item="fire", answer=Answer.CONCERN)
    act(bank, record_findings, "a-officer", check_id, report(findings=answers(fire=silent)))
    with pytest.raises(ReportIncomplete):
        act(bank, submit_report, "a-officer", check_id, None)
    told = Finding(item="fire", answer=Answer.CONCERN, note="防火道杂草未清")
    act(bank, record_findings, "a-officer", check_id, report(findings=answers(fire=told)))
    with pytest.raises(ConclusionTooGood):
        act(bank, submit_report, "a-officer", check_id, None)
    watched = report(findings=answers(fire=told), conclusion=Conclusion.WATCH)
    act(bank, record_findings, "a-officer", check_id, watched)
    assert act(bank, submit_report, "a-officer", check_id, None).conclusion is Conclusion.WATCH


def test_a_check_lies_between_the_drawdown_and_today(bank, check_id):
    for days in (-1, 1):
        command = report(checked_on=OPENED + timedelta(days=days))
        with pytest.raises(InvalidInput):
            act(bank, record_findings, "a-officer", check_id, command)
    assert act(bank, record_findings, "a-officer", check_id, report()).checked_on == OPENED


def test_a_point_that_the_checklist_does_not_have_is_refused(bank, check_id):
    strange = (Finding(item="weather", answer=Answer.FINE),)
    twice = (answers()[0], answers()[0])
    for given in (strange, twice):
        with pytest.raises(InvalidInput):
            act(bank, record_findings, "a-officer", check_id, report(findings=given))


# --- Evidence ---


def test_proofs_add_up_beside_what_was_drawn(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    act(bank, add_file, "a-officer", check_id, proof(2_000_000 * YUAN))
    view = act(bank, add_file, "a-officer", check_id, proof(400_000 * YUAN, "two.png"))
    assert (view.use.drawn_fen, view.use.proved_fen) == (LOAN_FEN, 2_400_000 * YUAN)
    assert view.use.open_fen == 600_000 * YUAN
    act(bank, withdraw_file, "a-officer", check_id, view.files[1].id, Said(note="重复上传"))
    done = act(bank, submit_report, "a-officer", check_id, None)
    assert done.proved_fen == 2_000_000 * YUAN
    assert [file.withdrawn_reason for file in done.files] == ["", "重复上传"]


def test_a_later_report_counts_the_proofs_of_reviewed_ones(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    act(bank, add_file, "a-officer", check_id, proof(1_000_000 * YUAN))
    act(bank, submit_report, "a-officer", check_id, None)
    act(bank, review_report, "a-risk", check_id, Said())
    plan(bank)
    following = checks(bank)[-1].id
    view = submitted(bank, following)
    assert view.proved_fen == 1_000_000 * YUAN


def test_a_file_is_withdrawn_once_and_never_after_the_submission(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    view = act(bank, add_file, "a-officer", check_id, proof(1 * YUAN))
    (file,) = view.files
    act(bank, withdraw_file, "a-officer", check_id, file.id, Said(note="误传"))
    with pytest.raises(FileWithdrawn):
        act(bank, withdraw_file, "a-officer", check_id, file.id, Said(note="误传"))
    act(bank, submit_report, "a-officer", check_id, None)
    for step in (add_file, withdraw_file):
        command = (proof(1 * YUAN),) if step is add_file else (file.id, Said(note="误传"))
        with pytest.raises(FilesClosed):
            act(bank, step, "a-officer", check_id, *command)


def test_files_wait_for_the_report_to_be_begun(bank, check_id):
    with pytest.raises(FilesClosed):
        act(bank, add_file, "a-officer", check_id, proof(1 * YUAN))


def test_a_proof_has_an_amount_and_a_photo_has_none(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    file = UploadFile(name="photo.png", content=PICTURE)
    for purpose, amount in ((FilePurpose.USE_OF_FUNDS, None), (FilePurpose.PHOTO, 100)):
        command = AddFile(file=file, purpose=purpose, amount_fen=amount)
        with pytest.raises(InvalidInput):
            act(bank, add_file, "a-officer", check_id, command)


# --- Special checks, sight ---


def special(loan_id, due_on=OPENED):
    return OrderInspection(loan_id=loan_id, due_on=due_on, reason="媒体报道火情")


def test_a_special_check_stands_beside_the_plan_and_may_be_dropped(bank, loan_id, check_id):
    view = act(bank, order_inspection, "a-officer", special(loan_id))
    with pytest.raises(InspectionTwice):
        act(bank, order_inspection, "a-officer", special(loan_id))
    dropped = act(bank, drop_inspection, "a-risk", view.id, Said(note="误报"))
    assert (dropped.state, dropped.drop_reason) == (InspectionState.DROPPED, "误报")
    again = act(bank, order_inspection, "a-officer", special(loan_id))
    assert again.kind is InspectionKind.SPECIAL
    with pytest.raises(IllegalEvent):
        act(bank, drop_inspection, "a-risk", check_id, Said(note="误报"))


def test_a_special_check_is_not_ordered_for_yesterday_or_for_a_loan_not_drawn(bank, loan_id):
    with pytest.raises(InvalidInput):
        act(bank, order_inspection, "a-officer", special(loan_id, OPENED - timedelta(days=1)))
    signed = bank.sign(starts_on=OPENED, matures_on=date(2025, 1, 2))
    with pytest.raises(LoanNotDrawn):
        act(bank, order_inspection, "a-officer", special(signed))


def test_checks_are_seen_by_their_bank_and_the_regulator_of_the_region(bank, check_id):
    for login in ("a-audit", "pbc-1"):
        assert act(bank, inspection_view, login, check_id).id == check_id
    for login in ("b-officer", "c1-fin", "x-1"):
        with pytest.raises(NotFound):
            act(bank, inspection_view, login, check_id)


def test_late_checks_are_listed(bank, check_id):
    def late():
        with bank.database.read() as session:
            actor = bank.world.actor("a-officer")
            wanted = InspectionFilter(late=True)
            return session.execute(list_inspections(session, actor, wanted)).all()

    bank.sql("UPDATE bank_day SET open_on = :day", day="2024-01-17")
    assert late() == []
    bank.sql("UPDATE bank_day SET open_on = :day", day="2024-01-18")
    assert len(late()) == 1


# --- What verify sees ---


TAMPERED = {
    "UPDATE inspection SET summary = 'x'": "inspection-sealed",
    "UPDATE inspection SET drawn_fen = 1": "inspection-drawn",
    "UPDATE inspection SET proved_fen = 1": "inspection-proofs",
    "UPDATE inspection SET due_on = '2024-01-16'": "inspection-plan",
    "UPDATE inspection SET loan_class = 'loss'": "inspection-plan",
    "UPDATE inspection SET months = 99": "inspection-plan",
    "UPDATE inspection SET findings = '[]'": "inspection-complete",
}


def test_a_changed_report_is_found(bank, check_id):
    submitted(bank, check_id)
    act(bank, review_report, "a-risk", check_id, Said())
    assert found_after(bank, "UPDATE inspection SET number = number") == set()
    for statement, invariant in TAMPERED.items():
        assert invariant in found_after(bank, statement), statement


def found_after(bank, statement):
    """What is found after a change by hand, which is then taken back."""
    with Session(bank.database.engine) as session:
        session.execute(sa.text(statement))
        found = {each.invariant for each in inspection_violations(session)}
        session.rollback()
    return found


def test_the_database_itself_refuses_a_report_reviewed_by_its_writer(bank, check_id):
    submitted(bank, check_id)
    with pytest.raises(sa.exc.IntegrityError):
        bank.sql("UPDATE inspection SET state = 'reviewed', reviewed_by = submitted_by")
    bank.tampered = False


def test_two_open_checks_of_the_plan_for_one_loan_are_impossible(bank, loan_id, check_id):
    columns = [column.name for column in Inspection.__table__.columns]
    copied = ", ".join(
        {"id": ":id", "number": "'PI-2024-000099'", "due_on": "'2024-03-01'"}.get(name, name)
        for name in columns
    )
    other = bank.world.person("a-co")
    key = other.hex if bank.database.is_sqlite else other
    with pytest.raises(sa.exc.IntegrityError):
        bank.sql(
            f"INSERT INTO inspection ({', '.join(columns)}) SELECT {copied} FROM inspection", id=key
        )
    bank.tampered = False


def test_a_file_of_another_bank_in_a_report_is_found(bank, check_id):
    act(bank, record_findings, "a-officer", check_id, report())
    act(bank, add_file, "a-officer", check_id, proof(1 * YUAN))
    with bank.database.read() as session:
        assert session.execute(sa.select(InspectionFile)).scalar_one().amount_fen == 1 * YUAN
    other = bank.world.organisation("B")
    key = other.hex if bank.database.is_sqlite else other
    bank.sql("UPDATE document SET organisation_id = :bank", bank=key)
    assert "inspection-file" in {found.invariant for found in bank.broken()}
