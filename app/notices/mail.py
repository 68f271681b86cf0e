"""The mail port: what carries letters out of the house, and what stands in for it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from app.settings import MailSecurity, Settings

ANSWER_SECONDS: Final = 15
"""A mail server that says nothing for so long is taken as away; the letter waits for its next try."""

FOLDER: Final = "mail"
"""Name of the folder under the home folder into which letters are written without a mail server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A PDF that travels with a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter; `id` makes a second delivery of it recognisable."""

    id: UUID
    address: str
    subject: str
    body: str
    attachment: Attachment | None = None


class Mail(Protocol):
    """Sends letters; raises OSError when it cannot."""

    @property
    def leaves_the_house(self) -> bool:
        """Whether letters go to somebody, and not into a folder only."""

    def send(self, letter: Letter) -> None:
        """Hand over one letter."""


class FileMail:
    """Writes each letter into a folder as a message file, for installations without a mail server."""

    leaves_the_house = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        """Write the letter once; the same letter again is the same file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{letter.id}.eml").write_bytes(message_of(letter).as_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMail:
    """Hands each letter to a mail server, in a conversation of its own."""

    host: str
    port: int
    security: MailSecurity
    sender: str
    user: str = ""
    password: str = ""

    @property
    def leaves_the_house(self) -> bool:
        """The server takes them on."""
        return True

    def send(self, letter: Letter) -> None:
        """Hand over one letter; what the server refuses is an `SMTPException`, which is an OSError."""
        with self.conversation() as server:
            server.send_message(message_of(letter, sender=self.sender))

    @contextmanager
    def conversation(self) -> Iterator[smtplib.SMTP]:
        """A conversation with the server: secured and signed in as the settings say."""
        checked = ssl.create_default_context()
        if self.security == "tls":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=ANSWER_SECONDS, context=checked
            )
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=ANSWER_SECONDS)
        with opened as server:
            if self.security == "starttls":
                server.starttls(context=checked)
            if self.user:
                server.login(self.user, self.password)
            yield server


class MemoryMail:
    """Keeps letters for tests; `broken` makes every delivery fail."""

    leaves_the_house = True

    def __init__(self, *, broken: bool = False) -> None:
        self.letters: list[Letter] = []
        self.broken = broken

    def send(self, letter: Letter) -> None:
        """Keep the letter."""
        if self.broken:
            raise OSError("the mail server does not answer")
        self.letters.append(letter)


def mail_of(settings: Settings) -> FileMail | SmtpMail:
    """The mail of an installation: its server, or a folder where none is set."""
    if not settings.mail_server:
        return FileMail(settings.home / FOLDER)
    host, _, port = settings.mail_server.rpartition(":")
    return SmtpMail(
        host=host.strip("[]"),
        port=int(port),
        security=settings.mail_security,
        sender=settings.mail_from,
        user=settings.mail_user,
        password=settings.mail_password,
    )


def message_of(letter: Letter, *, sender: str = "") -> EmailMessage:
    """The letter as a message; the same letter has the same Message-ID."""
    message = EmailMessage()
    if sender:
        message["From"] = sender
    message["To"] = letter.address
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{letter.id}@{domain or 'greenpledge'}>"
    message.set_content(letter.body)
    if letter.attachment is not None:
        message.add_attachment(
            letter.attachment.content,
            maintype="application",
            subtype="pdf",
            filename=letter.attachment.name,
        )
    return message


def answered(error: Exception) -> bool:
    """Whether the server spoke: it refused this letter, and may take the next."""
    return isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)


def reason_of(error: Exception) -> str:
    """Why a letter did not leave: the words of the server, or what went wrong on the way to it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _said(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    name = type(error).__name__
    if not isinstance(error, OSError):
        return name
    words = error.strerror or str(error)
    return f"{name}: {words}" if words else name


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"
