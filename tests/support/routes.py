"""The routes of the app, as the tests that walk over all of them see them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from app.web.access import RouteRule, rule_of
from tests.factories.samples import Sample

ARGUMENT = re.compile(r"<[^>]+>")
NOT_OURS = {"static"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address and method with what it needs."""

    method: str
    path: str
    endpoint: str
    rule: RouteRule
    arguments: tuple[tuple[str, str], ...]
    """(argument, name of its sample), in order."""

    @property
    def is_api(self) -> bool:
        """Whether programs call it."""
        return self.path.startswith("/api/")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, values: Mapping[str, str]) -> str:
        """The address with the values of its arguments."""
        filled = iter(values[name] for _argument, name in self.arguments)
        return ARGUMENT.sub(lambda _match: next(filled), self.path)


def routes_of(app: Flask) -> list[Route]:
    """Every route but those for static files."""
    return sorted(_routes(app), key=str)


def _routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_OURS:
            continue
        needs = rule_of(app.view_functions[rule.endpoint])
        assert needs is not None, f"{rule.rule} has no access rule"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(
                method=method,
                path=rule.rule,
                endpoint=rule.endpoint,
                rule=needs,
                arguments=tuple(_arguments(rule)),
            )


def _arguments(rule: Rule) -> Iterator[tuple[str, str]]:
    words: list[str] = []
    for part in rule.rule.removeprefix("/api/v1").strip("/").split("/"):
        if ARGUMENT.fullmatch(part):
            yield part.strip("<>").rpartition(":")[2], "/".join(words)
        else:
            words.append(ARGUMENT.sub("", part))


def sample_of(samples: Mapping[str, Sample], name: str) -> Sample | None:
    """The sample of an argument, by all words before it or by the last."""
    return samples.get(name) or samples.get(name.rpartition("/")[2])
