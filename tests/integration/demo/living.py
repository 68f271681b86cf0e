"""The demonstration lived on for a day, with one of each thing that it does not hold by itself."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain import AppraisalKind
from app.appraisal.domain.findings import asked as asked_findings
from app.appraisal.models import Appraisal
from app.appraisal.queries import valid_appraisal
from app.appraisal.services import (
    OrderAppraisal,
    RequestRevaluation,
    SaveInputs,
    SignAppraisal,
    accept_order,
    order_appraisal,
    request_revaluation,
    run_revaluation,
    save_inputs,
    sign_appraisal,
)
from app.appraisal.services.gep_accounts import StoreAccount, store_account
from app.assets.domain import EncumbranceKind
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.assets.services import AddEncumbrance, add_encumbrance
from app.collateral.models import AssetLien, Pledge
from app.collateral.services.pledging import RegisterPledge, register_pledge
from app.collateral.services.watch import watch_bank
from app.db.engine import Database, now, today
from app.demo.lending import OPEN_ON
from app.identity.models import Membership, Organisation, Person
from app.identity.sessions import actor_for
from app.jobs.domain import read_rules
from app.jobs.runs import claim_run, complete
from app.kernel.actor import Actor, system_actor
from app.loans.classes.changes import JudgeClass, judge_class
from app.loans.closing.queries import DayCloseView
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LoanState
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    Recover,
    book_entry,
    propose_fee,
    recover,
)
from app.loans.models import Loan
from app.loans.services import close_day
from app.notices.services import Notify, notify
from app.origination.domain.changes import ChangeKind
from app.origination.domain.states import Payment
from app.origination.services import changes, drawdowns
from app.reference.services import (
    ImportCatalogue,
    ProposeOverride,
    decide_items,
    decide_override,
    propose_items,
    propose_override,
)
from tests.integration.demo import living_loans

ITEMS: Final = "code,level,parent_code,name_zh\n4.3.1,3,4.3,退耕还林还草\n"


def live_on(database: Database) -> None:
    """One business day: both banks value again, look at their loans and close."""
    with database.write() as session:
        _paper_work(session)
        _appraise_itself(session)
        _count_ecosystems(session)
        _pay_out(session)
        _book_by_hand(session)
        _change_terms(session)
    _close(database, "B")
    _lend_and_close(database, "A")


def _close(database: Database, code: str, *, failed: int = 0) -> DayCloseView:
    """A bank values again, looks at its loans and closes the day."""
    actor = _system(database, code)
    bank_id = actor.organisation_id
    _revalue(database, actor)
    _watch(database, actor, bank_id)
    closed = close_day(database, actor, bank_id, OPEN_ON)
    assert closed.failed == failed
    _watch(database, actor, bank_id)
    return closed


def _lend_and_close(database: Database, code: str) -> None:
    """Three loans more: corrected for an earlier day, left behind by the close and caught up, given up."""
    bank = _system(database, code)
    with database.write() as session:
        clerk = _person(session, f"{code.lower()}-ops")
        late, behind = living_loans.lend(session, bank, _organisation(session, "C10"))
        living_loans.misuse(session, _person(session, f"{code.lower()}-risk"), late)
        living_loans.repay_early(session, clerk, late)
        risk = _person(session, f"{code.lower()}-risk")
        lost = living_loans.lend_in_vain(session, bank, risk, _organisation(session, "C9"))
    living_loans.repay_by_file(database, clerk, late)
    with database.write() as session:
        due_on = living_loans.disturb(session, behind)
    closed = _close(database, code, failed=1)
    with database.write() as session:
        living_loans.put_right(session, behind, due_on)
        living_loans.catch_up(session, clerk, closed.id)
        living_loans.repay_late(session, clerk, late)
        living_loans.give_up(session, _person(session, f"{code.lower()}-preserve"), lost)


def _system(database: Database, code: str) -> Actor:
    with database.read() as session:
        bank_id = _organisation(session, code)
    return system_actor(organisation_id=bank_id, organisation_kind="bank")


def _change_terms(session: Session) -> None:
    """A class lowered by one person and its lift proposed; an extension of a performing loan, approved."""
    statement = (
        sa.select(Loan)
        .where(
            col(Loan.bank_id) == _organisation(session, "A"),
            col(Loan.state) == LoanState.PERFORMING,
        )
        .order_by(col(Loan.number).desc())
    )
    loan = session.execute(statement.limit(1)).scalar_one()
    lower = JudgeClass(loan_class=LoanClass.SUBSTANDARD, reason="现场核查")
    judge_class(session, _person(session, "a-risk"), loan.id, lower)
    assert loan.matures_on is not None
    later = loan.matures_on + timedelta(days=30)
    terms = changes.ProposeChange(
        kind=ChangeKind.EXTENSION,
        matures_on=later,
        registered_until=later,
        consent="抵押人同意函",
        reason="回款延后",
    )
    made = changes.propose_change(session, _person(session, "a-officer"), loan.id, terms)
    note = changes.DecideChange(note="同意")
    changes.approve_change(session, _person(session, "a-approve"), made.id, note)


def _organisation(session: Session, code: str) -> UUID:
    statement = sa.select(col(Organisation.id)).where(col(Organisation.code) == code)
    found: UUID = session.execute(statement).scalar_one()
    return found


def _person(session: Session, login: str) -> Actor:
    statement = (
        sa.select(col(Membership.person_id), col(Membership.organisation_id))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(col(Person.login) == login)
    )
    person_id, organisation_id = session.execute(statement).one()
    actor = actor_for(session, person_id, organisation_id)
    assert actor is not None
    return actor


def _paper_work(session: Session) -> None:
    """A policy of a bank's own and items of a catalogue, both decided; an encumbrance, a letter, a job's run."""
    value = ProposeOverride(
        parameter_id="collateral.cure_days",
        valid_from=OPEN_ON + timedelta(days=60),
        value=Decimal(15),
        reason="纪要",
    )
    proposed = propose_override(session, _person(session, "a-risk"), value)
    decide_override(session, _person(session, "a-approve"), proposed.id, accept=True)
    file = ImportCatalogue(
        edition="2019", source="附件", file_name="items.csv", content=ITEMS.encode(), dry_run=False
    )
    items = propose_items(session, _person(session, "sys-1"), file)
    assert items.id is not None
    decide_items(session, _person(session, "sec-1"), items.id, accept=True)
    _encumber(session)
    letter = Notify(
        organisation_id=_organisation(session, "C1"),
        kind="letter",
        template="A letter.",
        addresses=("c1@example.com",),
        letter_subject="示例",
        letter_body="示例",
    )
    notify(session, letter)
    rule = next(rule for rule in read_rules(5) if rule.name == "notice-outbox")
    held = claim_run(session, rule, scope="", tick=now(session).isoformat(), owner="a test")
    assert held is not None
    complete(session, held, {"sent": 0}, keep=True)


def _first_forest(session: Session) -> UUID:
    statement = (
        sa.select(col(Asset.id))
        .join(Organisation, col(Organisation.id) == col(Asset.owner_id))
        .where(col(Organisation.code) == "C1")
        .order_by(col(Asset.number))
        .limit(1)
    )
    found: UUID = session.execute(statement).scalar_one()
    return found


def _appraise_itself(session: Session) -> None:
    """An appraisal that the bank makes itself for a small loan, signed once."""
    officer, asset_id = _person(session, "a-collateral"), _first_forest(session)
    valid = valid_appraisal(session, asset_id)
    assert valid is not None
    assert valid.valued_on is not None
    order = OrderAppraisal(
        asset_id=asset_id,
        bank_id=_organisation(session, "A"),
        purpose="小额贷款（示例）",
        kind=AppraisalKind.INTERNAL,
        loan_fen=200_000_00,
    )
    # Every forest right of the demonstration secures more than a small loan; this one does not yet.
    lien = session.get_one(AssetLien, asset_id)
    secured, lien.secured_fen = lien.secured_fen, 0
    session.flush()
    made = order_appraisal(session, officer, order)
    lien.secured_fen = secured
    accept_order(session, officer, made.id)
    inputs = SaveInputs(valued_on=valid.valued_on, inputs=valid.inputs or {})
    save_inputs(session, officer, made.id, inputs)
    result = session.get_one(Appraisal, made.id).result or {}
    words = {each["name"]: "与登记核对一致。" for each in asked_findings(result)}
    sign_appraisal(session, officer, made.id, SignAppraisal(explanations=words))


def _count_ecosystems(session: Session) -> None:
    """A GEP account that is not published yet."""
    row = {"region": "620721", "year": 2022, "stated_yuan": {"undivided": "121649000000"}}
    command = StoreAccount(
        title="示例核算", source="示例", accounted_on=date(2023, 12, 26), document={"rows": [row]}
    )
    store_account(session, _person(session, "mc-1"), command)


def _encumber(session: Session) -> None:
    """A lease that the owner tells of after the asset was pledged."""
    right = AddEncumbrance(
        kind=EncumbranceKind.LEASE,
        holder="示例农场",
        since_on=date(2023, 5, 4),
        secured_fen=50_000_000,
    )
    add_encumbrance(session, _person(session, "c1-fin"), _first_forest(session), right)


def _pay_out(session: Session) -> None:
    """The loan of the demonstration that waits for its money is registered, checked and drawn."""
    signed = sa.select(Loan).where(col(Loan.state) == LoanState.SIGNED)
    loan = session.execute(signed).scalar_one()
    pledge = session.execute(sa.select(Pledge).where(col(Pledge.loan_id) == loan.id)).scalar_one()
    kind = session.get_one(Asset, pledge.asset_id).kind
    for registry in kind_info(kind).registries:
        receipt = RegisterPledge(registry=registry, number="示例-0001", registered_on=OPEN_ON)
        register_pledge(session, _person(session, "b-officer"), pledge.id, receipt)
    asked = drawdowns.RequestDrawdown(
        amount_fen=loan.contract_fen // 2,
        payee="示例设备公司",
        payment=Payment.ENTRUSTED,
        conditions_evidence="示例",
        search_number="示例查询-0001",
        searched_on=OPEN_ON,
    )
    waiting = drawdowns.request_drawdown(session, _person(session, "b-officer"), loan.id, asked)
    checker = _person(session, "b-drawdown")
    drawdowns.check_drawdown(session, checker, waiting.id, drawdowns.CheckDrawdown())
    paying = drawdowns.PostChecked()
    drawdowns.post_checked(session, _person(session, "b-ops"), waiting.id, paying)


def _book_by_hand(session: Session) -> None:
    """A fee booked by two persons, and money for a loan that was written off."""
    open_loan = sa.select(Loan).where(col(Loan.state) == LoanState.PERFORMING).limit(1)
    loan = session.execute(open_loan.order_by(col(Loan.number))).scalar_one()
    code = session.get_one(Organisation, loan.bank_id).code.lower()
    fee = ProposeFee(amount_fen=500_00, reason="示例")
    proposed = propose_fee(session, _person(session, f"{code}-ops"), loan.id, fee)
    book_entry(session, _person(session, f"{code}-drawdown"), proposed.id, BookEntry())
    lost = sa.select(Loan).where(col(Loan.state) == LoanState.WRITTEN_OFF).limit(1)
    loan = session.execute(lost).scalar_one()
    code = session.get_one(Organisation, loan.bank_id).code.lower()
    money = Recover(amount_fen=10_000_00, reason="示例")
    recover(session, _person(session, f"{code}-ops"), loan.id, money)


def _revalue(database: Database, actor: Actor) -> None:
    with database.write() as session:
        run = request_revaluation(session, actor, RequestRevaluation(on=today(session)))
    assert run_revaluation(database, actor, run.id).done


def _watch(database: Database, actor: Actor, bank_id: UUID) -> None:
    with database.write() as session:
        watch_bank(session, actor, bank_id, everything=True)
