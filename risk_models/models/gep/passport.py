"""The passport of the gross-ecosystem-product model: its services, their units and prices."""

from dataclasses import dataclass
from typing import Final

from risk_models.contract import Field, ModelSpec, PriceUse
from risk_models.fields import number, part
from risk_models.words import Text

__all__ = [
    "COEFFICIENTS",
    "DERIVED",
    "PRICE_TABLE",
    "SERVICES",
    "SPEC",
    "WORDS",
    "Service",
]

PRICE_TABLE: Final = "gep.price_table"
COEFFICIENTS: Final = (
    "gep.siltation_share",
    "gep.soil_density",
    "gep.nitrogen_share",
    "gep.phosphorus_share",
    "gep.sand_density",
    "gep.sand_depth",
    "gep.marsh_storage",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One priced quantity: what is measured, in what unit, and the column of its price."""

    component: str
    field: str
    unit: str
    column: str | None
    title: Text
    derived: str | None = None
    """The step that turns the measured quantity into the priced one."""
    derived_unit: str | None = None

    @property
    def price_id(self) -> str | None:
        return f"gep.{self.column}" if self.column else None

    @property
    def priced_unit(self) -> str:
        return self.derived_unit or self.unit


def _service(
    component: str, field: str, unit: str, column: str | None, en: str, zh: str
) -> Service:
    title = Text(en=en, zh=zh)
    return Service(component=component, field=field, unit=unit, column=column, title=title)


def _derived(
    component: str, field: str, unit: str, column: str, step: tuple[str, str], title: Text
) -> Service:
    return Service(
        component=component,
        field=field,
        unit=unit,
        column=column,
        title=title,
        derived=step[0],
        derived_unit=step[1],
    )


SOIL: Final = Text(en="Soil retained", zh="土壤保持量")

SERVICES: Final = (
    _service(
        "provisioning", "water_domestic_m3", "m3", "water_domestic", "Domestic water", "生活用水"
    ),
    _service(
        "provisioning", "water_industry_m3", "m3", "water_industry", "Industrial water", "工业用水"
    ),
    _service("provisioning", "water_farm_m3", "m3", "water_farm", "Irrigation water", "农业用水"),
    _service("provisioning", "hydropower_kwh", "kWh", "hydropower", "Hydropower", "水电"),
    _service("provisioning", "farming_yuan", "yuan", None, "Net output of farming", "种植业净产出"),
    _service("provisioning", "forestry_yuan", "yuan", None, "Net output of forestry", "林业净产出"),
    _service(
        "provisioning", "livestock_yuan", "yuan", None, "Net output of livestock", "畜牧业净产出"
    ),
    _service("provisioning", "fishery_yuan", "yuan", None, "Net output of fishery", "渔业净产出"),
    _service(
        "water_retention",
        "water_retained_m3",
        "m3",
        "water_retention",
        "Water retained",
        "水源涵养量",
    ),
    _derived("soil_retention", "soil_retained_t", "t", "siltation", ("siltation_m3", "m3"), SOIL),
    _derived("soil_retention", "soil_retained_t", "t", "nitrogen", ("nitrogen_t", "t"), SOIL),
    _derived("soil_retention", "soil_retained_t", "t", "phosphorus", ("phosphorus_t", "t"), SOIL),
    _derived(
        "sand_fixation",
        "sand_fixed_t",
        "t",
        "sand",
        ("sand_m2", "m2"),
        Text(en="Sand fixed", zh="防风固沙量"),
    ),
    _service(
        "flood_mitigation", "lake_storage_m3", "m3", "flood", "Flood storage of lakes", "湖泊调蓄量"
    ),
    _service(
        "flood_mitigation",
        "reservoir_storage_m3",
        "m3",
        "flood",
        "Flood storage of reservoirs",
        "水库调蓄量",
    ),
    _derived(
        "flood_mitigation",
        "marsh_km2",
        "km2",
        "flood",
        ("marsh_storage_m3", "m3"),
        Text(en="Marsh", zh="沼泽面积"),
    ),
    _service(
        "air_purification",
        "sulphur_dioxide_t",
        "t",
        "sulphur_dioxide",
        "Sulphur dioxide taken up",
        "二氧化硫净化量",
    ),
    _service(
        "air_purification",
        "nitrogen_oxides_t",
        "t",
        "nitrogen_oxides",
        "Nitrogen oxides taken up",
        "氮氧化物净化量",
    ),
    _service("air_purification", "dust_t", "t", "dust", "Dust held", "滞尘量"),
    _service("water_purification", "cod_t", "t", "cod", "COD taken up", "化学需氧量净化量"),
    _service(
        "water_purification", "ammonia_t", "t", "ammonia", "Ammonia nitrogen taken up", "氨氮净化量"
    ),
    _service(
        "pest_control",
        "forest_self_healed_ha",
        "ha",
        "pest_forest",
        "Forest free of pests",
        "森林病虫害自愈面积",
    ),
    _service(
        "pest_control",
        "grass_self_healed_ha",
        "ha",
        "pest_grass",
        "Grassland free of pests",
        "草地病虫害自愈面积",
    ),
    _service(
        "carbon_fixation",
        "carbon_fixed_tco2",
        "tCO2",
        "carbon",
        "Carbon dioxide fixed",
        "固定二氧化碳量",
    ),
    _service("oxygen_release", "oxygen_released_t", "t", "oxygen", "Oxygen released", "释氧量"),
    _service(
        "climate_regulation",
        "cooling_kwh",
        "kWh",
        "cooling",
        "Energy of cooling and moistening",
        "蒸散降温增湿能耗",
    ),
    _service("cultural", "visits", "visit", "visit", "Visits", "游客人次"),
)

DERIVED: Final[dict[str, tuple[str, ...]]] = {
    "siltation_m3": ("gep.siltation_share", "gep.soil_density"),
    "nitrogen_t": ("gep.nitrogen_share",),
    "phosphorus_t": ("gep.phosphorus_share",),
    "sand_m2": ("gep.sand_density", "gep.sand_depth"),
    "marsh_storage_m3": ("gep.marsh_storage",),
}
"""The coefficients each derived quantity reads."""

EXAMPLES: Final[dict[str, float]] = {
    "water_domestic_m3": 1.8e6,
    "water_industry_m3": 4.2e6,
    "water_farm_m3": 3.1e7,
    "hydropower_kwh": 2.6e8,
    "farming_yuan": 1.45e8,
    "forestry_yuan": 2.1e7,
    "livestock_yuan": 1.9e8,
    "fishery_yuan": 3.0e6,
    "water_retained_m3": 4.4e8,
    "soil_retained_t": 2.3e7,
    "sand_fixed_t": 6.2e6,
    "lake_storage_m3": 1.2e7,
    "reservoir_storage_m3": 2.4e7,
    "marsh_km2": 85.0,
    "sulphur_dioxide_t": 1_300.0,
    "nitrogen_oxides_t": 2_100.0,
    "dust_t": 1_750.0,
    "cod_t": 2_400.0,
    "ammonia_t": 310.0,
    "forest_self_healed_ha": 62_000.0,
    "grass_self_healed_ha": 148_000.0,
    "carbon_fixed_tco2": 410_000.0,
    "oxygen_released_t": 298_000.0,
    "cooling_kwh": 9.0e8,
    "visits": 860_000.0,
}

WORDS: Final[dict[str, Text]] = {
    "service-not-accounted": Text(
        en="This quantity was not measured; it is left out, not counted as zero.",
        zh="该项未核算，未计入总值，并非为零。",
    ),
    "nothing-accounted": Text(
        en="No quantity is given, so there is nothing to account.", zh="未填任何实物量，无法核算。"
    ),
    "price-missing": Text(
        en="The price table has no %(price)s, so the quantity has no value.",
        zh="价格表中没有%(price)s，该实物量无法计价。",
    ),
}


def _fields() -> tuple[Field, ...]:
    table = Field(
        name="price_table",
        title=Text(en="Price table", zh="价格表"),
        help=Text(
            en="Results under different price tables must not be compared.",
            zh="不同价格表的核算结果不得直接比较。",
        ),
        kind="choice",
        unit="",
        choices_from=PRICE_TABLE,
        example="garze-2010",
        group="table",
    )
    measured = {entry.field: entry for entry in SERVICES}
    return (table, *(_measured(entry) for entry in measured.values()))


def _measured(entry: Service) -> Field:
    return number(
        entry.field,
        entry.title,
        Text(
            en="Quantity of the accounting year; leave empty what was not measured.",
            zh="核算年度的实物量，未核算的留空。",
        ),
        unit=entry.unit,
        example=EXAMPLES[entry.field],
        group=entry.component,
        high=1e15,
        required=False,
        vary=(0.8 * EXAMPLES[entry.field], 1.2 * EXAMPLES[entry.field]),
    )


def _prices() -> tuple[PriceUse, ...]:
    found: dict[str, PriceUse] = {}
    for entry in SERVICES:
        if entry.price_id is not None and entry.price_id not in found:
            found[entry.price_id] = PriceUse(
                id=entry.price_id, title=entry.title, unit=f"yuan/{entry.priced_unit}"
            )
    return tuple(found.values())


SPEC: Final = ModelSpec(
    id="gep",
    version="1.0.0",
    title=Text(en="Gross ecosystem product", zh="生态产品总值（GEP）"),
    help=Text(
        en="Quantity times price of each ecosystem service in a year. It is never lent on.",
        zh="年度各项生态系统服务实物量与价格之积，不作为放款依据。",
    ),
    value_kind="ecological",
    per="year",
    asset_kinds=("eco-product-income", "region"),
    fields=_fields(),
    components=(
        part("provisioning", "Provisioning", "物质供给"),
        part("water_retention", "Water retention", "水源涵养"),
        part("soil_retention", "Soil retention", "土壤保持"),
        part("sand_fixation", "Sand fixation", "防风固沙"),
        part("flood_mitigation", "Flood mitigation", "洪水调蓄"),
        part("air_purification", "Air purification", "空气净化"),
        part("water_purification", "Water purification", "水质净化"),
        part("pest_control", "Pest control", "病虫害控制"),
        part("carbon_fixation", "Carbon fixation", "固碳"),
        part("oxygen_release", "Oxygen release", "释氧"),
        part("climate_regulation", "Climate regulation", "气候调节"),
        part("cultural", "Cultural services", "文化服务"),
    ),
    approaches=(part("accounting", "Quantity times price", "实物量乘价格"),),
    parameters=(PRICE_TABLE, *COEFFICIENTS),
    prices=_prices(),
    standards=("国家发展改革委 [2022] 481", "GB/T 38582-2020", "LY/T 1721-2008"),
    limits=(
        Text(
            en="A yearly flow at replacement cost; never a collateral value.",
            zh="以替代成本计的年度流量，不得作为押品价值。",
        ),
        Text(en="Quantities come from accounting done elsewhere.", zh="实物量来自外部核算结果。"),
        Text(en="Water supply and water retention overlap.", zh="供水与水源涵养存在重叠。"),
    ),
)
