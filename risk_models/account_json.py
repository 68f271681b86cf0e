"""GEP accounts as plain documents: yuan with two decimals, titles in both languages."""

from collections.abc import Mapping

from risk_models.accounts import CLASSES, Account, Change, Comparison, RowProblem
from risk_models.appraise import fen_text

__all__ = ["account_json", "comparison_json"]


def account_json(account: Account, *, language: str | None = "en") -> dict[str, object]:
    """The account of a year with everything found about its rows, in one language or in both."""
    return {
        "year": account.year,
        "total_yuan": fen_text(account.total_fen),
        "adds_up": account.adds_up,
        "by_service": _amounts(account.by_service),
        "by_ecosystem": _amounts(account.by_ecosystem),
        "by_region": _amounts(account.by_region),
        "services": {
            name: {"en": CLASSES[name].en, "zh": CLASSES[name].zh} for name in account.by_service
        },
        "matrix": {name: _amounts(line) for name, line in account.matrix.items()},
        "quantities": {
            name: {"value": amount, "unit": unit}
            for name, (amount, unit) in account.quantities.items()
        },
        "area_ha": dict(account.area_ha),
        "differences": [
            {
                "region": each.region,
                "service": each.service,
                "own_yuan": fen_text(each.own_fen),
                "sum_yuan": fen_text(each.sum_fen),
                "difference_yuan": fen_text(each.fen),
            }
            for each in account.differences
        ],
        "boundaries": [
            {"region": each.region, "own_ha": each.own_ha, "sum_ha": each.sum_ha}
            for each in account.boundaries
        ],
        "problems": [_problem(each, language) for each in account.problems],
    }


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """How a year differs from an earlier one; effects are null where quantities are not known.

    A figure is null in a year that accounts no unit of it. Where `same_units` is false, growth is
    that of the units of both years and the effect of quantities is null.
    """
    return {
        "before": comparison.before.year,
        "after": comparison.after.year,
        "whole": _change(comparison.whole),
        "by_service": {each.name: _change(each) for each in comparison.by_service},
        "by_ecosystem": {each.name: _change(each) for each in comparison.by_ecosystem},
        "by_region": {each.name: _change(each) for each in comparison.by_region},
        "only_before": [list(place) for place in comparison.only_before],
        "only_after": [list(place) for place in comparison.only_after],
    }


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else fen_text(fen)


def _amounts(found: Mapping[str, int]) -> dict[str, str]:
    return {name: fen_text(fen) for name, fen in found.items()}


def _problem(problem: RowProblem, language: str | None) -> dict[str, object]:
    detail = problem.detail
    both = {"en": detail.en, "zh": detail.zh}
    return {
        "row": problem.row,
        "field": problem.field,
        "code": problem.code,
        "severity": problem.severity,
        "detail": both if language is None else detail.in_language(language),
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "before_yuan": _yuan(change.before_fen),
        "after_yuan": _yuan(change.after_fen),
        "at_base_prices_yuan": _yuan(change.constant_fen),
        "quantity_effect_yuan": _yuan(change.quantity_fen),
        "price_effect_yuan": _yuan(change.price_fen),
        "growth": change.growth,
        "same_units": change.same_units,
    }
