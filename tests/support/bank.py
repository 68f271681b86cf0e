"""A bank with open books, and the steps that tests take in it."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from app.loans.invariants import violations
from app.loans.services import (
    OpenLoan,
    PostDrawdown,
    close_day,
    load_history,
    loan_view,
    open_business_day,
    open_loan,
    post_drawdown,
)


def broken(database):
    with database.read() as session:
        return list(violations(session))


class Bank:
    """Bank A on a chosen business day, and the steps that tests take in it."""

    def __init__(self, database, world, clock, code="A"):
        self.database, self.world, self.clock = database, world, clock
        self.id = world.organisation(code)
        self.actor = world.system(code)
        self.tampered = False

    def open(self, day):
        with self.database.write() as session:
            open_business_day(session, self.actor, self.id, day)
        self.set_clock(day)
        return self

    def set_clock(self, day):
        self.clock.instant = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)

    def sign(self, **terms):
        given = {
            "bank_id": self.id,
            "borrower_id": self.world.organisation("C1"),
            "title": "林权抵押贷款",
            "contract_fen": 3_000_000_00,
            "rate_ppm": 44_500,
            "penalty_ppm": 500_000,
            "starts_on": date(2023, 12, 26),
            "matures_on": date(2024, 12, 25),
            "region_code": "620725",
        }
        with self.database.write() as session:
            return open_loan(session, self.actor, OpenLoan(**{**given, **terms}))

    def draw(self, loan_id, amount_fen, **extra):
        command = PostDrawdown(loan_id=loan_id, amount_fen=amount_fen, **extra)
        with self.database.write() as session:
            return post_drawdown(session, self.actor, command)

    def take_over(self, loan_id, *events):
        """Load the past of a loan; drawn in full on its first day unless events are given."""
        with self.database.write() as session:
            load_history(session, self.actor, loan_id, events)

    def close(self, day, *, minutes=0, **options):
        self.set_clock(day)
        self.clock.instant += timedelta(minutes=minutes)
        return close_day(self.database, self.actor, self.id, day, **options)

    def close_until(self, first, last):
        view, day = None, first
        while day <= last:
            view = self.close(day)
            day += timedelta(days=1)
        self.set_clock(last + timedelta(days=1))
        return view

    def sql(self, statement, **values):
        """Change rows past the service, as somebody with the database in hand could."""
        self.tampered = True
        with self.database.write() as session:
            session.execute(sa.text(statement), values)

    def broken_by(self, statement, *checkers):
        """The invariants that a change past the service breaks, of loans and more; nothing of it stays."""
        with Session(self.database.engine) as session:
            session.info["database"] = self.database
            assert session.execute(sa.text(statement)).rowcount >= 1, statement
            found = {each.invariant for look in (violations, *checkers) for each in look(session)}
            session.rollback()
        return found

    def broken(self):
        return broken(self.database)

    def view(self, loan_id):
        with self.database.read() as session:
            return loan_view(session, self.actor, loan_id)
