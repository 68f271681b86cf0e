"""What each job of `jobs.yaml` does: a call into the room that owns the rule."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from app.appraisal.queries import without_report
from app.appraisal.services.reporting import issue_missing_reports
from app.appraisal.services.revaluation import RequestRevaluation, waiting_runs
from app.appraisal.services.signing import expire_appraisals
from app.collateral.services.watch import watch_bank
from app.db.engine import Database, demonstration_day, now, today
from app.documents.services import sweep_orphans
from app.identity.models import LoginAttempts, LoginSession
from app.jobs.domain import JobRule, RunState, read_rules
from app.jobs.models import JobRun, SchedulerProcess
from app.jobs.runner import Facts, Job, LongJob, ShortJob, Turn
from app.jobs.sequence import (
    banks_with_books,
    finish_run,
    look_all,
    plan_all,
    revalue_and_watch,
    watch_all,
)
from app.loans.closing.days import run_requested_closes
from app.loans.domain.states import CloseState
from app.loans.inspection import report as inspections
from app.loans.models import BankDay, DayClose
from app.loans.notices.issuing import issue_notices, waiting_notices
from app.loans.repayments.importing import batches_wait, run_waiting_batches
from app.notices.mail import Mail, mail_of
from app.notices.services import deliver_due, mails_wait
from app.settings import Settings
from app.web.models import IdempotencyKey

KEYS_KEPT: Final = timedelta(days=30)
"""A program that repeats a request after a month is not repeating it."""

SESSIONS_KEPT: Final = timedelta(days=180)
"""Half a year, as the rules on network logs ask."""

RUNS_KEPT: Final = timedelta(days=400)
"""A year's daily runs can be looked up."""

ATTEMPTS_KEPT: Final = timedelta(days=1)
SCHEDULERS_KEPT: Final = timedelta(days=7)


def make_jobs(settings: Settings) -> tuple[Job, ...]:
    """The jobs of this installation; a job without work, or work without a job, means no start."""
    rules = read_rules(settings.scheduler_seconds)
    makers = _makers(mail_of(settings))
    if {rule.name for rule in rules} != set(makers):
        raise RuntimeError("jobs.yaml and the work of jobs name different jobs")
    return tuple(makers[rule.name](rule) for rule in rules)


def _makers(mail: Mail) -> Mapping[str, Callable[[JobRule], Job]]:
    return {
        "collateral-watch": lambda rule: ShortJob(rule=rule, effect=_watch),
        "requested-closes": lambda rule: LongJob(rule=rule, work=_close, needed=_closes_wait),
        "revaluations": lambda rule: LongJob(rule=rule, work=_revalue, needed=_runs_wait),
        "appraisal-reports": lambda rule: LongJob(rule=rule, work=_print, needed=_reports_missing),
        "inspection-reports": lambda rule: LongJob(
            rule=rule, work=_print_checks, needed=_checks_unprinted
        ),
        "repayment-batches": lambda rule: LongJob(rule=rule, work=_book, needed=_batches_left),
        "loan-notices": lambda rule: LongJob(rule=rule, work=_tell, needed=_notices_wait),
        "notice-outbox": lambda rule: LongJob(rule=rule, work=_deliver(mail), needed=mails_wait),
        "expire-appraisals": lambda rule: LongJob(rule=rule, work=_expire),
        "revaluation": lambda rule: LongJob(rule=rule, work=_revalue_day, needed=_clock_rules),
        "idempotency-cleanup": lambda rule: ShortJob(rule=rule, effect=_forget_keys),
        "document-cleanup": lambda rule: LongJob(rule=rule, work=_sweep),
        "session-cleanup": lambda rule: ShortJob(rule=rule, effect=_forget_sessions),
    }


def _watch(session: Session, turn: Turn) -> Facts | None:
    """Follow values down and measure the loans of a bank that changed; a bank without books has none."""
    bank_id = turn.actor.organisation_id
    if session.get(BankDay, bank_id) is None:
        return None
    report = watch_bank(session, turn.actor, bank_id)
    if not (report.assets_lowered or report.loans_measured):
        return None
    return {
        "assets_lowered": report.assets_lowered,
        "loans_measured": report.loans_measured,
        "cases_opened": report.cases_opened,
        "cases_cured": report.cases_cured,
    }


def _closes_wait(session: Session) -> bool:
    waiting = sa.select(col(DayClose.id)).where(col(DayClose.state) != CloseState.FINISHED).limit(1)
    return session.execute(waiting).first() is not None


def _close(database: Database, _turn: Turn) -> Facts:
    """Run what was requested or cut off, then measure every loan of those banks, plan their checks, look for signals.

    A refusal is raised when the banks that were closed had all of it.
    """
    ran = run_requested_closes(database)
    closed = {view.bank_id for view in ran.views}
    with database.read() as session:
        banks = [bank for bank in banks_with_books(session) if bank.id in closed]
    try:
        watch_all(database, banks)
    finally:
        planned = plan_all(database, banks)
        raised = look_all(database, banks)
    if ran.refused:
        raise ran.refused[0]
    return {"closed": len(closed), "checks_planned": planned, "signals_raised": raised}


def _runs_wait(session: Session) -> bool:
    return bool(waiting_runs(session))


def _revalue(database: Database, turn: Turn) -> Facts:
    """Run what was requested or cut off."""
    with database.read() as session:
        waiting = waiting_runs(session)
    done = failed = 0
    for run_id in waiting:
        if turn.stop.is_set():
            break
        view = finish_run(database, turn.actor, run_id)
        done, failed = done + view.done, failed + view.failed
    return {"runs": len(waiting), "done": done, "failed": failed}


def _reports_missing(session: Session) -> bool:
    return session.execute(without_report().limit(1)).first() is not None


def _print(database: Database, turn: Turn) -> Facts:
    """Print what was signed twice; the web does it at once, this takes up what was cut off."""
    return issue_missing_reports(database, turn.actor, stop=turn.stop).facts


def _checks_unprinted(session: Session) -> bool:
    return session.execute(inspections.without_report().limit(1)).first() is not None


def _print_checks(database: Database, turn: Turn) -> Facts:
    """Print what was reviewed; the web does it at once, this takes up what was cut off."""
    return inspections.issue_missing_reports(database, turn.actor, stop=turn.stop).facts


def _batches_left(session: Session) -> bool:
    return batches_wait(session)


def _book(database: Database, _turn: Turn) -> Facts:
    """Book the rows of files of repayments that wait; while a day closes they wait on."""
    return {"booked": run_waiting_batches(database)}


def _notices_wait(session: Session) -> bool:
    return session.execute(waiting_notices().limit(1)).first() is not None


def _tell(database: Database, turn: Turn) -> Facts:
    """Print some notices to borrowers; what is left waits for the next look."""
    done = issue_notices(database, turn.actor)
    return {"issued": done.issued, "dropped": done.dropped, "failed": done.failed}


def _clock_rules(session: Session) -> bool:
    """A demonstration's day stands still: it is revalued when somebody asks for it."""
    return demonstration_day(session) is None


def _revalue_day(database: Database, turn: Turn) -> Facts:
    """The platform's own run over every appraised asset, for the day of the tick."""
    command = RequestRevaluation(on=date.fromisoformat(turn.tick))
    view = revalue_and_watch(database, turn.actor, command)
    return {"number": view.number, "done": view.done, "failed": view.failed}


def _expire(database: Database, turn: Turn) -> Facts:
    """Up to the civil day, which in a demonstration lies before that of the clock."""
    with database.read() as session:
        on = min(date.fromisoformat(turn.tick), today(session))
    return {"expired": expire_appraisals(database, turn.actor, on)}


def _deliver(mail: Mail) -> Callable[[Database, Turn], Facts]:
    """Letters that leave, or that a house without a mail server writes into its folder."""

    def work(database: Database, turn: Turn) -> Facts:
        left = deliver_due(database, mail, turn.stop)
        return {"sent" if mail.leaves_the_house else "written": left}

    return work


def _sweep(database: Database, _turn: Turn) -> Facts:
    """Files whose request was cut off before their row was stored."""
    with database.read() as session:
        return {"files": sweep_orphans(session)}


def _forget_keys(session: Session, _turn: Turn) -> Facts:
    oldest = now(session) - KEYS_KEPT
    return {"keys": _delete(session, IdempotencyKey, col(IdempotencyKey.created_at) < oldest)}


def _forget_sessions(session: Session, _turn: Turn) -> Facts:
    instant = now(session)
    sessions = _delete(session, LoginSession, col(LoginSession.seen_at) < instant - SESSIONS_KEPT)
    attempts = _delete(session, LoginAttempts, col(LoginAttempts.since) < instant - ATTEMPTS_KEPT)
    old = sa.and_(
        col(JobRun.started_at) < instant - RUNS_KEPT, col(JobRun.state) != RunState.RUNNING
    )
    _delete(session, SchedulerProcess, col(SchedulerProcess.seen_at) < instant - SCHEDULERS_KEPT)
    return {"sessions": sessions, "attempts": attempts, "old_runs": _delete(session, JobRun, old)}


def _delete(session: Session, table: type[SQLModel], condition: sa.ColumnElement[bool]) -> int:
    statement = sa.delete(table).where(condition).execution_options(synchronize_session=False)
    result: Any = session.execute(statement)
    return int(result.rowcount)
