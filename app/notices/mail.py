"""The mail port: what carries letters out of the house, and what stands in for it."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from uuid import UUID


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

    def send(self, letter: Letter) -> None:
        """Hand over one letter."""


class FileMail:
    """Writes each letter into a folder as a message file, for installations without a mail server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        """Write the letter once; the same letter again is the same file."""
        message = EmailMessage()
        message["To"] = letter.address
        message["Subject"] = letter.subject
        message["Message-ID"] = f"<{letter.id}@greenpledge>"
        message.set_content(letter.body)
        if letter.attachment is not None:
            message.add_attachment(
                letter.attachment.content,
                maintype="application",
                subtype="pdf",
                filename=letter.attachment.name,
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{letter.id}.eml").write_bytes(message.as_bytes())


class MemoryMail:
    """Keeps letters for tests; `broken` makes every delivery fail."""

    def __init__(self, *, broken: bool = False) -> None:
        self.letters: list[Letter] = []
        self.broken = broken

    def send(self, letter: Letter) -> None:
        """Keep the letter."""
        if self.broken:
            raise OSError("the mail server does not answer")
        self.letters.append(letter)
