"""Money dated back, or taken back, over what else happened: a change of terms, a new rate, a fee, a refund, misuse."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

import pytest
import sqlalchemy as sa

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.classification import LoanClass
from app.loans.domain.early import Keep
from app.loans.domain.repricing import LprTenor, Pricing, ResetRule
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import DayRoll, Method, OddDays
from app.loans.invariants_decided import decided_violations
from app.loans.invariants_extensions import extension_violations
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    ProposeRefund,
    ProposeReversal,
    book_entry,
    propose_fee,
    propose_refund,
    propose_reversal,
)
from app.loans.misuse import RecordMisuse, record_misuse
from app.loans.queries import list_repayments
from app.loans.refusals import ExtensionRefused
from app.loans.repayments.rewinding_refusals import RefundedSince
from app.loans.repricing import NewRate
from app.loans.restructuring import Restructure, extend_in_difficulty, restructure_loan
from app.loans.schedules import loan_schedule
from app.loans.services import (
    Drawn,
    ExtendLoan,
    PostDrawdown,
    Repaid,
    Repay,
    Reverse,
    extend_loan,
    list_notes,
    repay,
    reverse,
)
from app.market.services import DATA, AddSeries, add_series, load_point_file
from tests.conftest import DEEP
from tests.integration.loans.test_replay import books
from tests.support.once import built_once

FIRST = date(2024, 1, 8)
LAST = date(2024, 1, 26)
LOAN_FEN = 90_000_00
FLOATING = Pricing(tenor=LprTenor.ONE_YEAR, bp=250, rule=ResetRule.ANNIVERSARY, lag_days=1)


def day(number):
    return date(2024, 1, number)


def write(bank, service, *args):
    with bank.database.write() as session:
        return service(session, *args)


def pay(bank, loan_id, amount_fen, **extra):
    return write(bank, repay, bank.actor, loan_id, Repay(amount_fen=amount_fen, **extra))


def take_back(bank, repayment):
    return write(bank, reverse, bank.actor, Reverse(entry_id=repayment.entry_id, reason="银行退汇"))


def extend(bank, loan_id, until):
    command = ExtendLoan(loan_id=loan_id, matures_on=until, reason="生长期延长")
    write(bank, extend_loan, bank.actor, command)


SPRING = {date(2024, 2, 20): 1_000_00, date(2024, 4, 22): 500_00}


def ease(bank, loan_id, *, until, parts=None, **rate):
    """A restructuring T-1: its rate, and a plan of some parts with the rest at the maturity."""
    plan = ()
    if parts is not None:
        rest_fen = unbilled_fen(bank, loan_id) - sum(parts.values())
        given = {**parts, until: rest_fen}
        plan = tuple(DatedAmount(on=on, amount_fen=fen) for on, fen in given.items())
    command = Restructure(
        loan_id=loan_id,
        matures_on=until,
        reason="销售受阻",
        change_number="T-1",
        plan=plan,
        rate=NewRate(change_number="T-1", **rate) if rate else None,
    )
    write(bank, restructure_loan, bank.actor, command)


def unbilled_fen(bank, loan_id):
    with bank.database.read() as session:
        statement = sa.text("SELECT SUM(unbilled_fen) FROM note_state WHERE loan_id = :loan")
        bound = statement.bindparams(sa.bindparam("loan", loan_id, sa.Uuid()))
        return int(session.execute(bound).scalar_one())


def misuse(bank, loan_id, **command):
    with bank.database.read() as session:
        number = list_notes(session, bank.actor, loan_id)[0].number
    given = RecordMisuse(note_number=number, reason="购置商品房", **command)
    write(bank, record_misuse, bank.actor, loan_id, given)


@dataclass
class Desk:
    """Two persons of bank A who book entries by hand."""

    bank: object
    world: object

    def book(self, loan_id, propose, command):
        entry = write(self.bank, propose, self.world.actor("a-ops"), loan_id, command)
        return write(self.bank, book_entry, self.world.actor("a-drawdown"), entry.id, BookEntry())

    def charge(self, loan_id, amount_fen=500_00):
        return self.book(loan_id, propose_fee, ProposeFee(amount_fen=amount_fen, reason="律师费"))

    def give_back(self, loan_id, amount_fen):
        command = ProposeRefund(amount_fen=amount_fen, reason="多付", party="果业公司")
        return self.book(loan_id, propose_refund, command)

    def undo(self, loan_id, entry):
        command = ProposeReversal(entry_id=entry.entry_id, reason="录入有误")
        return self.book(loan_id, propose_reversal, command)


@pytest.fixture
def desk(bank, world):
    return Desk(bank, world)


@pytest.fixture
def lpr(bank, database, world):
    """The published LPR as the market room loads it."""
    actor = world.system("A")
    with database.write() as session:
        for code in ("LPR-1Y", "LPR-5Y"):
            series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
            add_series(session, actor, series)
        load_point_file(session, actor, DATA / "lpr.csv")
    return bank


TERMS = MappingProxyType(
    {
        "contract_fen": LOAN_FEN,
        "rate_ppm": 60_000,
        "starts_on": date(2023, 1, 18),
        "matures_on": date(2024, 6, 2),
        "every": "1m",
        "day_count": DayCount.ACT_365,
        "interest_style": InterestStyle.SCHEDULE,
        "method": Method.EQUAL_INSTALMENT,
        "misuse_ppm": 1_000_000,
    }
)
FLOATS = {"rate_ppm": 0, "pricing": FLOATING}
SPREAD = {"first_due_on": date(2023, 12, 29), "odd_days": OddDays.SPREAD}
LATELY = {"starts_on": date(2023, 12, 11), **SPREAD, "first_due_on": date(2024, 2, 5)}
KINDS = {
    "level": {},
    "floating-level": FLOATS,
    "floating-12ths": {**FLOATS, "day_count": DayCount.THIRTY_360},
    "floating-principal": {**FLOATS, "method": Method.EQUAL_PRINCIPAL},
    "12ths": {"day_count": DayCount.THIRTY_360},
    "principal": {"method": Method.EQUAL_PRINCIPAL},
    "bullet": {"method": Method.BULLET},
    "rolled": {"method": Method.BULLET, "roll": DayRoll.NEXT, "matures_on": date(2024, 6, 1)},
    "quarterly": {
        "method": Method.EQUAL_PRINCIPAL,
        "every": "3m",
        "interest_style": InterestStyle.QUARTERLY,
        "roll": DayRoll.NEXT,
    },
    "spread": SPREAD,
    "spread-lately": LATELY,
}


def signed(bank, **terms):
    """A loan drawn in full on its first day, all paid that had fallen due by 2024-01-08."""
    given = {**TERMS, **terms}
    loan_id = bank.sign(**given)
    with bank.database.read() as session:
        days = {each.due_on for each in loan_schedule(session, bank.actor, loan_id).instalments}
    command = PostDrawdown(loan_id=loan_id, amount_fen=LOAN_FEN)
    drawn = Drawn(on=given["starts_on"], command=command)
    bank.take_over(loan_id, drawn, *(Repaid(on=each) for each in sorted(days) if each < FIRST))
    return loan_id


def payments(random):
    days = sorted(random.sample(range(9, 26), 4))
    return [
        (
            day(number),
            {
                "amount_fen": random.randint(1, random.choice([500_00, 4_000_00])),
                "prepay": random.random() < 0.7,
                "keep": random.choice([None, *Keep]),
            },
        )
        for number in days
    ]


@dataclass
class Month:
    """What is done on which day of January, for three loans of each kind."""

    bank: object
    decided: dict = field(default_factory=dict)
    """What a restructuring on the 19th decides."""
    work: dict = field(default_factory=lambda: {day(number): [] for number in range(8, 27)})
    wrong: list = field(default_factory=list)

    def everything(self, desk, loans, random):
        plain, late, wrong = loans
        for each in loans:
            self.work[day(9)].append(lambda each=each: pay(self.bank, each, 1_500_00))
            self.work[day(12)].append(lambda each=each: desk.charge(each, 300_00))
            self.work[day(15)].append(lambda each=each: extend(self.bank, each, date(2024, 8, 20)))
            self.work[day(17)].append(
                lambda each=each: misuse(self.bank, each, amount_fen=2_000_00, from_on=day(17))
            )
            self.work[day(20)].append(lambda each=each: desk.give_back(each, 100_00))
            self.work[day(16)].append(lambda each=each: extend(self.bank, each, date(2024, 9, 5)))
            self.work[day(24)].append(lambda each=each: desk.charge(each, 250_00))
            if self.decided:
                self.work[day(19)].append(
                    lambda each=each: ease(self.bank, each, until=date(2024, 9, 5), **self.decided)
                )
        for value_on, command in payments(random):
            delayed = min(value_on + timedelta(days=random.randint(0, 20)), LAST)
            for each in (plain, wrong):
                self.work[value_on].append(lambda each=each, c=command: pay(self.bank, each, **c))
            self.work[delayed].append(
                lambda c=command, on=value_on: pay(self.bank, late, value_on=on, **c)
            )
        extra = {"amount_fen": 7_777_77, "prepay": True}
        self.work[day(random.randint(9, 25))].append(
            lambda: self.wrong.append(pay(self.bank, wrong, **extra))
        )

    def run(self):
        for today in sorted(self.work):
            for step in self.work[today]:
                step()
            if today < LAST:
                self.bank.close(today)
        for each in self.wrong:
            take_back(self.bank, each)


def shown(bank, loan_id):
    view = bank.view(loan_id)
    with bank.database.read() as session:
        plans = session.execute(
            sa.text(
                "SELECT p.plan, p.number FROM note_plan p JOIN loan_note n ON n.id = p.note_id"
                " WHERE n.loan_id = :loan ORDER BY p.number DESC LIMIT 1"
            )
            .bindparams(sa.bindparam("loan", loan_id, sa.Uuid()))
            .columns(plan=sa.JSON)
        ).one()
    return {
        **books(bank, loan_id),
        "fees": view.fees_fen,
        "plan": [each for each in plans.plan if date.fromisoformat(each["on"]) > LAST],
    }


QUICK = ("floating-12ths", "spread-lately")


@pytest.mark.deep_on("postgres")
@pytest.mark.parametrize("kind", KINDS if DEEP else QUICK)
def test_what_arrives_late_leaves_the_loan_as_if_known_whatever_else_happened(lpr, desk, kind):
    lpr.open(FIRST)
    loans = [signed(lpr, **KINDS[kind]) for _ in range(3)]
    month = Month(lpr)
    month.everything(desk, loans, Random(f"{kind} 2024-01"))
    month.run()
    plain, late, wrong = (shown(lpr, each) for each in loans)
    assert late == plain
    assert wrong == plain


DECIDED = {
    "level": {"rate_ppm": 45_000},
    "floating-level": {"lpr_bp": 120},
    "floating-12ths": {"lpr_bp": 120, "parts": SPRING},
    "principal": {"parts": SPRING},
    "quarterly": {"rate_ppm": 0, "parts": SPRING},
    "spread-lately": {"rate_ppm": 45_000, "parts": SPRING},
}
QUICK_DECIDED = ("floating-level", "spread-lately")


@pytest.mark.deep_on("postgres")
@pytest.mark.parametrize("kind", DECIDED if DEEP else QUICK_DECIDED)
def test_what_arrives_late_leaves_the_loan_as_if_known_over_what_was_decided(lpr, desk, kind):
    """A rate, a plan, or both; the plan of each loan repays the same first, what it then owed at the end."""
    lpr.open(FIRST)
    loans = [signed(lpr, **KINDS[kind]) for _ in range(3)]
    month = Month(lpr, decided=DECIDED[kind])
    month.everything(desk, loans, Random(f"{kind} decided"))
    month.run()
    plain, late, wrong = (shown(lpr, each) for each in loans)
    assert late == plain
    assert wrong == plain


# --- One thing at a time ---


@pytest.fixture
@built_once
def level(bank):
    """90,000.00 by equal instalments on the 18th of each month, on 2024-01-08."""
    bank.open(FIRST)
    return signed(bank)


def plans(bank, loan_id):
    with bank.database.read() as session:
        return [
            (row.from_on, row.reason, row.repeats)
            for row in session.execute(
                sa.text(
                    "SELECT p.from_on, p.reason, p.repeats FROM note_plan p JOIN loan_note n"
                    " ON n.id = p.note_id WHERE n.loan_id = :loan ORDER BY p.number"
                )
                .bindparams(sa.bindparam("loan", loan_id, sa.Uuid()))
                .columns(from_on=sa.Date)
            )
        ]


def test_an_extension_moves_the_maturity_again_on_its_own_day(bank, level):
    bank.close_until(FIRST, day(9))
    extend(bank, level, date(2024, 8, 20))
    bank.close(day(10))
    paid = pay(bank, level, 10_000_00, value_on=day(9), prepay=True)
    found = plans(bank, level)
    assert found == [
        (date(2023, 1, 18), "", None),
        (day(10), "生长期延长", None),
        (day(9), paid.number, 1),
        (day(9), paid.number, None),
        (day(10), "生长期延长", None),
    ]
    assert bank.view(level).matures_on == date(2024, 8, 20)
    take_back(bank, paid)
    with bank.database.read() as session:
        last = loan_schedule(session, bank.actor, level).instalments[-1]
    assert last.due_on == date(2024, 8, 20)


def test_a_loan_is_extended_when_one_of_its_notes_is_repaid_but_not_all(bank):
    bank.open(FIRST)
    loan_id = bank.sign(**{**TERMS, "starts_on": FIRST})
    bank.draw(loan_id, 10_000_00)
    bank.draw(loan_id, 20_000_00)
    pay(bank, loan_id, 10_000_00, prepay=True)
    extend(bank, loan_id, date(2024, 8, 20))
    assert bank.view(loan_id).matures_on == date(2024, 8, 20)
    pay(bank, loan_id, 20_000_00, prepay=True)
    with pytest.raises(ExtensionRefused):
        extend(bank, loan_id, date(2024, 9, 20))


def test_a_fee_is_not_paid_by_money_dated_before_it_but_by_what_is_split_again(bank, desk, level):
    bank.close_until(FIRST, day(9))
    desk.charge(level)
    at_once = pay(bank, level, 1_000_00)
    assert at_once.fee_fen == 500_00
    bank.close(day(10))
    earlier = pay(bank, level, 700_00, value_on=day(9))
    assert (earlier.fee_fen, earlier.suspense_fen) == (0, 700_00)
    assert (bank.view(level).fees_fen, bank.view(level).suspense_fen) == (0, 1_200_00)
    assert pay(bank, level, 1_00, value_on=day(10)).fee_fen == 0


def test_a_repayment_is_taken_back_over_a_fee_that_the_next_one_paid(bank, desk, level):
    first = pay(bank, level, 1_000_00)
    bank.close(FIRST)
    desk.charge(level)
    second = pay(bank, level, 800_00)
    assert second.fee_fen == 500_00
    take_back(bank, first)
    view = bank.view(level)
    assert (view.fees_fen, view.suspense_fen) == (0, 300_00)


def test_a_fee_that_was_taken_back_is_paid_by_nothing_that_is_split_again(bank, desk, level):
    bank.close_until(FIRST, day(9))
    fee = desk.charge(level)
    bank.close(day(10))
    desk.undo(level, fee)
    bank.close(day(11))
    assert pay(bank, level, 900_00, value_on=day(9)).suspense_fen == 900_00
    assert pay(bank, level, 100_00, value_on=day(10)).fee_fen == 0
    assert (bank.view(level).fees_fen, bank.view(level).suspense_fen) == (0, 1_000_00)


def test_a_refund_stays_given_and_needs_the_money_that_waited(bank, desk, level):
    bank.close(FIRST)
    left = pay(bank, level, 1_000_00)
    refund = desk.give_back(level, 600_00)
    bank.close(day(9))
    pay(bank, level, 50_00, value_on=FIRST)
    assert bank.view(level).suspense_fen == 450_00
    with bank.database.read() as session:
        standing = next(
            row
            for row in list_repayments(session, bank.actor, level)
            if row.amount_fen == left.amount_fen
        )
    with pytest.raises(RefundedSince) as refused:
        take_back(bank, standing)
    assert refused.value.facts["entry"] == refund.number
    desk.undo(level, refund)
    take_back(bank, standing)
    assert bank.view(level).suspense_fen == 50_00


def last_plan(bank, loan_id):
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    return {
        row.due_on: row.principal_fen for row in rows if row.due_on > LAST and row.principal_fen
    }


def test_a_decided_plan_is_kept_from_its_beginning_on_what_is_then_left(bank, level):
    """What is paid before the decision leaves its last days; taken back, it falls due with the last."""
    paid = pay(bank, level, 1_000_00, prepay=True)
    bank.close_until(FIRST, day(9))
    until, parts = date(2024, 9, 5), {date(2024, 2, 20): 5_000_00, date(2024, 3, 20): 2_000_00}
    left_fen = unbilled_fen(bank, level)
    ease(bank, level, until=until, parts=parts)
    bank.close(day(10))
    late = pay(bank, level, 3_000_00, value_on=day(9), prepay=True)
    assert last_plan(bank, level) == {**parts, until: left_fen - 10_000_00}
    assert [row for row in plans(bank, level) if row[1] == "T-1"] == [(day(10), "T-1", None)] * 2
    take_back(bank, paid)
    assert last_plan(bank, level) == {**parts, until: left_fen - 9_000_00}
    most_fen = left_fen + 1_000_00 - 3_000_00 - 6_500_00
    pay(bank, level, most_fen, value_on=day(9), prepay=True)
    assert last_plan(bank, level) == {date(2024, 2, 20): 5_000_00, date(2024, 3, 20): 1_500_00}
    take_back(bank, entry_standing_for(bank, level, late))
    assert sum(last_plan(bank, level).values()) == 6_500_00 + 3_000_00


def test_a_rate_is_set_again_on_what_is_then_left(bank, level):
    """As if known: the loan that paid on the 9th and the one whose payment came to light after the change."""
    other = signed(bank)
    bank.close(FIRST)
    pay(bank, level, 5_000_00, prepay=True)
    bank.close(day(9))
    for each in (level, other):
        ease(bank, each, until=date(2024, 6, 2), rate_ppm=30_000)
    bank.close_until(day(10), day(18))
    late = pay(bank, other, 5_000_00, value_on=day(9), prepay=True)
    assert shown(bank, other) == shown(bank, level)
    take_back(bank, late)
    assert unbilled_fen(bank, other) > unbilled_fen(bank, level)


def test_on_one_day_what_was_booked_before_the_change_counts_before_it(bank, level):
    """Taken back, a repayment of the morning makes the plan decided at noon longer at its end."""
    left_fen, until = unbilled_fen(bank, level), date(2024, 6, 2)
    morning = pay(bank, level, 1_000_00, prepay=True)
    ease(bank, level, until=until, parts={date(2024, 2, 20): 5_000_00}, rate_ppm=30_000)
    evening = pay(bank, level, 2_000_00, prepay=True, keep=Keep.INSTALMENT)
    bank.close(FIRST)
    take_back(bank, morning)
    take_back(bank, entry_standing_for(bank, level, evening))
    assert last_plan(bank, level) == {date(2024, 2, 20): 5_000_00, until: left_fen - 5_000_00}
    pay(bank, level, 500_00, value_on=FIRST, prepay=True)
    assert unbilled_fen(bank, level) == left_fen - 500_00


def entry_standing_for(bank, loan_id, repayment):
    with bank.database.read() as session:
        rows = list_repayments(session, bank.actor, loan_id)
        gone = {each.reverses_id for each in rows}
        return next(
            each
            for each in rows
            if each.id not in gone
            and each.reverses_id is None
            and each.amount_fen == repayment.amount_fen
        )


def test_an_observation_goes_on_over_money_dated_before_it(bank, level):
    bank.close_until(FIRST, day(9))
    command = Restructure(
        loan_id=level, matures_on=date(2024, 9, 5), reason="销售受阻", change_number="LC-1"
    )
    write(bank, extend_in_difficulty, bank.actor, command)
    bank.close_until(day(10), day(19))
    assert bank.view(level).overdue_days == 2
    pay(bank, level, 6_000_00, value_on=day(9), prepay=True)
    pay(bank, level, 6_000_00, value_on=day(18))
    bank.close_until(day(20), day(21))
    view = bank.view(level)
    assert (view.overdue_days, view.loan_class) == (0, LoanClass.SPECIAL_MENTION)


def test_what_is_misused_bears_its_surcharge_on_what_is_left_after_a_change(bank, level):
    misuse(bank, level, amount_fen=20_000_00, from_on=FIRST)
    bank.close_until(FIRST, day(11))
    before = shown(bank, level)
    paid = pay(bank, level, 15_000_00, value_on=day(9), prepay=True)
    (note,) = shown(bank, level)["notes"]
    (misused,) = before["notes"]
    # What is repaid is first what was used as agreed; less than the 20,000.00 is left from the 9th on.
    left_fen = note[0]
    assert 0 < left_fen < 20_000_00
    surcharges = 20_000_00 + 3 * left_fen
    assert note[7] == round_half_up(surcharges * 60_000, 365 * 1_000_000)
    assert misused[7] == round_half_up(4 * 20_000_00 * 60_000, 365 * 1_000_000)
    take_back(bank, paid)
    assert shown(bank, level) == before


@pytest.mark.one_engine("sqlite")
def test_verify_finds_an_extension_that_was_changed(bank, level):
    extend(bank, level, date(2024, 8, 20))
    extend(bank, level, date(2024, 9, 20))
    for statement in (
        "UPDATE loan_extension SET matures_on = '2024-09-21' WHERE number = 2",
        "UPDATE loan_extension SET before_on = '2024-08-19' WHERE number = 2",
        "UPDATE loan_extension SET booked_on = '2024-01-09' WHERE number = 1",
        "UPDATE loan_extension SET number = 3 WHERE number = 2",
        "UPDATE loan_extension SET reason = '其他' WHERE number = 2",
        "UPDATE note_plan SET from_on = '2024-01-01' WHERE extension_id IS NOT NULL",
    ):
        with bank.database.write() as session:
            session.execute(sa.text(statement))
            found = {each.invariant for each in extension_violations(session)}
            session.rollback()
        assert found == {"loan-extension"}, statement


@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_decided_plan_that_was_changed(bank, level):
    bank.close_until(FIRST, day(9))
    ease(bank, level, until=date(2024, 9, 5), rate_ppm=30_000)
    pay(bank, level, 1_00, value_on=day(9), prepay=True)
    decided = "WHERE reason = 'T-1' AND number = (SELECT MAX(number) FROM note_plan)"
    for statement in (
        f"UPDATE note_plan SET from_on = '2024-01-09' {decided}",
        f"UPDATE note_plan SET reason = 'T-2' {decided}",
    ):
        with bank.database.write() as session:
            assert list(decided_violations(session)) == []
            session.execute(sa.text(statement))
            found = {each.invariant for each in decided_violations(session)}
            session.rollback()
        assert found == {"loan-decided-plan"}, statement
