"""The report of a check as a numbered document: the facts put into the view that is printed."""

from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.documents.files import check_address
from app.documents.pdf import Words
from app.documents.services import DocumentIdentity, IssueDocument, issue_document, new_identity
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.loans.domain.inspection import UseOfFunds, checklist, name_in
from app.loans.inspection.pdf import EvidenceLine, FindingLine, ReportView, inspection_report
from app.loans.inspection.queries import InspectionView
from app.loans.models import Loan

KIND: Final = "inspection-report"

DEMONSTRATION: Final = Words(zh="演示数据，纯属虚构。", en="Demo data, invented.")


def issue_report(session: Session, actor: Actor, view: InspectionView) -> UUID:
    """Print a report that was just reviewed; gives the id of the issued document."""
    if view.reviewed_on is None:
        raise ValueError(f"{view.number} is not reviewed")
    identity = new_identity(session, year=view.reviewed_on.year)
    command = IssueDocument(
        identity=identity,
        kind=KIND,
        title=Name(zh="贷后检查报告", en="Report of a post-loan check"),
        issued_on=view.reviewed_on,
        subject_kind="inspection",
        subject_id=view.id,
        content=inspection_report(_printed(session, view, identity)),
    )
    return issue_document(session, actor, command).id


def _printed(session: Session, view: InspectionView, identity: DocumentIdentity) -> ReportView:
    bank = session.get_one(Organisation, view.bank_id)
    loan = session.get_one(Loan, view.loan_id)
    use = view.use or UseOfFunds(drawn_fen=0, proved_fen=0)
    issued_on = view.reviewed_on or view.due_on
    return ReportView(
        number=identity.number,
        issued_on=issued_on,
        check_url=check_address(identity.code),
        digest_text=identity.code,
        bank=Words(zh=bank.name_zh, en=bank.name_en),
        borrower=_words(view.borrower_name),
        loan_number=view.loan_number,
        loan_title=_words(view.loan_title),
        inspection_number=view.number,
        kind=_words(name_in("kinds", view.kind.value)),
        due_on=view.due_on,
        checked_on=view.checked_on or view.due_on,
        place=view.place,
        present=view.present,
        findings=_findings(view),
        drawn_fen=use.drawn_fen,
        proved_fen=use.proved_fen,
        open_fen=use.open_fen,
        evidence=_evidence(view),
        conclusion=_words(name_in("conclusions", view.conclusion.value))
        if view.conclusion
        else Words(zh="", en=""),
        summary=view.summary,
        next_step=view.next_step,
        inspector=view.submitted_name.zh,
        reviewer=view.reviewed_name.zh,
        submitted_on=view.submitted_on,
        review_note=view.review_note,
        notice=DEMONSTRATION if loan.synthetic else None,
    )


def _words(name: Name) -> Words:
    return Words(zh=name.zh, en=name.en if name.en != name.zh else "")


def _findings(view: InspectionView) -> list[FindingLine]:
    names = {item.code: item.name for item in checklist()}
    return [
        FindingLine(
            item=_words(names[each.item]),
            answer=_words(name_in("answers", each.answer.value)),
            note=each.note,
        )
        for each in view.findings
    ]


def _evidence(view: InspectionView) -> list[EvidenceLine]:
    return [
        EvidenceLine(
            purpose=_words(name_in("purposes", each.purpose.value)),
            name=each.name,
            amount_fen=each.amount_fen,
            payee=each.payee,
            sha256=each.sha256,
        )
        for each in view.standing_files
    ]
