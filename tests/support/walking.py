"""People who walk through pages in a real browser; every page they see is examined.

On each page: no accessibility violation, nothing that the security policy blocks, no error in a script,
and no scrolling sideways on a telephone. A page of one address is examined as often as `OFTEN_ENOUGH`
says, a deep run examines every one. Where a folder is given, pictures are kept for the tutorial.
"""

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Locator, Page, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.factories.world import PASSWORD

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "tests" / "vendor" / "axe.min.js"
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
WIDTH, HEIGHT, TELEPHONE = 1440, 900, 390
TALLEST: Final = 1500
"""Pixels of a picture; what lies below adds nothing to the tutorial."""

PICTURES_VARIABLE: Final = "GREENPLEDGE_TUTORIAL_PICTURES"
REFUSED: Final = "Failed to load resource"
BLOCKED: Final = """
window.blocked = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.blocked.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""

FITS: Final = "width => document.documentElement.scrollWidth <= width"
WIDE: Final = """
width => [document.documentElement, ...document.querySelectorAll('body *')]
  .filter((each) => each.getBoundingClientRect().right > width + 1 || each.scrollWidth > width + 1)
  .map((each) => each.outerHTML.slice(0, 120)).slice(0, 8)
"""
OFTEN_ENOUGH: Final = 10_000 if os.environ.get("GREENPLEDGE_TEST_DEEP") == "1" else 1
IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

PATIENCE_MS: Final = 2_000
"""Charts follow a changed window within a few frames."""


class Walk:
    """The people of one walk and the service that they use; what was found wrong on the way."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.walkers: dict[str, Walker] = {}
        self.at_work: set[str] = set()
        self.examined: Counter[tuple[str, int]] = Counter()
        self.faults: list[str] = []
        folder = os.environ.get(PICTURES_VARIABLE, "")
        self.pictures = Path(folder) if folder else None
        self.axe = AXE.read_text(encoding="utf-8")

    def person(self, login: str) -> "Walker":
        """A person at a browser of their own, signed in through the form."""
        if login not in self.walkers:
            self.walkers[login] = self.stranger()
        if login not in self.at_work:
            self.walkers[login].sign_in(login)
            self.at_work.add(login)
        return self.walkers[login]

    def stranger(self) -> "Walker":
        """A browser in which nobody has signed in."""
        context = self.browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN", reduced_motion="reduce"
        )
        context.add_init_script(BLOCKED)
        return Walker(self, context.new_page())

    def go_home(self) -> None:
        """Everybody leaves: the next day they sign in again, in a browser that knows the files of the service."""
        for walker in self.walkers.values():
            walker.page.goto("about:blank")
            walker.page.context.clear_cookies()
        self.at_work.clear()


class Walker:
    """A browser; `visit`, `press` and `send` end on a page that has been examined."""

    def __init__(self, walk: Walk, page: Page) -> None:
        self.walk = walk
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(REFUSED):
            self.faults.append(text)

    def sign_in(self, login: str) -> None:
        self.visit("/sign-in")
        self.fill({"login": login, "password": PASSWORD})
        self.send("登录")

    # --- Going from page to page ---

    def visit(self, path: str, *, status: int = 200) -> "Walker":
        """Open an address of the service."""
        self._arrive(self.page.goto(self.walk.address + path), status)
        return self

    def press(self, words: str, *, within: str = "#main") -> "Walker":
        """Follow the first link with these words, be it a button or a name."""
        link = self.page.locator(within).get_by_role("link", name=words).first
        with self.page.expect_navigation() as going:
            link.click()
        self._arrive(going.value, 200)
        return self

    def open_row(self, words: str) -> "Walker":
        """Follow the first link of the first row with these words."""
        return self.press("", within=f"#main tbody tr:has-text('{words}')")

    def send(self, words: str, *, status: int = 200) -> "Walker":
        """Press the button of the form."""
        button = self.page.locator("#main").get_by_role("button", name=words, exact=True)
        with self.page.expect_navigation() as going:
            button.click()
        self._arrive(going.value, status)
        return self

    def _arrive(self, response: Response | None, status: int) -> None:
        assert response is not None
        assert response.status == status, f"{response.url}: {response.status}\n{self.words()}"
        kind = (IDENTIFIER.sub("…", self.path), status)
        self.walk.examined[kind] += 1
        if self.walk.examined[kind] <= OFTEN_ENOUGH:
            self.examine()
        self._tell(self.faults)
        self.faults.clear()

    # --- Forms ---

    def fill(self, values: Mapping[str, object]) -> "Walker":
        """Fill in fields by their names."""
        for name, value in values.items():
            self._enter(self.page.locator(f"[name='{name}']:not([type=hidden])").first, value)
        return self

    def _enter(self, field: Locator, value: object) -> None:
        kind = field.evaluate("each => each.tagName === 'SELECT' ? 'select' : each.type")
        if kind == "select":
            field.select_option(str(value))
        elif kind == "checkbox":
            field.set_checked(bool(value))
        elif kind == "file":
            name, content, media_type = value  # type: ignore[misc]
            field.set_input_files({"name": name, "mimeType": media_type, "buffer": content})
        else:
            field.fill(str(value))

    def step(self, button: str, values: Mapping[str, object] | None = None) -> "Walker":
        """Open the form behind a button, fill it in and send it; its button has the same words."""
        return self.press(button).fill(values or {}).send(button)

    # --- What is on the page ---

    @property
    def path(self) -> str:
        """The address without the host."""
        return self.page.url.removeprefix(self.walk.address).partition("?")[0]

    def words(self) -> str:
        """The text of the page beside its frame."""
        return self.page.locator("#main").inner_text()

    def reads(self, *expected: str) -> "Walker":
        """The page shows these words."""
        found = self.words()
        missing = [each for each in expected if each not in found]
        assert not missing, f"{self.path} lacks {missing}:\n{found[:3000]}"
        return self

    def lacks(self, *unwanted: str) -> "Walker":
        """The page has no button and no link with these words."""
        main = self.page.locator("#main")
        for words in unwanted:
            for role in ("link", "button"):
                found = main.get_by_role(role, name=words, exact=True)  # type: ignore[arg-type]
                assert found.count() == 0, f"{self.path} offers {words}"
        return self

    def opens_pdf(self, words: str) -> bytes:
        """The link leads to a PDF file."""
        link = self.page.locator("#main").get_by_role("link", name=words).first
        answer = self.page.context.request.get(self.walk.address + str(link.get_attribute("href")))
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/pdf"
        content = answer.body()
        assert content.startswith(b"%PDF")
        return content

    def picture(self, name: str, *, height: int = TALLEST) -> "Walker":
        """Keep a picture for the tutorial, where one is wanted."""
        if self.walk.pictures is None:
            return self
        self.walk.pictures.mkdir(parents=True, exist_ok=True)
        self._wait_for_charts()
        self.page.evaluate(
            "() => document.querySelectorAll('.notice').forEach((each) => each.remove())"
        )
        tall = int(self.page.evaluate("document.documentElement.scrollHeight"))
        # Drawn in a window of that height: what sticks to the window then stands where it belongs.
        self.page.set_viewport_size({"width": WIDTH, "height": min(tall, height)})
        self.page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
        self.page.screenshot(path=self.walk.pictures / f"{name}.png")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return self

    def _wait_for_charts(self) -> None:
        self.page.wait_for_function(
            "() => !document.querySelector('[data-chart]:not([data-drawn])')", timeout=10_000
        )

    # --- Examination ---

    def examine(self) -> None:
        """No violation, no fault, nothing blocked, nothing wider than a telephone."""
        self._wait_for_charts()
        page = self.page
        page.evaluate(self.walk.axe)
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", list(RULES)
        )
        violations = [
            f"{each['id']}: {node['html'][:300]}"
            for each in found["violations"]
            for node in each["nodes"][:3]
        ]
        self._tell([*violations, *page.evaluate("window.blocked"), *self._overflow()])

    def _tell(self, faults: list[str]) -> None:
        self.walk.faults += [f"{self.path}: {fault}" for fault in faults]

    def _overflow(self) -> list[str]:
        """What sticks out on a telephone, once charts have followed the width of the window."""
        page = self.page
        page.set_viewport_size({"width": TELEPHONE, "height": HEIGHT})
        try:
            page.wait_for_function(FITS, arg=TELEPHONE, timeout=PATIENCE_MS)
            found: list[str] = []
        except PlaywrightTimeout:
            found = [f"wider than a telephone: {each}" for each in page.evaluate(WIDE, TELEPHONE)]
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return found
