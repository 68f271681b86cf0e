"""The parameters in force as screens and programs show them: value, day, source, status."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from app import policy
from app.reference.queries import accepted_overrides
from app.reference.services import policy_for
from risk_models.dated import InForce


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterView:
    """A parameter in force; `own` when a row of the bank lies over the files."""

    id: str
    area: str
    title_zh: str
    title_en: str
    unit: str
    value: str | None
    rows: dict[str, dict[str, str]] | None
    since: date
    status: str
    reference: str
    source: str
    own: bool


def parameters_in_force(
    session: Session, bank_id: UUID | None, day: date, area: str | None = None
) -> list[ParameterView]:
    """Every parameter in force on a day, by area and id."""
    found = policy_for(session, bank_id, day).parameters
    rows = accepted_overrides(session, bank_id) if bank_id else ()
    own = {row.parameter_id for row in rows if row.valid_from <= day}
    return [
        _view(found.in_force(parameter_id), own=parameter_id in own)
        for parameter_id in sorted(found)
        if area is None or policy.area_of(parameter_id) == area
    ]


def _view(entry: InForce, *, own: bool) -> ParameterView:
    parameter, value = entry.parameter, entry.value
    table = None if isinstance(value, Decimal) else value
    return ParameterView(
        id=parameter.id,
        area=policy.area_of(parameter.id),
        title_zh=parameter.title.zh,
        title_en=parameter.title.en,
        unit=parameter.unit,
        value=f"{value:f}" if isinstance(value, Decimal) else None,
        rows=None
        if table is None
        else {
            row: {name: f"{cell:f}" for name, cell in cells.items()} for row, cells in table.items()
        },
        since=entry.since,
        status=parameter.status,
        reference=entry.reference.title,
        source=entry.reference.source,
        own=own,
    )
