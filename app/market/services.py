"""Use cases of the market room: loading, importing and reading prices."""

import csv
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import yaml
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now, today
from app.kernel.actor import Actor
from app.kernel.csv_rows import LineError
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.market import domain, queries
from app.market.domain import NewPoint, PointChange
from app.market.means import VOLUME, mean_prices
from app.market.models import PriceImport, PricePoint, PriceSeries
from app.reference.domain import ImportRefused
from app.reference.services import import_text, line_errors, policy_for
from risk_models.contract import Price
from risk_models.registry import science_parameters

MAX_CALIBRATION_POINTS: Final = 20_000
"""As many as one file may bring: more than sixty years of days."""

DATA: Final = Path(__file__).resolve().parent / "data"


# ---------------------------------------------------------------------------
# Loading


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSeries:
    """A series of prices; `price_id` is what appraisal models call it."""

    code: str
    title_zh: str
    title_en: str
    unit: str
    price_id: str | None = None
    max_age_days: int | None = None
    source: str = ""
    synthetic: bool = False


def load_market(session: Session, actor: Actor) -> None:
    """Bring series and points to what the files say; running it again changes nothing."""
    table: list[dict[str, Any]] = yaml.load(
        (DATA / "series.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    code_by_kind: dict[tuple[str, str], str] = {}
    for entry in table:
        kinds, origin = entry.pop("kinds"), entry.pop("from")
        add_series(session, actor, AddSeries(**entry))
        code_by_kind.update({(origin, kind): entry["code"] for kind in kinds})
    for path in sorted(DATA.glob("*.csv")):
        load_point_file(session, actor, path, code_by_kind)


def add_series(session: Session, actor: Actor, command: AddSeries) -> None:
    """Add a series, or bring its words to those given."""
    actor.require(Permission.IMPORT_PRICES)
    session.merge(
        PriceSeries(**{name: getattr(command, name) for name in AddSeries.__dataclass_fields__})
    )
    session.flush()


def load_point_file(
    session: Session,
    actor: Actor,
    path: Path,
    code_by_kind: Mapping[tuple[str, str], str] | None = None,
) -> int:
    """Load a file of `series,on,kind,value,unit,source,status,note`; gives how many points are new.

    Kinds that belong to no series (volumes, turnovers) are left out. Days that have a point keep it.
    """
    actor.require(Permission.IMPORT_PRICES)
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    by_code: dict[str, list[PricePoint]] = {}
    for row in rows:
        origin = row["series"]
        code = origin if code_by_kind is None else code_by_kind.get((origin, row["kind"]))
        if code is not None:
            by_code.setdefault(code, []).append(_file_point(session, code, row))
    return sum(_add_missing(session, actor, code, found) for code, found in by_code.items())


def _file_point(session: Session, code: str, row: Mapping[str, str]) -> PricePoint:
    return PricePoint(
        series_code=code,
        on=date.fromisoformat(row["on"]),
        value=Decimal(row["value"]),
        source=row["source"],
        status=row["status"],
        note=row["note"],
        recorded_at=now(session),
    )


def _add_missing(session: Session, actor: Actor, code: str, found: list[PricePoint]) -> int:
    known = queries.known_points(session, code, [point.on for point in found])
    missing = [point for point in found if point.on not in known]
    session.add_all(missing)
    session.flush()
    if missing:
        _record(session, actor, "price.load", code, points=len(missing))
    return len(missing)


# ---------------------------------------------------------------------------
# Import


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPrices:
    """A CSV file `on,value[,source]` for a series; `source` is that of rows without one.

    Values that correct known ones need a reason.
    """

    code: str
    content: bytes
    dry_run: bool = True
    file_name: str = "points.csv"
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPoints:
    """Points of a series sent as rows, by the same rules as a file."""

    code: str
    points: tuple[NewPoint, ...]
    dry_run: bool = False
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or in a dry run would do."""

    series_code: str
    dry_run: bool
    new: int
    same: int
    corrections: int
    changes: tuple[PointChange, ...]
    errors: tuple[LineError, ...]
    import_id: UUID | None = None


def import_points(session: Session, actor: Actor, command: ImportPrices) -> ImportReport:
    """Take in a file of points. A dry run stores nothing and names every wrong line; else one stops it."""
    actor.require(Permission.IMPORT_PRICES)
    series = queries.get_series(session, actor, command.code)
    text = import_text(command.file_name, command.content)
    read = domain.read_points(text, today=today(session), source=command.source)
    if not command.dry_run and (read.errors or not read.points):
        raise ImportRefused(errors=line_errors(read.errors) or (_empty(),))
    digest = hashlib.sha256(command.content).hexdigest()
    return _take(session, actor, series, read, digest, command)


def add_points(session: Session, actor: Actor, command: AddPoints) -> ImportReport:
    """Take in points sent as rows, by the same rules as a file."""
    actor.require(Permission.IMPORT_PRICES)
    series = queries.get_series(session, actor, command.code)
    points = [replace(point, source=point.source or command.source) for point in command.points]
    errors = _row_errors(points, today(session))
    if errors:
        raise InvalidInput(errors=errors)
    read = domain.PointsRead(points=tuple(enumerate(points, start=1)), errors=())
    plain = "\n".join(f"{point.on},{point.value:f}" for point in command.points)
    digest = hashlib.sha256(plain.encode()).hexdigest()
    return _take(session, actor, series, read, digest, command)


def _row_errors(points: Sequence[NewPoint], day: date) -> tuple[FieldError, ...]:
    errors: list[FieldError] = []
    seen: set[date] = set()
    for index, point in enumerate(points):
        wrong = domain.point_error(point, today=day)
        if wrong is not None:
            column, detail, facts = wrong
            pointer = f"/points/{index}/{column}"
            errors.append(FieldError(pointer=pointer, detail=detail, facts=dict(facts)))
        if point.on in seen:
            detail = N_("The same day stands twice.")
            errors.append(FieldError(pointer=f"/points/{index}/on", detail=detail))
        seen.add(point.on)
    return tuple(errors)


def _take(
    session: Session,
    actor: Actor,
    series: PriceSeries,
    read: domain.PointsRead,
    digest: str,
    command: ImportPrices | AddPoints,
) -> ImportReport:
    days = [point.on for _, point in read.points]
    known = queries.known_points(session, series.code, days)
    values = {day: row.value for day, row in known.items()}
    changes = domain.compare(read.points, values, _before(session, series.code, days))
    corrections = [change for change in changes if change.change == "correction"]
    import_id = None
    if not command.dry_run:
        if corrections and not command.reason:
            raise _reason_missing(corrections[0])
        import_id = _store(session, actor, series, changes, known, digest, command.reason)
    return ImportReport(
        series_code=series.code,
        dry_run=command.dry_run,
        new=sum(change.change == "new" for change in changes),
        same=sum(change.change == "same" for change in changes),
        corrections=len(corrections),
        changes=changes,
        errors=read.errors,
        import_id=import_id,
    )


def _before(session: Session, code: str, days: Sequence[date]) -> dict[date, Decimal]:
    """The last price ahead of some days."""
    if not days:
        return {}
    latest = queries.latest_points(session, [code], min(days) - timedelta(days=1))
    return {row.on: row.value for row in latest.values()}


def _store(
    session: Session,
    actor: Actor,
    series: PriceSeries,
    changes: Sequence[PointChange],
    known: Mapping[date, PricePoint],
    digest: str,
    reason: str,
) -> UUID:
    changed = [change for change in changes if change.change != "same"]
    made = PriceImport(
        id=new_id(),
        series_code=series.code,
        sha256=digest,
        points=len(changed),
        person_id=actor.person_id,
        organisation_id=actor.organisation_id,
        at=now(session),
    )
    session.add(made)
    session.flush()
    for change in changed:
        former = known.get(change.point.on)
        session.add(
            PricePoint(
                series_code=series.code,
                on=change.point.on,
                revision=former.revision + 1 if former else 1,
                value=change.point.value,
                source=change.point.source,
                status=domain.status_of(change.point.source, synthetic=series.synthetic),
                reason=reason if former else "",
                import_id=made.id,
                recorded_at=now(session),
            )
        )
    session.flush()
    _record(
        session,
        actor,
        "price.import",
        series.code,
        points=len(changed),
        sha256=digest,
        reason=reason,
    )
    return made.id


def _record(
    session: Session,
    actor: Actor,
    action: str,
    code: str,
    *,
    points: int,
    sha256: str = "",
    reason: str = "",
) -> None:
    record(
        session,
        actor,
        action,
        subject_kind="price-series",
        subject_id=code,
        points=points,
        sha256=sha256,
        reason=reason,
    )


def _reason_missing(correction: PointChange) -> InvalidInput:
    return InvalidInput.at(
        "/reason",
        N_("%(day)s has another value already (%(former)s). Say why it is corrected."),
        day=correction.point.on.isoformat(),
        former=f"{correction.former_value:f}",
    )


def _empty() -> FieldError:
    return FieldError(pointer="/file", detail=N_("The file holds no point."))


# ---------------------------------------------------------------------------
# Reading


def model_prices(session: Session, ids: Collection[str], day: date) -> dict[str, Price]:
    """The prices that appraisal models may read on a day, by the models' ids.

    A mean of traded days that nobody stored is worked out from daily prices and volumes. A price that
    is missing or too old is left out, so that the model refuses or asks; it is never zero.
    """
    statement = sa.select(PriceSeries).where(col(PriceSeries.price_id).in_(list(ids)))
    series = session.execute(statement).scalars().all()
    latest = queries.latest_points(session, [row.code for row in series], day)
    found: dict[str, Price] = {}
    for row in series:
        point, age = latest.get(row.code), _max_age(session, row, day)
        if row.price_id and point and domain.is_fresh(point.on, day=day, max_age_days=age):
            found[row.price_id] = _model_price(row, point)
    missing = [price_id for price_id in ids if price_id not in found]
    return found | mean_prices(session, missing, day, lambda row: _max_age(session, row, day))


def prices_came_since(session: Session, instant: datetime, *, day: date) -> bool:
    """Whether a price that models may read on a day was recorded after an instant, or a volume of a mean."""
    read = sa.or_(col(PriceSeries.price_id).is_not(None), col(PriceSeries.code).endswith(VOLUME))
    statement = (
        sa.select(col(PricePoint.id))
        .join(PriceSeries, col(PriceSeries.code) == col(PricePoint.series_code))
        .where(read, col(PricePoint.on) <= day, col(PricePoint.recorded_at) > instant)
        .limit(1)
    )
    return session.execute(statement).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateSeries:
    """The points of a series in a period, both days counted in."""

    code: str
    first_on: date | None = None
    last_on: date | None = None


def calibrate_series(
    session: Session, actor: Actor, command: CalibrateSeries
) -> domain.SeriesCalibration:
    """How the prices of a series moved up to today; refused when the period says nothing of it."""
    series = queries.get_series(session, actor, command.code)
    domain.require_period(command.first_on, command.last_on)
    day = today(session)
    course = queries.course(
        session,
        series.code,
        first=command.first_on,
        last=min(command.last_on or day, day),
        limit=MAX_CALIBRATION_POINTS,
    )
    tomorrow = day + timedelta(days=1)
    unused = max(command.first_on or tomorrow, tomorrow)
    domain.require_points(
        len(course),
        queries.count_points(session, series.code, last=day),
        queries.count_points(session, series.code, first=unused, last=command.last_on),
        day,
    )
    parameters = science_parameters().on(day)
    days, prices = [on for on, _ in course], [float(value) for _, value in course]
    found = domain.calibration_of(days, prices, parameters)
    return domain.SeriesCalibration(
        series_code=series.code,
        course=tuple(course),
        report=found,
        haircuts=domain.haircut_lines(found, series.price_id, parameters),
    )


def _model_price(series: PriceSeries, point: PricePoint) -> Price:
    source = f"{series.code} {point.on.isoformat()}: {point.source}"
    return Price(yuan=float(point.value), unit=series.unit, source=source, priced_on=point.on)


def _max_age(session: Session, series: PriceSeries, day: date) -> int:
    return series.max_age_days or policy_for(session, None, day).whole("market.max_price_age")
