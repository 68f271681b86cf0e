"""Parcels as GeoJSON in WGS 84: read strictly, measured on the ellipsoid, compared for overlap.

A position is longitude and latitude, nothing else. What the drawing program would repair is refused,
since the border of a right is what its owner drew, not what we guess.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_

MAX_PARCELS: Final = 200
"""A county's forest farm has fewer; more are divided over several assets."""

MAX_VERTICES: Final = 5_000
"""A ridge line surveyed every five metres over 25 km."""

MAX_NAME: Final = 60
"""What fits on a map label."""

MAX_CROSSINGS: Final = 20_000
"""Two combs drawn across each other; borders of real neighbours cross a few hundred times."""

SEMI_MAJOR_M: Final = 6_378_137.0
ECCENTRICITY: Final = math.sqrt((2 - 1 / 298.257223563) / 298.257223563)
M2_PER_MU: Final = 10_000 / 15
DEGREE_STEPS: Final = 10**7
_AREA_STEP: Final = Decimal("0.0001")

Position = tuple[float, float]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One piece of land: its shape, its own area, and the area that its certificate states, if any."""

    name: str
    geometry: dict[str, Any]
    shape: BaseGeometry
    area_mu: Decimal
    stated_area_mu: Decimal | None
    vertices: int

    @property
    def box(self) -> Box:
        """West, south, east, north in ten-millionths of a degree, rounded outwards."""
        return box_of(self.shape)


class _WrongShape(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """What is wrong with a shape, as words with facts."""

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


def read_parcels(value: object, *, pointer: str = "/parcels") -> tuple[Parcel, ...]:
    """Read a FeatureCollection, a Feature, a Polygon or a MultiPolygon; InvalidInput names each wrong parcel."""
    try:
        features = _features(value)
    except _WrongShape as wrong:
        raise InvalidInput(errors=(_error(pointer, wrong),)) from wrong
    parcels: list[Parcel] = []
    errors: list[FieldError] = []
    for index, feature in enumerate(features):
        try:
            parcels.append(_parcel(feature, index))
        except _WrongShape as wrong:
            errors.append(_error(f"{pointer}/{index}", wrong))
    if errors:
        raise InvalidInput(errors=tuple(errors))
    return tuple(parcels)


def _error(pointer: str, wrong: _WrongShape) -> FieldError:
    return FieldError(pointer=pointer, detail=wrong.detail, facts=wrong.facts)


def _features(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        raise _WrongShape(N_("Send GeoJSON: a FeatureCollection, a Polygon or a MultiPolygon."))
    if "crs" in value:
        raise _WrongShape(N_("Take out “crs”: positions are longitude and latitude in WGS 84."))
    match value.get("type"):
        case "FeatureCollection":
            features = value.get("features")
        case "Feature":
            features = [value]
        case "Polygon" | "MultiPolygon":
            features = [{"type": "Feature", "properties": {}, "geometry": value}]
        case _:
            raise _WrongShape(N_("Send GeoJSON: a FeatureCollection, a Polygon or a MultiPolygon."))
    if not isinstance(features, list) or not features:
        raise _WrongShape(N_("Draw at least one parcel."))
    if len(features) > MAX_PARCELS:
        raise _WrongShape(N_("At most %(limit)s parcels are taken."), limit=MAX_PARCELS)
    return features


def _parcel(feature: object, index: int) -> Parcel:
    if not isinstance(feature, Mapping) or not isinstance(feature.get("geometry"), Mapping):
        raise _WrongShape(N_("Each feature needs a geometry."))
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise _WrongShape(N_("The properties of a feature are an object."))
    polygons = _polygons(feature["geometry"])
    vertices = sum(len(ring) for rings in polygons for ring in rings)
    if vertices > MAX_VERTICES:
        raise _WrongShape(N_("A parcel has at most %(limit)s points."), limit=MAX_VERTICES)
    read = [[_ring(ring) for ring in rings] for rings in polygons]
    shape = _shape(read)
    return Parcel(
        name=_name(properties, index),
        geometry=_plain(read),
        shape=shape,
        area_mu=_area_of(read),
        stated_area_mu=_stated(properties),
        vertices=vertices,
    )


def _polygons(geometry: Mapping[str, Any]) -> list[list[list[Any]]]:
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Polygon":
            polygons: object = [coordinates]
        case "MultiPolygon":
            polygons = coordinates
        case _:
            raise _WrongShape(N_("A parcel is a Polygon or a MultiPolygon."))
    if not _is_lists_of_lists(polygons):
        raise _WrongShape(N_("The coordinates are not those of a polygon."))
    return polygons  # type: ignore[return-value]


def _is_lists_of_lists(polygons: object) -> bool:
    """Whether it is a list of polygons, each a list of rings, each a list."""
    return (
        isinstance(polygons, list)
        and bool(polygons)
        and all(isinstance(rings, list) and rings for rings in polygons)
        and all(isinstance(ring, list) for rings in polygons for ring in rings)
    )


def _ring(ring: list[Any]) -> list[Position]:
    points = [_position(point) for point in ring]
    if len(points) < 4:
        raise _WrongShape(
            N_("A border has at least three points and its first one again at the end.")
        )
    if points[0] != points[-1]:
        raise _WrongShape(N_("A border must end where it began."))
    return points


def _position(point: object) -> Position:
    if not isinstance(point, list) or not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in point
    ):
        raise _WrongShape(N_("A position is a pair of numbers: longitude and latitude."))
    if len(point) != 2:
        raise _WrongShape(N_("A position has two numbers; heights are not taken."))
    longitude, latitude = float(point[0]), float(point[1])
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):  # NaN fails every comparison.
        raise _WrongShape(
            N_("Longitude lies within 180 and latitude within 90 degrees. Are the two swapped?")
        )
    return longitude, latitude


BORDER_FAULTS: Final = {
    "Self-intersection": N_("two of its lines cross; put the corners into their order"),
    "Ring Self-intersection": N_("it touches itself in a point; draw each part as a polygon"),
    "Hole lies outside shell": N_("a hole lies outside of the parcel; leave it out or move it"),
    "Holes are nested": N_("a hole lies within another; keep the outer one"),
    "Nested shells": N_("a part lies within another; keep the outer one"),
    "Interior is disconnected": N_("a hole divides the parcel; draw each part as a polygon"),
    "Duplicate Rings": N_("a ring stands twice; leave one out"),
}
"""What GEOS finds wrong with a border, as words that say what to do."""


def _shape(polygons: Sequence[Sequence[Sequence[Position]]]) -> BaseGeometry:
    drawn = [Polygon(rings[0], rings[1:]) for rings in polygons]
    shape: BaseGeometry = drawn[0] if len(drawn) == 1 else MultiPolygon(drawn)
    if shape.convex_hull.area == 0:
        raise _WrongShape(N_("The parcel has no area."))
    if not shape.is_valid:
        fault = shapely.is_valid_reason(shape).split("[")[0].strip()
        reason = BORDER_FAULTS.get(fault, N_("draw the border again in the order of its corners"))
        raise _WrongShape(N_("The border crosses itself or lies wrong: %(reason)s."), reason=reason)
    return shape


def _plain(polygons: Sequence[Sequence[Sequence[Position]]]) -> dict[str, Any]:
    coordinates = [[[list(point) for point in ring] for ring in rings] for rings in polygons]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _name(properties: Mapping[str, Any], index: int) -> str:
    given = properties.get("parcel_no") or properties.get("name")
    if given is None:
        return str(index + 1)
    if not isinstance(given, str) or not given.isprintable() or len(given) > MAX_NAME:
        raise _WrongShape(
            N_("The name of a parcel has at most %(limit)s characters."), limit=MAX_NAME
        )
    return given


def _stated(properties: Mapping[str, Any]) -> Decimal | None:
    given = properties.get("area_mu")
    if given is None:
        return None
    try:
        area = Decimal(str(given)) if not isinstance(given, bool) else Decimal("NaN")
    except InvalidOperation:
        area = Decimal("NaN")
    if not area.is_finite() or not 0 < area < 10**9:
        raise _WrongShape(N_("The stated area of a parcel is a number of mu above zero."))
    return area


# ---------------------------------------------------------------------------
# Area


def area_mu(geometry: Mapping[str, Any]) -> Decimal:
    """Area of a stored geometry in mu: of its shells, less that of its holes."""
    coordinates = geometry["coordinates"]
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return _area_of(polygons)


def _area_of(polygons: Sequence[Sequence[Sequence[Sequence[float]]]]) -> Decimal:
    square_metres = sum(
        abs(ring_area_m2(rings[0])) - sum(abs(ring_area_m2(hole)) for hole in rings[1:])
        for rings in polygons
    )
    return (Decimal(repr(square_metres)) / Decimal(repr(M2_PER_MU))).quantize(_AREA_STEP)


def ring_area_m2(ring: Sequence[Sequence[float]]) -> float:
    """Area of a ring on the ellipsoid of WGS 84, positive when it turns left.

    Each edge is a straight line in longitude and latitude, as GeoJSON means it. The strip between it and
    the first point's parallel is integrated by Simpson's rule over the ellipsoid's area of a band.
    """
    origin = _band(ring[0][1])
    total = 0.0
    for (west, south), (east, north) in pairwise(ring):
        middle = _band((south + north) / 2) - origin
        strip = (_band(south) - origin + 4 * middle + _band(north) - origin) / 6
        total -= math.radians(east - west) * strip
    return total * SEMI_MAJOR_M**2 / 2


def _band(latitude: float) -> float:
    """The band from the equator, per radian: q of Snyder, Map Projections, formula 3-12."""
    sine, e = math.sin(math.radians(latitude)), ECCENTRICITY
    logarithm = math.log((1 - e * sine) / (1 + e * sine)) / (2 * e)
    return (1 - e * e) * (sine / (1 - (e * sine) ** 2) - logarithm)


def off_by(drawn_mu: Decimal, stated_mu: Decimal) -> Decimal:
    """How far the stated area lies from the drawn one, as a share of the stated."""
    return abs(drawn_mu - stated_mu) / stated_mu


# ---------------------------------------------------------------------------
# Overlap


def box_of(shape: BaseGeometry) -> Box:
    """West, south, east, north in ten-millionths of a degree, rounded outwards."""
    west, south, east, north = shape.bounds
    return (
        math.floor(west * DEGREE_STEPS),
        math.floor(south * DEGREE_STEPS),
        math.ceil(east * DEGREE_STEPS),
        math.ceil(north * DEGREE_STEPS),
    )


def shape_of(geometry: Mapping[str, Any]) -> BaseGeometry:
    """The shape of a stored geometry."""
    return shapely.geometry.shape(dict(geometry))


def boxes_meet(one: Box, other: Box) -> bool:
    """Whether two boxes have a point in common."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def overlap_ratio(one: BaseGeometry, other: BaseGeometry) -> float | None:
    """Common area over that of the smaller shape; None when comparing them would take too long."""
    if not one.intersects(other):
        return 0.0
    if _crossings(one, other) > MAX_CROSSINGS:
        return None
    return float(one.intersection(other).area / min(one.area, other.area))


def _crossings(one: BaseGeometry, other: BaseGeometry) -> int:
    """How many pairs of edges have boxes that meet: an upper bound of the crossings, cheaply counted."""
    mine, theirs = _edges(one), _edges(other)
    count = 0
    for block in np.array_split(mine, max(len(mine) // 500, 1)):
        west, south, east, north = (block[:, at, None] for at in range(4))
        meets = (
            (west <= theirs[:, 2])
            & (theirs[:, 0] <= east)
            & (south <= theirs[:, 3])
            & (theirs[:, 1] <= north)
        )
        count += int(meets.sum())
    return count


def _edges(shape: BaseGeometry) -> Any:
    boxes = []
    for ring in _rings(shape):
        points = np.asarray(ring.coords)
        low = np.minimum(points[:-1], points[1:])
        high = np.maximum(points[:-1], points[1:])
        boxes.append(np.hstack([low, high]))
    return np.vstack(boxes)


def _rings(shape: BaseGeometry) -> Iterator[Any]:
    polygons = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    for polygon in polygons:
        yield polygon.exterior  # type: ignore[attr-defined]
        yield from polygon.interiors  # type: ignore[attr-defined]
