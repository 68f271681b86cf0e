"""A loan in a few lines of plain arithmetic: day by day from the beginning, with fractions, nothing stored.

It shares no code with the service. One loan of several notes, interest by quarters, principal at the
maturity, act/360; what happened is a list that is gone through anew for each question.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor

ONE_DAY = timedelta(days=1)
PLACES = {"penalty": 2, "compound": 2, "interest": 3, "principal": 4}
"""In which order a performing loan's debts are paid; those of one place by their days, then as listed."""


class NotThereError(Exception):
    """Money was given back on a day on which, by what is now known, it did not wait."""


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


@dataclass
class Happening:
    """Something that was done to the loan on a day."""

    on: date
    kind: str
    fen: int = 0
    early: bool = False
    until: date | None = None
    rate: Fraction | None = None
    name: str = ""


@dataclass
class Bill:
    due_on: date
    left: dict[str, int]


@dataclass
class PlainNote:
    drawn_on: date
    unbilled: int
    interest: Fraction = Fraction(0)
    ahead: int = 0
    penalty: Fraction = Fraction(0)
    compound: Fraction = Fraction(0)
    paid: dict[str, int] = field(default_factory=lambda: {"penalty": 0, "compound": 0})
    bills: list[Bill] = field(default_factory=list)

    def grown(self) -> int:
        """Interest of the running period that is not yet paid."""
        return half_up(self.interest) - self.ahead

    def extra(self, kind: str) -> int:
        """Penalty or compound interest that is not yet paid."""
        return half_up(getattr(self, kind)) - self.paid[kind]


Debt = tuple[int, date, str, PlainNote, Bill | None]


@dataclass
class PlainLoan:
    """What the loan owes at the opening of a day, after all that happened until then."""

    rate: Fraction
    surcharge: Fraction
    matures_on: date
    notes: list[PlainNote] = field(default_factory=list)
    suspense: int = 0
    fees: int = 0

    @classmethod
    def after(
        cls,
        happenings: list[Happening],
        today: date,
        *,
        rate: Fraction,
        surcharge: Fraction,
        matures_on: date,
    ) -> "PlainLoan":
        """Go through all days since the first drawdown."""
        loan = cls(rate=rate, surcharge=surcharge, matures_on=matures_on)
        if not happenings:
            return loan
        ordered = sorted(happenings, key=lambda each: each.on)
        day = ordered[0].on
        while True:
            for each in ordered:
                if each.on == day:
                    loan.take(each)
            if day == today:
                return loan
            for note in loan.notes:
                loan.close(note, day)
            day += ONE_DAY

    def take(self, happening: Happening) -> None:
        if happening.kind == "draw":
            self.notes.append(PlainNote(drawn_on=happening.on, unbilled=happening.fen))
        elif happening.kind == "extend":
            assert happening.until is not None
            self.matures_on = happening.until
            self.rate = happening.rate or self.rate
        elif happening.kind == "fee":
            self.fees += happening.fen
        elif happening.kind == "refund":
            if happening.fen > self.suspense:
                raise NotThereError
            self.suspense -= happening.fen
        else:
            self.pay(happening)

    # --- A day ---

    def close(self, note: PlainNote, day: date) -> None:
        """Interest of the day, then what falls due on the next."""
        share = self.rate / 360
        heavy = share * (1 + self.surcharge)
        note.interest += note.unbilled * share
        note.penalty += heavy * sum(each.left["principal"] for each in note.bills)
        unpaid = sum(each.left["interest"] for each in note.bills)
        note.compound += unpaid * (heavy if day >= self.matures_on else share)
        due_on = day + ONE_DAY
        last = due_on == self.matures_on
        settlement = (due_on.month % 3, due_on.day) == (0, 21) and due_on < self.matures_on
        if not (last or settlement) or not (note.unbilled or note.grown()):
            return
        principal = note.unbilled if last else 0
        owed = {"interest": note.grown(), "principal": principal}
        note.bills.append(Bill(due_on=due_on, left=owed))
        note.unbilled -= principal
        note.interest, note.ahead = Fraction(0), 0

    # --- A repayment ---

    def pay(self, happening: Happening) -> None:
        fee = min(happening.fen, self.fees)
        self.fees -= fee
        left = happening.fen - fee
        debts: list[Debt] = []
        for note in self.notes:
            grown = (("penalty", None), ("compound", None))
            billed = ((kind, bill) for bill in note.bills for kind in ("interest", "principal"))
            for kind, bill in (*grown, *billed):
                debts += [(PLACES[kind], bill.due_on if bill else happening.on, kind, note, bill)]
        for _place, _on, kind, note, bill in sorted(debts, key=lambda debt: debt[:2]):
            owed = note.extra(kind) if bill is None else bill.left[kind]
            part = min(left, owed)
            left -= part
            if bill is None:
                note.paid[kind] += part
            else:
                bill.left[kind] -= part
        if happening.early:
            left = self.pay_early(left)
        self.suspense += left

    def pay_early(self, left: int) -> int:
        """Principal that is not yet due; the interest grown as well when that ends the loan."""
        total = sum(note.unbilled + note.grown() for note in self.notes)
        if left >= total:
            for note in self.notes:
                note.ahead += note.grown()
                note.unbilled = 0
            return left - total
        for note in self.notes:
            part = min(left, note.unbilled)
            note.unbilled -= part
            left -= part
        return left

    # --- Figures ---

    @property
    def bills(self) -> list[Bill]:
        return [bill for note in self.notes for bill in note.bills]

    @property
    def principal(self) -> int:
        return sum(note.unbilled for note in self.notes) + sum(
            bill.left["principal"] for bill in self.bills
        )

    @property
    def accrued(self) -> int:
        grown = sum(
            note.grown() + note.extra("penalty") + note.extra("compound") for note in self.notes
        )
        return grown + sum(bill.left["interest"] for bill in self.bills)

    def overdue(self, today: date) -> tuple[int, int]:
        """Days since the oldest unpaid bill, and all that was due before today."""
        late = [bill for bill in self.bills if bill.due_on < today and sum(bill.left.values())]
        oldest = min((bill.due_on for bill in late), default=today)
        return (today - oldest).days, sum(sum(bill.left.values()) for bill in late)

    @property
    def is_settled(self) -> bool:
        return bool(self.notes) and not (self.principal or self.accrued or self.fees)
