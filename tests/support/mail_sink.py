"""A small mail server on loopback: it keeps what it takes, and refuses addresses that begin with `nobody`."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Taken:
    """What reached the server, and where it listens."""

    address: str = ""
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)


class _Conversation(socketserver.StreamRequestHandler):
    taken: Taken

    def handle(self) -> None:
        self._say("220 sink")
        for line in self.rfile:
            text = line.decode().strip()
            verb = text.split(" ", 1)[0].upper()
            match verb:
                case "QUIT":
                    self._say("221 bye")
                    return
                case "MAIL":
                    self.taken.senders.append(text.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                case "RCPT" if "<nobody" in text:
                    self._say("550 5.1.1 No such user here")
                case "RCPT":
                    self.taken.recipients.append(text.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    self.taken.messages.append(self._data())
                    self._say("250 taken")
                case _:
                    self._say("250 sink")

    def _data(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_sink() -> Iterator[Taken]:
    """The server, for as long as the block lasts."""
    taken = Taken()
    handler = type("Handler", (_Conversation,), {"taken": taken})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        host, port = server.server_address[:2]
        taken.address = f"{host}:{port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()
