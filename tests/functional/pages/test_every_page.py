"""Every page, in both languages, as people who may open it see it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from babel.messages.pofile import read_po

from app.identity.calling import COOKIE
from app.identity.sessions import open_session
from tests.architecture.test_translations import FOLDER
from tests.conftest import DEEP
from tests.factories.world import PEOPLE
from tests.support.page_reading import (
    Page,
    english_texts,
    figures_without_unit,
    read_page,
    unfinished_texts,
)
from tests.support.routes import Route, routes_of, sample_of

# Words that stay English on a Chinese page, by text.
ENGLISH_BY_RIGHT = {"English"}
# Not pages: files, health, the document of the API.
NOT_PAGES = {
    "api_docs.document",
    "api_docs.swagger",
    "api_docs.swagger_asset",
    "operation.healthz",
    "operation.readyz",
    "operation.metrics",
}

# A later refusal is a page too; the matrix judges whether it is right.
LATER = {303, 403, 409, 422}
OPENED = {200, *LATER}


@pytest.fixture(scope="module")
def pages(prepared) -> list[tuple[Route, str, str]]:
    """Each page with its address and a person who may open it."""
    return pages_of(prepared)


def pages_of(prepared) -> list[tuple[Route, str, str]]:
    found = []
    for route in routes_of(prepared.app):
        if route.is_api or route.method != "GET" or route.endpoint in NOT_PAGES:
            continue
        samples = {name: sample_of(prepared.samples, name) for _argument, name in route.arguments}
        if None in samples.values():
            continue  # The matrix names what lacks a sample.
        login = _reader(prepared, route, samples.values())
        assert login is not None, f"nobody may open {route}"
        address = route.address({name: sample.value for name, sample in samples.items()})
        found.append((route, address, login))
    return found


def _reader(prepared, route, samples):
    for login, code, _role, _name in PEOPLE:
        actor = prepared.world.actor(login, code)
        permitted = not route.rule.permissions or any(map(actor.may, route.rule.permissions))
        if permitted and all(sample.seen(login, code) for sample in samples):
            return login
    return None


def open_page(prepared, route: Route, address: str, login: str, language: str):
    browser = prepared.app.test_client()
    browser.set_cookie("greenpledge_language", language)
    if not route.rule.public:
        code = prepared.world.organisation_of(login)
        with prepared.database.write() as session:
            secret = open_session(
                session, prepared.world.person(login), prepared.world.organisation(code)
            )
        browser.set_cookie(COOKIE, secret)
    return browser.get(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An answer, and the page that it holds, if it holds one."""

    route: Route
    login: str
    status: int
    page: Page | None


@pytest.fixture(scope="module")
def opened(prepared, pages) -> Callable[[str], list[Opened]]:
    """Every page in a language, opened once."""

    @cache
    def in_language(language: str) -> list[Opened]:
        found = []
        for route, address, login in pages:
            answer = open_page(prepared, route, address, login, language)
            html = answer.mimetype == "text/html" and answer.status_code == 200
            page = read_page(answer.text) if html else None
            found.append(Opened(route=route, login=login, status=answer.status_code, page=page))
        return found

    return in_language


@pytest.mark.postgres
def test_every_page_opens_on_postgres(prepared_on_postgres):
    """Every third page; all of them in a deep run."""
    prepared = prepared_on_postgres
    pages = pages_of(prepared)
    answers = {
        str(route): open_page(prepared, route, address, login, "zh_CN").status_code
        for route, address, login in (pages if DEEP else pages[::3])
    }
    assert {route: status for route, status in answers.items() if status not in OPENED} == {}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_page_opens_and_is_finished(opened, language):
    wrong = defaultdict(list)
    for each in opened(language):
        if each.status in LATER:
            continue
        if each.status != 200:
            wrong[str(each.route)].append(f"{each.login} gets {each.status}")
        elif each.page is not None:
            wrong[str(each.route)] += [
                f"unfinished: {text}" for text in unfinished_texts(each.page)
            ]
            wrong[str(each.route)] += [
                f"no unit: {text}" for text in figures_without_unit(each.page)
            ]
    listed = [f"{route}: {text}" for route, texts in wrong.items() for text in texts]
    assert not listed, "\n".join(listed)


def test_chinese_pages_are_chinese(opened):
    wrong = []
    messages = _messages_of_one_word()
    for each in opened("zh_CN"):
        if each.page is not None:
            shown = {*each.page.texts, *each.page.attributes}
            found = {*english_texts(each.page), *(messages & shown)} - ENGLISH_BY_RIGHT
            wrong += [f"{each.route}: {text}" for text in sorted(found)]
    assert not wrong, "\n".join(wrong)


def _messages_of_one_word() -> set[str]:
    """English messages that have other words in Chinese."""
    with (FOLDER / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    return {
        str(each.id) for each in catalogue if each.id and each.string and each.id != each.string
    }


def test_english_pages_hold_no_chinese_words_of_ours(opened):
    """Names are data and may stay Chinese; messages may not."""
    with (FOLDER / "messages.po").open("rb") as file:
        chinese = {str(each.string) for each in read_po(file, locale="zh_Hans_CN") if each.string}
    wrong = []
    for each in opened("en"):
        if each.page is not None:
            shown = chinese & {*each.page.texts, *each.page.attributes}
            ours = {text for text in shown if not text.isascii()} - {"中文"}
            wrong += [f"{each.route}: {text}" for text in sorted(ours)]
    assert not wrong, "\n".join(wrong)
