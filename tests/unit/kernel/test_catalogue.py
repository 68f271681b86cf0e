"""Messages in both languages where no request tells the reader's."""

import pytest

from app.kernel.actor import Name
from app.kernel.catalogue import catalogue, in_both


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Judgement of the project", Name(zh="本项目经验判断", en="Judgement of the project")),
        ("银监发〔2013〕32号", Name(zh="银监发〔2013〕32号", en="")),
        ("", Name(zh="", en="")),
    ],
)
def test_a_message_is_said_in_both_languages(message, said) -> None:
    assert in_both(message) == said


def test_a_message_says_itself_in_other_languages() -> None:
    assert catalogue("en").gettext("Judgement of the project") == "Judgement of the project"
