"""The standards of a model stand in both languages, or by their number alone."""

import re

import pytest

from app.kernel.catalogue import in_both
from risk_models.registry import BUILT_INS

NUMBER = re.compile(r"[A-Z0-9/. -]+")


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_a_standard_of_a_model_is_said_in_both_languages(model):
    for each in model.spec.standards:
        told = in_both(each)
        assert NUMBER.fullmatch(each) or (
            told.en == each and re.search(r"[\u4e00-\u9fff]", told.zh)
        )


def test_the_practice_standards_keep_their_chinese_name():
    assert in_both("Practice standards of asset appraisal").zh == "资产评估执业准则"
