"""Things with states: one table of handlers gives the API's `/events`, its schema, the buttons and their forms."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response, abort, redirect, request
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.web.access import access, check_version, current_actor, current_session, tagged, tell
from app.web.fields import Text
from app.web.forms import form_page
from app.web.reading import load_schema, read_body
from app.web.schemas import CommandSchema, NoFields, ViewSchema
from app.web.uploads import UploadSchema

Handle = Callable[[Session, Actor, UUID, Any], Any]


def with_article(thing: str) -> str:
    """A thing as an English sentence names it: an asset, a loan."""
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHandler:
    """One event: the schema of what it needs, the use case, and the tone of its button.

    `facts` are what its page shows of the thing, as labels and values; `values` fill its form in before.
    A form that takes a file where programs name a document has a schema and a use case of its own.
    """

    event: StrEnum
    handle: Handle
    schema: type[CommandSchema] = NoFields
    tone: str = "primary"
    help: str = ""
    choices: Callable[[Session, Actor, UUID], dict[str, Sequence[tuple[str, str]]]] | None = None
    form_schema: type[UploadSchema] | None = None
    form_handle: Handle | None = None
    facts: Callable[[Session, Actor, Any], Sequence[tuple[str, str]]] | None = None
    values: Callable[[Any], dict[str, str]] | None = None
    needed: Collection[str] = ()
    """Fields that its page shows as required, though a draft may leave them open."""
    without: Callable[[Any], Sequence[str]] | None = None
    """Fields that do not concern this one thing: its page leaves them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventButton:
    """A legal event as a page shows it."""

    event: str
    title: str
    tone: str
    href: str


class Events:
    """The events of one kind of thing.

    get(session, actor, id) gives its view (with `id`, `state`, `events`, `version`) or refuses with NotFound.
    machine_of(view) names the steps that this one can ever take, where not all can take all.
    """

    def __init__(
        self,
        *,
        thing: str,
        machine: StateMachine[Any, Any],
        handlers: Sequence[EventHandler],
        get: Callable[[Session, Actor, UUID], Any],
        view_schema: type[ViewSchema],
        page_href: Callable[[UUID], str],
        heading: Callable[[Any], str],
        machine_of: Callable[[Any], StateMachine[Any, Any]] | None = None,
    ) -> None:
        self.thing = thing
        self.machine = machine
        self.machine_of = machine_of or (lambda _view: machine)
        self.handlers = {handler.event.value: handler for handler in handlers}
        self.get = get
        self.view_schema = view_schema
        self.page_href = page_href
        self.heading = heading

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Every permission that some event needs."""
        return tuple(
            dict.fromkeys(self.machine.permissions[each.event] for each in self.handlers.values())
        )

    def buttons(self, view: Any) -> list[EventButton]:
        """The legal events of a view as buttons, in the table's order."""
        return [
            EventButton(
                event=name,
                title=self._title(self.handlers[name]),
                tone=self.handlers[name].tone,
                href=f"{self.page_href(view.id)}/events/{name}",
            )
            for name in view.events
            if name in self.handlers
        ]

    def register(self, api: Blueprint, pages: Any) -> None:
        """Both of the next two, for rooms that have one module for them."""
        self.register_api(api)
        self.register_pages(pages)

    def register_pages(self, pages: Any) -> None:
        """Add `…/{id}/events/{event}` to the pages."""
        name = f"{self.thing.replace('-', '_')}_event"
        page = self._page

        upload = any(each.form_schema for each in self.handlers.values())

        @access(*self.permissions, upload=upload)
        def view(thing_id: UUID, event: str) -> Any:
            return page(thing_id, event)

        pages.add_url_rule("/<uuid:thing_id>/events/<event>", name, view, methods=["GET", "POST"])

    def register_api(self, api: Blueprint) -> None:
        """Add `POST …/{id}/events` to the API."""
        view_schema, run = self.view_schema, self._post

        @api.route("/<uuid:thing_id>/events", methods=["POST"])
        @access(*self.permissions, idempotent=True, versioned=True)
        @api.doc(
            requestBody=self._request_body(),
            summary=f"Move {with_article(self.thing.replace('-', ' '))} by an event",
        )
        @api.response(200, view_schema)
        def post_event(thing_id: UUID) -> Any:
            return run(thing_id)

        post_event.__name__ = f"post_{self.thing}_event"

    def _request_body(self) -> dict[str, Any]:
        schemas = [self._wire_schema(handler) for handler in self.handlers.values()]
        content = {"oneOf": schemas, "discriminator": {"propertyName": "event"}}
        return {"required": True, "content": {"application/json": {"schema": content}}}

    def _wire_schema(self, handler: EventHandler) -> type[CommandSchema]:
        words = "".join(part.title() for part in f"{self.thing}-{handler.event.value}".split("-"))
        event = Text(
            max_length=40, required=True, validate=ma.validate.OneOf([handler.event.value])
        )
        return type(f"{words}EventSchema", (handler.schema,), {"event": event})

    def _post(self, thing_id: UUID) -> Any:
        actor, session = current_actor(), current_session()
        view = self.get(session, actor, thing_id)
        body = read_body()
        handler = self._handler(body.pop("event", None))
        command = load_schema(handler.schema(), body)
        check_version(view.version)
        self._require_listed(view, handler)
        return tagged(handler.handle(session, actor, thing_id, command))

    def _require_listed(self, view: Any, handler: EventHandler) -> None:
        """Refuse a step that the table does not list, with those that are possible for this thing."""
        if (view.state, handler.event) not in self.machine.table:
            self.machine_of(view).next(view.state, handler.event)

    def _title(self, handler: EventHandler) -> str:
        return gettext(self.machine.event_titles[handler.event])

    def _handler(self, name: object) -> EventHandler:
        if not isinstance(name, str) or name not in self.handlers:
            raise InvalidInput.at(
                "/event", N_("Choose one of: %(choices)s."), choices=list(self.handlers)
            )
        return self.handlers[name]

    def _page(self, thing_id: UUID, event: str) -> Response | str | tuple[str, int]:
        actor, session = current_actor(), current_session()
        handler = self.handlers.get(event)
        if handler is None:
            abort(404)
        view = self.get(session, actor, thing_id)
        if request.method == "GET":
            self._require_listed(view, handler)
        back = self.page_href(thing_id)
        return form_page(
            (handler.form_schema or handler.schema)(
                exclude=handler.without(view) if handler.without else ()
            ),
            title=self._title(handler),
            subtitle=self.heading(view),
            help_text=gettext(handler.help) if handler.help else "",
            back=back,
            tone=handler.tone,
            version=view.version,
            choices=handler.choices(session, actor, thing_id) if handler.choices else {},
            values=handler.values(view) if handler.values else {},
            needed=handler.needed,
            decided=handler.facts(session, actor, view) if handler.facts else (),
            submit=lambda command: self._submit(handler, thing_id, command, back),
        )

    def _submit(self, handler: EventHandler, thing_id: UUID, command: Any, back: str) -> Response:
        actor, session = current_actor(), current_session()
        view = self.get(session, actor, thing_id)
        check_version(view.version)
        self._require_listed(view, handler)
        (handler.form_handle or handler.handle)(session, actor, thing_id, command)
        tell("ok", gettext("Done: %(step)s.", step=self._title(handler)))
        return redirect(back, 303)  # type: ignore[return-value]
