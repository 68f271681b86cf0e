"""The fields that the models of tradable units share: what is frozen, needed, traded and stated."""

from risk_models.contract import Field
from risk_models.fields import day, number
from risk_models.words import Text

__all__ = [
    "daily_volume_field",
    "frozen_field",
    "high_price_field",
    "needed_field",
    "statement_field",
]

Needed = tuple[str, frozenset[str]] | None
"""When a field is needed: the choice and its levels; None is always."""


def frozen_field(unit: str, *, example: float) -> Field:
    """What is frozen or pledged already."""
    return number(
        "frozen_quantity",
        Text(en="Frozen or pledged already", zh="已冻结或已质押数量"),
        Text(
            en="What others hold a right on, by the registry's statement. Empty: nothing.",
            zh="登记机构证明的、他人已享有权利的部分。不填为无。",
        ),
        unit=unit,
        example=example,
        group="holding",
        required=False,
    )


def needed_field(
    unit: str, help_: Text, *, example: float, vary: tuple[float, float], needed_when: Needed = None
) -> Field:
    """What the holder needs or owes before a disposal could end."""
    return number(
        "quantity_needed",
        Text(en="Units needed or promised", zh="履约所需或已承诺数量"),
        help_,
        unit=unit,
        example=example,
        group="holding",
        vary=vary,
        required=needed_when is None,
        needed_when=needed_when,
    )


def daily_volume_field(
    unit: str, *, example: float, vary: tuple[float, float], needed_when: Needed = None
) -> Field:
    """How much the market takes in a day."""
    return number(
        "daily_volume",
        Text(en="Units traded a day", zh="日均成交量"),
        Text(
            en="Mean of the last 250 trading days, of the market in which they would be sold.",
            zh="拟处置市场近250个交易日的日均成交量。",
        ),
        unit=f"{unit}/day",
        example=example,
        group="market",
        low_open=True,
        vary=vary,
        required=needed_when is None,
        needed_when=needed_when,
    )


def statement_field(*, example: str, needed_when: Needed = None) -> Field:
    """The day of the registry's statement."""
    return day(
        "statement_on",
        Text(en="Registry statement of", zh="登记机构持仓证明日期"),
        Text(en="The day the registry states the holding for.", zh="登记机构证明的持仓日期。"),
        example=example,
        required=needed_when is None,
        needed_when=needed_when,
    )


def high_price_field(unit: str, *, example: float) -> Field:
    """The 95th percentile of a year's prices, where somebody knows it."""
    return number(
        "high_price_yuan",
        Text(en="95th percentile of a year's prices", zh="近一年价格第95百分位"),
        Text(
            en="If known; a dearer reference price is asked about.",
            zh="如已知；参考价高于此数将被询问。",
        ),
        unit=f"yuan/{unit}",
        example=example,
        group="market",
        required=False,
    )
