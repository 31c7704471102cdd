"""A mail server that delivers nothing: it takes every mail, and whoever logs in, whatever the password."""

import base64
import socketserver
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy

from local.cluster.ports import LOOPBACK

LARGEST_BYTES = 2**22
"""Of one mail; a mail of ours has some kilobytes."""

_LONGEST_LINE = 2**16
_OK = "250 ok"
_ANSWERS = {
    "EHLO": f"250-local receiver\r\n250-8BITMIME\r\n250-SIZE {LARGEST_BYTES}\r\n250 AUTH PLAIN",
    **dict.fromkeys(("HELO", "NOOP", "MAIL", "RCPT", "RSET"), _OK),
}


@dataclass(frozen=True)
class Mail:
    """A message: from whom and to whom it was, and what it says."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    is_html: bool = False


Take = Callable[[Mail], None]
Login = Callable[[str, str], None]


class SmtpServer(socketserver.ThreadingTCPServer):
    """As much of RFC 5321 and of AUTH PLAIN (RFC 4954) as clients need that send messages.

    It offers no STARTTLS: on the loopback address nobody listens in.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, take: Take, login: Login = lambda _name, _password: None) -> None:
        super().__init__((LOOPBACK, port), _Session)
        self.take, self.login = take, login

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"{LOOPBACK}:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    """One connection, on which several mails may come."""

    server: SmtpServer
    _sender = ""
    _recipients: tuple[str, ...] = ()

    def handle(self) -> None:
        self._say("220 local receiver")
        while line := self.rfile.readline(_LONGEST_LINE).decode(errors="replace"):
            verb, _, rest = line.rstrip("\r\n").partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._say(self._answer(verb.upper(), rest))

    def _answer(self, verb: str, rest: str) -> str:
        if verb == "AUTH":
            return self._authenticate(rest)
        if verb == "DATA":
            return self._deliver() if self._recipients else "503 to whom?"
        if verb in ("MAIL", "RSET"):
            self._sender, self._recipients = _address(rest), ()
        elif verb == "RCPT":
            self._recipients = (*self._recipients, _address(rest))
        return _ANSWERS.get(verb, "502 unknown")

    def _authenticate(self, rest: str) -> str:
        mechanism, _, response = rest.partition(" ")
        if mechanism.upper() != "PLAIN":
            return "504 PLAIN alone is known"
        if not response:
            self._say("334 ")
            response = self.rfile.readline(_LONGEST_LINE).decode(errors="replace").strip()
        try:
            _, name, password = base64.b64decode(response).decode().split("\0")
        except ValueError:
            return "501 that is no name and password"
        self.server.login(name, password)
        return "235 welcome"

    def _deliver(self) -> str:
        self._say("354 go on")
        data = self._data()
        if len(data) > LARGEST_BYTES:
            return "552 too long"
        self.server.take(_mail(self._sender, self._recipients, data))
        self._sender, self._recipients = "", ()
        return _OK

    def _data(self) -> bytes:
        """Up to the line of one dot; a dot that begins another line was doubled. What is too long is not kept."""
        found = bytearray()
        while (line := self.rfile.readline(_LONGEST_LINE)) not in (b".\r\n", b""):
            if len(found) <= LARGEST_BYTES:
                found += line.removeprefix(b".")
        return bytes(found)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _mail(sender: str, recipients: tuple[str, ...], data: bytes) -> Mail:
    message = message_from_bytes(data, policy=policy.default)
    body = message.get_body()
    content = str(body.get_content()).replace("\r\n", "\n") if body else ""
    is_html = body is not None and body.get_content_subtype() == "html"
    return Mail(sender, recipients, str(message["Subject"]), content, is_html)
