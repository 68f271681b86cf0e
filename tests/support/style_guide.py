"""A small app that serves the style guide alone: frame and macros without database or sign-in."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, render_template, request
from flask_babel import Babel

from app.web import formats, tables

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "app" / "static"
CATALOGUE = ROOT / "app" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whatever the frame shows by attribute: the actor, an entry of the menu."""

    display_name: str = ""
    role_title: str = ""
    organisation_name: str = ""
    endpoint: str = ""
    href: str = "/"
    title: str = ""
    icon: str = ""
    active: bool = False
    count: int = 0

    def may(self, _permission: str) -> bool:
        """Nobody here holds a duty."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePage:
    """The second of ten pages."""

    number: int = 2
    size: int = 25
    total: int = 240
    has_previous: bool = True
    has_next: bool = True

    def href(self, number: int) -> str:
        return f"?page={number}"


def style_guide_app(folder: Path) -> Flask:
    """Build the app; the catalogue is compiled into `folder`, so that no set-up is needed."""
    _compile_catalogue(folder)
    app = Flask("style_guide", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(folder)
    Babel(app, locale_selector=_locale)
    formats.install(app)
    tables.install(app)
    app.context_processor(_context)
    app.after_request(_guard)
    app.add_url_rule("/", "guide", _guide)
    app.add_url_rule("/problem/<int:status>", "problem", _problem)
    return app


def _compile_catalogue(folder: Path) -> None:
    target = folder / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"
    target.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("rb") as source, target.open("wb") as compiled:
        write_mo(compiled, read_po(source, locale="zh_Hans_CN"))


def _locale() -> str:
    return request.args.get("lang", "zh_CN")


def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _guide() -> str:
    return render_template("style_guide.html", page=SamplePage())


def _problem(status: int) -> tuple[str, int]:
    problem = {"status": status, "title": None, "detail": None}
    return render_template("problems/problem.html", problem=problem), status


def _context() -> dict[str, Any]:
    chinese = _locale() == "zh_CN"
    names = (
        ("李青禾", "主办客户经理", "贷款") if chinese else ("Li Qinghe", "Loan officer", "Loans")
    )
    signed_in = "out" not in request.args
    return {
        "actor": Shown(display_name=names[0], role_title=names[1]) if signed_in else None,
        "nav": [Shown(title=names[2], icon="file-text", active=True, count=5)],
        "csrf_token": "sample-token",
        "locale": _locale(),
        "other_locale_href": "?lang=" + ("en" if chinese else "zh_CN"),
        "business_day": date(2024, 1, 2),
        "demo": True,
        "messages": [("success", "✓"), ("error", "✗")] if "flash" in request.args else [],
        "as_of_text": "2023-12-31",
        "version": "0.1.0",
        "asset_url": lambda name: f"/static/{name}?v=1",
        "icon_url": "/static/vendor/icons.svg?v=1",
    }
