"""What waits for an actor, merged from all rooms. Each feed is a bounded number of queries."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain import AppraisalEvent, AppraisalState
from app.appraisal.models import Appraisal, AssetValue
from app.appraisal.queries import light, visible_appraisals
from app.appraisal.run_queries import last_finished_run, unvalued_assets
from app.appraisal.services import AppraisalSummary
from app.appraisal.services import summaries as appraisal_summaries
from app.assets.domain import AssetKind, AssetState
from app.assets.models import Asset
from app.assets.queries import AssetSummary, visible_assets
from app.assets.queries import summaries as asset_summaries
from app.collateral.domain.states import (
    OPEN_CALL_STATES,
    CallState,
    PledgeState,
    RecognitionReason,
)
from app.collateral.models import MarginCall, Pledge, RecognisedValue, Recognition
from app.collateral.queries import (
    ACTIVE,
    visible_margin_calls,
    visible_pledges,
    waits_for_registry,
)
from app.db.engine import today
from app.desk import loan_tasks
from app.desk.domain import Task, by_urgency
from app.desk.entry_tasks import entry_tasks
from app.desk.inspection_tasks import inspection_tasks, measure_tasks, signal_tasks
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.classes.changes import class_change_views, visible_class_changes
from app.loans.classes.models import ClassChange
from app.loans.domain.class_changes import ChangeState
from app.loans.domain.states import LoanState
from app.loans.models import BankDay, Loan, LoanDue
from app.loans.queries import visible_loans
from app.loans.services import find_business_day, lending_day
from app.loans.titles import loan_title
from app.origination.domain.states import ApplicationState
from app.origination.models import Application, PoolLine
from app.origination.services.lists import waiting_for
from app.reference.services import policy_for

MAX_TASKS: Final = 200
"""Rows of one feed; a desk with more works from the lists of the rooms."""

_APPRAISAL_WHAT: Final = {
    AppraisalState.ORDERED: N_("Accept or decline the appraisal order"),
    AppraisalState.PREPARING: N_("Prepare and sign the appraisal"),
    AppraisalState.SIGNED: N_("Review and countersign the appraisal"),
}
_CALL_WHAT: Final = {
    CallState.OPEN: N_("Review the warning"),
    CallState.REVIEWED: N_("Issue the top-up notice"),
    CallState.ISSUED: N_("Record the proof of service"),
    CallState.SERVED: N_("The time to cure is over: extend, waive or declare default"),
}
_ACT_WHAT: Final = {
    "register": N_("Register the asset"),
    "measure": N_("Measure the asset"),
    "certify": N_("Certify the measurement"),
    "file": N_("File the asset"),
}


def working_day(session: Session, actor: Actor) -> date:
    """The day that an actor works on: the bank's business day; for others the latest open one, or today."""
    if actor.organisation_kind == "bank":
        return lending_day(session, actor.organisation_id)
    latest: date | None = session.execute(sa.select(sa.func.max(BankDay.open_on))).scalar_one()
    civil = today(session)
    return min(latest, civil) if latest else civil


def worklist(session: Session, actor: Actor) -> list[Task]:
    """Everything that waits for the actor, the most urgent first."""
    feeds = (
        _files,
        _appraisals,
        _calls,
        _pledges,
        _releases,
        _recognitions,
        _stale_values,
        _unvalued_assets,
        _acts,
        _dues,
        loan_tasks.left_behind,
        loan_tasks.unsent_notices,
        loan_tasks.failed_batches,
        loan_tasks.waiting_money,
        loan_tasks.owed_fees,
        loan_tasks.refundable_money,
        loan_tasks.coming_payments,
        inspection_tasks,
        measure_tasks,
        signal_tasks,
        _day_close,
        _class_changes,
        entry_tasks,
    )
    return by_urgency(task for feed in feeds for task in feed(session, actor))


def _files(session: Session, actor: Actor) -> Iterator[Task]:
    """Applications and drawdowns whose next step is this actor's."""
    if not actor.may(Permission.READ_APPLICATIONS):
        return
    for item in waiting_for(session, actor):
        yield Task(
            what=item.what,
            number=item.number,
            href=item.href,
            title=item.title,
            customer=item.customer,
            amount_fen=item.amount_fen,
            due_on=item.due_on,
        )


def _appraisals(session: Session, actor: Actor) -> Iterator[Task]:
    """Orders of an agency, or of a bank to itself; signatures wait for whom the duties allow."""
    if not (actor.may(Permission.PREPARE_APPRAISAL) or actor.may(Permission.SIGN_APPRAISAL)):
        return
    statement = (
        light(visible_appraisals(session, actor))
        .where(
            col(Appraisal.state).in_(list(_APPRAISAL_WHAT)),
            col(Appraisal.agency_id) == actor.organisation_id,
        )
        .order_by(col(Appraisal.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).scalars().all()
    for view in appraisal_summaries(session, actor, rows):
        if _appraisal_waits(view, actor):
            yield Task(
                what=_APPRAISAL_WHAT[view.state],
                number=view.number,
                href=f"/appraisals/{view.id}",
                title=view.asset_title,
                customer=view.bank,
                amount_fen=view.value_fen,
            )


def _appraisal_waits(view: AppraisalSummary, actor: Actor) -> bool:
    forward = {AppraisalEvent.ACCEPT.value, AppraisalEvent.COUNTERSIGN.value}
    preparing = view.state is AppraisalState.PREPARING and actor.may(Permission.PREPARE_APPRAISAL)
    return preparing or bool(forward & set(view.events))


def _calls(session: Session, actor: Actor) -> Iterator[Task]:
    """Top-up cases: of the bank by permission and duty, of the borrower to answer."""
    wanted = _call_states(actor)
    if not wanted:
        return
    statement = (
        visible_margin_calls(session, actor)
        .where(col(MarginCall.state).in_(wanted))
        .order_by(col(MarginCall.number))
        .limit(MAX_TASKS)
    )
    calls = session.execute(statement).scalars().all()
    loans = _loans(session, [call.loan_id for call in calls])
    day = working_day(session, actor) if calls else date.min
    for call in calls:
        if _call_waits(call, actor, day):
            loan, borrower = loans[call.loan_id]
            answer = actor.organisation_kind == "enterprise"
            yield Task(
                what=N_("Answer the top-up notice") if answer else _CALL_WHAT[call.state],
                number=call.number,
                href=f"/margin-calls/{call.id}",
                title=loan_title(loan.title),
                customer=borrower,
                amount_fen=call.repay_fen,
                due_on=call.due_on or call.opened_on,
            )


def _call_states(actor: Actor) -> list[CallState]:
    if actor.organisation_kind == "enterprise":
        return [CallState.ISSUED, CallState.SERVED]
    reviews = actor.may(Permission.REVIEW_WARNING)
    issues = actor.may(Permission.ISSUE_TOP_UP_NOTICE)
    return [
        state
        for state in OPEN_CALL_STATES
        if (reviews if state in {CallState.OPEN, CallState.ISSUED} else issues)
    ]


def _call_waits(call: MarginCall, actor: Actor, day: date) -> bool:
    """The reviewer does not issue; a served notice waits for the bank once its last day has passed."""
    if actor.organisation_kind == "enterprise":
        return True
    if call.state is CallState.REVIEWED:
        return call.reviewer_id != actor.person_id
    if call.state is CallState.SERVED:
        return call.due_on is not None and call.due_on < day
    return True


def _loans(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[Loan, Name]]:
    if not ids:
        return {}
    statement = (
        sa.select(Loan, Organisation)
        .join(Organisation, col(Organisation.id) == col(Loan.borrower_id), isouter=True)
        .where(col(Loan.id).in_(ids))
    )
    return {
        loan.id: (
            loan,
            Name(zh=firm.name_zh, en=firm.name_en)
            if firm
            else Name(zh=loan.borrower_name, en=loan.borrower_name),
        )
        for loan, firm in session.execute(statement).all()
    }


def _pledges(session: Session, actor: Actor) -> Iterator[Task]:
    """Pledges and mortgages that wait for their registration, or for one that names the new contract."""
    if not actor.may(Permission.REGISTER_PLEDGE):
        return
    statement = (
        visible_pledges(session, actor)
        .where(waits_for_registry())
        .order_by(col(Pledge.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).all()
    loans = _loans(session, [pledge.loan_id for pledge, _asset in rows])
    for pledge, asset in rows:
        yield Task(
            what=_REGISTER[pledge.state],
            number=pledge.number,
            href=f"/pledges/{pledge.id}",
            title=Name(zh=asset.title, en=asset.title_en),
            customer=loans[pledge.loan_id][1],
            amount_fen=pledge.secured_fen,
            due_on=pledge.contracted_on,
        )


_REGISTER = {
    PledgeState.CONTRACTED: N_("Register the pledge or mortgage"),
    PledgeState.REGISTERED: N_("Have the registration name the new contract"),
}


def _releases(session: Session, actor: Actor) -> Iterator[Task]:
    """Securities of settled loans that still stand."""
    if not actor.may(Permission.RELEASE_PLEDGE):
        return
    settled = sa.select(col(Loan.id)).where(col(Loan.state) == LoanState.SETTLED)
    statement = (
        visible_pledges(session, actor)
        .where(col(Pledge.state).in_(ACTIVE), col(Pledge.loan_id).in_(settled))
        .order_by(col(Pledge.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).all()
    loans = _loans(session, [pledge.loan_id for pledge, _asset in rows])
    for pledge, asset in rows:
        yield Task(
            what=N_("Release the security of the settled loan"),
            number=pledge.number,
            href=f"/pledges/{pledge.id}",
            title=Name(zh=asset.title, en=asset.title_en),
            customer=loans[pledge.loan_id][1],
            amount_fen=pledge.secured_fen,
        )


def _recognitions(session: Session, actor: Actor) -> Iterator[Task]:
    """Assets with a current value that the bank has not recognised, or that rose again after a fall."""
    if not actor.may(Permission.CONFIRM_RECOGNISED_VALUE):
        return
    bank_id = actor.organisation_id
    statement: Any = (
        sa.select(Asset, AssetValue, RecognisedValue, Organisation)
        .join(AssetValue, col(AssetValue.asset_id) == col(Asset.id))
        .join(Organisation, col(Organisation.id) == col(Asset.owner_id))
        .join(
            RecognisedValue,
            sa.and_(
                col(RecognisedValue.asset_id) == col(Asset.id),
                col(RecognisedValue.bank_id) == bank_id,
            ),
            isouter=True,
        )
        .where(col(Asset.id).in_(_assets_in_use(bank_id)), col(AssetValue.current_fen).is_not(None))
        .where(col(AssetValue.valid_until) >= working_day(session, actor))
        .where(sa.or_(col(RecognisedValue.recognised_fen).is_(None), _rose_after_fall(bank_id)))
        .order_by(col(Asset.number))
        .limit(MAX_TASKS)
    )
    for asset, value, _recognised, owner in session.execute(statement).all():
        yield Task(
            what=N_("Confirm the recognised value"),
            number=asset.number,
            href=f"/assets/{asset.id}/recognised-value",
            title=Name(zh=asset.title, en=asset.title_en),
            customer=Name(zh=owner.name_zh, en=owner.name_en),
            amount_fen=value.current_fen,
        )


def _assets_in_use(bank_id: UUID) -> sa.CompoundSelect[Any]:
    """Assets in pools of the bank's loans and of its files in hand."""
    ended = (
        ApplicationState.CONTRACTED,
        ApplicationState.REJECTED,
        ApplicationState.WITHDRAWN,
        ApplicationState.DRAFT,
    )
    offered = (
        sa.select(col(PoolLine.asset_id))
        .join(Application, col(Application.id) == col(PoolLine.application_id))
        .where(col(Application.bank_id) == bank_id, col(Application.state).not_in(ended))
    )
    return sa.union(offered, _assets_pledged(bank_id))


def _assets_pledged(bank_id: UUID) -> sa.Select[Any]:
    return sa.select(col(Pledge.asset_id)).where(
        col(Pledge.bank_id) == bank_id, col(Pledge.state).in_(ACTIVE)
    )


def _rose_after_fall(bank_id: UUID) -> sa.ColumnElement[bool]:
    last = (
        sa.select(col(Recognition.reason))
        .where(col(Recognition.bank_id) == bank_id, col(Recognition.asset_id) == col(Asset.id))
        .order_by(col(Recognition.at).desc(), col(Recognition.id).desc())
        .limit(1)
        .correlate(Asset)
        .scalar_subquery()
    )
    higher = col(AssetValue.current_fen) > col(RecognisedValue.recognised_fen)
    return sa.and_(higher, last != RecognitionReason.CONFIRMATION)


def _stale_values(session: Session, actor: Actor) -> Iterator[Task]:
    """Assets behind the bank's loans that were last valued longer ago than the rule for their kind allows."""
    if actor.organisation_kind != "bank" or not actor.may(Permission.RUN_REVALUATION):
        return
    day = working_day(session, actor)
    longest = _longest_between_values(session, actor.organisation_id, day)
    valued_on = sa.func.coalesce(col(AssetValue.valued_on), col(AssetValue.appraised_on))
    stale = [
        sa.and_(col(Asset.kind) == kind, valued_on < day - days) for kind, days in longest.items()
    ]
    statement: Any = (
        sa.select(Asset, AssetValue, Organisation)
        .join(AssetValue, col(AssetValue.asset_id) == col(Asset.id))
        .join(Organisation, col(Organisation.id) == col(Asset.owner_id))
        .where(col(Asset.id).in_(_assets_pledged(actor.organisation_id)), sa.or_(*stale))
        .order_by(valued_on, col(Asset.number))
        .limit(MAX_TASKS)
    )
    for asset, value, owner in session.execute(statement).all():
        yield Task(
            what=N_("Value the asset again"),
            number=asset.number,
            href=f"/assets/{asset.id}",
            title=Name(zh=asset.title, en=asset.title_en),
            customer=Name(zh=owner.name_zh, en=owner.name_en),
            amount_fen=value.current_fen,
            due_on=(value.valued_on or value.appraised_on) + longest[asset.kind],
        )


def _unvalued_assets(session: Session, actor: Actor) -> Iterator[Task]:
    """The assets in sight that the last revaluation could not value and nobody has valued since, together."""
    if actor.organisation_kind != "bank" or not actor.may(Permission.RUN_REVALUATION):
        return
    run = last_finished_run(session, actor)
    left = unvalued_assets(session, actor, run) if run and run.failed else 0
    if run and left:
        yield Task(
            what=N_("Assets that the revaluation could not value, and nobody since: %(count)s"),
            facts={"count": left},
            number=run.number,
            href=f"/revaluations/{run.id}/assets?state=failed",
        )


def _longest_between_values(
    session: Session, bank_id: UUID, day: date
) -> Mapping[AssetKind, timedelta]:
    table = policy_for(session, bank_id, day).table("collateral.revaluation_interval")
    return {kind: timedelta(days=int(table.decimal(kind, "interval"))) for kind in AssetKind}


def _acts(session: Session, actor: Actor) -> Iterator[Task]:
    """Assets sent to a centre, and drafts of an owner."""
    states = _asset_states(actor)
    if not states:
        return
    statement = (
        visible_assets(session, actor)
        .where(col(Asset.state).in_(states))
        .order_by(col(Asset.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).scalars().all()
    for view in asset_summaries(session, actor, rows):
        event = next((name for name in view.events if name in _ACT_WHAT), None)
        if event is not None:
            yield _act_task(view, event)


def _asset_states(actor: Actor) -> list[AssetState]:
    by_permission = (
        (Permission.REGISTER_ASSET, AssetState.DRAFT),
        (Permission.MEASURE_ASSET, AssetState.REGISTERED),
        (Permission.CERTIFY_ASSET, AssetState.MEASURED),
        (Permission.FILE_ASSET, AssetState.CERTIFIED),
    )
    return [state for permission, state in by_permission if actor.may(permission)]


def _act_task(view: AssetSummary, event: str) -> Task:
    return Task(
        what=_ACT_WHAT[event],
        number=view.number,
        href=f"/assets/{view.id}",
        title=view.name,
        customer=view.owner,
    )


def _dues(session: Session, actor: Actor) -> Iterator[Task]:
    """What a borrower has been billed and not paid."""
    if actor.organisation_kind != "enterprise" or not actor.may(Permission.READ_LOANS):
        return
    visible = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    left = (
        col(LoanDue.principal_fen)
        + col(LoanDue.interest_fen)
        - col(LoanDue.paid_principal_fen)
        - col(LoanDue.paid_interest_fen)
    )
    unpaid = (
        sa.select(
            col(LoanDue.loan_id).label("loan_id"),
            sa.func.min(LoanDue.due_on).label("due_on"),
            sa.func.sum(left).label("amount"),
        )
        .where(col(LoanDue.loan_id).in_(visible), col(LoanDue.settled).is_(False))
        .group_by(col(LoanDue.loan_id))
        .limit(MAX_TASKS)
        .subquery()
    )
    statement = sa.select(Loan, unpaid.c.due_on, unpaid.c.amount).join(
        unpaid, unpaid.c.loan_id == col(Loan.id)
    )
    for loan, due_on, amount in session.execute(statement).all():
        yield Task(
            what=N_("Pay what has fallen due"),
            number=loan.number,
            href=f"/loans/{loan.id}",
            title=loan_title(loan.title),
            amount_fen=int(amount),
            due_on=due_on,
        )


def _day_close(session: Session, actor: Actor) -> Iterator[Task]:
    """The business day that operations have still to close."""
    if not actor.may(Permission.CLOSE_DAY) or actor.organisation_kind != "bank":
        return
    open_on = find_business_day(session, actor.organisation_id)
    if open_on is not None and open_on <= today(session):
        yield Task(
            what=N_("Close the business day %(day)s"),
            facts={"day": open_on.isoformat()},
            number=open_on.isoformat(),
            href="/day-closes",
            due_on=open_on,
        )


def _class_changes(session: Session, actor: Actor) -> Iterator[Task]:
    """Better classes, facts for the better and ends of facts that wait for a second person."""
    if not actor.may(Permission.CONFIRM_CLASS):
        return
    statement = (
        visible_class_changes(session, actor)
        .where(col(ClassChange.state) == ChangeState.PROPOSED)
        .order_by(col(ClassChange.number))
        .limit(MAX_TASKS)
    )
    rows = session.execute(statement).scalars().all()
    for view in class_change_views(session, actor, rows):
        if view.events:
            yield Task(
                what=N_("Change of class waits for a second person"),
                number=view.number,
                href=f"/class-changes/{view.id}",
                title=Name(zh=view.loan_number, en=view.loan_number),
                customer=view.borrower,
            )
