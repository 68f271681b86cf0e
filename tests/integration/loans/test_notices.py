"""Notices to borrowers: filed once with the close, printed with number and code, sent and sent again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.audit.queries import EventFilter, list_events
from app.documents.services import check_code
from app.kernel.errors import Forbidden, InvalidInput, NotFound
from app.loans.domain.notices import DAY_PASSED, PAID_BEFORE, Language, NoticeKind, NoticeState
from app.loans.domain.repricing import LprTenor, Pricing, RateReason, ResetRule
from app.loans.models import LoanNote
from app.loans.notices.issuing import issue_notices
from app.loans.notices.models import LoanNotice
from app.loans.notices.queries import (
    LoanNoticeFilter,
    MailStanding,
    list_loan_notices,
    notice_views,
)
from app.loans.notices.services import (
    MailOnItsWay,
    NoAddress,
    NoticeNotIssued,
    RecordContact,
    notice_content,
    record_contact,
    send_notice_again,
)
from app.loans.services import Drawn, PostDrawdown, Repay, business_day, close_day, repay
from app.market.services import DATA, AddSeries, add_series, load_point_file
from app.notices.domain import MAX_ATTEMPTS
from app.notices.mail import FileMail, MemoryMail
from app.notices.services import deliver_due
from app.reference.services import ProposeOverride, decide_override, propose_override
from tests.integration.loans.conftest import DUE_DAY, FIRST_DAY
from tests.support.documents import text_of
from tests.support.once import built_once

WEEK_BEFORE = DUE_DAY - timedelta(days=7)


@pytest.fixture
@built_once
def near(bank):
    """The loan of 3,000,000.00 two days before its reminder of 31,891.67 is filed."""
    bank.open(WEEK_BEFORE - timedelta(days=2))
    loan_id = bank.sign()
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=command))
    return loan_id


@pytest.fixture
def notices(bank):
    """The notices that somebody sees, the newest first."""

    def notices(login="a-officer", **wanted):
        with bank.database.read() as session:
            actor = bank.world.actor(login)
            rows = session.execute(list_loan_notices(session, actor, LoanNoticeFilter(**wanted)))
            return notice_views(session, rows)

    return notices


@pytest.fixture
def issue(bank):
    return lambda **given: issue_notices(bank.database, bank.world.system(), **given)


def close_to(bank, open_on):
    """Close the days before one that is to be open."""
    with bank.database.read() as session:
        day = business_day(session, bank.id)
    bank.close_until(day, open_on - timedelta(days=1))


def write_down(bank, loan_id, address="finance@example.com", **given):
    with bank.database.write() as session:
        actor = bank.world.actor("a-officer")
        record_contact(session, actor, loan_id, RecordContact(address=address, **given))


def deliver(bank, mail):
    deliver_due(bank.database, mail)


def test_a_reminder_is_filed_seven_days_ahead_and_not_eight(bank, near, notices):
    close_to(bank, WEEK_BEFORE - timedelta(days=1))
    assert notices() == []
    close_to(bank, WEEK_BEFORE)
    (reminder,) = notices()
    assert (reminder.kind, reminder.about_on, reminder.filed_on) == (
        NoticeKind.DUE,
        DUE_DAY,
        WEEK_BEFORE,
    )
    close_to(bank, WEEK_BEFORE + timedelta(days=2))
    assert len(notices()) == 1


def test_a_bank_tells_its_borrowers_on_days_of_its_own(bank, near, notices):
    """Six days ahead instead of seven."""
    with bank.database.write() as session:
        proposer = bank.world.actor("a-collateral")
        own = propose_override(
            session,
            proposer,
            ProposeOverride(
                parameter_id="loans.notice_days.due",
                valid_from=WEEK_BEFORE - timedelta(days=2),
                value=Decimal(6),
                reason="六天足够",
            ),
        )
    with bank.database.write() as session:
        decide_override(session, bank.world.actor("a-approve"), own.id, accept=True)
    close_to(bank, WEEK_BEFORE)
    assert notices(kind=NoticeKind.DUE) == []
    close_to(bank, WEEK_BEFORE + timedelta(days=1))
    assert len(notices(kind=NoticeKind.DUE)) == 1


def test_a_demand_is_filed_on_the_first_day_after_the_due_day_and_once(bank, due, notices):
    close_to(bank, DUE_DAY)
    assert notices(kind=NoticeKind.OVERDUE) == []
    close_to(bank, DUE_DAY + timedelta(days=1))
    (demand,) = notices(kind=NoticeKind.OVERDUE)
    assert (demand.about_on, demand.filed_on) == (DUE_DAY, DUE_DAY + timedelta(days=1))
    close_to(bank, DUE_DAY + timedelta(days=3))
    assert len(notices(kind=NoticeKind.OVERDUE)) == 1


def test_nobody_is_asked_again_who_paid_on_the_day(bank, due, notices):
    close_to(bank, DUE_DAY)
    with bank.database.write() as session:
        repay(session, bank.world.actor("a-ops"), due, Repay(amount_fen=31_891_67, key="paid"))
    close_to(bank, DUE_DAY + timedelta(days=2))
    assert notices(kind=NoticeKind.OVERDUE) == []


def test_the_paper_says_what_falls_due_and_anybody_can_check_its_code(
    bank, near, notices, issue, tmp_path
):
    close_to(bank, WEEK_BEFORE)
    done = issue()
    assert (done.issued, done.dropped, done.failed) == (1, 0, 0)
    (reminder,) = notices("c1-fin")
    assert reminder.state is NoticeState.ISSUED
    with bank.database.read() as session:
        name, content = notice_content(session, bank.world.actor("c1-fin"), reminder.id)
        found = check_code(session, reminder.code.lower())
    text = text_of(content, tmp_path)
    assert name == f"{reminder.number}.pdf"
    for words in ("31,891.67", "叁万壹仟捌佰玖拾壹元陆角柒分", reminder.number, reminder.code):
        assert words in text
    assert (found.number, found.title.zh) == (reminder.number, "贷款到期还款提示书")
    assert found.issuer.zh == "焉支示例农村商业银行"
    assert issue().taken == 0


def test_a_demand_says_how_late_it_is_and_what_has_grown(bank, due, notices, issue, tmp_path):
    close_to(bank, DUE_DAY + timedelta(days=3))
    issue()
    (demand,) = notices(kind=NoticeKind.OVERDUE)
    with bank.database.read() as session:
        _, content = notice_content(session, bank.world.actor("a-ops"), demand.id)
        state = bank.view(due)
    text = text_of(content, tmp_path)
    assert "31,891.67" in text
    # 31,891.67 of interest for three days at 4.45 % over 360 days.
    assert "11.83" in text
    # By the contract rate, not that of overdue principal beside it; and all that is to be paid.
    assert "4.4500%" in text or "4.45%" in text
    assert "31,903.50" in text
    assert state.overdue_days == 3


def test_a_demand_names_the_money_that_waits_in_suspense(bank, near, notices, issue, tmp_path):
    write_down(bank, near, language=Language.EN)
    close_to(bank, DUE_DAY - timedelta(days=1))
    with bank.database.write() as session:
        repay(session, bank.world.actor("a-ops"), near, Repay(amount_fen=123_45, key="early"))
    close_to(bank, DUE_DAY + timedelta(days=1))
    issue()
    (demand,) = notices(kind=NoticeKind.OVERDUE)
    with bank.database.read() as session:
        _, content = notice_content(session, bank.world.actor("a-ops"), demand.id)
    text = text_of(content, tmp_path)
    for words in ("31,891.67", "123.45", "该贷款挂账金额", "insuspense"):
        assert words in text
    mail = MemoryMail()
    deliver(bank, mail)
    body = mail.letters[-1].body
    assert "CNY 123.45 of the loan wait in suspense" in body


def test_what_was_paid_before_the_printing_is_dropped(bank, notices, issue):
    bank.open(DUE_DAY - timedelta(days=2))
    due = bank.sign()
    command = PostDrawdown(loan_id=due, amount_fen=3_000_000_00)
    bank.take_over(due, Drawn(on=FIRST_DAY, command=command))
    close_to(bank, DUE_DAY + timedelta(days=1))
    with bank.database.write() as session:
        repay(session, bank.world.actor("a-ops"), due, Repay(amount_fen=40_000_00, key="paid"))
    done = issue()
    assert (done.issued, done.dropped) == (0, 2)
    reminder, demand = sorted(notices(), key=lambda each: each.kind)
    assert {reminder.state, demand.state} == {NoticeState.DROPPED}
    assert {reminder.detail, demand.detail} == {PAID_BEFORE}
    assert bank.broken() == []
    assert notices("c1-fin") == []
    with bank.database.write() as session, pytest.raises(NoticeNotIssued):
        send_notice_again(session, bank.world.actor("a-officer"), demand.id)


def test_the_mail_carries_the_paper_to_the_newest_address_in_its_language(
    bank, near, notices, issue, tmp_path
):
    write_down(bank, near, "old@example.com")
    bank.clock.instant += timedelta(minutes=1)
    write_down(bank, near, language=Language.EN)
    close_to(bank, WEEK_BEFORE)
    issue()
    (reminder,) = notices(mail=MailStanding.WAITING)
    mail = MemoryMail()
    deliver(bank, mail)
    (letter,) = mail.letters
    assert letter.address == "finance@example.com"
    assert letter.subject.startswith("Payment due: L-2023-000001, CNY 31,891.67")
    assert reminder.code in letter.body
    assert letter.attachment.name == f"{reminder.number}.pdf"
    assert "Apaymentofloan" in text_of(letter.attachment.content, tmp_path)
    assert notices(mail=MailStanding.SENT)[0].sent_at is not None


def test_what_the_system_issues_stands_in_the_journal_of_the_bank(bank, near, notices, issue):
    close_to(bank, WEEK_BEFORE)
    issue()
    (reminder,) = notices()
    with bank.database.read() as session:
        auditor = bank.world.actor("a-audit")
        (event,) = list_events(session, auditor, EventFilter(action="document.issue")).items
    assert (event.facts["number"], event.organisation_id) == (reminder.number, bank.id)


def test_a_mail_that_only_lies_in_a_folder_was_not_sent(bank, near, notices, issue, tmp_path):
    write_down(bank, near)
    close_to(bank, WEEK_BEFORE)
    issue()
    deliver(bank, FileMail(tmp_path))
    (written,) = notices(mail=MailStanding.WRITTEN)
    assert (written.mail, written.sent_at) == (MailStanding.WRITTEN, None)
    assert notices(mail=MailStanding.SENT) == notices(mail=MailStanding.NONE) == []
    with bank.database.write() as session:
        send_notice_again(session, bank.world.actor("a-officer"), written.id)
    deliver(bank, MemoryMail())
    assert notices(mail=MailStanding.WRITTEN) == []
    assert notices(mail=MailStanding.SENT)[0].sent_at is not None


def test_a_mail_that_failed_for_good_is_shown_and_sent_again(bank, near, notices, issue):
    officer = bank.world.actor("a-officer")
    write_down(bank, near)
    close_to(bank, WEEK_BEFORE)
    issue()
    (reminder,) = notices()
    for _ in range(MAX_ATTEMPTS):
        deliver(bank, MemoryMail(broken=True))
        with bank.database.write() as session:
            if notices()[0].mail is MailStanding.WAITING:
                with pytest.raises(MailOnItsWay):
                    send_notice_again(session, officer, reminder.id)
        bank.clock.instant += timedelta(days=1)
    (failed,) = notices(mail=MailStanding.FAILED)
    assert (failed.attempts, failed.mail_error) == (
        MAX_ATTEMPTS,
        "OSError: the mail server does not answer",
    )
    with bank.database.write() as session:
        assert send_notice_again(session, officer, reminder.id).mail is MailStanding.WAITING
    mail = MemoryMail()
    deliver(bank, mail)
    assert len(mail.letters) == 1
    assert notices()[0].mail is MailStanding.SENT


def test_without_an_address_the_borrower_reads_it_here_and_mail_waits_for_one(
    bank, near, notices, issue
):
    officer = bank.world.actor("a-officer")
    close_to(bank, WEEK_BEFORE)
    issue()
    (reminder,) = notices(mail=MailStanding.NONE)
    with bank.database.write() as session, pytest.raises(NoAddress):
        send_notice_again(session, officer, reminder.id)
    write_down(bank, near)
    with bank.database.write() as session:
        assert send_notice_again(session, officer, reminder.id).address == "finance@example.com"


@pytest.mark.parametrize(
    "address", ["nobody", "a@b", "a b@example.com", "张@example.com", "a@example.com\n"]
)
def test_an_address_is_one_that_mail_reaches(bank, near, address):
    with pytest.raises(InvalidInput) as refused:
        write_down(bank, near, address)
    assert refused.value.errors[0].pointer == "/address"


def test_addresses_and_sending_belong_to_duties_of_the_bank(bank, near, notices, issue):
    close_to(bank, WEEK_BEFORE)
    issue()
    (reminder,) = notices()
    command = RecordContact(address="finance@example.com")
    with bank.database.write() as session:
        for login in ("c1-fin", "a-risk"):
            with pytest.raises(Forbidden):
                record_contact(session, bank.world.actor(login), near, command)
            with pytest.raises(Forbidden):
                send_notice_again(session, bank.world.actor(login), reminder.id)
        with pytest.raises(NotFound):
            send_notice_again(session, bank.world.actor("b-officer"), reminder.id)


@pytest.fixture
def lpr(bank):
    """The published LPR as the market room loads it."""
    with bank.database.write() as session:
        for code in ("LPR-1Y", "LPR-5Y"):
            series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
            add_series(session, bank.actor, series)
        load_point_file(session, bank.actor, DATA / "lpr.csv")


@pytest.mark.parametrize(
    ("by", "said"),
    [(RateReason.RESET, "依合同约定"), (RateReason.CHANGE, "依双方签订的变更协议")],
)
def test_a_change_of_rate_is_told_once_with_both_rates(
    bank, lpr, notices, issue, tmp_path, by, said
):
    """LPR 3.55 % + 100 BP of July 2023, set again on 2024-01-01 by the LPR 3.45 % of December."""
    bank.open(date(2023, 12, 30))
    loan_id = bank.sign(
        contract_fen=1_000_000_00,
        rate_ppm=0,
        starts_on=date(2023, 8, 15),
        matures_on=date(2024, 8, 15),
        pricing=Pricing(tenor=LprTenor.ONE_YEAR, bp=100, rule=ResetRule.JANUARY, lag_days=1),
    )
    command = PostDrawdown(loan_id=loan_id, amount_fen=1_000_000_00)
    bank.take_over(loan_id, Drawn(on=date(2023, 8, 15), command=command))
    close_to(bank, date(2024, 1, 3))
    (change,) = notices(kind=NoticeKind.RATE_CHANGE)
    assert change.about_on == date(2024, 1, 1)
    if by == RateReason.CHANGE:
        bank.sql("UPDATE note_rate SET reason = 'change' WHERE number = 2")
    issue()
    with bank.database.read() as session:
        _, content = notice_content(session, bank.world.actor("c1-fin"), change.id)
    text = text_of(content, tmp_path)
    for words in ("4.55%", "4.45%", "LPR3.45%", said):
        assert words in text


def test_a_notice_that_was_cut_off_keeps_its_number(bank, near, notices, issue):
    close_to(bank, WEEK_BEFORE)
    with bank.database.write() as session:
        (row,) = session.execute(sa.select(LoanNotice)).scalars()
        row.number, row.code = "DOC-2024-000777", "AAAA-BBBB-CCCC-DDDD"
        session.add(row)
    issue()
    assert [each.number for each in notices(state=NoticeState.ISSUED)] == ["DOC-2024-000777"]


@pytest.mark.parametrize("late", [0, 1])
def test_nobody_is_reminded_of_a_day_that_has_passed(bank, near, notices, issue, late):
    """Several days closed in one run: on the due day itself the reminder still says what is to come."""
    close_to(bank, DUE_DAY + timedelta(days=late))
    done = issue()
    assert (done.issued, done.dropped) == (1, late)
    (reminder,) = notices(kind=NoticeKind.DUE)
    assert (reminder.state, reminder.detail) == (
        (NoticeState.DROPPED, DAY_PASSED) if late else (NoticeState.ISSUED, "")
    )
    assert [each.state for each in notices(kind=NoticeKind.OVERDUE)] == [NoticeState.ISSUED] * late
    assert bank.broken() == []


def test_a_run_takes_no_more_than_it_is_given(bank, near, notices, issue):
    other = bank.sign(starts_on=FIRST_DAY)
    command = PostDrawdown(loan_id=other, amount_fen=1_000_000_00)
    bank.take_over(other, Drawn(on=FIRST_DAY, command=command))
    close_to(bank, WEEK_BEFORE)
    assert [issue(limit=1).issued for _ in range(3)] == [1, 1, 0]


def test_verify_names_a_notice_that_was_changed(bank, near, issue):
    close_to(bank, WEEK_BEFORE)
    issue()
    for change in (
        "UPDATE loan_notice SET number = 'DOC-2024-999999'",
        "UPDATE loan_notice SET kind = 'overdue', about_on = '2024-03-01'",
        "UPDATE loan_notice SET bank_id = (SELECT id FROM organisation WHERE code = 'B')",
    ):
        assert bank.broken_by(change) == {"loan-notice"}, change


def test_verify_names_a_notice_that_was_taken_out_by_hand(bank, near):
    close_to(bank, WEEK_BEFORE)
    assert bank.broken() == []
    for state in ("dropped", "failed"):
        bank.sql("UPDATE loan_notice SET state = :state", state=state)
        (found,) = bank.broken()
        assert found.invariant == "loan-notice"
        assert state in found.detail


def test_a_loan_that_cannot_be_worked_out_stops_no_other_notice(bank, near, notices, issue):
    other = bank.sign(starts_on=FIRST_DAY)
    command = PostDrawdown(loan_id=other, amount_fen=1_000_000_00)
    bank.take_over(other, Drawn(on=FIRST_DAY, command=command))
    close_to(bank, WEEK_BEFORE)
    key = near.hex if bank.database.is_sqlite else near
    of_note = "note_id IN (SELECT id FROM loan_note WHERE loan_id = :loan)"
    bank.sql(f"DELETE FROM note_state WHERE {of_note}", loan=key)
    done = issue()
    assert (done.issued, done.failed) == (1, 1)
    (failed,) = notices(state=NoticeState.FAILED)
    assert failed.loan_id == near
    assert failed.detail.startswith("ValueError: ")
    assert issue().taken == 0


def test_a_failed_printing_is_repeated_by_hand(bank, near, notices, issue):
    close_to(bank, WEEK_BEFORE)
    with bank.database.write() as session:
        (row,) = session.execute(sa.select(LoanNotice)).scalars()
        row.state, row.detail = NoticeState.FAILED, "ValueError: ink"
        session.add(row)
    assert issue().taken == 0
    (failed,) = notices(state=NoticeState.FAILED)
    with bank.database.write() as session:
        send_notice_again(session, bank.world.actor("a-officer"), failed.id)
    assert issue().issued == 1


def test_the_close_of_a_killed_run_files_nothing_twice(bank, near, notices):
    """The chunk that files is the chunk that closes: taken up again, it does both once."""
    close_to(bank, WEEK_BEFORE - timedelta(days=1))
    day = WEEK_BEFORE - timedelta(days=1)

    def cut_off(_count):
        raise RuntimeError("cut off")

    bank.set_clock(day)
    with pytest.raises(RuntimeError):
        close_day(bank.database, bank.actor, bank.id, day, after_chunk=cut_off)
    assert len(notices()) == 1
    bank.close(day)
    assert len(notices()) == 1
    with bank.database.read() as session:
        assert session.execute(sa.select(sa.func.count(col(LoanNote.id)))).scalar_one() == 1
