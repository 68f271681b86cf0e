"""Pages of the appraisal models: what each asks for, stands on and does not value; a what-if form."""

from decimal import Decimal
from typing import Any, Final

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from app.appraisal import services
from app.appraisal.domain.catalogue import all_specs, parameters_on
from app.appraisal.input_forms import read_inputs, read_prices
from app.appraisal.pages.appraisals import filled_example, model_form, typed_day, wants_example
from app.appraisal.pages.charts import spread_shown
from app.appraisal.pages.shown import grouped, result_shown, room_words
from app.appraisal.units import unit_title
from app.db.engine import today
from app.kernel.permissions import Permission
from app.kernel.units import RATIO, bound, per_cent, span
from app.web.access import access, current_actor, current_session
from app.web.shell import said, words
from risk_models.batches import choices_of
from risk_models.contract import Field, ModelSpec
from risk_models.dated import InForce, Parameters

LOSS_SHARE: Final = "yearly_loss_share"
"""The input whose losses paths can draw; a model without it has none."""

blueprint = Blueprint("appraisal_model_pages", __name__, url_prefix="/appraisal-models")


@blueprint.get("")
@access(Permission.READ_APPRAISALS)
def model_list() -> str:
    """All models."""
    return render_template("appraisal/models.html", specs=all_specs(), **room_words())


@blueprint.get("/<model_id>")
@access(Permission.READ_APPRAISALS)
def model_page(model_id: str) -> str:
    """One model: inputs, prices, parameters with source and status, limits."""
    spec = services.get_spec(model_id)
    parameters = parameters_on(today(current_session()))
    return render_template(
        "appraisal/model.html",
        spec=spec,
        standards=[said(each) for each in spec.standards],
        fields=[_field(each, parameters) for each in spec.fields],
        parameters=_parameters(spec, parameters),
        **room_words(),
    )


def _field(each: Field, parameters: Parameters) -> dict[str, Any]:
    """One input as the form, the template and the API ask for it: a share is one of one, not of 100."""
    listed = choices_of(each, parameters)
    return {
        "title": words(each.title),
        "name": each.name,
        "help": words(each.help),
        "unit": "" if each.unit in {"1", "day"} else each.unit,
        "range": span(each.low, each.high, each.unit, above=each.low_open),
        "choices": gettext(", ").join(words(choice.title) for choice in listed),
        "reference": said(each.reference),
        "required": each.required,
    }


def _column(title: str, unit: str) -> str:
    told = "%" if unit == RATIO else unit_title(unit)
    return f"{title} ({told})" if told else title


def _told(figure: Decimal, unit: str) -> str:
    """A figure as its unit is told: a share in per cent, a calendar year without separators."""
    if unit == RATIO:
        return per_cent(figure)
    return bound(float(figure), unit) if unit == "year" else grouped(figure)


def _parameters(spec: ModelSpec, parameters: Parameters) -> list[dict[str, Any]]:
    return [
        _parameter(parameters.in_force(each), parameters)
        for each in spec.parameters
        if each in parameters
    ]


def _parameter(found: InForce, parameters: Parameters) -> dict[str, Any]:
    parameter = found.parameter
    table = parameters[parameter.id]
    rows: list[dict[str, Any]] = []
    columns: list[str] = []
    if not isinstance(table, float):
        names = list(table.columns)
        columns = [
            _column(words(table.columns[name].title), table.columns[name].unit) for name in names
        ]
        rows = [
            {
                "title": words(table.rows[row]),
                "cells": [
                    _told(table.decimal(row, n), table.columns[n].unit)
                    if table.has(row, n)
                    else "—"
                    for n in names
                ],
            }
            for row in table
        ]
    return {
        "id": parameter.id,
        "title": words(parameter.title),
        "value": _told(found.value, parameter.unit) if isinstance(found.value, Decimal) else "",
        "unit": "%" if parameter.unit == RATIO else parameter.unit,
        "status": parameter.status,
        "since": found.since,
        "reference": said(found.reference.title),
        "source": said(found.reference.source),
        "columns": columns,
        "rows": rows,
    }


@blueprint.route("/<model_id>/what-if", methods=["GET", "POST"])
@access(Permission.READ_APPRAISALS, reads=True)
def what_if(model_id: str) -> Response | str | tuple[str, int]:
    """The value of some inputs; nothing is stored. `?example=1` fills in the model's example."""
    spec = services.get_spec(model_id)
    session = current_session()

    def submit() -> Any:
        day, inputs = typed_day(), read_inputs(spec, request.form)
        command = services.WhatIf(
            valued_on=day,
            inputs=inputs,
            prices=read_prices(spec, request.form),
            draw=services.Draw(losses=request.form.get("losses") == "1"),
        )
        found = services.what_if(session, current_actor(), model_id, command)
        return render_template(
            "appraisal/what_if.html",
            spec=spec,
            value_yuan=found["value_yuan"],
            day=day,
            result={**result_shown(spec, found, inputs, day), **spread_shown(found)},
            **room_words(),
        )

    first = filled_example(session, spec) if wants_example() else {}
    return model_form(
        spec,
        title=gettext("What-if value"),
        subtitle="",
        back=f"/appraisal-models/{model_id}",
        version=None,
        first={"valued_on": today(session).isoformat(), **first},
        submit=submit,
        submit_title=gettext("Compute"),
        asks_losses=any(each.name == LOSS_SHARE for each in spec.fields),
    )
