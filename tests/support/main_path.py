"""What the main path needs before it begins, and the things its people bring."""

import json
import math
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from app.db.engine import Database
from app.kernel.clock import FixedClock
from app.loans.services import open_business_day
from app.market.services import AddSeries, add_series
from app.origination.services.products import load_products
from tests.factories.world import World

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "docs" / "examples"
SIGNED_ON: Final = date(2023, 12, 26)
FELL_ON: Final = date(2024, 3, 20)
CURED_ON: Final = date(2024, 3, 21)
PDF: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
EARTH_METRES: Final = 6_371_008.8


def go_to(clock: FixedClock, day: date) -> None:
    """Ten in the morning of a day in Zhangye."""
    clock.instant = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def prepare_ground(database: Database, world: World) -> None:
    """Bank A opens its books, offers its products, and a local sink price is kept."""
    with database.write() as session:
        bank = world.system("A")
        open_business_day(session, bank, world.organisation("A"), SIGNED_ON)
        load_products(session, bank, world.organisation("A"), valid_from=date(2023, 1, 1))
        series = AddSeries(
            code="LOCAL-SINK",
            title_zh="地方林草碳汇",
            title_en="Local sink",
            unit="yuan/tCO2e",
            price_id="local-sink",
        )
        add_series(session, world.system(), series)


def square(area_mu: float, west: float, south: float) -> dict[str, Any]:
    """A square piece of land of about an area, as GeoJSON."""
    side = math.sqrt(area_mu * 10_000 / 15)
    height = math.degrees(side / EARTH_METRES)
    width = height / math.cos(math.radians(south + height / 2))
    ring = [
        [west, south],
        [west + width, south],
        [west + width, south + height],
        [west, south + height],
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def inputs_of(model: str) -> dict[str, Any]:
    """The published example of a model."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{model}.json").read_text(encoding="utf-8"))
    return dict(found["inputs"])
