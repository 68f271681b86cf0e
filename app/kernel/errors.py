"""Typed refusals. A refusal says what, why and what to do; a bug crashes.

`detail` is a message of the catalogue whose placeholders are the facts. Only `web.problems` knows statuses.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from app.kernel.text import N_

Fact = object


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field: a JSON pointer such as `/amount_yuan`, and words with their facts."""

    pointer: str
    detail: str
    facts: dict[str, Fact] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a refusal is no error of the service
    """Base of all refusals that a person can act on."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = N_("Request refused")
    detail: ClassVar[str] = N_("The request was refused.")

    def __init__(self, *, errors: tuple[FieldError, ...] = (), **facts: Fact) -> None:
        super().__init__(self.code)
        self.facts = facts
        self.errors = errors

    def __str__(self) -> str:
        return f"{self.code}: {self.facts}" if self.facts else self.code

    def about(self, pointer: str) -> Self:
        """The same refusal, naming the field that was sent and is to be put right."""
        self.errors = (FieldError(pointer=pointer, detail=self.detail, facts=self.facts),)
        return self


class RuleViolation(Refusal):
    """A rule of the field forbids it."""


class DutiesApart(RuleViolation):
    """Who took an earlier step of a file or case may not take this one."""

    code = "duties-apart"
    title = N_("Another person must do this")
    detail = N_(
        "You took an earlier step of this file. A colleague with this duty must do the next one."
    )


class InvalidInput(Refusal):
    """What was sent cannot be read or lies outside its limits; `errors` names the fields."""

    code = "invalid-input"
    title = N_("There is a problem")
    detail = N_("Correct the fields that are named and send again.")

    @classmethod
    def at(cls, pointer: str, detail: str, /, **facts: Fact) -> Self:
        """Refuse one field: its JSON pointer, and words with their facts."""
        return cls(errors=(FieldError(pointer=pointer, detail=detail, facts=facts),))


class MalformedRequest(Refusal):
    """The request itself is not well formed."""

    code = "malformed-request"
    title = N_("The request cannot be read")
    detail = N_("The request body or a header is not well formed: %(reason)s.")


class NotFound(Refusal):
    """There is no such thing, or the actor may not know of it."""

    code = "not-found"
    title = N_("Not found")
    detail = N_("There is nothing at this address that you may see.")


class Conflict(Refusal):
    """A lost race, exhausted capacity, or a state that does not allow it."""

    code = "conflict"
    title = N_("The state does not allow this")
    detail = N_("Something changed meanwhile. Load the page again and repeat if still needed.")


class IllegalEvent(Conflict):
    """An event that the state table does not list."""

    code = "illegal-event"
    title = N_("This step is not possible now")
    detail = N_(
        "In the state “%(state)s” the step “%(event)s” is not possible. Possible now: %(legal)s."
    )


class StaleVersion(Refusal):
    """The row changed since the version named in If-Match."""

    code = "stale-version"
    title = N_("Someone changed this meanwhile")
    detail = N_("You worked on an older version. Load it again, check what changed, and repeat.")


class PreconditionMissing(Refusal):
    """A needed header is missing."""

    code = "precondition-required"
    title = N_("A header is missing")
    detail = N_("Send the header %(header)s with this request.")


class Forbidden(Refusal):
    """The actor sees the thing but may not do this."""

    code = "forbidden"
    title = N_("Not permitted")
    detail = N_("Your role does not include this step. Ask a colleague whose role does.")


class ScopeMissing(Forbidden):
    """The person may do this, the token may not."""

    code = "scope-missing"
    title = N_("The token lacks a scope")
    detail = N_(
        "Your role includes this step, but the token that was sent lacks the scope %(permission)s. Issue a token with "
        "this scope on your profile page, or with `greenpledge token issue --scope`, and send that one."
    )


class Unauthenticated(Refusal):
    """Nobody is signed in, or the token is not valid."""

    code = "unauthenticated"
    title = N_("Sign in first")
    detail = N_("Sign in, or send a valid token in the header Authorization.")


class TooManyRequests(Refusal):
    """A limit on repetition was reached."""

    code = "too-many-requests"
    title = N_("Too many attempts")
    detail = N_("Wait %(retry_after)s seconds and try again.")


class Busy(Conflict):
    """Another run holds what is needed; the same request may succeed soon."""

    code = "busy"
    title = N_("In progress elsewhere")
    detail = N_("The same thing is being worked on. Wait %(retry_after)s seconds and try again.")
