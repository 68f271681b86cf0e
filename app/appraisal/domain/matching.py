"""What an appraisal takes into its model beside what the registry has of the asset.

The models know no assets; so the appraisal room makes these findings itself, as the models make theirs.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

from app.kernel.units import facts_named
from risk_models.batches import InvalidInputs, batch_from_rows
from risk_models.contract import Basis, Prices
from risk_models.dated import ParameterNotInForce, Parameters
from risk_models.models.carbon_sink_income import MODEL, yearly_removals
from risk_models.words import Text

REMOVALS_UNIT: Final = "tCO2e/year"
"""The unit of a measured quantity that the removals of a model can be compared with."""

AREA: Final = Text(
    en="The model takes %(modelled)s mu, the registry has %(registered)s mu: %(off)s%% apart, "
    "above the tolerated %(limit)s%%. Explain the difference.",
    zh="模型采用%(modelled)s亩，登记面积为%(registered)s亩，相差%(off)s%%，超过容许的%(limit)s%%，请说明差异。",
)
MIXED_UNITS: Final = Text(
    en="The model takes %(modelled)s mu, the registry has %(registered)s mu: %(factor)s times. One "
    "hectare is 15 mu: was the area entered in the other unit? Correct it, or explain the difference.",
    zh="模型采用%(modelled)s亩，登记面积为%(registered)s亩，为其%(factor)s倍。1公顷等于15亩，请核对是否用错面积单位，更正或说明差异。",
)
AREA_ABOVE: Final = Text(
    en="The model takes %(modelled)s mu, the registry has %(registered)s mu: %(off)s%% more, above "
    "the %(limit)s%% that may be explained. Correct the area, or have the register corrected first.",
    zh="模型采用%(modelled)s亩，登记面积为%(registered)s亩，多出%(off)s%%，超过可作说明的%(limit)s%%。请更正面积，或先办理登记更正。",
)
MIXED_UNITS_ABOVE: Final = Text(
    en="The model takes %(modelled)s mu, the registry has %(registered)s mu: 15 times. One hectare is "
    "15 mu: was the area entered in the other unit? Correct it, or have the register corrected first.",
    zh="模型采用%(modelled)s亩，登记面积为%(registered)s亩，为其15倍。1公顷等于15亩，请核对是否用错面积单位并更正，或先办理登记更正。",
)
REMOVALS: Final = Text(
    en="The model takes removals of %(modelled)s %(unit)s, but no more than %(quantity)s %(unit)s "
    "were measured, certified or filed. Explain the difference.",
    zh="模型采用的年碳汇量为%(modelled)s %(unit)s，超过计量、认证或备案的%(quantity)s %(unit)s，请说明差异。",
)
REMOVALS_ABOVE: Final = Text(
    en="The model takes removals of %(modelled)s %(unit)s, %(off)s%% more than the %(quantity)s "
    "%(unit)s measured, certified or filed, above the %(limit)s%% that may be explained. Correct "
    "the removals, or have the certificate corrected first.",
    zh="模型采用的年碳汇量为%(modelled)s %(unit)s，比计量、认证或备案的%(quantity)s %(unit)s多出%(off)s%%，"
    "超过可作说明的%(limit)s%%。请更正碳汇量，或先更正计量、认证或备案。",
)
RIGHT_END: Final = Text(
    en="The right ends on %(day)s in the model and on %(right)s in the registry. No right has a "
    "value past its registered end: correct the day, or have the register corrected first.",
    zh="模型的权利到期日为%(day)s，晚于登记的权利到期日%(right)s。权利价值不得计至登记到期日之后，请更正日期，或先办理登记更正。",
)
MU_A_HECTARE: Final = 15
"""By definition."""

STATED: Final = frozenset({"yearly-rate", "validated-table", "rotation"})
"""Ways of stating removals in which the inputs themselves say them by year."""

ASK: Final = "ask"
REFUSE: Final = "refuse"

RIGHT: Final = "right_ends_on"
"""The input at which every model of a right stops counting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAsset:
    """What the registry says: the area as stated, else as drawn; the quantity of the last act.

    area_tolerance: how far an area may lie off without words. area_above, quantity_above: how much more
    than the registered figure words may carry.
    """

    area_mu: Decimal | None
    quantity: Decimal | None
    quantity_unit: str
    right_ends_on: date
    area_tolerance: Decimal
    area_above: Decimal
    quantity_above: Decimal


def asset_findings(
    inputs: Mapping[str, Any], asset: RegisteredAsset, worked_out: Decimal | None = None
) -> list[dict[str, str]]:
    """The findings that ask for an explanation or refuse, in the form of the model's own.

    `worked_out` are the removals a year of a model that takes them from other inputs, such as a curve.
    """
    return [*_area(inputs, asset), *_removals(inputs, asset, worked_out), *_ends(inputs, asset)]


def worked_out_removals(
    model_id: str, inputs: Mapping[str, Any], on: date, parameters: Parameters
) -> Decimal | None:
    """Removals a year that the model works out from a curve, a state or a balance; None where stated."""
    if model_id != MODEL.spec.id or inputs.get("removal_basis") in STATED:
        return None
    basis = Basis(on=on, parameters=parameters, prices=Prices({}))
    try:
        batch = batch_from_rows(MODEL.spec, [inputs], parameters)
        tonnes = float(yearly_removals(batch, basis)[0])
    except (InvalidInputs, ParameterNotInForce):
        return None
    return Decimal(str(round(tonnes, 2))) if math.isfinite(tonnes) else None


def _area(inputs: Mapping[str, Any], asset: RegisteredAsset) -> Iterator[dict[str, str]]:
    modelled = _figure(inputs.get("area_mu"))
    if modelled is None or not asset.area_mu:
        return
    off = abs(modelled - asset.area_mu) / asset.area_mu
    above = modelled > asset.area_mu and off > asset.area_above
    if _in_other_unit(modelled, asset.area_mu, asset.area_tolerance):
        facts = {
            "modelled": _plain(modelled),
            "registered": _plain(asset.area_mu),
            "factor": "15" if modelled > asset.area_mu else "1/15",
        }
        words = MIXED_UNITS_ABOVE if above else MIXED_UNITS
        yield _finding("area-units-mixed", "area_mu", words, facts, REFUSE if above else ASK)
    elif above or off > asset.area_tolerance:
        limit = asset.area_above if above else asset.area_tolerance
        facts = {
            "modelled": _plain(modelled),
            "registered": _plain(asset.area_mu),
            "off": f"{off * 100:.1f}",
            "limit": _plain(limit * 100),
        }
        if above:
            yield _finding("area-above-registered", "area_mu", AREA_ABOVE, facts, REFUSE)
        else:
            yield _finding("area-differs-from-asset", "area_mu", AREA, facts)


def _in_other_unit(modelled: Decimal, registered: Decimal, tolerance: Decimal) -> bool:
    """Whether an area is the registered one in hectares taken for mu, or the other way about."""
    meant = (modelled / MU_A_HECTARE, modelled * MU_A_HECTARE)
    return any(abs(each - registered) <= registered * tolerance for each in meant)


def _removals(
    inputs: Mapping[str, Any], asset: RegisteredAsset, worked_out: Decimal | None
) -> Iterator[dict[str, str]]:
    """Compared in the decimals in which the body states its quantity: 5,170.8 is no more than 5,170."""
    field, modelled = _yearly_removals(inputs)
    if worked_out is not None:
        field, modelled = "removal_basis", worked_out
    if modelled is None or asset.quantity is None or asset.quantity_unit != REMOVALS_UNIT:
        return
    places = Decimal(1).scaleb(min(int(asset.quantity.normalize().as_tuple().exponent), 0))
    taken = modelled.quantize(places, ROUND_DOWN)
    if taken <= asset.quantity:
        return
    facts = {
        "modelled": _plain(modelled),
        "quantity": _plain(asset.quantity),
        "unit": asset.quantity_unit,
        "limit": _plain(asset.quantity_above * 100),
    }
    if taken > asset.quantity * (1 + asset.quantity_above):
        facts["off"] = f"{(taken / asset.quantity - 1) * 100:.1f}" if asset.quantity else "∞"
        yield _finding("removals-above-certified", field, REMOVALS_ABOVE, facts, REFUSE)
    else:
        yield _finding("removals-above-measured", field, REMOVALS, facts)


def _yearly_removals(inputs: Mapping[str, Any]) -> tuple[str, Decimal | None]:
    """Removals of the best year, area_mu * removals_tco2e_per_mu or the largest of the validated table.

    With the field that gives them.
    """
    area = _figure(inputs.get("area_mu"))
    tabled = inputs.get("removal_basis") == "validated-table"
    named = "removals_by_year_tco2e_per_mu" if tabled else "removals_tco2e_per_mu"
    given = inputs.get(named)
    rates = [_figure(each) for each in (given if isinstance(given, list) else [given])]
    known = [each for each in rates if each is not None]
    return named, None if area is None or not known else area * max(known)


def _ends(inputs: Mapping[str, Any], asset: RegisteredAsset) -> Iterator[dict[str, str]]:
    given = inputs.get(RIGHT)
    if given and date.fromisoformat(str(given)) > asset.right_ends_on:
        facts = {"day": str(given), "right": asset.right_ends_on.isoformat()}
        yield _finding("right-ends-after-registered", RIGHT, RIGHT_END, facts, REFUSE)


def _finding(
    code: str, field: str, words: Text, facts: Mapping[str, object], severity: str = ASK
) -> dict[str, str]:
    en, zh = words.en % facts_named(facts, "en"), words.zh % facts_named(facts, "zh")
    return {"code": code, "field": field, "severity": severity, "en": en, "zh": zh}


def _figure(given: object) -> Decimal | None:
    if not isinstance(given, int | float | str | Decimal) or isinstance(given, bool):
        return None
    try:
        return Decimal(str(given))
    except InvalidOperation:
        return None


def _plain(figure: Decimal) -> str:
    """Thousands separated, without zeros at the end: 29,600 and 5,170.76."""
    text = f"{figure.quantize(Decimal('0.01')):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
