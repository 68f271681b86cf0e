"""Units as people read them, in both languages: one table for pages and documents."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from app.kernel.actor import Name

SILENT: Final = frozenset({"", "1"})
"""A bare number needs no unit."""

RATIO: Final = "ratio"
"""A share of one; people read it in per cent."""

UNITS: Final[Mapping[str, Name]] = MappingProxyType(
    {
        unit: Name(zh=zh, en=en)
        for unit, zh, en in (
            ("mu", "亩", "mu"),
            ("yuan", "元", "yuan"),
            ("wan/year", "万元/年", "ten thousand yuan/year"),
            ("year", "年", "year"),
            ("day", "日", "day"),
            ("ratio", "比率", "ratio"),
            ("table", "表", "table"),
            ("unit", "单位", "unit"),
            ("visit", "人次", "visit"),
            ("period", "期", "period"),
            ("number", "数值", "number"),
            ("project", "个项目", "project"),
            ("flag", "是/否", "yes or no"),
            ("place", "顺位", "place"),
            ("certificate", "个", "certificates"),
            ("certificate/day", "个/日", "certificates/day"),
            ("tCO2e/day", "吨CO2e/日", "tCO2e/day"),
            ("MWh", "兆瓦时", "MWh"),
            ("MWh/year", "兆瓦时/年", "MWh/year"),
            ("MWh/certificate", "兆瓦时/个", "MWh/certificate"),
            ("month", "月", "month"),
            ("time", "次", "time"),
            ("yuan/unit", "元/单位", "yuan/unit"),
            ("certificate/year", "个/年", "certificates/year"),
            ("unit/day", "单位/日", "unit/day"),
            ("m", "米", "m"),
            ("cm", "厘米", "cm"),
            ("km", "公里", "km"),
            ("m2", "平方米", "m2"),
            ("m3", "立方米", "m3"),
            ("m3/year", "立方米/年", "m3/year"),
            ("m3/mu", "立方米/亩", "m3/mu"),
            ("m3/km2", "立方米/平方公里", "m3/km2"),
            ("t", "吨", "t"),
            ("t/m3", "吨/立方米", "t/m3"),
            ("m3/ha", "立方米/公顷", "m3/ha"),
            ("t/ha", "吨/公顷", "t/ha"),
            ("tC/ha", "吨碳/公顷", "tC/ha"),
            ("tC/t", "吨碳/吨", "tC/t"),
            ("1/year", "1/年", "1/year"),
            ("point", "分", "points"),
            ("ha", "公顷", "ha"),
            ("km2", "平方公里", "km2"),
            ("kWh", "千瓦时", "kWh"),
            ("MW", "兆瓦", "MW"),
            ("tCO2", "吨CO2", "tCO2"),
            ("tCO2e", "吨CO2e", "tCO2e"),
            ("tCO2e/year", "吨CO2e/年", "tCO2e/year"),
            ("tCO2e/mu", "吨CO2e/亩", "tCO2e/mu"),
            ("tCO2e/mu/year", "吨CO2e/亩·年", "tCO2e/mu/year"),
            ("yuan/year", "元/年", "yuan/year"),
            ("yuan/tCO2", "元/吨CO2", "yuan/tCO2"),
            ("yuan/tCO2e", "元/吨CO2e", "yuan/tCO2e"),
            ("yuan/mu", "元/亩", "yuan/mu"),
            ("yuan/mu/year", "元/亩·年", "yuan/mu/year"),
            ("yuan/m2", "元/平方米", "yuan/m2"),
            ("yuan/m3", "元/立方米", "yuan/m3"),
            ("yuan*mu/m3", "元·亩/立方米", "yuan*mu/m3"),
            ("yuan/m3/km", "元/立方米·公里", "yuan/m3/km"),
            ("yuan/t", "元/吨", "yuan/t"),
            ("yuan/ha", "元/公顷", "yuan/ha"),
            ("yuan/kWh", "元/千瓦时", "yuan/kWh"),
            ("yuan/visit", "元/人次", "yuan/visit"),
            ("yuan/certificate", "元/个", "yuan/certificate"),
            ("percent", "百分比", "percent"),
            ("percent/year", "%/年", "% a year"),
            ("mm", "毫米", "mm"),
            ("tC", "吨C", "tC"),
            ("tCO2/ha", "吨CO2/公顷", "tCO2/ha"),
            ("kg/ha", "千克/公顷", "kg/ha"),
            ("kg/m", "千克/米", "kg/m"),
            ("kJ/m2/day", "千焦/平方米·日", "kJ/m2/day"),
            ("MJ mm/(ha h year)", "兆焦·毫米/(公顷·小时·年)", "MJ mm/(ha h year)"),
            ("t ha h/(ha MJ mm)", "吨·公顷·小时/(公顷·兆焦·毫米)", "t ha h/(ha MJ mm)"),
            ("kJ/kg", "千焦/千克", "kJ/kg"),
            ("kg/m2", "千克/平方米", "kg/m2"),
            ("kg/ha/year", "千克/公顷·年", "kg/ha/year"),
            ("kWh/m3", "千瓦时/立方米", "kWh/m3"),
            ("t/t", "吨/吨", "t/t"),
            ("tCO2/ha/year", "吨CO2/公顷·年", "tCO2/ha/year"),
            ("tce", "吨标准煤", "tce"),
            ("yuan/tce", "元/吨标准煤", "yuan/tce"),
            ("payment", "笔", "payments"),
            ("verification", "次核证", "verifications"),
            ("loan", "笔贷款", "loans"),
            ("tC/year", "吨碳/年", "tC/year"),
            ("t/ha/year", "吨/公顷·年", "t/ha/year"),
            ("mu/year", "亩/年", "mu/year"),
        )
    }
)


def unit_name(unit: str) -> Name:
    """A unit in both languages; what the table does not have stays as it was written."""
    return Name(zh="", en="") if unit in SILENT else UNITS.get(unit, Name(zh=unit, en=unit))


def facts_named(facts: Mapping[str, object], language: str) -> dict[str, object]:
    """Facts of a message, the unit among them as a language calls it."""
    unit = facts.get("unit")
    if not isinstance(unit, str):
        return dict(facts)
    return {**facts, "unit": unit_name(unit).in_language(language)}


CALENDAR_YEARS: Final = range(1900, 2201)


def bound(end: float | None, unit: str) -> str:
    """An end of a range in digits: 100,000,000 and not 1e+08, a calendar year without separators."""
    if end is None:
        return ""
    if unit == "year" and end in CALENDAR_YEARS:
        return f"{end:.0f}"
    return f"{end:,.6f}".rstrip("0").rstrip(".")


def per_cent(share: Decimal | float | str) -> str:
    """A share of one in per cent, with no more digits than it has: 0.075 is 7.5."""
    return f"{(Decimal(str(share)) * 100).normalize():f}"
