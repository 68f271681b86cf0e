"""GEP accounts of the demonstration: the city's published totals, a county split that is synthetic."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session

from app.appraisal.services.gep_accounts import StoreAccount, publish_account, store_account
from app.demo.files import rows
from app.demo.people import Cast

CITY: Final = "620700"
YI: Final = Decimal(100_000_000)
ACCOUNTED_ON: Final = date(2023, 12, 26)
YEARS: Final = (2021, 2023)
SOURCE: Final = "全市合计为公开数；分县区、分类数为演示合成。公开未见2022年数，不作插补。"


def add_accounts(session: Session, cast: Cast) -> None:
    """Each year that is published: one officer of the measurement centre stores it, another publishes."""
    actor, other = cast.actor(session, "mc-1"), cast.actor(session, "mc-2")
    for year in YEARS:
        command = StoreAccount(
            title=f"张掖市生态产品总值核算（{year}年，演示）",
            source=SOURCE,
            accounted_on=ACCOUNTED_ON,
            document={"rows": _document_rows(year)},
        )
        publish_account(session, other, store_account(session, actor, command).id)


def _document_rows(year: int) -> list[dict[str, Any]]:
    """The city by class where the classes are known, else as a whole, and its counties."""
    listed = [row for row in rows("gep_accounts") if row["year"] == str(year)]
    city = [row for row in listed if row["region_code"] == CITY]
    classes = {row["service"]: _yuan(row) for row in city if row["service"] != "total"}
    whole = next(_yuan(row) for row in city if row["service"] == "total")
    counties = [row for row in listed if row["region_code"] != CITY]
    return [
        {"region": CITY, "year": year, "stated_yuan": classes or {"undivided": whole}},
        *(
            {
                "region": row["region_code"],
                "parent": CITY,
                "year": year,
                "stated_yuan": {"undivided": _yuan(row)},
            }
            for row in counties
        ),
    ]


def _yuan(row: Mapping[str, str]) -> str:
    return format(Decimal(row["value_yi"]) * YI, "f")
