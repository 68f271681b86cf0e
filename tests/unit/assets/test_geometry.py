"""Parcels are read strictly, measured on the ellipsoid, and compared in bounded time."""

import math
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assets.domain import geometry
from app.kernel.errors import InvalidInput


def square(west: float = 101.0, south: float = 38.7, size: float = 0.01) -> dict:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def ring(points: list) -> dict:
    return {"type": "Polygon", "coordinates": [points]}


def test_the_whole_ellipsoid_has_its_published_area() -> None:
    band = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    assert math.isclose(geometry.ring_area_m2(band) / 1e6, 510_065_621.724, abs_tol=0.001)


def test_a_square_of_the_middle_latitudes_has_the_area_of_its_sides() -> None:
    parcel = geometry.read_parcels(square())[0]
    side_ns = 6_378_137 * (1 - geometry.ECCENTRICITY**2) * math.radians(0.01)
    phi = math.radians(38.705)
    bend = 1 - (geometry.ECCENTRICITY * math.sin(phi)) ** 2
    area_m2 = (side_ns / bend**1.5) * (
        6_378_137 / math.sqrt(bend) * math.cos(phi) * math.radians(0.01)
    )
    assert math.isclose(float(parcel.area_mu), area_m2 * 15 / 10_000, rel_tol=1e-6)


@given(
    west=st.floats(90, 110),
    south=st.floats(30, 45),
    size=st.floats(0.001, 0.05),
    share=st.floats(0.2, 0.8),
)
def test_parts_of_a_parcel_sum_to_the_whole_and_direction_does_not_matter(
    west, south, size, share
) -> None:
    whole = square(west, south, size)
    cut = west + size * share
    north, east = south + size, west + size
    left = ring([[west, south], [cut, south], [cut, north], [west, north], [west, south]])
    right = ring([[cut, south], [east, south], [east, north], [cut, north], [cut, south]])
    total = geometry.area_mu(whole)
    assert abs(geometry.area_mu(left) + geometry.area_mu(right) - total) <= Decimal("0.0002")
    turned = {"type": "Polygon", "coordinates": [whole["coordinates"][0][::-1]]}
    assert geometry.area_mu(turned) == total


def test_a_hole_is_taken_off() -> None:
    outer, hole = square()["coordinates"][0], square(101.002, 38.702, 0.002)["coordinates"][0]
    with_hole = {"type": "Polygon", "coordinates": [outer, hole]}
    area = geometry.read_parcels(with_hole)[0].area_mu
    assert area == pytest.approx(geometry.area_mu(square()) * Decimal("0.96"), rel=Decimal("1e-4"))


CLOSED = [[101, 38], [102, 38], [102, 39], [101, 38]]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[101, 38], [102, 39], [102, 38], [101, 39], [101, 38]], "crosses itself"),
        ([[101, 38], [102, 38], [102, 39], [101, 39]], "end where it began"),
        ([[101, 38], [102, 38], [101, 38]], "three points"),
        ([[101, 38], [102, 38], [103, 38], [101, 38]], "no area"),
        ([[101, 38], [101, 38], [101, 38], [101, 38]], "no area"),
        ([[38, 101], [38, 102], [39, 102], [38, 101]], "swapped"),
        ([[180.1, 38], [102, 38], [102, 39], [180.1, 38]], "swapped"),
        ([[101, 90.1], [102, 38], [102, 39], [101, 90.1]], "swapped"),
        ([[101, 38, 5], [102, 38, 5], [102, 39, 5], [101, 38, 5]], "heights"),
        ([[float("nan"), 38], [102, 38], [102, 39], [101, 38]], "swapped"),
        ([[math.inf, 38], [102, 38], [102, 39], [101, 38]], "swapped"),
        ([["101", "38"], [102, 38], [102, 39], [101, 38]], "pair of numbers"),
        ([[True, 38], [102, 38], [102, 39], [True, 38]], "pair of numbers"),
    ],
)
def test_a_border_that_is_not_one_is_refused_with_its_reason(points, words) -> None:
    with pytest.raises(InvalidInput) as refused:
        geometry.read_parcels(ring(points))
    assert words in refused.value.errors[0].detail
    assert refused.value.errors[0].pointer == "/parcels/0"


def test_a_crossing_border_says_what_to_do() -> None:
    crossing = [[101, 38], [102, 39], [102, 38], [101, 39], [101, 38]]
    with pytest.raises(InvalidInput) as refused:
        geometry.read_parcels(ring(crossing))
    reason = refused.value.errors[0].facts["reason"]
    assert reason == "two of its lines cross; put the corners into their order"


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"type": "Point", "coordinates": [101, 38]},
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [None]},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}]},
        {"type": "FeatureCollection", "crs": {}, "features": [square()]},
        {"type": "Polygon", "coordinates": None},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[CLOSED], 7]},
        {"type": "MultiPolygon", "coordinates": [[CLOSED], [CLOSED]]},
    ],
)
def test_what_is_not_geojson_of_land_is_refused(value) -> None:
    with pytest.raises(InvalidInput):
        geometry.read_parcels(value)


@pytest.mark.parametrize("area", ["abc", "NaN", -1, 0, True, "1e12"])
def test_a_stated_area_is_a_number_above_zero(area) -> None:
    feature = {"type": "Feature", "properties": {"area_mu": area}, "geometry": square()}
    with pytest.raises(InvalidInput):
        geometry.read_parcels(feature)


def circle(vertices: int) -> dict:
    turn = 2 * math.pi / (vertices - 1)
    points = [
        [101 + 0.01 * math.cos(turn * at), 38.7 + 0.01 * math.sin(turn * at)]
        for at in range(vertices - 1)
    ]
    return ring([*points, points[0]])


def test_vertices_and_parcels_are_limited_on_both_sides_of_the_border() -> None:
    most = geometry.MAX_VERTICES
    assert geometry.read_parcels(circle(most))[0].vertices == most
    with pytest.raises(InvalidInput):
        geometry.read_parcels(circle(most + 1))
    feature = {"type": "Feature", "properties": {}, "geometry": square()}
    many = {"type": "FeatureCollection", "features": [feature] * geometry.MAX_PARCELS}
    assert len(geometry.read_parcels(many)) == geometry.MAX_PARCELS
    many["features"].append(feature)
    with pytest.raises(InvalidInput):
        geometry.read_parcels(many)


def comb(teeth: int, *, across: bool) -> dict:
    """A comb whose teeth run north, or east when `across`."""
    step = 0.1 / teeth
    points = [[0.0, -0.01]]
    for tooth in range(teeth):
        x = tooth * step
        points += [[x, 0.1], [x + step / 2, 0.1], [x + step / 2, 0.0], [x + step, 0.0]]
    points += [[0.1, -0.01], [0.0, -0.01]]
    placed = [[y + 101, x + 38] if across else [x + 101, y + 38] for x, y in points]
    return ring(placed)


def test_two_combs_across_each_other_are_given_up_in_bounded_time() -> None:
    one, other = (
        geometry.read_parcels(comb(1_200, across=across))[0].shape for across in (False, True)
    )
    began = time.perf_counter()
    assert geometry.overlap_ratio(one, other) is None
    assert time.perf_counter() - began < 2


def test_overlap_is_the_share_of_the_smaller_parcel() -> None:
    big = geometry.read_parcels(square(101.0, 38.7, 0.01))[0]
    small = geometry.read_parcels(square(101.009, 38.709, 0.002))[0]
    apart = geometry.read_parcels(square(102.0, 38.7, 0.01))[0]
    touching = geometry.read_parcels(square(101.01, 38.7, 0.01))[0]
    assert geometry.overlap_ratio(big.shape, small.shape) == pytest.approx(0.25)
    assert geometry.overlap_ratio(big.shape, apart.shape) == 0
    assert geometry.overlap_ratio(big.shape, touching.shape) == 0
    assert not geometry.boxes_meet(big.box, apart.box)
