"""The style guide in a real browser: drawn, in its width, by keyboard, without violations."""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.conftest import DEEP
from tests.support.chromium import chromium
from tests.support.style_guide import ROOT, STATIC, style_guide_app

AXE = ROOT / "tests" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHARTS = 5
LANGUAGES = ["zh_CN", "en"]
WIDTHS = [1440, 390]
EXAMINED = [*product(LANGUAGES, WIDTHS)] if DEEP else [("zh_CN", 1440), ("en", 390)]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (STATIC / "vendor").exists(), reason="run `python3 dev.py setup` first"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = style_guide_app(tmp_path_factory.mktemp("translations"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def faults() -> list[str]:
    return []


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Callable[[int], BrowserContext]]:
    """A window of a width: what one page fetched serves the next."""

    @cache
    def of_width(width: int) -> BrowserContext:
        made.append(browser.new_context(viewport={"width": width, "height": 900}))
        return made[-1]

    made: list[BrowserContext] = []
    yield of_width
    for each in made:
        each.close()


@pytest.fixture
def open_page(window: Callable[[int], BrowserContext], address: str, faults: list[str]):
    pages = []

    def opened(language: str = "zh_CN", width: int = 1440) -> Page:
        page = window(width).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda line: faults.append(line.text) if line.type in {"error", "warning"} else None,
        )
        page.goto(f"{address}/?lang={language}")
        page.wait_for_function(f"document.querySelectorAll('[data-drawn]').length === {CHARTS}")
        return page

    yield opened
    for page in pages:
        page.close()


@pytest.mark.skipif(not AXE.exists(), reason="run `python3 dev.py setup --dev` first")
@pytest.mark.parametrize(("language", "width"), EXAMINED)
def test_the_page_draws_within_its_width_without_a_fault_or_a_violation(
    open_page, faults, language, width
):
    page = open_page(language, width)
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    for chart in page.locator("[data-chart]").all():
        chart.hover()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert faults == []


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(open_page):
    page = open_page()
    assert page.evaluate("document.activeElement.id") == "error-summary"
    page.click("text=请填写申请金额。 >> nth=0")
    assert page.evaluate("document.activeElement.id") == "amount_yuan"


def test_a_conditional_field_is_neither_shown_nor_sent(open_page):
    page = open_page()
    assert page.is_visible("#guarantor")
    page.uncheck("#guaranteed")
    assert not page.is_visible("#guarantor")
    assert page.is_disabled("#guarantor")


def test_a_new_row_is_empty_and_has_names_of_its_own(open_page):
    page = open_page()
    page.click("[data-add-row]")
    assert page.input_value("#lines-0-asset") == "A-2024-000017"
    assert page.input_value("[name=lines-1-asset]") == ""


def test_the_menu_opens_by_keyboard_on_a_phone(open_page):
    page = open_page(width=390)
    assert not page.is_visible("#sidebar")
    page.focus("#menu-button")
    page.keyboard.press("Space")
    assert page.is_visible("#sidebar")
    assert page.get_attribute("#menu-button", "aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert not page.is_visible("#sidebar")


def test_without_script_the_menu_opens_and_figures_stand_as_tables(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/?lang=zh_CN")
    page.click("#menu-button")
    assert page.is_visible("#sidebar")
    page.click("details.twin summary >> nth=0")
    assert page.is_visible("details.twin table >> nth=0")
    context.close()


def test_the_first_press_of_tab_reaches_the_skip_link(open_page):
    page = open_page()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.focus(".skip-link")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_steps_of_a_waterfall_lie_where_they_would_stand_too_close(open_page) -> None:
    page = open_page(width=390)
    box = page.locator("[data-chart=waterfall][data-drawn]").first
    box.wait_for()
    steps = box.evaluate(
        "each => JSON.parse(document.getElementById(each.dataset.source).textContent).steps.length"
    )
    inside = "each => [each.clientHeight, each.querySelector('canvas').clientHeight]"
    high, drawn = box.evaluate(inside)
    assert high == drawn >= steps * 30
    assert box.evaluate("each => each.style.height") != ""
    wide = open_page(width=1440).locator("[data-chart=waterfall][data-drawn]").first
    wide.wait_for()
    assert wide.evaluate("each => each.style.height") == ""
