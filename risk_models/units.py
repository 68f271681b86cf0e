"""Units in words: one table for models, pages, documents and the command line.

A unit is written in signs, such as `yuan/mu/year`. The words of the most come from those of its parts; what people
call otherwise than its parts say stands in `IRREGULAR`.
"""

import re
from types import MappingProxyType
from typing import Final

from risk_models.words import Text

__all__ = ["IRREGULAR", "PARTS", "SILENT", "find_unit_words", "unit_words"]

SILENT: Final = frozenset({"", "1"})
"""A bare number needs no unit."""

PARTS: Final = MappingProxyType(
    {
        "1": "1",
        "yuan": "元",
        "mu": "亩",
        "ha": "公顷",
        "m": "米",
        "m2": "平方米",
        "m3": "立方米",
        "cm": "厘米",
        "mm": "毫米",
        "km": "公里",
        "km2": "平方公里",
        "kg": "千克",
        "t": "吨",
        "tC": "吨碳",
        "tCO2": "吨CO2",
        "tCO2e": "吨CO2e",
        "tce": "吨标准煤",
        "kJ": "千焦",
        "MJ": "兆焦",
        "kWh": "千瓦时",
        "MWh": "兆瓦时",
        "kW": "千瓦",
        "MW": "兆瓦",
        "h": "小时",
        "day": "日",
        "month": "月",
        "year": "年",
        "time": "次",
        "visit": "人次",
        "person": "人",
        "household": "户",
        "head": "头",
        "plant": "株",
        "certificate": "个",
        "unit": "单位",
    }
)
"""Chinese words of the signs that units are made of; in English a sign is its own word."""

IRREGULAR: Final = MappingProxyType(
    {
        unit: Text(en=en, zh=zh)
        for unit, zh, en in (
            ("ratio", "比率", "ratio"),
            ("table", "表", "table"),
            ("flag", "是/否", "yes or no"),
            ("place", "顺位", "place"),
            ("point", "分", "points"),
            ("period", "期", "period"),
            ("percent", "%", "%"),
            ("percent/year", "%/年", "% a year"),
            ("project", "个项目", "project"),
            ("payment", "笔", "payments"),
            ("verification", "次核证", "verifications"),
            ("loan", "笔贷款", "loans"),
            ("wan/year", "万元/年", "ten thousand yuan/year"),
            ("certificate", "个", "certificates"),
            ("certificate/day", "个/日", "certificates/day"),
            ("certificate/year", "个/年", "certificates/year"),
            ("MJ mm/(ha h year)", "兆焦·毫米/(公顷·小时·年)", "MJ mm/(ha h year)"),
            ("t ha h/(ha MJ mm)", "吨·公顷·小时/(公顷·兆焦·毫米)", "t ha h/(ha MJ mm)"),
        )
    }
)
"""Words of units that are no product of parts, or are called otherwise."""

PRODUCT: Final = re.compile(r"[^/*]+(\*[^/*]+)*(/[^/*]+(\*[^/*]+)*)*")


def find_unit_words(unit: str) -> Text | None:
    """A unit in both languages, such as yuan/mu/year as 元/亩·年; None where a part is not known."""
    if unit in SILENT:
        return Text(en="", zh="")
    if unit in IRREGULAR:
        return IRREGULAR[unit]
    if not PRODUCT.fullmatch(unit) or not set(re.split(r"[/*]", unit)) <= set(PARTS):
        return None
    above, *below = ("·".join(PARTS[part] for part in each.split("*")) for each in unit.split("/"))
    return Text(en=unit, zh=f"{above}/{'·'.join(below)}" if below else above)


def unit_words(unit: str) -> Text:
    """A unit in both languages; one that is not known stays as it is written."""
    return find_unit_words(unit) or Text(en=unit, zh=unit)
