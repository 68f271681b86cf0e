"""The reference page of warning signals that the service raises, drawn from their tables and dated parameters."""

from app import policy
from app.loans.domain.causes import Trigger, trigger_words
from app.loans.domain.inspection import tables
from app.loans.domain.signals import levels, signal_kinds
from risk_models.dated import DatedParameter


def signals_page() -> str:
    """The page of triggers: what each looks at, from which measure on it has which level, and its source."""
    lines = [
        "# Warning signals of the system",
        "",
        "What the look after each close of day, and the watch of collateral, raise a signal for. From",
        "`app/loans/inspection/inspection.yaml` and the dated parameters `loans.signals.*`, over which a bank lays",
        "its own. A level counts from its figure on; a level that is not named is not used.",
        "",
    ]
    for trigger in Trigger:
        lines += _trigger(trigger)
    soon = policy.parameter_set()["loans.signals.registration_soon_days"]
    lines += ["## Other days", ""]
    lines += [f"{soon.title.en} ({soon.title.zh}), `{soon.id}`:", "", *_dated(soon)]
    return "\n".join(lines)


def _trigger(trigger: Trigger) -> list[str]:
    words = trigger_words()[trigger]
    named = tables()["figures"]
    figures = ", ".join(f"{named[code]['en']} ({named[code]['zh']})" for code in words.figures)
    kind = signal_kinds()[words.kind].name
    steps = policy.parameter_set()[f"loans.signals.{trigger}"]
    column = steps.columns["from"].title
    return [
        f"## {words.name.en} ({words.name.zh})",
        "",
        f"Trigger `{trigger}`; signals of the kind “{kind.en}” ({kind.zh}). Figures: {figures}.",
        f"It has ended: {words.over.en} ({words.over.zh}).",
        "",
        f"Level by “{column.en}” ({column.zh}), `{steps.id}`:",
        "",
        *_dated(steps),
        *_quiet(trigger),
    ]


def _dated(parameter: DatedParameter) -> list[str]:
    lines = []
    for day, value in parameter.values.items():
        source = parameter.references[day]
        lines += [
            f"- from {day}: {_cells(value)} — {parameter.status}; {source.title}. {source.source}."
        ]
    return [*lines, ""]


def _cells(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    known = levels()
    return ", ".join(f"{known[level].name.en} {cells['from']}" for level, cells in value.items())


def _quiet(trigger: Trigger) -> list[str]:
    quiet = policy.parameter_set()["loans.signals.quiet_days"]
    days = ", ".join(
        f"{value[trigger]['days']} from {day}"
        for day, value in quiet.values.items()
        if isinstance(value, dict)
    )
    return [f"Quiet days after its end (`{quiet.id}`): {days} — {quiet.status}.", ""]
