"""The ways each quantity can be got: the field that says so, its group, its choices."""

from typing import Final

__all__ = ["BASES", "GIVEN", "LEVELS"]

GIVEN: Final = ("given", "Given", "直接给出")

BASES: Final = (
    (
        "water_basis",
        "water_retention",
        "Water retained comes from",
        "水源涵养量取得方式",
        ("balance", "Water balance", "水量平衡"),
        ("runoff-share", "Runoff share of the ecosystem", "径流系数"),
        ("water-yield", "Water yield model", "产水量模型"),
    ),
    (
        "soil_basis",
        "soil_retention",
        "Soil retained comes from",
        "土壤保持量取得方式",
        ("rusle", "Soil loss equation", "RUSLE（坡度坡长因子已知）"),
        ("rusle-slope", "Soil loss equation with slope", "RUSLE（由坡度推算）"),
    ),
    (
        "sand_basis",
        "sand_fixation",
        "Sand fixed comes from",
        "防风固沙量取得方式",
        ("rweq", "Wind erosion equation", "RWEQ"),
        ("rweq-short", "Wind erosion equation, short form", "RWEQ简式"),
    ),
    (
        "lake_basis",
        "flood_mitigation",
        "Storage of lakes comes from",
        "湖泊调蓄量取得方式",
        ("lake-area", "Area of lakes", "湖泊面积"),
        ("level-change", "Peaks and troughs", "峰谷蓄水量"),
    ),
    (
        "reservoir_basis",
        "flood_mitigation",
        "Storage of reservoirs comes from",
        "水库调蓄量取得方式",
        ("capacity", "Capacity", "总库容"),
    ),
    (
        "storm_basis",
        "flood_mitigation",
        "Storm water held comes from",
        "植被调蓄量取得方式",
        ("storm-balance", "Storm balance", "暴雨产流平衡"),
        ("curve-number", "Curve number", "曲线数法"),
    ),
    (
        "air_basis",
        "air_purification",
        "Sulphur dioxide and dust come from",
        "二氧化硫与滞尘量取得方式",
        ("capacity", "Capacity of the ecosystem", "生态系统净化能力"),
    ),
    (
        "water_quality_basis",
        "water_purification",
        "COD and ammonia come from",
        "化学需氧量与氨氮取得方式",
        ("capacity", "Capacity a hectare", "单位面积净化能力"),
    ),
    (
        "carbon_basis",
        "carbon_fixation",
        "Carbon fixed comes from",
        "固碳量取得方式",
        ("nep", "Net ecosystem production", "净生态系统生产力NEP"),
        ("npp", "Growth of dry matter", "净初级生产力NPP"),
        ("rate", "Rate a hectare", "固碳速率"),
    ),
    (
        "oxygen_basis",
        "oxygen_release",
        "Oxygen comes from",
        "释氧量取得方式",
        ("npp", "Growth of dry matter", "净初级生产力NPP"),
        ("photosynthesis", "Growth, plain photosynthesis", "净初级生产力（光合方程）"),
    ),
    (
        "cooling_basis",
        "climate_regulation",
        "Cooling comes from",
        "气候调节量取得方式",
        ("plants", "Heat taken up by plants", "植被蒸腾吸热"),
        ("water", "Evaporation of water", "水面蒸发"),
    ),
    (
        "visit_basis",
        "cultural",
        "A visit is worth",
        "人次价值取得方式",
        ("travel-cost", "Its travel cost", "旅行费用法"),
    ),
    (
        "landscape_basis",
        "cultural",
        "Landscape premium comes from",
        "景观增值取得方式",
        ("area", "Area and premium", "面积与溢价"),
    ),
    (
        "non_use_basis",
        "non_use",
        "Willingness to pay comes from",
        "支付意愿取得方式",
        ("willingness", "A survey", "支付意愿调查"),
    ),
)

LEVELS: Final = {field: tuple(level for level, *_ in ways) for field, _, _, _, *ways in BASES}
"""The ways of each field besides `given`."""
