"""Reference pages drawn from the code: settings, limits, roles, problems, appraisal models, published cases.

`python -m tests.support.reference_pages` writes them; a test holds them to the code.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Literal, get_args, get_origin

from babel.messages.pofile import read_po
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import app
from app.identity.domain import roles
from app.kernel.errors import Refusal
from app.kernel.permissions import Permission
from app.settings import Settings
from app.web.problem_pages import known_problems, open_places
from app.web.problems import status_of_kind
from risk_models.registry import BUILT_INS
from tests.support.case_reference import cases_page
from tests.support.model_reference import model_page_of, models_page
from tests.support.signal_reference import signals_page

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/reference"
NAMED_LIMITS = {
    "ATTEMPT_WINDOW",
    "CHUNK_ROWS",
    "IN_FLIGHT_WAIT_MS",
    "LEAST_PATHS",
    "MOST_BYTES",
    "MOST_FEN",
    "MOST_PATHS",
    "MOST_PROCESSES",
    "MOST_ROWS",
    "POOL_WAIT_SECONDS",
    "SEEN_EVERY",
    "SQLITE_BUSY_MS",
    "STATEMENT_TIMEOUT_MS",
}
LIMIT_PREFIXES = ("MAX_", "FAILURES_PER_")
UNITS = {
    "BYTES": "bytes",
    "ROWS": "rows",
    "SECONDS": "seconds",
    "MS": "ms",
    "DAYS": "days",
    "MINUTES": "minutes",
    "LENGTH": "characters",
    "DIGITS": "digits",
    "DEPTH": "levels",
    "CHARACTERS": "characters",
    "MONTHS": "months",
    "YEARS": "years",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A named constant that bounds something, with the reason that stands beside it."""

    name: str
    module: str
    value: Any
    reason: str


# --- Settings ---


def settings_page() -> str:
    """The page of all settings."""
    rows = [_setting(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(
        [
            "# Settings",
            "",
            "Read once from the environment when the service starts. A wrong value means no start.",
            "A secret has no default worth keeping: set it in production.",
            "",
            "| Name | Values | Default | Meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _setting(name: str, field: FieldInfo) -> str:
    default = field.default
    shown = "none" if default is PydanticUndefined or default == "" else f"`{default}`"
    return f"| `GREENPLEDGE_{name.upper()}` | {_values(field)} | {shown} | {field.description} |"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(field.annotation))
    low = next((each.ge for each in field.metadata if hasattr(each, "ge")), None)
    high = next((each.le for each in field.metadata if hasattr(each, "le")), None)
    if low is not None and high is not None:
        return f"{low} to {high}"
    kinds = {str: "text", bool: "`true`, `false`", int: "whole number", Path: "folder"}
    return kinds.get(field.annotation, str(field.annotation))  # type: ignore[arg-type]


# --- Limits ---


def limits_page() -> str:
    """The page of all limits, by module."""
    rows = [
        f"| `{each.name}` | {_shown(each)} | `{each.module}` | {each.reason} |"
        for each in sorted(limits(), key=lambda each: (each.module, each.name))
    ]
    return "\n".join(
        [
            "# Limits",
            "",
            "Everything that grows has a limit: a named constant in the code with its reason beside it.",
            "What lies above a limit is refused with the limit in the answer.",
            "",
            "| Name | Value | Module | Why |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


@cache
def limits() -> Sequence[Limit]:
    """The named limits of the service and of the appraisal models."""
    sources = [*(ROOT / "app").rglob("*.py"), *(ROOT / "risk_models").rglob("*.py")]
    return [limit for path in sorted(sources) for limit in _limits_of(path)]


def _limits_of(path: Path) -> Iterator[Limit]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node, after in zip(body, [*body[1:], None], strict=True):
        name = _assigned(node)
        if name is None or not (name.startswith(LIMIT_PREFIXES) or name in NAMED_LIMITS):
            continue
        value = getattr(import_module(module), name)
        if isinstance(value, int | timedelta) or hasattr(value, "as_tuple"):
            yield Limit(name=name, module=module, value=value, reason=_reason(path, node, after))


def _assigned(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return None


def _reason(path: Path, node: ast.stmt, after: ast.stmt | None) -> str:
    """The text below the constant, or the comments right above it."""
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return " ".join(str(after.value.value).split())
    lines = path.read_text(encoding="utf-8").splitlines()
    found: list[str] = []
    number = node.lineno - 2
    while number >= 0 and lines[number].startswith("#"):
        found.insert(0, lines[number].lstrip("# "))
        number -= 1
    return " ".join(found)


def _shown(limit: Limit) -> str:
    value = limit.value
    if isinstance(value, timedelta):
        whole_days = not value % timedelta(days=1)
        return f"{value.days} days" if whole_days else f"{int(value.total_seconds())} seconds"
    unit = next((UNITS[part] for part in reversed(limit.name.split("_")) if part in UNITS), "")
    return f"{value:,} {unit}".strip()


# --- Roles ---


def roles_page() -> str:
    """The page of roles: what each may do, and who holds each permission."""
    lines = [
        "# Roles and permissions",
        "",
        "From `app/identity/permissions.yaml`, which the service and its tests read. A person holds roles",
        "in an organisation; what the organisation sees of each thing stands in `app/identity/sight.yaml`.",
        "",
    ]
    for role in roles().values():
        kinds = ", ".join(f"`{kind}`" for kind in sorted(role.kinds))
        held = ", ".join(f"`{each}`" for each in sorted(role.permissions))
        lines += [f"## {role.title.en} ({role.title.zh})", "", f"Code `{role.id}`; in {kinds}.", ""]
        lines += [f"{held}.", ""]
    lines += ["## Who holds a permission", "", "| Permission | Roles |", "|---|---|"]
    for permission in sorted(Permission):
        holders = [role.title.en for role in roles().values() if permission in role.permissions]
        lines.append(f"| `{permission}` | {', '.join(holders)} |")
    return "\n".join([*lines, ""])


# --- Problems ---


def problems_page() -> str:
    """The page of all refusals, by code."""
    for module in walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    with (ROOT / "app/translations/zh_Hans_CN/LC_MESSAGES/messages.po").open("rb") as file:
        chinese = read_po(file, locale="zh_Hans_CN")
    lines = [
        "# Problems",
        "",
        "Everything that the service refuses, by the `code` of the problem document (RFC 9457). Its `type`",
        "is the address `/problems/<code>` of the service, where the same words stand. An ellipsis stands",
        "for a fact that an answer names. A problem of the command line has no status: it ends with exit 1,",
        "and `input-unreadable` with exit 2.",
        "",
    ]
    for code, kind in known_problems().items():
        lines += [f"## {code}", "", _where(kind), ""]
        lines += [f"**{kind.title}** — {open_places(kind.detail)}", ""]
        words = [str(chinese[text].string) for text in (kind.title, kind.detail)]
        lines += [f"**{words[0]}**：{open_places(words[1])}", ""]
    return "\n".join(lines)


def _where(kind: type[Refusal]) -> str:
    terminal = kind.__module__.startswith(("app.cli", "app.demo", "app.db.migrations"))
    return "Command line." if terminal else f"Status {status_of_kind(kind)}."


PAGES = {
    "settings.md": settings_page,
    "limits.md": limits_page,
    "roles.md": roles_page,
    "../problems.md": problems_page,
    "published-cases.md": cases_page,
    "warning-signals.md": signals_page,
    "models/index.md": models_page,
    **{f"models/{model.spec.id}.md": partial(model_page_of, model) for model in BUILT_INS},
}


def write_pages() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
