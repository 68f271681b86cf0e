"""The web process: gunicorn with its configuration in code. `python -m app.cli.web HOST PORT`."""

import sys
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from app.assembly import assemble
from app.cli.lifeline import end_with_parent
from app.settings import read_settings

WORKERS: Final = 2
THREADS: Final = 4
"""Two workers of four threads keep two cores busy; each thread may hold a database connection."""

REQUEST_SECONDS: Final = 60
LEAVE_SECONDS: Final = 20
REQUESTS_BEFORE_RENEWAL: Final = 5000
"""A worker starts anew after some thousand requests, so that slow leaks stay small."""


class WebServer(BaseApplication):
    """gunicorn around the app; each worker makes its own app, and with it its own connections."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options as they are."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The app of one worker, made after the fork from modules that were imported before it."""
        return assemble(read_settings())


def options(host: str, port: int) -> dict[str, Any]:
    """What gunicorn is told."""
    address = f"[{host}]" if ":" in host else host
    # Workers beat in memory: a heartbeat on a slow disk would get them killed.
    memory = Path("/dev/shm")  # noqa: S108 - a folder in memory, not a predictable file
    return {
        "bind": f"{address}:{port}",
        "worker_class": "gthread",
        "workers": WORKERS,
        "threads": THREADS,
        "timeout": REQUEST_SECONDS,
        "graceful_timeout": LEAVE_SECONDS,
        "max_requests": REQUESTS_BEFORE_RENEWAL,
        "max_requests_jitter": REQUESTS_BEFORE_RENEWAL // 10,
        "worker_tmp_dir": str(memory) if memory.is_dir() else None,
        "loglevel": "warning",
        "limit_request_line": 8190,
        "limit_request_fields": 100,
        "control_socket_disable": True,
    }


def main(host: str, port: int) -> None:
    """Serve until told to stop."""
    end_with_parent()
    WebServer(options(host, port)).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
