"""The parameters in force as screens and programs show them: value, day, source, status."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session

from app import policy
from app.reference.browsing import table_texts
from app.reference.queries import accepted_overrides
from app.reference.services import policy_for
from risk_models.dated import InForce
from risk_models.registry import science_parameters


class ParameterStatus(StrEnum):
    """How sure a parameter is."""

    SOURCED = "sourced"
    PRACTICE = "practice"
    JUDGEMENT = "judgement"
    TO_CONFIRM = "to-confirm"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What a list of parameters is narrowed to; `q` looks in id and titles."""

    area: str | None = None
    status: ParameterStatus | None = None
    q: str | None = None

    def holds(self, row: ParameterView) -> bool:
        """Whether a parameter is asked for."""
        if self.area and row.area != self.area:
            return False
        if self.status and row.status != self.status:
            return False
        wanted = (self.q or "").strip().lower()
        return wanted in f"{row.id} {row.title_en} {row.title_zh}".lower()


def parameters_in_force(
    session: Session, bank_id: UUID | None, day: date, narrowed: Narrowed | None = None
) -> list[ParameterView]:
    """Every parameter in force on a day, of policy, science and prices, by id."""
    found = policy_for(session, bank_id, day).parameters
    rows = accepted_overrides(session, bank_id) if bank_id else ()
    own = {row.parameter_id for row in rows if row.valid_from <= day}
    science = science_parameters().on(day)
    views = [_view(found.in_force(each), own=each in own) for each in found]
    views += [_view(science.in_force(each), own=False) for each in science]
    wanted = narrowed or Narrowed()
    return sorted(filter(wanted.holds, views), key=lambda view: view.id)


def _view(entry: InForce, *, own: bool) -> ParameterView:
    parameter, value = entry.parameter, entry.value
    return ParameterView(
        id=parameter.id,
        area=policy.area_of(parameter.id),
        title_zh=parameter.title.zh,
        title_en=parameter.title.en,
        unit=parameter.unit,
        value=f"{value:f}" if isinstance(value, Decimal) else None,
        rows=table_texts(value),
        since=entry.since,
        status=parameter.status,
        reference=entry.reference.title,
        source=entry.reference.source,
        own=own,
    )
