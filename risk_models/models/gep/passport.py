"""The passport of the gross-ecosystem-product model: what an accounting unit states."""

from typing import Final

from risk_models.contract import Choice, Field, ModelSpec, PriceUse
from risk_models.fields import asked_only, number, part
from risk_models.models.gep.bases import GIVEN, LEVELS
from risk_models.models.gep.driver_fields import basis_fields, driver_fields
from risk_models.models.gep.services import COMPONENTS, SERVICES, Service
from risk_models.words import Text

__all__ = [
    "BIODIVERSITY",
    "DERIVED",
    "ECOSYSTEM",
    "FIRST_YEAR",
    "LAST_YEAR",
    "NORM",
    "PAYER",
    "PRICE_TABLE",
    "SPEC",
    "WAYS",
]

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
"""Years an account may be of."""

PRICE_TABLE: Final = "gep.price_table"
NORM: Final = "gep.norm_profile"
ECOSYSTEM: Final = "gep.ecosystem"
PAYER: Final = "gep.payer"
BIODIVERSITY: Final = "gep.biodiversity_class"

TABLES: Final = (PRICE_TABLE, NORM, ECOSYSTEM, "gep.area_unit", PAYER, BIODIVERSITY)
SCALARS: Final = (
    "siltation_share",
    "soil_density",
    "soil_depth",
    "nitrogen_share",
    "phosphorus_share",
    "sand_density",
    "sand_depth",
    "marsh_storage",
    "length_factor_cap",
    "co2_per_npp",
    "oxygen_per_npp",
    "oxygen_photosynthesis",
    "lake_constant",
    "lake_exponent",
    "reservoir_share",
    "cooling_efficiency",
    "evaporation_heat",
    "humidifier",
    "time_wage_share",
    "carbon_rate_low",
    "carbon_rate_high",
    "stated_value_low",
    "stated_value_high",
    "large_share",
)

DERIVED: Final[dict[str, tuple[str, ...]]] = {
    "siltation_m3": ("siltation_share", "soil_density"),
    "nitrogen_t": ("nitrogen_share",),
    "phosphorus_t": ("phosphorus_share",),
    "land_kept_ha": ("soil_density", "soil_depth"),
    "sand_m2": ("sand_density", "sand_depth"),
    "marsh_storage_m3": ("marsh_storage",),
}
"""The coefficients each derived quantity reads."""

BASIS_OF: Final = {
    "water_retained_m3": "water_basis",
    "soil_retained_t": "soil_basis",
    "sand_fixed_t": "sand_basis",
    "lake_storage_m3": "lake_basis",
    "reservoir_storage_m3": "reservoir_basis",
    "vegetation_storage_m3": "storm_basis",
    "sulphur_dioxide_t": "air_basis",
    "dust_t": "air_basis",
    "cod_t": "water_quality_basis",
    "ammonia_t": "water_quality_basis",
    "carbon_fixed_tco2": "carbon_basis",
    "oxygen_released_t": "oxygen_basis",
    "cooling_kwh": "cooling_basis",
    "landscape_premium_yuan": "landscape_basis",
    "non_use_yuan": "non_use_basis",
}
"""Quantities that can be worked out, and the field that says how."""

WAYS: Final = {quantity: (basis, LEVELS[basis]) for quantity, basis in BASIS_OF.items()}
"""The same with the ways that a quantity can be worked out in, besides `given`."""


def _table_choice(
    name: str, table: str, title: Text, help_: Text, example: str, *, required: bool = True
) -> Field:
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="choice",
        unit="",
        choices_from=table,
        example=example,
        required=required,
        group="unit",
    )


def _unit_fields() -> tuple[Field, ...]:
    return (
        _table_choice(
            "norm_profile",
            NORM,
            Text(en="Norm", zh="核算规范"),
            Text(
                en="Which services count, at gross or net output, at what cost of storage.",
                zh="计入哪些服务、按总产出或净产出、库容按何成本。",
            ),
            "garze-2010",
        ),
        _table_choice(
            "price_table",
            PRICE_TABLE,
            Text(en="Price table", zh="价格表"),
            Text(
                en="Results under different price tables must not be compared.",
                zh="不同价格表的核算结果不得直接比较。",
            ),
            "garze-2010",
        ),
        _table_choice(
            "ecosystem",
            ECOSYSTEM,
            Text(en="Type of ecosystem", zh="生态系统类型"),
            Text(
                en="One row is one type in one area; `undivided` for a whole area.",
                zh="一行为一个区域内的一类生态系统；全域合计选“全部”。",
            ),
            "undivided",
        ),
        *_extent_fields(),
        *_storage_fields(),
    )


def _extent_fields() -> tuple[Field, ...]:
    return (
        number(
            "area",
            Text(en="Area of the unit", zh="核算单元面积"),
            Text(en="In the unit chosen beside it.", zh="单位见旁项。"),
            unit="",
            example=310_000.0,
            group="unit",
            high=1e10,
            low_open=True,
        ),
        _table_choice(
            "area_unit",
            "gep.area_unit",
            Text(en="Unit of the area", zh="面积单位"),
            Text(en="One hectare is 15 mu.", zh="1公顷等于15亩。"),
            "ha",
        ),
        Field(
            name="account_year",
            title=Text(en="Year of the account", zh="核算年度"),
            help=Text(en="The year the quantities were measured in.", zh="实物量所属年度。"),
            kind="integer",
            unit="year",
            low=FIRST_YEAR,
            high=LAST_YEAR,
            example=2023.0,
            vary=(2020.0, 2023.0),
            group="unit",
        ),
        number(
            "price_factor",
            Text(en="Price factor of the table", zh="价格表调整系数"),
            Text(
                en="Consumer prices of the account's year over those of the price table's year; the"
                " values of species by class move with it too.",
                zh="核算年度与价格表年度居民消费价格之比，物种保育等级价值同样按此调整。",
            ),
            unit="ratio",
            example=1.36,
            group="unit",
            low=0.2,
            high=5.0,
            required=False,
        ),
    )


def _storage_fields() -> tuple[Field, ...]:
    annualised = ("norm_profile", frozenset({"ndrc-2022", "exchange-value"}))
    return (
        number(
            "storage_yearly_share",
            Text(en="Storage used up in a year", zh="库容年折旧率"),
            Text(
                en="Yearly depreciation of reservoir capacity over its capital cost.",
                zh="水库库容造价的年折旧率。",
            ),
            unit="ratio",
            example=0.04,
            group="unit",
            high=1.0,
            needed_when=annualised,
        ),
        number(
            "storage_upkeep_yuan_per_m3",
            Text(en="Upkeep of storage", zh="库容年运行维护费"),
            Text(en="Yearly running cost of a cubic metre.", zh="每立方米库容的年运行维护费。"),
            unit="yuan/m3",
            example=0.11,
            group="unit",
            high=100.0,
            needed_when=annualised,
        ),
        Field(
            name="output_basis",
            title=Text(en="Output is stated", zh="产出口径"),
            help=Text(
                en="Whether the four outputs are gross or net of what was used up; net when empty.",
                zh="四业产出为总产出还是净产出，留空视为净产出。",
            ),
            kind="choice",
            unit="",
            choices=(
                Choice(id="net", title=Text(en="Net", zh="净产出")),
                Choice(id="gross", title=Text(en="Gross", zh="总产出")),
            ),
            required=False,
            example="net",
            group="unit",
        ),
        number(
            "value_added_share",
            Text(en="Share of value added", zh="增加值率"),
            Text(en="Net over gross output.", zh="净产出与总产出之比。"),
            unit="ratio",
            example=0.58,
            group="unit",
            high=1.0,
            needed_when=("output_basis", frozenset({"gross"})),
        ),
    )


def _measured(entry: Service) -> Field:
    return number(
        entry.field,
        entry.title,
        Text(
            en="Quantity of the accounting year; leave empty what was not measured.",
            zh="核算年度的实物量，未核算的留空。",
        ),
        unit=entry.unit,
        example=entry.example,
        group=entry.component,
        high=1e15,
        required=False,
        vary=(0.8 * entry.example, 1.2 * entry.example),
        market=entry.unit == "yuan" and entry.component in ("provisioning", "cultural"),
    )


def _fields() -> tuple[Field, ...]:
    measured = {entry.field: _measured(entry) for entry in SERVICES}
    bases, drivers = basis_fields(), driver_fields(BIODIVERSITY)
    order = [name for name, *_ in COMPONENTS]
    services = sorted(
        (*bases, *measured.values(), *drivers), key=lambda field: order.index(field.group)
    )
    # Of each service: how its quantities are got, the quantities, what they are worked out from.
    return asked_only(
        (*_unit_fields(), *services),
        {
            quantity: ((basis, frozenset({GIVEN[0], ""})),)
            for quantity, basis in BASIS_OF.items()
            if quantity in measured
        },
    )


def _prices() -> tuple[PriceUse, ...]:
    found: dict[str, PriceUse] = {}
    for entry in SERVICES:
        if entry.price_id is not None and entry.price_id not in found:
            found[entry.price_id] = PriceUse(
                id=entry.price_id,
                title=entry.title,
                unit=f"yuan/{entry.priced_unit}",
                # The price table has what is not stated.
                needed=False,
            )
    return tuple(found.values())


SPEC: Final = ModelSpec(
    id="gep",
    version="2.1.0",
    title=Text(en="Gross ecosystem product", zh="生态产品总值（GEP）"),
    help=Text(
        en="Quantity times price of each ecosystem service in a year. It is never lent on.",
        zh="年度各项生态系统服务实物量与价格之积，不作为放款依据。",
    ),
    value_kind="ecological",
    per="year",
    asset_kinds=("gep-income", "region"),
    fields=_fields(),
    components=tuple(part(name, en, zh) for name, en, zh in COMPONENTS),
    approaches=(part("accounting", "Quantity times price", "实物量乘价格"),),
    parameters=(*TABLES, *(f"gep.{name}" for name in SCALARS)),
    prices=_prices(),
    standards=(
        "National Development and Reform Commission [2022] 481",
        "GB/T 38582-2020",
        "LY/T 1721-2008",
    ),
    limits=(
        Text(
            en="A yearly flow, mostly at replacement cost; never a collateral value.",
            zh="以替代成本为主计的年度流量，不得作为押品价值。",
        ),
        Text(
            en="Coefficients of soil, sand and lakes are those of their source regions;"
            " set the region's own before its account is published.",
            zh="土壤、沙化、湖泊等系数取自文献所在区域，公布核算结果前应换用本地系数。",
        ),
        Text(en="Water supply and water retention overlap.", zh="供水与水源涵养存在重叠。"),
        Text(
            en="Only results of one norm and one price table can be compared.",
            zh="仅同一规范、同一价格表的结果可比。",
        ),
    ),
)
