"""Coded values of the audit journal in words: by the fact that holds them and the kind of thing it is told of."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from flask_babel import gettext

from app.appraisal.domain import states as appraisals
from app.assets.domain import AssetKind
from app.assets.kinds import kind_info
from app.collateral.domain import states as collateral
from app.kernel.text import N_
from app.loans import schemas as loans
from app.loans.domain import class_changes, debtor, early, ledger, repricing
from app.loans.domain.causes import Trigger, trigger_words
from app.loans.domain.signals import levels
from app.loans.domain.states import SECURITY_TITLES, STATE_TITLES, InterestStyle, LtvBasis
from app.loans.inspection import schemas as inspections
from app.loans.inspection.signal_schemas import SIGNAL_STATE_TITLES
from app.origination.domain import changes, states, write_off
from app.web.shell import words
from risk_models.registry import installed_models

Titles = Mapping[Any, str]

INTEREST_TITLES: Final = {
    InterestStyle.SCHEDULE: N_("With each instalment"),
    InterestStyle.QUARTERLY: N_("Each quarter, paid on the 21st of its last month"),
}

BASIS_TITLES: Final = {
    LtvBasis.PRINCIPAL: N_("Principal alone"),
    LtvBasis.EXPOSURE: N_("Principal with interest and fees"),
}

RECOGNITION_TITLES: Final = {
    collateral.RecognitionReason.CONFIRMATION: N_("Confirmed by an officer"),
    collateral.RecognitionReason.FALL: N_("Followed the current value down"),
    collateral.RecognitionReason.LAPSE: N_("The appraisal lapsed"),
}

BY_FACT: Final[Mapping[str, Titles]] = {
    "conclusion": inspections.CONCLUSION_TITLES,
    "day_count": loans.DAY_COUNT_TITLES,
    "every": loans.EVERY_TITLES,
    "fact": debtor.FACT_TITLES,
    "ground": write_off.GROUND_TITLES,
    "interest_style": INTEREST_TITLES,
    "judged_class": loans.CLASS_TITLES,
    "keep": early.KEEP_TITLES,
    "level": collateral.LEVEL_TITLES,
    "line": collateral.LEVEL_TITLES,
    "loan_class": loans.CLASS_TITLES,
    "lpr_tenor": repricing.TENOR_TITLES,
    "ltv_basis": BASIS_TITLES,
    "method": loans.METHOD_TITLES,
    "month_end": loans.MONTH_END_TITLES,
    "odd_days": loans.ODD_DAYS_TITLES,
    "reset_rule": repricing.RESET_TITLES,
    "roll": loans.ROLL_TITLES,
    "security": {**SECURITY_TITLES, **collateral.SECURITY_KIND_TITLES},
}

BY_KIND: Final[Mapping[tuple[str, str], Titles]] = {
    ("application", "state"): states.APPLICATION_STATE_TITLES,
    ("appraisal", "kind"): appraisals.KIND_TITLES,
    ("appraisal", "state"): appraisals.STATE_TITLES,
    ("asset", "reason"): RECOGNITION_TITLES,
    ("class-change", "kind"): class_changes.CHANGE_KIND_TITLES,
    ("class-change", "state"): class_changes.CHANGE_STATE_TITLES,
    ("drawdown", "state"): states.DRAWDOWN_STATE_TITLES,
    ("inspection", "kind"): inspections.KIND_TITLES,
    ("inspection", "purpose"): inspections.PURPOSE_TITLES,
    ("inspection", "state"): inspections.STATE_TITLES,
    ("loan", "kind"): early.QUOTE_TITLES,
    ("loan", "state"): STATE_TITLES,
    ("loan-change", "kind"): changes.CHANGE_KIND_TITLES,
    ("loan-change", "state"): changes.CHANGE_STATE_TITLES,
    ("loan-write-off", "state"): changes.CHANGE_STATE_TITLES,
    ("manual-entry", "kind"): ledger.MANUAL_TITLES,
    ("manual-entry", "state"): ledger.ENTRY_STATE_TITLES,
    ("margin-call", "basis"): BASIS_TITLES,
    ("margin-call", "state"): collateral.CALL_STATE_TITLES,
    ("pledge", "kind"): collateral.SECURITY_KIND_TITLES,
    ("pledge", "state"): collateral.PLEDGE_STATE_TITLES,
    ("warning-signal", "state"): SIGNAL_STATE_TITLES,
}

_STATES: Final = frozenset({"before", "after"})
"""Where a thing stood at a step, as the facts of some steps name it."""


def value_words(kind: str, fact: str, value: str) -> str | None:
    """A coded value in the reader's language; None for what is no code."""
    if (kind, fact) == ("asset", "kind") and value in set(AssetKind):
        return words(kind_info(AssetKind(value)).title)
    if fact == "trigger" and value in set(Trigger):
        return words(trigger_words()[Trigger(value)].name)
    if (kind, fact) == ("warning-signal", "level") and value in levels():
        return words(levels()[value].name)
    fact = "state" if fact in _STATES else fact
    titles = BY_KIND.get((kind, fact)) or BY_FACT.get(fact, {})
    title = titles.get(value)
    return gettext(title) if title else None


def input_words(name: str) -> str | None:
    """What an input of a model is called; None for what no model asks for."""
    title = _input_titles().get(name)
    return words(title) if title else None


@cache
def _input_titles() -> Mapping[str, Any]:
    """By name; where models share one, the first says how it reads."""
    titles: dict[str, Any] = {}
    for model in installed_models().values():
        for each in model.spec.fields:
            titles.setdefault(each.name, each.title)
    return titles
