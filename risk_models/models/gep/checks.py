"""What stands against an accounting unit, and what its reader must know."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from risk_models.batches import finding
from risk_models.contract import Basis, Batch, Finding, Floats
from risk_models.modelling import mixed_units, not_asked_of, over_area
from risk_models.models.gep.passport import ECOSYSTEM, NORM, PAYER, PRICE_TABLE
from risk_models.models.gep.services import OWN_PRICES, SERVICES, Service
from risk_models.words import Text

if TYPE_CHECKING:
    from risk_models.models.gep.drivers import Drivers

__all__ = ["check", "counted", "priced", "shares", "stated_value"]

Mask = npt.NDArray[np.bool_]

YEAR_AHEAD: Final = Text(
    en="The account is of %(account)d, but it is valued in %(day)d: nothing of that year is"
    " measured yet. Check the year and the day.",
    zh="核算年度为%(account)d年，而核算日在%(day)d年，该年尚无实测数据。请核对年度与日期。",
)

WORDS: Final[dict[str, Text]] = {
    "account-year-ahead": YEAR_AHEAD,
    "service-not-accounted": Text(
        en="“%(service)s” was not measured; it is left out, not counted as zero.",
        zh="“%(service)s”未核算，未计入总值，并非为零。",
    ),
    "service-outside-norm": Text(
        en="The norm does not count “%(service)s”; its quantity is left out.",
        zh="所选规范不计入“%(service)s”，其实物量未计入总值。",
    ),
    "item-without-price": Text(
        en="The price table has no “%(price)s”; this part of the service is left out.",
        zh="价格表中没有“%(price)s”，该服务的这一部分未计入。",
    ),
    "nothing-accounted": Text(
        en="No quantity that the norm counts is given, so there is nothing to account.",
        zh="未填任何规范计入的实物量，无法核算。",
    ),
    "price-missing": Text(
        en="The price table has no “%(price)s”, so the quantity has no value. Choose another table"
        " or give the price.",
        zh="价格表中没有“%(price)s”，该实物量无法计价。请选用其他价格表或给出价格。",
    ),
    "coefficient-missing": Text(
        en="There is no %(column)s for this type of ecosystem. Give the quantity itself, or choose"
        " another way.",
        zh="该类生态系统没有%(column)s。请直接给出实物量或改用其他方法。",
    ),
    "market-price-missing": Text(
        en="The norm values carbon at the market; give the price of “%(price)s” with its source.",
        zh="该规范按市场价计固碳，请给出“%(price)s”的价格及其来源。",
    ),
    "driver-missing": Text(en="This number is needed for the way chosen.", zh="所选方法须填此项。"),
    "gross-output-needed": Text(
        en="The norm counts gross output; state the outputs gross.",
        zh="该规范按总产出计，请填总产出。",
    ),
    "water-above-rain": Text(
        en="%(water).6g m3 retained is more than the %(rain).6g m3 that fell. Check units and area.",
        zh="涵养量%(water).6g立方米超过降水总量%(rain).6g立方米，请核对单位与面积。",
    ),
    "negative-quantity": Text(
        en="The drivers give %(quantity).6g, below zero: the formula does not hold here. Give the"
        " quantity itself or leave the service out.",
        zh="由各项因子得出%(quantity).6g，小于零，公式在此不适用。请直接给出实物量或不计此项。",
    ),
    "part-above-area": Text(
        en="%(part).6g ha are more than the %(area).6g ha of the whole unit. Check the area and the"
        " unit it is stated in.",
        zh="该项面积%(part).6g公顷大于核算单元面积%(area).6g公顷，请核对面积及其单位。",
    ),
    "parts-above-area": Text(
        en="Forest, grassland, marsh and lakes come to %(parts).6g ha, more than the %(area).6g ha of"
        " the whole unit. Check the area and the unit it is stated in, or say what counts twice.",
        zh="森林、草地、沼泽与湖泊面积合计%(parts).6g公顷，大于核算单元面积%(area).6g公顷。"
        "请核对面积及其单位，或说明重复计算的部分。",
    ),
    "stated-value-outside-band": Text(
        en="What is stated for the unit as a whole comes to %(given).6g yuan/ha, outside the usual"
        " %(low).6g to %(high).6g. Check the area, its unit and the quantities.",
        zh="按单元整体填报的各项折合每公顷%(given).6g元，超出通常的%(low).6g至%(high).6g元，"
        "请核对面积、单位与实物量。",
    ),
    "texture-above-whole": Text(
        en="Sand, silt and clay add up to %(total).4g%%.",
        zh="砂粒、粉粒、黏粒合计%(total).4g%%。",
    ),
    "water-overlap": Text(
        en="Water supplied and water retained are the same water in part.",
        zh="供水量与水源涵养量存在部分重叠。",
    ),
    "price-year-differs": Text(
        en="Prices of %(prices)d are used for %(account)d with a factor of %(factor).4f.",
        zh="以%(prices)d年价格核算%(account)d年，调整系数%(factor).4f。",
    ),
    "share-without-payer": Text(
        en="%(share).1f%% of the value comes from services that nobody pays for.",
        zh="总值中%(share).1f%%来自无付费方的服务。",
    ),
    "service-decides": Text(
        en="%(service)s alone is %(share).1f%% of the value; its method decides the result.",
        zh="%(service)s一项占总值%(share).1f%%，其核算方法决定结果。",
    ),
}

NEEDED: Final = (
    ("npp_t", "carbon_basis", ("npp",)),
    ("npp_t", "oxygen_basis", ("npp", "photosynthesis")),
    ("vegetated", "water_basis", ("water-yield",)),
)
COEFFICIENTS: Final = (
    ("water_basis", "runoff-share", "runoff_share"),
    ("sand_basis", "rweq", "cover_slope"),
    ("sand_basis", "rweq-short", "cover_slope"),
    ("air_basis", "capacity", "sulphur_capacity"),
    ("air_basis", "capacity", "dust_capacity"),
)
OUTPUTS: Final = ("farming_yuan", "forestry_yuan", "livestock_yuan", "fishery_yuan")
SUPPLY: Final = ("water_domestic_m3", "water_industry_m3", "water_farm_m3")
LAND_HA: Final = {
    "forest_self_healed_ha": 1.0,
    "grass_self_healed_ha": 1.0,
    "marsh_km2": 100.0,
    "lake_km2": 100.0,
}
"""Inputs that are areas of land covers, none within another, in hectares by unit."""

PARTS_HA: Final = {**LAND_HA, "biodiversity_ha": 1.0}
WHOLE: Final = 1.01
"""Areas are rounded: a part may be this much of the whole."""

UNDIVIDED: Final = "undivided"
STATED: Final = Text(
    en="What is stated for the unit as a whole, by its area (yuan/ha)",
    zh="按单元整体填报的各项价值除以面积（元/公顷）",
)
STATED_FIGURES: Final = Text(
    en="the quantities and prices stated for the unit as a whole", zh="按单元整体填报的数量与价格"
)

WHOLE_TEXTURE_PERCENT: Final = 100.5
"""Rounded percentages may add up to a little more than the whole."""


def _told(
    code: str,
    field: str,
    rows: Mask,
    severity: str,
    **facts: npt.NDArray[np.generic] | Text,
) -> list[Finding]:
    """A finding in the words of its code; facts that are words are told in the reader's language."""
    words = {name: fact for name, fact in facts.items() if isinstance(fact, Text)}
    figures = {name: fact for name, fact in facts.items() if not isinstance(fact, Text)}
    detail = WORDS[code].about(**words)
    return finding(code, field, rows, severity=severity, detail=detail, **figures)


def counted(batch: Batch, basis: Basis, column: str) -> Mask:
    """Which rows' norm says yes in a column."""
    table = basis.parameters.table(NORM)
    flags = batch.by_level("norm_profile", table.column(column, batch.levels["norm_profile"]))
    return np.asarray(flags > 0.0)


def priced(drivers: "Drivers", entry: Service) -> Mask:
    """Which rows have a price for a service: a given one, the table's, or the row's own."""
    batch, basis = drivers.batch, drivers.basis
    everyone = np.ones(batch.n, dtype=np.bool_)
    if entry.field in OWN_PRICES:
        return ~np.isnan(batch.numbers(OWN_PRICES[entry.field]))
    if entry.field == "biodiversity_ha":
        return np.asarray(batch.codes("biodiversity_class") >= 0)
    if entry.column is None or entry.price_id is None or entry.price_id in basis.prices:
        return everyone
    market = everyone & (entry.column == "carbon") & counted(batch, basis, "market_carbon")
    table = basis.parameters.table(PRICE_TABLE)
    listed = [level for level in batch.levels["price_table"] if table.has(level, entry.column)]
    own = batch.is_level("visit_basis", "travel-cost") if entry.field == "visits" else ~everyone
    return np.asarray((batch.is_level("price_table", *listed) & ~market) | own)


def check(batch: Batch, basis: Basis, drivers: "Drivers") -> list[Finding]:
    """Everything known before valuing."""
    found = _missing_drivers(batch) + _missing_coefficients(batch, basis)
    return [
        *found,
        *_measured_findings(batch, basis, drivers),
        *_water_findings(batch, drivers),
        *_part_findings(batch, drivers),
        *_output_findings(batch, basis),
        *_texture_findings(batch),
        *_year_findings(batch, basis),
        *_rate_findings(batch, basis),
    ]


def _missing_drivers(batch: Batch) -> list[Finding]:
    return [
        entry
        for name, field, levels in NEEDED
        for entry in _told(
            "driver-missing",
            name,
            batch.is_level(field, *levels) & np.isnan(batch.numbers(name)),
            "refuse",
        )
    ]


def _missing_coefficients(batch: Batch, basis: Basis) -> list[Finding]:
    table = basis.parameters.table(ECOSYSTEM)
    found = []
    for field, level, column in COEFFICIENTS:
        without = [key for key in batch.levels["ecosystem"] if not table.has(key, column)]
        rows = batch.is_level(field, level) & batch.is_level("ecosystem", *without)
        title = table.columns[column].title
        named = Text(en=title.en.lower(), zh=title.zh)
        found += _told("coefficient-missing", "ecosystem", rows, "refuse", column=named)
    return found


def _measured_findings(batch: Batch, basis: Basis, drivers: "Drivers") -> list[Finding]:
    by_field: dict[str, list[Service]] = {}
    for entry in SERVICES:
        by_field.setdefault(entry.field, []).append(entry)
    quantities = {name: drivers.measured(name) for name in by_field}
    given = {name: ~np.isnan(quantity) for name, quantity in quantities.items()}
    inside = {
        name: counted(batch, basis, f"counts_{entries[0].component}")
        for name, entries in by_field.items()
    }
    something = np.any([given[name] & inside[name] for name in by_field], axis=0)
    found = _told("nothing-accounted", "", ~something, "refuse")
    for name, entries in by_field.items():
        missing = ~given[name] & inside[name] & something
        service = entries[-1].title
        found += _told("service-not-accounted", name, missing, "note", service=service)
        outside = given[name] & ~inside[name]
        found += _told("service-outside-norm", name, outside, "note", service=service)
        below = given[name] & (quantities[name] < 0.0)
        found += _told("negative-quantity", name, below, "refuse", quantity=quantities[name])
        found += _price_findings(drivers, entries, given[name] & inside[name])
    return found


def _price_findings(drivers: "Drivers", entries: list[Service], rows: Mask) -> list[Finding]:
    """No price at all refuses; a part without one is left out with a note."""
    masks = [priced(drivers, entry) for entry in entries]
    none = rows & ~np.any(masks, axis=0)
    found = []
    for entry, mask in zip(entries, masks, strict=True):
        title = entry.title
        code = "price-missing"
        refused = none
        if entry.column == "carbon":
            market = counted(drivers.batch, drivers.basis, "market_carbon")
            found += _told(
                "market-price-missing",
                entry.field,
                none & market,
                "refuse",
                price=title,
            )
            refused = none & ~market
        found += _told(code, entry.field, refused, "refuse", price=title)
        part = rows & ~mask & ~none
        found += _told("item-without-price", entry.field, part, "note", price=title)
    return found


def _water_findings(batch: Batch, drivers: "Drivers") -> list[Finding]:
    water = drivers.measured("water_retained_m3")
    rain = drivers.area_ha() * 10.0 * batch.numbers("rainfall_mm")
    supplied = np.any([~np.isnan(batch.numbers(name)) for name in SUPPLY], axis=0)
    return [
        *_told(
            "water-above-rain",
            "water_retained_m3",
            water > rain,
            "refuse",
            water=water,
            rain=rain,
        ),
        *_told("water-overlap", "water_retained_m3", supplied & ~np.isnan(water), "note"),
    ]


def _part_findings(batch: Batch, drivers: "Drivers") -> list[Finding]:
    """Parts larger than the unit they lie in: the unit's area is in another unit than it says."""
    area = drivers.area_ha()
    parts = {name: ha * batch.numbers(name) for name, ha in PARTS_HA.items()}
    parts["lake_km2"] = np.where(
        batch.is_level("lake_basis", "lake-area"), parts["lake_km2"], np.nan
    )
    above = {name: part > WHOLE * area for name, part in parts.items()}
    found = [
        entry
        for name, rows in above.items()
        for entry in _told("part-above-area", name, rows, "ask", part=parts[name], area=area)
    ]
    whole = np.nansum([parts[name] for name in LAND_HA], axis=0)
    several = (whole > WHOLE * area) & ~np.any(list(above.values()), axis=0)
    return [*found, *_told("parts-above-area", "area", several, "ask", parts=whole, area=area)]


def stated_value(batch: Batch, basis: Basis, stated: Floats, area_ha: Floats) -> list[Finding]:
    """Value of what does not grow with the area [n], over the area, outside its usual band.

    Judged for units that are accounted as a whole: one ecosystem of them may have few services.
    """
    given = np.where(batch.is_level("ecosystem", UNDIVIDED), stated / area_ha, np.nan)
    given = np.where(given > 0.0, given, np.nan)
    low, high = (
        np.full(batch.n, basis.parameters.number(f"gep.stated_value_{end}"))
        for end in ("low", "high")
    )
    mixed = mixed_units("area", given, low=low, high=high, detail=over_area(STATED, STATED_FIGURES))
    outside = ((given < low) | (given > high)) & not_asked_of(mixed, batch.n)
    code = "stated-value-outside-band"
    return [*mixed, *_told(code, "area", outside, "ask", given=given, low=low, high=high)]


def _output_findings(batch: Batch, basis: Basis) -> list[Finding]:
    given = np.any([~np.isnan(batch.numbers(name)) for name in OUTPUTS], axis=0)
    gross = counted(batch, basis, "counts_provisioning") & ~counted(batch, basis, "net_output")
    net = ~batch.is_level("output_basis", "gross")
    return _told("gross-output-needed", "output_basis", given & gross & net, "refuse")


def _texture_findings(batch: Batch) -> list[Finding]:
    total = sum(
        (batch.numbers(f"{part}_percent") for part in ("sand", "silt", "clay")),
        np.zeros(batch.n),
    )
    rows = batch.is_level("sand_basis", "rweq", "rweq-short") & (total > WHOLE_TEXTURE_PERCENT)
    return _told("texture-above-whole", "sand_percent", rows, "refuse", total=total)


def _year_findings(batch: Batch, basis: Basis) -> list[Finding]:
    table = basis.parameters.table(PRICE_TABLE)
    years = table.column_or_nan("price_year", batch.levels["price_table"])
    prices = batch.by_level("price_table", years)
    account = batch.numbers("account_year")
    factor = batch.numbers("price_factor")
    differs = ~np.isnan(prices) & (prices != account)
    today = np.full(batch.n, float(basis.on.year))
    return [
        *_told(
            "account-year-ahead", "account_year", account > today, "ask", account=account, day=today
        ),
        *_told(
            "price-year-differs",
            "price_factor",
            differs,
            "note",
            prices=np.nan_to_num(prices),
            account=account,
            factor=np.where(np.isnan(factor), 1.0, factor),
        ),
    ]


def _rate_findings(batch: Batch, basis: Basis) -> list[Finding]:
    rows = np.full(batch.n, 1.0)
    given = np.where(
        batch.is_level("carbon_basis", "rate"), batch.numbers("carbon_rate_tco2_per_ha"), np.nan
    )
    return mixed_units(
        "carbon_rate_tco2_per_ha",
        given,
        low=rows * basis.parameters.number("gep.carbon_rate_low"),
        high=rows * basis.parameters.number("gep.carbon_rate_high"),
    )


def shares(basis: Basis, value: Floats, worth: Mapping[str, Floats]) -> list[Finding]:
    """The share without a payer, and any service above the share that is pointed out."""
    payers = basis.parameters.table(PAYER)
    limit = basis.parameters.number("gep.large_share")
    whole = np.where(value > 0.0, value, np.nan)
    unpaid = sum(
        (part for name, part in worth.items() if payers.number(name, "has_payer") == 0.0),
        np.zeros(len(value)),
    )
    found = _told(
        "share-without-payer", "", unpaid > 0.0, "note", share=np.nan_to_num(100.0 * unpaid / whole)
    )
    for name, part in worth.items():
        share = np.nan_to_num(part / whole)
        found += _told(
            "service-decides",
            "",
            share > limit,
            "note",
            service=payers.rows[name],
            share=100.0 * share,
        )
    return found
