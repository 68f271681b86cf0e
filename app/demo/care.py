"""Post-loan checks and warning signals of the demonstration, made on their own days."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.db.engine import Database, pretend_day
from app.demo.files import day_of, rows, table, wan_to_fen
from app.demo.lending import BANKS, OPEN_ON, system_of
from app.demo.people import Cast
from app.documents.services import UploadFile
from app.identity.domain import OrganisationKind
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, system_actor
from app.loans.domain.inspection import Answer, Conclusion, FilePurpose, Finding, checklist
from app.loans.inspection.looking import look_once
from app.loans.inspection.planning import plan_inspections
from app.loans.inspection.report import issue_missing_reports
from app.loans.inspection.services import (
    AddFile,
    OrderInspection,
    RecordFindings,
    Said,
    add_file,
    order_inspection,
    record_findings,
    review_report,
    submit_report,
)
from app.loans.inspection.signals import (
    CompleteMeasure,
    PlanMeasure,
    RaiseSignal,
    complete_measure,
    plan_measure,
    raise_signal,
)
from app.loans.loan_officers import first_officer
from app.loans.models import Loan


def add_care(session: Session, cast: Cast, loans: Mapping[str, UUID]) -> None:
    """Name the officers, tell the checks and signals of the file, plan what comes next, and look for more signs."""
    story = table("inspections")
    for row in rows("serviced_loans"):
        pretend_day(session, day_of(row["drawn_on"]))
        officer = cast.actor(session, story["officers"][row["bank_id"]])
        first_officer(session, officer, loans[row["loan_id"]], officer.person_id)
    made = {
        each["loan"]: _check(session, cast, loans[each["loan"]], each) for each in story["checks"]
    }
    for each in story["signals"]:
        found_by = made[each["loan"]] if each.get("from_check") else None
        _signal(session, cast, loans[each["loan"]], each, found_by)
    pretend_day(session, OPEN_ON)
    for bank in BANKS:
        plan_inspections(session, system_of(cast, bank), cast.organisations[bank])
        look_once(session, system_of(cast, bank), cast.organisations[bank])


def print_checks(database: Database) -> None:
    """Print the reports that were reviewed."""
    actor = system_actor(
        organisation_id=PLATFORM_ORGANISATION_ID, organisation_kind=OrganisationKind.PLATFORM.value
    )
    failed = issue_missing_reports(database, actor).failed
    if failed:
        raise RuntimeError(f"reports of checks that cannot be printed: {', '.join(failed)}")


def _check(session: Session, cast: Cast, loan_id: UUID, each: Mapping[str, Any]) -> UUID:
    """One check as far as the file tells it."""
    loan = session.get_one(Loan, loan_id)
    bank = next(code for code in BANKS if cast.organisations[code] == loan.bank_id)
    officer = cast.of(session, bank, "officer")
    pretend_day(session, each["ordered_on"])
    order = OrderInspection(loan_id=loan_id, due_on=each["due_on"], reason=each["reason"])
    check_id = order_inspection(session, officer, order).id
    pretend_day(session, each["checked_on"])
    record_findings(session, officer, check_id, _findings(loan, each))
    for number, proof in enumerate(each["proofs"], start=1):
        add_file(session, officer, check_id, _proof(each["loan"], number, proof))
    if each.get("submitted") or "reviewed_on" in each:
        submit_report(session, officer, check_id, Said())
    if "reviewed_on" in each:
        pretend_day(session, each["reviewed_on"])
        reviewer = cast.of(session, bank, "review")
        review_report(session, reviewer, check_id, Said(note=each["review_note"]))
    return check_id


def _findings(loan: Loan, each: Mapping[str, Any]) -> RecordFindings:
    concerns = each.get("concerns", {})
    findings = tuple(
        Finding(
            item=item.code,
            answer=Answer.CONCERN if item.code in concerns else Answer.FINE,
            note=concerns.get(item.code, ""),
        )
        for item in checklist()
        if item.applies_to(loan.security)
    )
    return RecordFindings(
        checked_on=each["checked_on"],
        place=each["place"],
        present=each["present"],
        findings=findings,
        conclusion=Conclusion(each["conclusion"]),
        summary=each["summary"],
        next_step=each["next_step"],
    )


def _proof(loan: str, number: int, proof: Mapping[str, str]) -> AddFile:
    """A paper as a small table; its digest stands in the printed report."""
    amount_fen = wan_to_fen(proof["amount_wan"])
    text = f"收款人,金额（万元）,用途\n{proof['payee']},{proof['amount_wan']},{proof['words']}（示例）\n"
    return AddFile(
        file=UploadFile(name=f"{loan}-用途凭证{number}.csv", content=text.encode()),
        purpose=FilePurpose.USE_OF_FUNDS,
        amount_fen=amount_fen,
        payee=proof["payee"],
        note=proof["words"],
    )


def _signal(
    session: Session, cast: Cast, loan_id: UUID, each: Mapping[str, Any], found_by: UUID | None
) -> None:
    officer: Actor = cast.actor(session, each["by"])
    pretend_day(session, each["raised_on"])
    raised = raise_signal(
        session,
        officer,
        RaiseSignal(
            loan_id=loan_id,
            level=each["level"],
            kind=each["kind"],
            source=each["source"],
            description=each["description"],
            inspection_id=found_by,
        ),
    )
    for number, task in enumerate(each.get("measures", ()), start=1):
        person = cast.people[task["person"]]
        measure = PlanMeasure(task=task["task"], due_on=task["due_on"], person_id=person)
        plan_measure(session, officer, raised.id, measure)
        if "done_on" in task:
            pretend_day(session, task["done_on"])
            done = CompleteMeasure(measure=number, note=task["note"])
            complete_measure(session, officer, raised.id, done)
