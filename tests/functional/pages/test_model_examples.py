"""The button that fills in the example of a model gives its published example and its value."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from risk_models.appraise import appraise
from risk_models.registry import BUILT_INS
from tests.factories.appraisals import add_price, lay_ground

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
ON = date(2024, 1, 2)


class _Filled(HTMLParser):
    """What a form would send besides its hidden fields."""

    def __init__(self):
        super().__init__()
        self.fields, self.select, self.area = {}, "", ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name", "")
        if tag == "input" and given.get("type") not in {"hidden", "checkbox"} and name:
            self.fields[name] = given.get("value", "")
        if tag == "input" and given.get("type") == "checkbox" and "checked" in given:
            self.fields[name] = given.get("value", "on")
        if tag == "select":
            self.select = name
        if tag == "option" and "selected" in given and self.select:
            self.fields[self.select] = given.get("value", "")
        if tag == "textarea":
            self.area = name

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] = data.strip()

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = ""
        if tag == "select":
            self.select = ""


def filled(page):
    reader = _Filled()
    reader.feed(page)
    wanted = ("inputs-", "prices-", "valued_on")
    return {key: text for key, text in reader.fields.items() if key.startswith(wanted) and text}


def document_of(model_id):
    return json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))


def as_typed(given):
    if isinstance(given, bool):
        return "true" if given else None
    return ", ".join(map(str, given)) if isinstance(given, list) else str(given)


@pytest.fixture
def risk(sign_in, clock):
    clock.instant = datetime(2024, 1, 2, 2, tzinfo=UTC)
    return sign_in("a-risk")


@pytest.mark.parametrize("model_id", [model.spec.id for model in BUILT_INS])
def test_the_example_of_a_form_is_the_published_one_and_has_its_value(risk, model_id):
    page = f"/appraisal-models/{model_id}/what-if"
    form = risk.get(f"{page}?example=1", status=200).text
    assert "已填入模型示例" in form
    found = filled(form)
    document = document_of(model_id)
    inputs = {name: as_typed(given) for name, given in document["inputs"].items()}
    typed = {f"inputs-{name}": text for name, text in inputs.items() if text is not None}
    assert {key: text for key, text in found.items() if key.startswith("inputs-")} == typed
    sources = [text for key, text in found.items() if key.endswith("-source")]
    assert sources == ["示例"] * len(document["prices"])
    value = float(appraise(model_id, document, ON)["value_yuan"])
    assert f"{value:,.2f}" in risk.submit(page, found, status=200).text


def test_a_what_if_opens_empty(risk):
    form = risk.get("/appraisal-models/forest-right/what-if", status=200).text
    assert filled(form) == {"valued_on": ON.isoformat()}
    assert "已填入模型示例" not in form


def test_a_price_of_the_market_is_not_replaced_by_that_of_the_example(risk, session, world, commit):
    lay_ground(session, world)
    add_price(session, ON, "21")
    commit()
    page = "/appraisal-models/carbon-sink-income/what-if?example=1"
    found = filled(risk.get(page, status=200).text)
    assert not [key for key in found if re.match(r"prices-\d+-", key)]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh_CN", ("年度生态价值", "仅作展示，不作为放款依据。")),
        ("en", ("Ecological value of a year", "never lent on")),
    ],
)
def test_a_yearly_ecological_value_says_that_it_is_never_lent_on(sign_in, clock, language, told):
    clock.instant = datetime(2024, 1, 2, 2, tzinfo=UTC)
    client = sign_in("a-risk", language=language)
    for model_id, is_ecological in (("gep", True), ("forest-right", False)):
        page = f"/appraisal-models/{model_id}/what-if"
        found = client.submit(page, filled(client.get(f"{page}?example=1").text), status=200).text
        for words in told:
            assert (words in found) is is_ecological, words


def test_years_are_told_where_a_flow_has_several(risk):
    for model_id, has_years in (("water-right", True), ("discharge-right", False)):
        page = f"/appraisal-models/{model_id}/what-if"
        found = risk.submit(page, filled(risk.get(f"{page}?example=1").text), status=200).text
        assert ('id="section-flows"' in found) is has_years, model_id
        assert ('href="#section-flows"' in found) is has_years, model_id
