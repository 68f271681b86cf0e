"""The language that an address asks for, in the spellings that people and programs use."""

import pytest

from app.web.language import current_language, spelt


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh_CN", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("ZH-hans-cn", "zh_CN"),
        ("en", "en"),
        ("en-GB", "en"),
        ("en_US", "en"),
        ("", None),
        ("de", None),
        ("english", None),
        ("zhcn", None),
    ],
)
def test_the_usual_spellings_of_a_language_are_known(tag, language):
    assert spelt(tag) == language


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("query", "language"), [("zh-CN", "zh_CN"), ("en-GB", "en"), ("de", "en"), ("", "en")]
)
def test_the_address_goes_before_what_the_reader_accepts(app, query, language):
    with app.test_request_context(f"/?lang={query}", headers={"Accept-Language": "en"}):
        assert current_language() == language
