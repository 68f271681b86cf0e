"""The service without the guards of an application: nobody holds the file, and no version is compared.

Only for the test that shows that the race tests see what the guards prevent.
"""

from typing import Any

from app import create_app
from app.origination.models import Application
from app.origination.services import acts
from app.origination.services.views import load_application
from app.web import dispatch


def _load_without_hold(session: Any, actor: Any, application_id: Any, *, lock: bool) -> Application:
    return load_application(session, actor, application_id)


def _any_version(*, required: bool) -> None:
    return None


acts.load_application = _load_without_hold  # type: ignore[assignment]
dispatch._version_sent = _any_version
Application.__mapper__.version_id_col = None  # type: ignore[attr-defined]
app = create_app()
