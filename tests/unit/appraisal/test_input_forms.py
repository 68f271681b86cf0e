"""The form of a model: its inputs under the titles of their groups."""

import pytest

from app.appraisal.input_forms import input_fields, input_groups
from risk_models.registry import get_model, science_parameters
from tests.risk_models.helpers import ON


def _groups(model_id):
    spec = get_model(model_id).spec
    fields = input_fields(spec, science_parameters().on(ON), {}, {})
    return fields, input_groups(spec, fields)


@pytest.fixture
def _words(app):
    with app.test_request_context():
        yield


@pytest.mark.usefixtures("_words")
def test_inputs_of_carbon_sinks_stand_under_nine_titles_in_their_order():
    fields, groups = _groups("carbon-sink-income")
    assert len(groups) == len({title for title, _ in groups}) == 9
    assert [field for _, part in groups for field in part] == fields


@pytest.mark.usefixtures("_words")
def test_a_model_with_other_groups_keeps_its_inputs_together():
    fields, groups = _groups("water-right")
    assert [part for _, part in groups] == [fields]
