"""Prices of a series that look like slips: their move is far outside of what the series else does.

A move is a log return. It stands out when it is further from the median move than some median
absolute deviations, which a few slips cannot widen, and larger than a share of the price, without
which a price that rarely moves would stand out by every move. Nothing is mended: who reads the
series decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from risk_models.contract import Floats
from risk_models.dated import Parameters
from risk_models.words import Text

__all__ = ["OUTLIER_DEVIATIONS", "OUTLIER_MOVE", "OutlierRule", "outlier_words", "rule_in_force"]

OUTLIER_DEVIATIONS: Final = "price.outlier_deviations"
OUTLIER_MOVE: Final = "price.outlier_move"

MAD_TO_DEVIATION: Final = 1.4826
"""Times this the median absolute deviation of a normal law is its standard deviation."""

APART: Final = Text(
    en="The price of %(on)s, %(price)s, stands apart: before it %(before)s, after it %(after)s. If it is a"
    " slip, correct it: every figure here counts it in.",
    zh="%(on)s的价格%(price)s异常：前一价格%(before)s，后一价格%(after)s。如为录入差错请予更正，以下各项数字均已计入该价格。",
)
MOVED: Final = Text(
    en="The price moves from %(before)s to %(price)s on %(on)s, far outside of what it else does. If one"
    " of the two is a slip, correct it: every figure here counts it in.",
    zh="%(on)s价格由%(before)s变为%(price)s，远超该序列的通常变动。如其中之一为录入差错请予更正，以下各项数字均已计入该价格。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierRule:
    """What stands out: `deviations` (of a normal law) from the median, and `move`, a share of the price."""

    deviations: float
    move: float


def rule_in_force(parameters: Parameters) -> OutlierRule:
    """The rule of a day."""
    return OutlierRule(
        deviations=parameters.number(OUTLIER_DEVIATIONS), move=parameters.number(OUTLIER_MOVE)
    )


def outlier_words(days: Sequence[date], prices: Sequence[float], rule: OutlierRule) -> list[Text]:
    """Each day whose price stands out, in words, in order; prices are above zero."""
    returns = np.diff(np.log(np.asarray(prices, dtype=np.float64)))
    return list(_told(days, prices, returns, set(_beyond(returns, rule))))


def _beyond(returns: Floats, rule: OutlierRule) -> list[int]:
    """Places of moves beyond both limits."""
    away = np.abs(returns - np.median(returns))
    limit = rule.deviations * MAD_TO_DEVIATION * float(np.median(away))
    # A fall to 1 / (1 + move) is as far as a rise by the share.
    beyond = (away > limit) & (np.abs(returns) > np.log1p(rule.move))
    return [int(place) for place in np.flatnonzero(beyond)]


def _told(
    days: Sequence[date], prices: Sequence[float], returns: Floats, beyond: set[int]
) -> Iterator[Text]:
    """A move and the move back are one price that stands apart."""
    back: set[int] = set()
    for place in sorted(beyond):
        if place in back:
            continue
        facts: dict[str, object] = {
            "on": days[place + 1].isoformat(),
            "price": _figure(prices[place + 1]),
            "before": _figure(prices[place]),
        }
        if place + 1 in beyond and returns[place] * returns[place + 1] < 0.0:
            back.add(place + 1)
            yield APART.filled({**facts, "after": _figure(prices[place + 2])})
        else:
            yield MOVED.filled(facts)


def _figure(price: float) -> str:
    return f"{price:,.10g}"
