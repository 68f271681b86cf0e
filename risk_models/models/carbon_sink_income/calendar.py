"""When removals are verified, and what of the crediting period each verification covers."""

import numpy as np
import numpy.typing as npt

from risk_models.batches import distinct
from risk_models.columns import Picked
from risk_models.contract import Basis, Batch, Codes, Floats, Keyed, Recorder, step
from risk_models.modelling import Days, as_day, years, years_left

__all__ = ["Calendar"]


@step(unit="year", zh="已核证计入年数")
def verified_years(*, crediting_starts_on: Days, last_verified_on: Days) -> Floats:
    """Crediting years verified so far: years(crediting_starts_on, last_verified_on)."""
    return years(crediting_starts_on, last_verified_on)


@step(unit="year", zh="计入期长度")
def crediting_years(*, crediting_starts_on: Days, crediting_ends_on: Days) -> Floats:
    """Length of the crediting period: years(crediting_starts_on, crediting_ends_on)."""
    return years(crediting_starts_on, crediting_ends_on)


@step(unit="year", zh="距上次核证年数")
def unverified_years(*, last_verified_on: Days, valuation_on: Days) -> Floats:
    """Years since the last verification: years(last_verified_on, valuation_on)."""
    return years(last_verified_on, valuation_on)


@step(unit="period", zh="下次核证覆盖期数")
def periods_due(*, unverified_years: Floats, verification_every_years: Floats) -> Floats:
    """Periods the next verification covers.

    Formula: floor(unverified_years / verification_every_years) + 1.
    """
    return np.asarray(np.floor(unverified_years / verification_every_years) + 1.0)


@step(unit="year", zh="距首次签发最早日年数")
def waiting_years(*, valuation_on: Days, first_issuance_on: Days) -> Floats:
    """Years until the first issuance can be: max(0, years(valuation_on, first_issuance_on))."""
    return np.asarray(np.maximum(0.0, years(valuation_on, first_issuance_on)))


@step(unit="period", zh="下次核证覆盖期数")
def periods_due_after_waiting(
    *, unverified_years: Floats, verification_every_years: Floats, waiting_years: Floats
) -> Floats:
    """Periods the next verification covers, none being before the first issuance.

    Formula: max(floor(unverified_years / verification_every_years) + 1,
    -floor(-(unverified_years + waiting_years) / verification_every_years)).
    """
    passed = np.floor(unverified_years / verification_every_years) + 1.0
    until = -np.floor(-(unverified_years + waiting_years) / verification_every_years)
    return np.asarray(np.maximum(passed, until))


@step(unit="year", zh="距下次核证年数")
def next_verification_years(
    *, periods_due: Floats, verification_every_years: Floats, unverified_years: Floats
) -> Floats:
    """Years to the next verification: periods_due * verification_every_years - unverified_years."""
    return periods_due * verification_every_years - unverified_years


@step(unit="1", zh="有核证的年份")
def verification_due(*, year: Floats, verification_every_years: Floats) -> Floats:
    """Whether a year after the next verification has one.

    Formula: year - floor(year / verification_every_years) * verification_every_years < 0.5.
    """
    passed = np.floor(year / verification_every_years) * verification_every_years
    return np.asarray((year - passed < 0.5).astype(np.float64))


@step(unit="year", zh="核证截至的计入年数")
def accrued_until(
    *, verified_years: Floats, verification_every_years: Floats, periods_due: Floats, year: Floats
) -> Floats:
    """Crediting years a verification reaches up to.

    Formula: verified_years + verification_every_years * periods_due + year.
    """
    return verified_years + verification_every_years * periods_due + year


@step(unit="year", zh="核证起自的计入年数")
def accrued_since(
    *, accrued_until: Floats, verification_every_years: Floats, periods_due: Floats, year: Floats
) -> Floats:
    """Crediting years a verification begins from, the first one making up for missed ones.

    Formula: accrued_until - verification_every_years * (1 + (periods_due - 1) * (year < 0.5)).
    """
    missed = (periods_due - 1.0) * (year < 0.5)
    return accrued_until - verification_every_years * (1.0 + missed)


@step(unit="year", zh="各次核证签发年数")
def years_credited(
    *,
    verification_due: Floats,
    accrued_until: Floats,
    accrued_since: Floats,
    crediting_years: Floats,
) -> Floats:
    """Years of removals each verification credits.

    Formula: verification_due * max(0, min(accrued_until, crediting_years) - max(accrued_since, 0)).
    """
    span = np.minimum(accrued_until, crediting_years) - np.maximum(accrued_since, 0.0)
    return np.asarray(verification_due * np.maximum(0.0, span))


@step(unit="year", zh="各次核证的增长年数")
def growth_years_credited(
    *,
    verification_due: Floats,
    accrued_until: Floats,
    accrued_since: Floats,
    crediting_years: Floats,
    growth_years: Floats,
) -> Floats:
    """Years of removals each verification credits, while there is growth.

    Formula: verification_due * max(0, min(min(accrued_until, crediting_years), growth_years)
    - max(accrued_since, 0)).
    """
    until = np.minimum(np.minimum(accrued_until, crediting_years), growth_years)
    return np.asarray(verification_due * np.maximum(0.0, until - np.maximum(accrued_since, 0.0)))


@step(unit="year", zh="各次核证的基线增长年数")
def baseline_years_credited(
    *,
    verification_due: Floats,
    accrued_until: Floats,
    accrued_since: Floats,
    crediting_years: Floats,
    baseline_growth_years: Floats,
) -> Floats:
    """Years of baseline growth each verification takes off.

    Formula: verification_due * max(0,
    min(min(accrued_until, crediting_years), baseline_growth_years) - max(accrued_since, 0)).
    """
    until = np.minimum(np.minimum(accrued_until, crediting_years), baseline_growth_years)
    return np.asarray(verification_due * np.maximum(0.0, until - np.maximum(accrued_since, 0.0)))


class Calendar:
    """Verifications to come: when, and what each credits, by distinct calendar."""

    def __init__(self, batch: Batch, basis: Basis, steps: Recorder) -> None:
        on = np.full(batch.n, as_day(basis.on))
        self.verified = steps(
            "verified_years",
            verified_years,
            crediting_starts_on=batch.days("crediting_starts_on"),
            last_verified_on=batch.days("last_verified_on"),
        )
        self.crediting = steps(
            "crediting_years",
            crediting_years,
            crediting_starts_on=batch.days("crediting_starts_on"),
            crediting_ends_on=batch.days("crediting_ends_on"),
        )
        self.unverified = steps(
            "unverified_years",
            unverified_years,
            last_verified_on=batch.days("last_verified_on"),
            valuation_on=on,
        )
        self.right = years_left(batch, basis, steps)
        self._lay_out(batch, steps, self._waiting(batch, on, steps))

    @staticmethod
    def _waiting(batch: Batch, on: Days, steps: Recorder) -> Floats | None:
        """Years until the first issuance can be, where any row has such a day."""
        earliest = batch.days("first_issuance_on")
        told = ~np.isnat(earliest[:1] if batch.is_constant("first_issuance_on") else earliest)
        if not told.any():
            return None
        return steps(
            "waiting_years",
            waiting_years,
            valuation_on=on,
            first_issuance_on=np.where(np.isnat(earliest), on, earliest),
        )

    def _lay_out(self, batch: Batch, steps: Recorder, waiting: Floats | None) -> None:
        columns = [
            batch.numbers("verification_every_years"),
            self.unverified,
            self.verified,
            self.crediting,
        ]
        if waiting is not None:
            columns.append(waiting)
        (every, unverified, verified, crediting, *waits), self.key = distinct(*columns)
        every, unverified = every[:, np.newaxis], unverified[:, np.newaxis]
        due = self._periods_due(steps, every, unverified, waits)
        first = steps(
            "next_verification_years",
            next_verification_years,
            periods_due=due,
            verification_every_years=every,
            unverified_years=unverified,
        )
        self.first = first[:, 0]
        longest = float(np.max(self.right, initial=0.0) - np.min(self.first, initial=0.0))
        year = np.arange(max(int(longest) + 1, 1), dtype=np.float64)[np.newaxis]
        self.due = steps(
            "verification_due", verification_due, year=year, verification_every_years=every
        )
        self.until = steps(
            "accrued_until",
            accrued_until,
            verified_years=verified[:, np.newaxis],
            verification_every_years=every,
            periods_due=due,
            year=year,
        )
        self.since = steps(
            "accrued_since",
            accrued_since,
            accrued_until=self.until,
            verification_every_years=every,
            periods_due=due,
            year=year,
        )
        self.crediting_by_key = crediting[:, np.newaxis]
        self.credited = steps(
            "years_credited",
            years_credited,
            verification_due=self.due,
            accrued_until=self.until,
            accrued_since=self.since,
            crediting_years=self.crediting_by_key,
        )

    @staticmethod
    def _periods_due(
        steps: Recorder, every: Floats, unverified: Floats, waits: list[Floats]
    ) -> Floats:
        if not waits:
            return steps(
                "periods_due",
                periods_due,
                unverified_years=unverified,
                verification_every_years=every,
            )
        return steps(
            "periods_due",
            periods_due_after_waiting,
            unverified_years=unverified,
            verification_every_years=every,
            waiting_years=waits[0][:, np.newaxis],
        )

    def growing(
        self, rows: npt.NDArray[np.integer], growth_years: Floats, steps: Recorder
    ) -> tuple[Keyed, Floats]:
        """Years of removals credited on some rows while they grow [r], and the first payment."""
        (keys, limit), key = distinct(self.key[rows], growth_years)
        place = keys.astype(np.int64)
        profiles = steps(
            "growth_years_credited",
            growth_years_credited,
            **self.at(place),
            growth_years=limit[:, np.newaxis],
        )
        return self.spread(profiles, place, rows, key)

    def baseline(
        self, rows: npt.NDArray[np.integer], limit_years: float | None, steps: Recorder
    ) -> tuple[Keyed, Floats]:
        """Years of baseline growth taken off on some rows, and the first payment.

        Without a limit the baseline grows as long as removals are credited.
        """
        if limit_years is None:
            return Keyed(values=self.credited, key=self.key), self.first
        (keys,), key = distinct(self.key[rows])
        place = keys.astype(np.int64)
        profiles = steps(
            "baseline_years_credited",
            baseline_years_credited,
            **self.at(place),
            baseline_growth_years=np.array([[limit_years]]),
        )
        return self.spread(profiles, place, rows, key)

    def at(self, place: npt.NDArray[np.integer]) -> dict[str, Floats]:
        """What the verifications of some calendars [P, T] are told by."""
        return {
            "verification_due": self.due[place],
            "accrued_until": self.until[place],
            "accrued_since": self.since[place],
            "crediting_years": self.crediting_by_key[place],
        }

    def spread(
        self,
        profiles: Floats,
        place: npt.NDArray[np.integer],
        rows: Picked,
        key: Codes,
    ) -> tuple[Keyed, Floats]:
        """Profiles [P, T] of some rows for the whole batch, with the first payment of each.

        The other rows see one more profile, of nothing.
        """
        if isinstance(rows, slice):
            return Keyed(values=profiles, key=key), self.first[place]
        whole = np.full(len(self.key), len(profiles), dtype=np.int32)
        whole[rows] = key
        values = np.vstack([profiles, np.zeros((1, profiles.shape[1]))])
        return Keyed(values=values, key=whole), np.append(self.first[place], 1.0)
