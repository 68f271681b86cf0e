"""Forms drawn from the same schemas as the API; a refused form comes back with what was typed and why."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
from flask import Response, render_template, request
from flask_babel import gettext

from app.kernel.errors import Refusal, StaleVersion
from app.kernel.ids import new_id
from app.web.access import start_over
from app.web.csrf import page_token
from app.web.fields import Choice, Flag, Text, Words
from app.web.problems import fill, problem_of, status_of
from app.web.reading import load_schema

Choices = Mapping[str, Sequence[tuple[str, str]]]
NeededWhen = Mapping[str, tuple[str, Sequence[str]]]
"""Of a field: the name of another field, and its answers beside which this one is needed."""


@dataclass(slots=True, kw_only=True)
class FormField:
    """One field as the form macros draw it; all words are already in the reader's language."""

    name: str
    id: str
    kind: str
    label: str
    help: str = ""
    unit: str = ""
    value: str = ""
    required: bool = True
    choices: Sequence[tuple[str, str]] = ()
    error: str = ""
    max_length: int | None = None
    example: str = ""
    data_when: tuple[str, Sequence[str]] | None = None
    also_when: Sequence[tuple[str, Sequence[str]]] = ()
    """More conditions like `data_when`; the field is asked only where all of them hold."""


@dataclass(slots=True, kw_only=True)
class Form:
    """The fields of a schema with values and errors."""

    fields: list[FormField]
    rows: dict[str, list[list[FormField]]] = field(default_factory=dict)


def form_of(
    schema: ma.Schema, values: Mapping[str, str], errors: Mapping[str, str], choices: Choices
) -> Form:
    """The form of a schema: simple fields in order; nested lists as rows of fields named `list-0-name`."""
    form = Form(fields=[])
    for name, each in schema.load_fields.items():
        wire = each.data_key or name
        if isinstance(each, ma.fields.List) and isinstance(each.inner, ma.fields.Nested):
            form.rows[wire] = _rows(wire, each.inner.schema, values, errors, choices)
            if not each.required:
                _free_empty_rows(form.rows[wire])
        elif isinstance(each, Words):
            form.fields.append(_field(wire, each, values, errors, choices))
    return form


def read_form(schema: ma.Schema) -> dict[str, Any]:
    """The JSON that the posted form stands for; empty fields are left out, rows without any value too."""
    data: dict[str, Any] = {}
    for name, each in schema.load_fields.items():
        wire = each.data_key or name
        if isinstance(each, ma.fields.List) and isinstance(each.inner, ma.fields.Nested):
            data[wire] = _read_rows(wire, each.inner.schema)
        elif isinstance(each, Words):
            _read_field(data, wire, each, wire)
    return data


def form_page(  # noqa: PLR0913 - a page has this many parts
    schema: ma.Schema,
    *,
    title: str,
    submit: Callable[[Any], Response],
    subtitle: str = "",
    help_text: str = "",
    back: str = "",
    tone: str = "primary",
    version: int | None = None,
    values: Mapping[str, str] | None = None,
    choices: Choices | None = None,
    needed_when: NeededWhen | None = None,
    needed: Collection[str] = (),
    template: str = "form_page.html",
    submit_title: str = "",
    **context: Any,
) -> Response | str | tuple[str, int]:
    """GET shows the form; POST submits it and follows the answer, or shows the form again with the problem.

    `needed` names fields that the schema leaves open and the thing at hand does not.
    """

    def show_form(shown: Mapping[str, str], refusal: Refusal | None) -> str:
        form = form_of(schema, shown, errors_by_field(refusal), choices or {})
        _ask_when(form, needed_when or {})
        need(form, needed)
        return render_template(
            template,
            form=form,
            problem=_problem(refusal, form, back) if refusal else None,
            title=title,
            subtitle=subtitle,
            help_text=help_text,
            back=back,
            tone=tone,
            version=version,
            submit_title=submit_title or title,
            csrf_token=page_token(),
            idempotency_key=str(new_id()),
            **context,
        )

    if request.method == "GET":
        return show_form({**(values or {}), **request.args}, None)
    try:
        return submit(load_schema(schema, read_form(schema)))
    except Refusal as refusal:
        start_over()
        return show_form(request.form, refusal), status_of(refusal)


def need(form: Form, names: Collection[str]) -> None:
    """Show these fields as required; whoever submits refuses them when empty."""
    for each in form.fields:
        each.required = each.required or each.name in names


def _ask_when(form: Form, needed_when: NeededWhen) -> None:
    """Ask for some fields only beside some answers of another one, and need them there."""
    for each in form.fields:
        if each.name in needed_when:
            each.data_when = needed_when[each.name]
            each.required = True


def _problem(refusal: Refusal, form: Form, back: str) -> dict[str, Any]:
    """The problem above the form; when the thing changed meanwhile, with a link to its page."""
    problem = with_labels(problem_of(refusal), form)
    if isinstance(refusal, StaleVersion) and back:
        problem["link"] = {"href": back, "title": gettext("Load it again")}
    return problem


def with_labels(problem: dict[str, Any], form: Form) -> dict[str, Any]:
    """The problem with the label of its field before each error, for the summary above the form."""
    labels = {each.id: each.label for each in form.fields}
    for rows in form.rows.values():
        for number, row in enumerate(rows, 1):
            labels |= {each.id: f"{each.label} {number}" for each in row}
    return with_titles(problem, labels)


def with_titles(problem: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The problem with the label of the field before each error, by the ids of the fields."""
    for each in problem.get("errors", ()):
        label = labels.get(_field_id(each["pointer"]))
        if label:
            each["detail"] = gettext("%(label)s: %(problem)s", label=label, problem=each["detail"])
    return problem


def errors_by_field(refusal: Refusal | None) -> dict[str, str]:
    """The first error of each field, in words."""
    found: dict[str, str] = {}
    for each in refusal.errors if refusal else ():
        found.setdefault(_field_id(each.pointer), fill(each.detail, each.facts))
    return found


def _field_id(pointer: str) -> str:
    return pointer.strip("/").replace("/", "-")


def _field(
    wire: str, each: Words, values: Mapping[str, str], errors: Mapping[str, str], choices: Choices
) -> FormField:
    key = wire.rsplit("-", 1)[-1]
    offered = choices.get(wire) or choices.get(key)
    if offered is None and isinstance(each, Choice):
        offered = [
            (member.value, gettext(each.titles.get(member.value, member.value)))
            for member in each.offered
        ]
    kind = (
        "choice"
        if offered is not None
        else ("text" if each.form_kind == "choice" else each.form_kind)
    )
    return FormField(
        name=wire,
        id=wire,
        kind=kind,
        label=gettext(each.title) if each.title else key,
        help=gettext(each.help) if each.help else "",
        unit=gettext(each.unit) if each.unit else "",
        value=str(values.get(wire, "")),
        required=bool(each.required) and not isinstance(each, Flag),
        choices=list(offered or ()),
        error=errors.get(wire, ""),
        max_length=each.max_length if isinstance(each, Text) else None,
        example=each.example,
    )


def _rows(
    wire: str,
    schema: ma.Schema,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    choices: Choices,
) -> list[list[FormField]]:
    count = max(_row_count(wire, values), 1)
    return [
        [
            _field(f"{wire}-{index}-{each.data_key or name}", each, values, errors, choices)
            for name, each in schema.load_fields.items()
            if isinstance(each, Words)
        ]
        for index in range(count)
    ]


def _free_empty_rows(rows: list[list[FormField]]) -> None:
    """Nothing is required of a row that may be left out whole."""
    for row in rows:
        if not any(each.value or each.error for each in row):
            for each in row:
                each.required = False


MAX_FORM_ROWS = 50
"""Rows of a list in one form; more come by import."""


def _row_count(wire: str, values: Mapping[str, str]) -> int:
    prefix = wire + "-"
    numbers = [
        int(part)
        for key in values
        if key.startswith(prefix)
        and (part := key[len(prefix) :].split("-", 1)[0]).isdecimal()
        and len(part) < 3
    ]
    return min(max(numbers) + 1, MAX_FORM_ROWS) if numbers else 0


def _read_rows(wire: str, schema: ma.Schema) -> list[dict[str, Any]]:
    rows = []
    for index in range(_row_count(wire, request.form)):
        row: dict[str, Any] = {}
        for name, each in schema.load_fields.items():
            inner = each.data_key or name
            if isinstance(each, Words):
                _read_field(row, inner, each, f"{wire}-{index}-{inner}")
        if any(value not in ("", None, False) for value in row.values()):
            rows.append(row)
    return rows


def _read_field(data: dict[str, Any], wire: str, each: Words, form_name: str) -> None:
    text = request.form.get(form_name)
    if isinstance(each, Flag):
        # An empty box is not sent at all.
        data[wire] = each.from_form(text) if text else False
    elif text is not None and text.strip():
        data[wire] = each.from_form(text)


__all__ = ["Form", "FormField", "errors_by_field", "form_of", "form_page", "read_form"]
