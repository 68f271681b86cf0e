"""The top-up notice as a numbered document: the facts of the case put into the view that the report draws."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services.reporting import INVENTED
from app.assets.models import Asset
from app.collateral.domain.cover import lendable_fen, moving_ppm
from app.collateral.domain.states import Level
from app.collateral.models import MarginCall, Pledge
from app.collateral.queries import ACTIVE, Pool, observations
from app.collateral.refusals import NoticeNeedsValue
from app.collateral.reports import (
    LtvPointView,
    NoticePartyView,
    PledgedAssetView,
    TopUpNoticeView,
    top_up_notice,
)
from app.documents.files import check_address
from app.documents.pdf_blocks import Words
from app.documents.services import DocumentIdentity, IssueDocument, issue_document, new_identity
from app.identity.models import Organisation, Person
from app.kernel.actor import Actor, Name
from app.loans.domain.accrual import interest_of_a_day_fen
from app.loans.models import Loan

CROSSED = {
    Level.TOP_UP: Words(zh="追加线", en="top-up line"),
    Level.DISPOSAL: Words(zh="处置线", en="disposal line"),
}
REVALUED = Words(
    zh="押品价值与贷款余额已重新计量。",
    en="the value of the collateral and the debt were measured anew.",
)
"""What a notice says when nobody wrote a cause: findings of the review stay inside the bank."""

CONSEQUENCES = (
    Words(
        zh="逾期未补足的，我行有权依合同约定停止放款、宣布贷款提前到期并依法处置押品。",
        en="If the cure fails in time, the bank may stop drawdowns, call the loan and dispose of the collateral"
        " as the contract and the law provide.",
    ),
    Words(
        zh="对本通知所列价值有异议的，可在补足期限内书面提出，并附有效的评估报告。",
        en="Objections to the values may be raised in writing within the time to cure, with a valid appraisal report.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    bank: Organisation
    borrower: Organisation
    issuer: Person


def issue_notice(session: Session, actor: Actor, call: MarginCall, pool: Pool, cause: str) -> UUID:
    """Make and store the notice of a case; gives the id of the issued document.

    Refuses while an asset has no recognised value: a notice states a ratio.
    """
    if call.recognised_fen is None or call.ratio_ppm is None:
        raise NoticeNeedsValue
    loan = session.get_one(Loan, call.loan_id)
    parties = _parties(session, actor, loan)

    identity = new_identity(session, year=(call.issued_on or call.opened_on).year)
    command = IssueDocument(
        identity=identity,
        kind="top-up-notice",
        title=Name(zh="追加担保通知书", en="Notice to top up security"),
        issued_on=call.issued_on or call.opened_on,
        subject_kind="margin-call",
        subject_id=call.id,
        content=top_up_notice(_view(session, call, pool, loan, parties, identity, cause)),
    )
    return issue_document(session, actor, command).id


def _view(
    session: Session,
    call: MarginCall,
    pool: Pool,
    loan: Loan,
    parties: _Parties,
    identity: DocumentIdentity,
    cause: str,
) -> TopUpNoticeView:
    issued_on = call.issued_on or call.opened_on
    return TopUpNoticeView(
        number=identity.number,
        issued_on=issued_on,
        as_of=call.measured_on,
        due_on=call.due_on or issued_on,
        check_url=check_address(identity.code),
        digest_text=identity.code,
        bank=_party(parties.bank),
        borrower=_party(parties.borrower),
        loan_number=loan.number,
        basis=call.basis.value,
        principal_fen=pool.debt.principal_fen,
        accrued_fen=pool.debt.accrued_fen,
        fees_fen=pool.debt.fees_fen,
        exposure_fen=pool.debt.exposure_fen,
        recognised_fen=call.recognised_fen or 0,
        ratio_ppm=call.ratio_ppm or 0,
        warning_ppm=pool.lines.warning_ppm,
        top_up_ppm=pool.lines.top_up_ppm,
        disposal_ppm=pool.lines.disposal_ppm,
        target_ppm=call.target_ppm,
        crossed=CROSSED.get(call.level, CROSSED[Level.TOP_UP]),
        assets=_assets(session, pool),
        repay_fen=call.repay_fen,
        add_recognised_fen=call.add_recognised_fen,
        cause=Words(zh=cause or REVALUED.zh, en=cause or REVALUED.en),
        contact=parties.issuer.name_zh,
        consequences=CONSEQUENCES,
        issuer_name=parties.issuer.name_zh,
        issuer_post=Words(zh="有权审批人", en="Authorised approver"),
        daily_interest_fen=interest_of_a_day_fen(
            pool.debt.principal_fen, rate_ppm=loan.rate_ppm, day_count=loan.day_count
        ),
        history=tuple(
            LtvPointView(on=each.on, ratio_ppm=ratio)
            for each in observations(session, loan.id, limit=12)
            if each.exposure_fen and (ratio := moving_ppm(each, pool.lines.basis)) is not None
        ),
        notice=INVENTED if loan.synthetic else None,
    )


def _parties(session: Session, actor: Actor, loan: Loan) -> _Parties:
    return _Parties(
        bank=session.get_one(Organisation, loan.bank_id),
        borrower=session.get_one(Organisation, loan.borrower_id),
        issuer=session.get_one(Person, actor.person_id),
    )


def _party(organisation: Organisation) -> NoticePartyView:
    words = Words(zh=organisation.name_zh, en=organisation.name_en)
    return NoticePartyView(name=words, code=organisation.uscc or "")


def _assets(session: Session, pool: Pool) -> list[PledgedAssetView]:
    ids = [each.asset_id for each in pool.assets]
    assets = {
        row.id: row
        for row in session.execute(sa.select(Asset).where(col(Asset.id).in_(ids))).scalars()
    }
    relied = _recognised_at_contract(session, pool)
    return [
        PledgedAssetView(
            number=assets[each.asset_id].number,
            title=Words(zh=assets[each.asset_id].title, en=assets[each.asset_id].title_en),
            relied_fen=relied.get(each.asset_id),
            recognised_fen=each.recognised_fen,
            cap_ppm=each.cap_ppm,
            lendable_fen=lendable_fen(each),
        )
        for each in pool.assets
    ]


def _recognised_at_contract(session: Session, pool: Pool) -> dict[UUID, int]:
    """What the bank recognised of each asset when it took it."""
    statement = sa.select(col(Pledge.asset_id), col(Pledge.relied_recognised_fen)).where(
        col(Pledge.loan_id) == pool.loan_id, col(Pledge.state).in_(ACTIVE)
    )
    return {row.asset_id: row.relied_recognised_fen for row in session.execute(statement)}
