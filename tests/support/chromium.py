"""The machine's own Chromium, driven by Playwright; nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

REQUIRED_VARIABLE = "GREENPLEDGE_REQUIRE_BROWSER"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Containers have neither the sandbox's rights nor a graphics card; the rest keeps it off the net.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str:
    """Give the path of the browser; without one the test is skipped, or fails."""
    chosen = (os.environ.get("CHROMIUM", ""), *NAMES)
    found = next((path for name in chosen if name and (path := shutil.which(name))), None)
    if found:
        return found
    reason = "Chromium not found: apt-get install chromium, or set CHROMIUM"
    if os.environ.get(REQUIRED_VARIABLE) == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a headless browser; make one context a test from it."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
