"""The services of an account: what is measured, in what unit, and the column of its price."""

from dataclasses import dataclass
from typing import Final

from risk_models.words import Text

__all__ = ["COMPONENTS", "OWN_PRICES", "SERVICES", "STORED", "Service"]

COMPONENTS: Final = (
    ("provisioning", "Provisioning", "物质供给"),
    ("water_retention", "Water retention", "水源涵养"),
    ("soil_retention", "Soil retention", "土壤保持"),
    ("sand_fixation", "Sand fixation", "防风固沙"),
    ("flood_mitigation", "Flood mitigation", "洪水调蓄"),
    ("air_purification", "Air purification", "空气净化"),
    ("water_purification", "Water purification", "水质净化"),
    ("pest_control", "Pest control", "病虫害控制"),
    ("carbon_fixation", "Carbon fixation", "固碳"),
    ("oxygen_release", "Oxygen release", "释氧"),
    ("climate_regulation", "Climate regulation", "气候调节"),
    ("biodiversity", "Biodiversity", "物种保育"),
    ("cultural", "Cultural services", "文化服务"),
    ("non_use", "Non-use value", "非使用价值"),
)

STORED: Final = frozenset({"water_retention", "flood"})
"""Columns of prices that are the capital cost of a cubic metre of storage."""

OWN_PRICES: Final = {
    "products_t": "product_yuan_per_t",
    "evaporated_m3": "evaporation_yuan_per_m3",
}
"""Quantities whose price differs from unit to unit and is stated beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One priced quantity. `column` names its price in the table; None means it comes in yuan.

    `derived` is the step that turns the measured quantity into the priced one.
    """

    component: str
    field: str
    unit: str
    column: str | None
    title: Text
    example: float
    derived: str | None = None
    derived_unit: str | None = None

    @property
    def price_id(self) -> str | None:
        return f"gep.{self.column}" if self.column else None

    @property
    def priced_unit(self) -> str:
        return self.derived_unit or self.unit


def _service(
    component: str, field: str, unit: str, column: str | None, en: str, zh: str, example: float
) -> Service:
    return Service(
        component=component,
        field=field,
        unit=unit,
        column=column,
        title=Text(en=en, zh=zh),
        example=example,
    )


def _derived(
    component: str, field: str, unit: str, column: str, en: str, zh: str, example: float, *step: str
) -> Service:
    return Service(
        component=component,
        field=field,
        unit=unit,
        column=column,
        title=Text(en=en, zh=zh),
        example=example,
        derived=step[0],
        derived_unit=step[1],
    )


def _soil(column: str, *step: str) -> Service:
    return _derived(
        "soil_retention",
        "soil_retained_t",
        "t",
        column,
        "Soil retained",
        "土壤保持量",
        2.3e7,
        *step,
    )


SERVICES: Final = (
    _service(
        "provisioning",
        "water_domestic_m3",
        "m3",
        "water_domestic",
        "Domestic water",
        "生活用水",
        1.8e6,
    ),
    _service(
        "provisioning",
        "water_industry_m3",
        "m3",
        "water_industry",
        "Industrial water",
        "工业用水",
        4.2e6,
    ),
    _service(
        "provisioning", "water_farm_m3", "m3", "water_farm", "Irrigation water", "农业用水", 3.1e7
    ),
    _service("provisioning", "hydropower_kwh", "kWh", "hydropower", "Hydropower", "水电", 2.6e8),
    _service(
        "provisioning", "farming_yuan", "yuan", None, "Output of farming", "种植业产出", 1.45e8
    ),
    _service(
        "provisioning", "forestry_yuan", "yuan", None, "Output of forestry", "林业产出", 2.1e7
    ),
    _service(
        "provisioning", "livestock_yuan", "yuan", None, "Output of livestock", "畜牧业产出", 1.9e8
    ),
    _service("provisioning", "fishery_yuan", "yuan", None, "Output of fishery", "渔业产出", 3.0e6),
    _service("provisioning", "products_t", "t", None, "Other products", "其他物质产品", 12_000.0),
    _service(
        "water_retention",
        "water_retained_m3",
        "m3",
        "water_retention",
        "Water retained",
        "水源涵养量",
        4.4e8,
    ),
    _soil("siltation", "siltation_m3", "m3"),
    _soil("nitrogen", "nitrogen_t", "t"),
    _soil("phosphorus", "phosphorus_t", "t"),
    _soil("land", "land_kept_ha", "ha"),
    _derived(
        "sand_fixation",
        "sand_fixed_t",
        "t",
        "sand",
        "Sand fixed",
        "防风固沙量",
        6.2e6,
        "sand_m2",
        "m2",
    ),
    _service(
        "flood_mitigation",
        "lake_storage_m3",
        "m3",
        "flood",
        "Flood storage of lakes",
        "湖泊调蓄量",
        1.2e7,
    ),
    _service(
        "flood_mitigation",
        "reservoir_storage_m3",
        "m3",
        "flood",
        "Flood storage of reservoirs",
        "水库调蓄量",
        2.4e7,
    ),
    _derived(
        "flood_mitigation",
        "marsh_km2",
        "km2",
        "flood",
        "Marsh",
        "沼泽面积",
        85.0,
        "marsh_storage_m3",
        "m3",
    ),
    _service(
        "flood_mitigation",
        "vegetation_storage_m3",
        "m3",
        "flood",
        "Storm water held by plants",
        "植被调蓄量",
        9.0e6,
    ),
    _service(
        "air_purification",
        "sulphur_dioxide_t",
        "t",
        "sulphur_dioxide",
        "Sulphur dioxide taken up",
        "二氧化硫净化量",
        1_300.0,
    ),
    _service(
        "air_purification",
        "nitrogen_oxides_t",
        "t",
        "nitrogen_oxides",
        "Nitrogen oxides taken up",
        "氮氧化物净化量",
        2_100.0,
    ),
    _service("air_purification", "dust_t", "t", "dust", "Dust held", "滞尘量", 1_750.0),
    _service(
        "water_purification", "cod_t", "t", "cod", "COD taken up", "化学需氧量净化量", 2_400.0
    ),
    _service(
        "water_purification",
        "ammonia_t",
        "t",
        "ammonia",
        "Ammonia nitrogen taken up",
        "氨氮净化量",
        310.0,
    ),
    _service(
        "pest_control",
        "forest_self_healed_ha",
        "ha",
        "pest_forest",
        "Forest free of pests",
        "森林病虫害自愈面积",
        62_000.0,
    ),
    _service(
        "pest_control",
        "grass_self_healed_ha",
        "ha",
        "pest_grass",
        "Grassland free of pests",
        "草地病虫害自愈面积",
        148_000.0,
    ),
    _service(
        "carbon_fixation",
        "carbon_fixed_tco2",
        "tCO2",
        "carbon",
        "Carbon dioxide fixed",
        "固定二氧化碳量",
        410_000.0,
    ),
    _service(
        "oxygen_release",
        "oxygen_released_t",
        "t",
        "oxygen",
        "Oxygen released",
        "释氧量",
        298_000.0,
    ),
    _service(
        "climate_regulation",
        "cooling_kwh",
        "kWh",
        "cooling",
        "Energy of cooling and moistening",
        "蒸散降温增湿能耗",
        9.0e8,
    ),
    _service(
        "climate_regulation",
        "evaporated_m3",
        "m3",
        None,
        "Water evaporated, at a price a cubic metre",
        "蒸散水量（按方计价）",
        2.0e6,
    ),
    _service(
        "biodiversity",
        "biodiversity_ha",
        "ha",
        None,
        "Area with species counted",
        "物种保育面积",
        21_000.0,
    ),
    _service("cultural", "visits", "visit", "visit", "Visits", "游客人次", 860_000.0),
    _service(
        "cultural",
        "landscape_premium_yuan",
        "yuan",
        None,
        "Landscape premium",
        "景观增值",
        4.2e6,
    ),
    _service("non_use", "non_use_yuan", "yuan", None, "Willingness to pay", "支付意愿价值", 5.5e6),
)
