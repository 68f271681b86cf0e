"""Which of the prices of a day the answers of one asset can use, and what a price says of its source."""

from collections.abc import Mapping
from typing import Any

from app.kernel.actor import Name
from app.kernel.catalogue import in_both
from risk_models.contract import ModelSpec


def usable_prices(spec: ModelSpec, inputs: Mapping[str, Any]) -> frozenset[str]:
    """The prices whose conditions hold for the inputs; the model reads no other for this row."""
    return frozenset(
        use.id
        for use in spec.prices
        if all((inputs.get(other) or "") in levels for other, levels in use.when)
    )


def used_prices(
    spec: ModelSpec | None, inputs: Mapping[str, Any], prices: Mapping[str, Any]
) -> dict[str, Any]:
    """Of the prices kept with a result those that its row used; all where the model is gone."""
    if spec is None:
        return dict(prices)
    known = usable_prices(spec, inputs)
    return {price_id: facts for price_id, facts in prices.items() if price_id in known}


def price_source(source: str) -> Name:
    """The source of a price in both languages: words of the catalogue after the series and day they stand behind.

    What the catalogue does not have stays as it was written.
    """
    series, _, told = source.partition(": ")
    words = in_both(told)
    if words.en:
        return Name(zh=f"{series}：{words.zh}", en=f"{series}: {words.en}")
    return in_both(source)
