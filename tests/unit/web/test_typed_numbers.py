"""A form reads digits as people type them and refuses in the form's own words."""

import marshmallow as ma
import pytest

from app.web.fields import Number, Rate, Typed, Whole, Yuan
from app.web.forms import Form, FormField, with_labels


@pytest.mark.parametrize("text", ["1200.5", " 1,200.5 ", "１，２００．５", "1 200.5", "1，200.5"])
def test_a_number_is_read_in_full_width_and_with_separators(text: str) -> None:
    assert Number(places=4).from_form(text) == "1200.5"
    assert Yuan().from_form(text) == "1200.5"


@pytest.mark.parametrize(
    ("text", "fraction"), [("4.35", "0.0435"), ("４．３５％", "0.0435"), ("4.35 %", "0.0435")]
)
def test_a_rate_is_read_in_per_cent(text: str, fraction: str) -> None:
    assert Rate().from_form(text) == fraction


def test_a_whole_number_is_read_in_full_width() -> None:
    assert Whole(low=1, high=5000).from_form("１，２００") == 1200


def test_what_is_not_a_number_is_refused_in_the_words_of_the_form() -> None:
    for field, word in ((Number(places=4), "in digits"), (Rate(), "in per cent")):
        typed = field.from_form("五百")
        assert isinstance(typed, Typed)
        assert typed == "五百"
        with pytest.raises(ma.ValidationError, match=word):
            field.deserialize(typed)


def test_a_program_is_told_how_to_write_a_number() -> None:
    for field, word in ((Number(places=4), "as text"), (Rate(), "as a fraction")):
        with pytest.raises(ma.ValidationError, match=word):
            field.deserialize("五百")


@pytest.mark.parametrize("text", ["10000000000000.00", "9" * 14, "1" * 300])
def test_an_amount_too_large_is_refused_with_the_largest_one(text: str) -> None:
    for field, high in ((Yuan(), "9999999999999.99"), (Yuan(high_fen=5_00), "5.00")):
        with pytest.raises(ma.ValidationError) as refused:
            field.deserialize(text)
        (message,) = refused.value.messages
        assert (message.facts["high"].yuan, "at most" in message) == (high, True)
        with pytest.raises(ma.ValidationError, match="at least"):
            field.deserialize(f"-{text}")
    with pytest.raises(ma.ValidationError, match="two decimals"):
        Yuan().deserialize(f"{text}1" if "." in text else f"{text}.001")


def test_the_summary_names_the_field_of_each_error(app) -> None:
    form = Form(
        fields=[FormField(name="kind", id="kind", kind="choice", label="Kind")],
        rows={"cash": [[FormField(name="due_on", id="cash-0-due_on", kind="date", label="Due")]]},
    )
    errors = [
        {"pointer": "/kind", "detail": "Enter a value."},
        {"pointer": "/cash/0/due_on", "detail": "Enter a value."},
        {"pointer": "", "detail": "Send a JSON object."},
    ]
    with app.test_request_context("/?lang=en"):
        shown = with_labels({"errors": errors}, form)
    assert [each["detail"] for each in shown["errors"]] == [
        "Kind: Enter a value.",
        "Due 1: Enter a value.",
        "Send a JSON object.",
    ]
