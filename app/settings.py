"""Settings: read from the environment once, frozen; a wrong value means no start."""

import os
import secrets
import tempfile
from contextlib import suppress
from email.utils import parseaddr
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_CHARACTERS: Final = 32
"""Of a key that signs; fewer random characters can be guessed."""

HIGHEST_PORT: Final = 65_535

MailSecurity = Literal["starttls", "tls", "none"]


class Settings(BaseSettings):
    """All settings of the service; every name in the environment begins with GREENPLEDGE_."""

    model_config = SettingsConfigDict(env_prefix="GREENPLEDGE_", frozen=True, extra="ignore")

    env: Literal["development", "production", "test"] = Field(
        "development", description="Kind of installation; the demo world is refused in production."
    )
    home: Path = Field(
        Path("var"), description="Folder of the embedded database, evidence files and keys."
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of PostgreSQL; empty means the embedded SQLite database under the home folder.",
    )
    secret_key: str = Field(
        "",
        description="Signs page tokens. Required in production; made once under the home folder elsewhere.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Address printed in documents and QR codes, without a trailing slash; "
        "`greenpledge serve` takes its own host and port where it is not set.",
    )
    trusted_hosts: str = Field(
        "",
        description="Comma-separated host names that requests may carry, beside this machine's own; empty means any.",
    )
    proxy_hops: int = Field(
        0, ge=0, le=5, description="How many trusted proxies stand in front; 0 means none."
    )
    secure_cookies: bool = Field(
        default=False, description="Send cookies over HTTPS only; always on in production."
    )
    session_idle_minutes: int = Field(
        30, ge=5, le=720, description="Minutes without a request that end a session."
    )
    session_hours: int = Field(
        12, ge=1, le=72, description="Hours after which a session ends in any case."
    )
    pool_size: int = Field(
        8, ge=1, le=100, description="Database connections held by one web process."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level written to the log."
    )
    scheduler_seconds: int = Field(
        5, ge=1, le=300, description="Seconds between two looks of the scheduler for due work."
    )
    dask_scheduler: str = Field(
        "",
        description="HOST:PORT of the Dask scheduler on which revaluations may run; empty means none.",
    )
    metrics_token: str = Field(
        "", description="Bearer token for /metrics from elsewhere than loopback; empty refuses."
    )
    mail_server: str = Field(
        "",
        description="HOST:PORT of the mail server; empty sends no letter and writes each into the folder `mail` under "
        "the home folder.",
    )
    mail_security: MailSecurity = Field(
        "starttls",
        description="How the mail server is spoken to: TLS asked for first, TLS from the first byte, or in the clear.",
    )
    mail_from: str = Field(
        "",
        description="Address that letters come from; required with a mail server.",
        validate_default=True,
    )
    mail_user: str = Field(
        "", description="Name at the mail server, never said in the clear; empty does not sign in."
    )
    mail_password: str = Field("", description="Password for the mail server.")

    @field_validator("mail_server")
    @classmethod
    def _is_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdecimal() and 0 < int(port) <= HIGHEST_PORT):
            raise ValueError("it is HOST:PORT, such as mail.example.com:587")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str, given: ValidationInfo) -> str:
        if (value or given.data.get("mail_server")) and "@" not in parseaddr(value)[1]:
            raise ValueError("a mail server needs the address that letters come from")
        return value

    @field_validator("mail_user")
    @classmethod
    def _is_not_shown(cls, value: str, given: ValidationInfo) -> str:
        if value and given.data.get("mail_security") == "none":
            raise ValueError("a password is not sent in the clear: use starttls or tls")
        return value

    @property
    def production(self) -> bool:
        """Whether this installation serves real banks."""
        return self.env == "production"

    def sqlalchemy_url(self) -> str:
        """The database URL with the driver named; makes the home folder for the embedded database."""
        if not self.database_url:
            self.home.mkdir(parents=True, exist_ok=True)
            return f"sqlite:///{(self.home / 'greenpledge.db').resolve()}"
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    def signing_key(self) -> str:
        """The secret key from the environment, or one made once under the home folder (never in production)."""
        if self.production and len(self.secret_key) < MIN_SECRET_CHARACTERS:
            raise ValueError(
                "GREENPLEDGE_SECRET_KEY is required in production: set at least 32 random characters."
            )
        if self.secret_key:
            return self.secret_key
        path = self.home / "secret.key"
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii")


def _write_once(path: Path, text: str) -> None:
    """Make a private file that appears whole; of several processes at their first start one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as sink:
            sink.write(text)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()


def read_settings() -> Settings:
    """The settings of this process, from its environment."""
    return Settings.model_validate({})
