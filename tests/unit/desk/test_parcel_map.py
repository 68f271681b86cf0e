"""The land of a loan is drawn by asset: one name and one value for all parcels of it."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from app.desk.loan_page import LoanPage
from app.desk.shown import parcel_map

RING = [[101.0, 38.7], [101.1, 38.7], [101.1, 38.8], [101.0, 38.7]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
SEVERAL = {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}


def page_of(*parcels: tuple[int, dict[str, Any]]) -> LoanPage:
    def line(number: int) -> SimpleNamespace:
        pledge = SimpleNamespace(asset_id=UUID(int=number), asset_number=f"A-2023-00000{number}")
        return SimpleNamespace(pledge=pledge, recognised_fen=420_000_000)

    pairs = [(SimpleNamespace(geometry=geometry), line(number)) for number, geometry in parcels]
    return cast("LoanPage", SimpleNamespace(collateral=SimpleNamespace(parcels=pairs)))


def test_parcels_of_one_asset_are_one_shape_under_the_number_of_the_asset():
    drawn = parcel_map(page_of((1, POLYGON), (2, POLYGON), (2, SEVERAL)))
    assert drawn is not None
    shapes = drawn["geojson"]["features"]
    assert [each["properties"]["name"] for each in shapes] == ["A-2023-000001", "A-2023-000002"]
    assert [len(each["geometry"]["coordinates"]) for each in shapes] == [1, 3]


def test_a_loan_without_land_has_no_map():
    assert parcel_map(page_of()) is None
