"""A child of the supervisor ends when the supervisor does, even when that was killed."""

import os
import signal
import sys
import threading
from typing import Final

VARIABLE: Final = "GREENPLEDGE_SUPERVISED"


def end_with_parent() -> None:
    """Where the supervisor holds our standard input open: stop once it is closed."""
    if os.environ.get(VARIABLE) != "1":
        return
    threading.Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def _wait_for_end() -> None:
    # Read without a buffer, whose lock would stand in the way when Python ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
