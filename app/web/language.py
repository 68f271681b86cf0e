"""The reader's language: `zh_CN` or `en`, chosen by link, kept in a cookie, Chinese first."""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, g, request
from flask_babel import Babel

COOKIE: Final = "greenpledge_language"
LANGUAGES: Final = ("zh_CN", "en")
_YEAR_SECONDS: Final = 31_536_000
_TRANSLATIONS: Final = Path(__file__).resolve().parent.parent / "translations"


def current_language() -> str:
    """`zh_CN` or `en`: the link's `lang`, the cookie, then what the browser asks for; Chinese by default."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = _choose()
        g.language = chosen
    return chosen


def _choose() -> str:
    asked = spelt(request.args.get("lang", ""))
    if asked is not None:
        g.keep_language = True
        return asked
    kept = request.cookies.get(COOKIE)
    if kept in LANGUAGES:
        return str(kept)
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"])
    return "en" if best == "en" else "zh_CN"


def spelt(tag: str) -> str | None:
    """`zh_CN` or `en` for any usual spelling of the two: `zh`, `zh-Hans-CN`, `en-GB`; None for another."""
    match tag.replace("_", "-").lower().partition("-")[0]:
        case "zh":
            return "zh_CN"
        case "en":
            return "en"
        case _:
            return None


def other_language_href() -> str:
    """The same page in the other language."""
    other = "en" if current_language() == "zh_CN" else "zh_CN"
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode([*pairs, ('lang', other)])}"


def keep_language(response: Response) -> Response:
    """After each request: remember a language chosen by link."""
    if g.get("keep_language"):
        response.set_cookie(
            COOKIE, current_language(), max_age=_YEAR_SECONDS, samesite="Lax", httponly=True
        )
    return response


def install(app: Flask) -> None:
    """Bind Babel; the catalogue lies under zh_Hans_CN, which is what `zh_CN` becomes when it is parsed."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_TRANSLATIONS)
    Babel(
        app,
        locale_selector=current_language,
        default_locale="zh_CN",
        default_timezone="Asia/Shanghai",
    )
    app.after_request(keep_language)
