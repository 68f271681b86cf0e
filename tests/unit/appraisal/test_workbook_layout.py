"""Names of the sheets of a workbook: within the limit of the format, each once, whole words."""

import pytest

from app.appraisal.gep_workbook import workbook_spec
from app.appraisal.workbooks.layout import LISTS, MAX_SHEET_CHARACTERS, sheet_names
from risk_models.registry import BUILT_INS

SPECS = [*(model.spec for model in BUILT_INS), workbook_spec()]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_sheets_bear_whole_words_within_the_limit_each_once(spec, language):
    names = [*sheet_names(spec, language).values(), LISTS.in_language(language)]
    assert all(0 < len(name) <= MAX_SHEET_CHARACTERS for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if "_" in name or name.split()[-1] in {"of", "the", "in"}]


def test_a_title_that_is_too_long_is_cut_before_words_that_lead_on():
    spec = next(spec for spec in SPECS if spec.id == "carbon-sink-income")
    assert sheet_names(spec, "en")["strata_spreads"] == "Standard deviations"
