"""Loans led through their lives by chance beside a plain model; all stored figures are worked out again each time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session

from app.db.engine import Database
from app.kernel.clock import FixedClock
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    ProposeRefund,
    book_entry,
    propose_fee,
    propose_refund,
)
from app.loans.queries import list_repayments
from app.loans.repayments.rewinding_refusals import RefundedSince
from app.loans.repricing import NewRate
from app.loans.services import (
    ExtendLoan,
    Repay,
    Reverse,
    WriteOff,
    extend_loan,
    repay,
    reverse,
    write_off,
)
from tests.conftest import DEEP, prepared_database
from tests.factories.world import OPENED_AT
from tests.support.bank import Bank, broken
from tests.support.databases import Engines
from tests.support.plain_loan import Happening, NotThereError, PlainLoan

FIRST: Final = date(2024, 1, 2)
MATURITY: Final = date(2024, 5, 15)
CONTRACT_FEN: Final = 900_000_07
RATE: Final = Fraction(44_500, 10**6)
SURCHARGE: Final = Fraction(1, 2)
LAST_PERFORMING_DAY: Final = 90
"""One more day overdue, and the order of claims is that of non-performing loans."""

LIVES: Final = settings(
    max_examples=40 if DEEP else 3,
    stateful_step_count=30 if DEEP else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Life(RuleBasedStateMachine):
    """One loan of one bank; the rules are what people and nights do to it."""

    templates: Any
    engines: Engines
    engine_name: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        template = self.templates(self.engine_name)
        self.clock = FixedClock(OPENED_AT)
        self.world = template.world
        self.url = self.stack.enter_context(template.copy())
        self.today = FIRST
        self.happened: list[Happening] = []
        self.numbers = count(1)
        self.ends_on = MATURITY
        self.gone = False
        self.engine = self.stack.enter_context(self.engines.lent(self.url))
        self.bank = self.opened()

    def opened(self) -> Bank:
        database = Database(self.url, clock=self.clock, engine=self.engine)
        return Bank(prepared_database(database), self.world, self.clock)

    def teardown(self) -> None:
        self.stack.close()

    @property
    def plain(self) -> PlainLoan:
        return PlainLoan.after(
            self.happened, self.today, rate=RATE, surcharge=SURCHARGE, matures_on=MATURITY
        )

    @property
    def drawn_fen(self) -> int:
        return sum(each.fen for each in self.happened if each.kind == "draw")

    @property
    def state(self) -> str:
        return str(self.bank.view(self.loan_id).state)

    def may_pay(self) -> bool:
        return bool(self.happened) and not self.gone and not self.plain.is_settled

    @initialize(fen=st.integers(1, CONTRACT_FEN))
    def sign(self, fen: int) -> None:
        self.bank.open(FIRST)
        self.loan_id = self.bank.sign(
            contract_fen=CONTRACT_FEN, starts_on=FIRST, matures_on=MATURITY
        )
        self.draw(fen)

    def draw(self, fen: int) -> None:
        self.bank.draw(self.loan_id, fen)
        self.happened.append(Happening(on=self.today, kind="draw", fen=fen))

    @precondition(
        lambda self: (
            self.drawn_fen < CONTRACT_FEN
            and self.today < MATURITY
            and self.may_pay()
            and not any(sum(bill.left.values()) for bill in self.plain.bills)
        )
    )
    @rule(data=st.data())
    def draw_more(self, data: st.DataObject) -> None:
        self.draw(data.draw(st.integers(1, CONTRACT_FEN - self.drawn_fen)))

    @rule(days=st.sampled_from([1, 1, 2, 5, 13, 30, 45]))
    def nights_pass(self, days: int) -> None:
        for _ in range(days):
            behind = self.plain.overdue(self.today)[0] if self.happened and not self.gone else 0
            if behind >= LAST_PERFORMING_DAY:
                return
            self.bank.close(self.today)
            self.today += timedelta(days=1)
            self.bank.set_clock(self.today)

    @precondition(may_pay)
    @rule(data=st.data(), early=st.booleans(), back=st.integers(0, 6))
    def money_comes(self, data: st.DataObject, *, early: bool, back: int) -> None:
        first = max(self.today.replace(day=1), self.happened[0].on)
        value_on = min(max(first, self.today - timedelta(days=back)), self.today)
        owed = self.plain.principal + self.plain.accrued + self.plain.fees
        due = sum(sum(bill.left.values()) for bill in self.plain.bills)
        fen = data.draw(
            st.one_of(
                st.just(owed), st.just(max(due, 1)), st.integers(1, owed), st.integers(1, 5_000_00)
            )
        )
        name = f"付款{next(self.numbers)}"
        paid = Happening(on=value_on, kind="pay", fen=fen, early=early, name=name)
        with self.as_the_plain_loan([*self.happened, paid]) as session:
            command = Repay(amount_fen=fen, value_on=value_on, prepay=early, payer=name)
            repay(session, self.bank.actor, self.loan_id, command)

    @contextmanager
    def as_the_plain_loan(self, happened: list[Happening]) -> Iterator[Session]:
        """A step that is refused where money was given back that would not have waited, and only there."""
        before, self.happened = self.happened, happened
        refused = False
        try:
            _ = self.plain
        except NotThereError:
            refused, self.happened = True, before
        with self.bank.database.write() as session:
            if not refused:
                yield session
                return
            with pytest.raises(RefundedSince):
                yield session
            session.rollback()

    def reversible(self) -> list[Happening]:
        """Repayments of the open month."""
        if self.gone:
            return []
        first = self.today.replace(day=1)
        return [each for each in self.happened if each.kind == "pay" and each.on >= first]

    @precondition(reversible)
    @rule(data=st.data())
    def a_repayment_is_taken_back(self, data: st.DataObject) -> None:
        found = data.draw(st.sampled_from(self.reversible()))
        with self.as_the_plain_loan(
            [each for each in self.happened if each is not found]
        ) as session:
            command = Reverse(entry_id=self.entry_of(session, found.name), reason="银行退汇")
            reverse(session, self.bank.actor, command)

    def entry_of(self, session: Session, payer: str) -> UUID:
        """The entry that stands for what a payer paid; it may have been booked again on its day."""
        rows = list_repayments(session, self.bank.actor, self.loan_id)
        gone = {each.reverses_id for each in rows}
        (entry_id,) = {
            each.entry_id
            for each in rows
            if each.payer == payer and each.id not in gone and each.reverses_id is None
        }
        return entry_id

    @precondition(may_pay)
    @rule(fen=st.integers(1, 900_00))
    def a_fee_is_charged(self, fen: int) -> None:
        self.by_two(propose_fee, ProposeFee(amount_fen=fen, reason="律师费"))
        self.happened.append(Happening(on=self.today, kind="fee", fen=fen))

    @precondition(lambda self: self.may_pay() and self.plain.suspense > 0)
    @rule(data=st.data())
    def money_that_waits_is_given_back(self, data: st.DataObject) -> None:
        fen = data.draw(st.integers(1, self.plain.suspense))
        command = ProposeRefund(amount_fen=fen, reason="多付", party="果业公司")
        self.by_two(propose_refund, command)
        self.happened.append(Happening(on=self.today, kind="refund", fen=fen))

    def by_two(self, propose: Any, command: Any) -> None:
        with self.bank.database.write() as session:
            entry = propose(session, self.world.actor("a-ops"), self.loan_id, command)
            book_entry(session, self.world.actor("a-drawdown"), entry.id, BookEntry())

    @precondition(
        lambda self: (
            self.may_pay()
            and self.today < self.ends_on - timedelta(days=1)
            and self.state == "performing"
            and self.plain.principal > 0
            and self.ends_on < date(2024, 12, 1)
        )
    )
    @rule(days=st.integers(1, 60), ppm=st.one_of(st.none(), st.integers(1, 90_000)))
    def the_term_is_extended(self, days: int, ppm: int | None) -> None:
        """With a new rate, or without; a rate is set once a day, and the drawdown set one."""
        self.ends_on += timedelta(days=days)
        new = NewRate(change_number=f"T-{next(self.numbers)}", rate_ppm=ppm)
        rate = new if ppm and not self.rate_is_of_today() else None
        with self.bank.database.write() as session:
            command = ExtendLoan(
                loan_id=self.loan_id, matures_on=self.ends_on, reason="生长期延长", rate=rate
            )
            extend_loan(session, self.bank.actor, command)
        self.happened.append(
            Happening(
                on=self.today,
                kind="extend",
                until=self.ends_on,
                rate=Fraction(ppm, 10**6) if rate and ppm else None,
            )
        )

    def rate_is_of_today(self) -> bool:
        return any(
            each.on == self.today and (each.kind == "draw" or each.rate is not None)
            for each in self.happened
        )

    @precondition(lambda self: self.may_pay() and self.today > date(2024, 6, 1))
    @rule()
    def the_loan_is_written_off(self) -> None:
        with self.bank.database.write() as session:
            command = WriteOff(loan_id=self.loan_id, reason="追索已尽")
            write_off(session, self.bank.actor, command)
        self.gone = True

    @rule()
    def the_service_starts_anew(self) -> None:
        self.bank.database.dispose()
        self.bank = self.opened()
        self.bank.set_clock(self.today)

    @invariant()
    def figures_are_those_of_the_plain_loan(self) -> None:
        if not self.happened:
            return
        view, plain = self.bank.view(self.loan_id), self.plain
        if self.gone:
            assert (view.state, view.principal_fen) == ("written-off", 0)
            return
        assert (view.principal_fen, view.accrued_fen, view.suspense_fen, view.fees_fen) == (
            plain.principal,
            plain.accrued,
            plain.suspense,
            plain.fees,
        )
        assert (view.overdue_days, view.overdue_fen) == plain.overdue(self.today)
        behind = "overdue" if plain.overdue(self.today)[0] else "performing"
        assert view.state == ("settled" if plain.is_settled else behind)

    @invariant()
    def nothing_stored_disagrees(self) -> None:
        assert broken(self.bank.database) == []


@pytest.mark.deep_on("postgres")
def test_any_life_of_a_loan_comes_to_the_plain_figures(templates, engines, engine_name):
    class Here(Life):
        pass

    Here.templates, Here.engines = staticmethod(templates), engines
    Here.engine_name = engine_name
    run_state_machine_as_test(Here, settings=LIVES)
