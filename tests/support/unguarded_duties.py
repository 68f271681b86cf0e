"""The service without the rule of duties apart: whoever may take a step takes it.

Only for the test that shows that the race tests see what the guard prevents.
"""

from typing import Any

from app import create_app
from app.origination.services import acts


def _anybody(*_given: Any, **_named: Any) -> bool:
    return True


acts.decide_duty = _anybody
app = create_app()
