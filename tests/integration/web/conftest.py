"""A few routes of the tests' own, to try the shell on where no room stands in the way."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlmodel import col

from app.db.engine import today
from app.db.models import NumberSeries
from app.db.numbers import next_number
from app.kernel.errors import RuleViolation
from app.kernel.money import Money
from app.kernel.text import N_
from app.web.access import (
    access,
    check_version,
    current_session,
    prepared_as,
    public,
    tagged,
)
from app.web.fields import Day, Flag, Number, Rate, Structure, Text, Whole, Yuan
from app.web.openapi import ApiBlueprint
from app.web.schemas import CommandSchema, ListQuery, ViewSchema
from tests.support.clients import ApiClient


class TooMuch(RuleViolation):
    code = "too-much"
    title = N_("Too large")
    detail = N_("Enter an amount of at most %(high)s yuan.")


class ThingSchema(CommandSchema):
    amount_fen = Yuan()
    rate_ppm = Rate()
    title = Text(max_length=10)
    day = Day()
    count = Whole(low=1, high=12)
    area_mu = Number(places=2)
    flag = Flag()
    shape = Structure()


class AnswerSchema(ViewSchema):
    number = Text(max_length=40)
    amount_fen = Yuan()


class View:
    version = 3


class Counted:
    """Work done ahead of a transaction; each is numbered."""

    made = 0

    def __init__(self) -> None:
        Counted.made += 1
        self.number = Counted.made


@pytest.fixture(scope="session")
def probe() -> ApiBlueprint:
    blueprint = ApiBlueprint("probe", "probe", url_prefix="/api/v1/probe")

    @blueprint.route("/things", methods=["POST"])
    @access(idempotent=True)
    @blueprint.arguments(ThingSchema)
    @blueprint.response(201, AnswerSchema)
    def create(command):
        session = current_session()
        number = next_number(session, "PROBE", today(session).year)
        answer = {"number": number, "amount_fen": command.get("amount_fen", 1)}
        if command.get("title") == "refuse":
            raise TooMuch(high=Money(100))
        if command.get("title") == "crash":
            raise ZeroDivisionError
        return answer, 201, {"Location": f"/api/v1/probe/things/{number}"}

    @blueprint.route("/long-things", methods=["POST"])
    @access(idempotent=True, ahead=Counted)
    @blueprint.response(200, AnswerSchema)
    def create_slowly():
        prepared = prepared_as(Counted)
        return {"number": f"PROBE-{prepared.number}", "amount_fen": 1}

    @blueprint.route("/things/1", methods=["PUT"])
    @access(idempotent=True, versioned=True)
    @blueprint.arguments(ThingSchema)
    @blueprint.response(200, AnswerSchema)
    def change(command):
        check_version(View.version)
        tagged(View())
        return {"number": next_number(current_session(), "PROBE", 2024), "amount_fen": 1}

    @blueprint.route("/things/1")
    @access()
    @blueprint.response(200, AnswerSchema)
    def show():
        tagged(View())
        return {"number": "PROBE-1", "amount_fen": 1}

    @blueprint.route("/things")
    @access()
    @blueprint.arguments(ListQuery, location="query")
    @blueprint.response(200, AnswerSchema)
    def many(query):
        return {"number": "PROBE-1", "amount_fen": 1}

    @blueprint.route("/files", methods=["POST"])
    @access(upload=True)
    @blueprint.response(204)
    def upload():
        return None

    @blueprint.route("/open", methods=["POST"])
    @public
    @blueprint.response(204)
    def everybody():
        return None

    return blueprint


@pytest.fixture(scope="session")
def probe_app(shared_app: Flask, make_app, probe) -> Flask:
    made = make_app(shared_app.extensions["database"])
    made.extensions["flask-smorest"]["apis"][""]["ext_obj"].register_blueprint(probe)
    return made


@pytest.fixture
def app(probe_app: Flask, database) -> Iterator[Flask]:
    """The app with the routes of these tests."""
    resting = probe_app.extensions["database"]
    probe_app.extensions["database"] = database
    yield probe_app
    probe_app.extensions["database"] = resting


@pytest.fixture
def program(api) -> ApiClient:
    """A program with a token."""
    return api("a-officer")


@pytest.fixture
def effects(database):
    """How often the effect of the probe happened."""

    def count() -> int:
        with database.read() as session:
            found = session.execute(
                sa.select(col(NumberSeries.last)).where(col(NumberSeries.series) == "PROBE")
            ).scalar_one_or_none()
        return found or 0

    return count
