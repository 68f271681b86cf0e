"""What a bank sets aside for its loans: a share of the balance by class."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.classification import LoanClass
from app.policy import Policy

Rates: TypeAlias = Mapping[LoanClass, int]
"""Shares of the balance by class, in ppm."""


def provision_rates(policy: Policy) -> Rates:
    """The table of a policy's day."""
    table = policy.table("loans.provision_rate")
    return {LoanClass(row): int(table.decimal(row, "rate") * PPM) for row in table}


def provision_fen(balance_fen: int, rate_ppm: int) -> int:
    """Balance * rate, rounded half-up to the fen."""
    return round_half_up(balance_fen * rate_ppm, PPM)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSum:
    """The loans of one class: how many, what they owe, and what is set aside for them."""

    loan_class: LoanClass
    loans: int
    balance_fen: int
    rate_ppm: int
    provision_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Sums by class, the best first."""

    classes: tuple[ClassSum, ...]

    @property
    def loans(self) -> int:
        return sum(each.loans for each in self.classes)

    @property
    def balance_fen(self) -> int:
        return sum(each.balance_fen for each in self.classes)

    @property
    def provision_fen(self) -> int:
        return sum(each.provision_fen for each in self.classes)

    @property
    def non_performing_fen(self) -> int:
        return sum(each.balance_fen for each in self.classes if each.loan_class.is_non_performing)

    @property
    def non_performing_ppm(self) -> int | None:
        """Non-performing balance over all, half-up; None without a balance."""
        if not self.balance_fen:
            return None
        return round_half_up(self.non_performing_fen * PPM, self.balance_fen)

    @property
    def cover_ppm(self) -> int | None:
        """Provision over non-performing balance, half-up; None without any."""
        if not self.non_performing_fen:
            return None
        return round_half_up(self.provision_fen * PPM, self.non_performing_fen)


def by_class(rows: Iterable[tuple[LoanClass, int, int, int]], rates: Rates) -> Provision:
    """The sums of rows of class, number of loans, balance and provision; classes without loans stand with zeros."""
    found = {tier: (loans, balance, provision) for tier, loans, balance, provision in rows}
    sums = []
    for tier in LoanClass:
        loans, balance, provision = found.get(tier, (0, 0, 0))
        sums.append(
            ClassSum(
                loan_class=tier,
                loans=loans,
                balance_fen=balance,
                rate_ppm=rates[tier],
                provision_fen=provision,
            )
        )
    return Provision(classes=tuple(sums))
