"""Opens the database of the settings for a command, and says who acts."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from pydantic import ValidationError

from app.appraisal.domain.catalogue import require_sound_models
from app.assets.burdens import bind_burdens
from app.audit.services import watch
from app.collateral.queries import burdens_in_force
from app.db.engine import Database
from app.db.migrations import require_current, status
from app.documents.files import bind_store, local_store
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, system_actor
from app.kernel.errors import FieldError, Refusal, RuleViolation
from app.kernel.text import N_
from app.settings import Settings, read_settings


class WrongSettings(RuleViolation):
    """A setting in the environment cannot be used."""

    code = "wrong-settings"
    title = N_("A setting cannot be used")
    detail = N_("Correct the variables that are named and start again.")


class DatabaseUnreachable(Refusal):
    """The database does not answer."""

    code = "database-unreachable"
    title = N_("The database cannot be reached")
    detail = N_("Check that it runs and that GREENPLEDGE_DATABASE_URL is right: %(reason)s.")


class NoDatabaseHere(RuleViolation):
    """Where the settings look there is no database of the service, or an empty one."""

    code = "no-database-here"
    title = N_("There is no database here")
    detail = N_(
        "%(place)s holds no tables of the service. The default home is the folder `var` under the working folder: run "
        "this in the checkout, or set GREENPLEDGE_HOME or GREENPLEDGE_DATABASE_URL as for the running service. "
        "`greenpledge db upgrade` makes a new database."
    )


def settings() -> Settings:
    """The settings of the environment; a wrong one is refused by name, without its value."""
    try:
        return read_settings()
    except ValidationError as error:
        errors = tuple(
            FieldError(
                pointer=f"GREENPLEDGE_{str(each['loc'][0]).upper()}",
                detail=each["msg"].replace("%", "%%"),
            )
            for each in error.errors(include_input=False)
        )
        raise WrongSettings(errors=errors) from None


@contextmanager
def any_database(chosen: Settings | None = None) -> Iterator[Database]:
    """The database whatever its schema; closed afterwards."""
    made = chosen or settings()
    store = Database(made.sqlalchemy_url(), pool_size=made.pool_size)
    watch(store)
    bind_store(store, local_store(made))
    bind_burdens(store, burdens_in_force)
    try:
        yield store
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise DatabaseUnreachable(reason=reason) from error
    finally:
        store.dispose()


@contextmanager
def current_database(chosen: Settings | None = None) -> Iterator[Database]:
    """The database, refused unless its schema is the one this version needs and every model is sound."""
    require_sound_models()
    with any_database(chosen) as store:
        if status(store.engine).current is None:
            url = store.engine.url
            place = url.database if store.is_sqlite else url.render_as_string()
            raise NoDatabaseHere(place=place)
        require_current(store.engine)
        yield store


def platform_actor() -> Actor:
    """Whoever holds the terminal of the service acts for the platform."""
    return system_actor(organisation_id=PLATFORM_ORGANISATION_ID, organisation_kind="platform")
