"""Every word that people read has its place in the catalogue, in Chinese."""

import io
import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "app/translations/zh_Hans_CN/LC_MESSAGES"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


@pytest.fixture(scope="module")
def used() -> dict[str, set[str]]:
    """Each message with the files that use it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "risk_models").rglob("*.py")]:
        _collect(found, "python", path)
    for path in (ROOT / "templates").rglob("*.html"):
        _collect(found, "jinja2.ext:babel_extract", path)
    return found


def _collect(found: dict[str, set[str]], method: str, path: Path) -> None:
    options = {"trimmed": "true"} if path.suffix == ".html" else {}
    content = path.read_bytes()
    if method == "python" and b"_(" not in content and b"gettext(" not in content:
        return
    file = io.BytesIO(content)
    for _line, message, _comments, _context in extract(method, file, KEYWORDS, (), options):
        each = message[0] if isinstance(message, tuple) else message
        if each:
            found[each].add(str(path.relative_to(ROOT)))


def test_every_message_is_translated(catalogue, used):
    missing = {
        message: sorted(files)
        for message, files in used.items()
        if not (catalogue.get(message) and catalogue.get(message).string)
    }
    listed = "\n".join(f"{message!r}: {', '.join(files)}" for message, files in missing.items())
    assert not missing, f"without Chinese words:\n{listed}"


def test_no_translation_is_doubtful(catalogue):
    assert [each.id for each in catalogue if each.fuzzy and each.id] == []


def test_the_compiler_takes_every_translation(catalogue):
    """It reads "5 % of" as a placeholder, so such a message says "5 per cent of"."""
    assert [(each.id, [str(why) for why in found]) for each, found in catalogue.check()] == []


def test_translations_keep_the_placeholders(catalogue):
    different = [
        each.id
        for each in catalogue
        if each.id
        for said in _texts(each.string)
        for meant in _texts(each.id)
        if set(PLACEHOLDER.findall(meant)) != set(PLACEHOLDER.findall(said))
    ]
    assert different == []


def test_translations_hold_chinese(catalogue):
    """A translation in Latin letters is allowed only where it is the same sign or name."""
    latin = [
        each.id
        for each in catalogue
        if isinstance(each.id, str)
        and each.id
        and re.search(r"[a-z]{3}", PLACEHOLDER.sub("", each.id))
        and not re.search(r"[\u4e00-\u9fff]", str(each.string))
        and each.string != each.id
    ]
    assert latin == []


def test_the_compiled_catalogue_is_the_written_one(catalogue):
    with (FOLDER / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    written = {
        _texts(each.id): _texts(each.string) for each in catalogue if each.id and each.string
    }
    assert {_texts(each.id): _texts(each.string) for each in compiled if each.id} == written


def test_a_count_in_words_of_many_has_words_of_one(used):
    """English says "1 row" and "2 rows": such words are told by `ngettext`."""
    counted = re.compile(r"%\((count|total)\)s [a-z]*[a-rt-z]s( |$)")
    pages = {
        message: files
        for message, files in used.items()
        if counted.match(message) and any(each.startswith("templates/") for each in files)
    }
    assert pages == {}


def test_words_of_roles_and_states_are_complete():
    from app.identity.domain import roles

    assert [role.id for role in roles().values() if not (role.title.zh and role.title.en)] == []


def test_one_thing_has_one_chinese_word(catalogue):
    """The glossary's words, not others for the same thing; and it lists each term once."""
    others = {"业务日": "营业日", "暂收款": "挂账"}
    texts = [text for each in catalogue if each.id for text in _texts(each.string)]
    assert [text for text in texts if any(other in text for other in others)] == []
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    terms = [each for each in rows if each not in ("---", "English")]
    assert sorted(terms) == sorted(set(terms))


def _texts(found: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else tuple(found)
