"""An IMAP client that shows every octet: what it is given is what came over the wire (RFC 3501, section 7)."""

import re
import socket
import ssl
from contextlib import suppress
from typing import Self

from tests.end_to_end import machine

_ANNOUNCED = re.compile(rb"\{(\d+)\}\r\n")
_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
TIMEOUT_SECONDS = 20.0


class Wire:
    """A connection to an IMAP server, at its greeting."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((machine.LOOPBACK, port), TIMEOUT_SECONDS)
        self._socket = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        self._input = self._socket.makefile("rb")
        self.greeting = self.response()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()
        self._socket.close()

    def starttls(self, context: ssl.SSLContext) -> None:
        """Ask for TLS and begin it."""
        self.command(b"s STARTTLS")
        self._input.close()
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._input = self._socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        """In as few writes as it takes."""
        self._socket.sendall(octets)

    def response(self) -> bytes:
        """One response with its literals, from its first octet to its final CRLF; empty where the connection ended."""
        whole = line = self._input.readline()
        while literal := _LITERAL.search(line):
            octets = self._input.read(int(literal[1]))
            line = self._input.readline()
            whole += octets + line
        return whole

    def answers(self, tag: bytes) -> list[bytes]:
        """All responses up to the tagged one."""
        found = []
        while response := self.response():
            found.append(response)
            if response.startswith(tag + b" "):
                return found
        raise ConnectionError(f"the connection ended before {tag!r} was answered: {found!r}")

    def command(self, line: bytes) -> list[bytes]:
        """Send one command line, without its CRLF; all responses to it."""
        self.send(line + b"\r\n")
        return self.answers(line.split(b" ", 1)[0])

    def rest(self) -> bytes:
        """Whatever still comes until the other side closes, politely or not."""
        octets = b""
        with suppress(ConnectionError):
            while more := self._input.read1():
                octets += more
        return octets

    def login(self, account: str, password: str, mailbox: str = "INBOX") -> None:
        """Log in and select a mailbox."""
        for line in (f"l LOGIN {account} {password}", f"m SELECT {mailbox}"):
            answer = self.command(line.encode())[-1]
            assert b" OK " in answer, answer


def split(response: bytes) -> tuple[list[bytes], list[bytes]]:
    """The lines of one response, with all that announces a literal, and its literals: one line more than literals."""
    lines, literals = [], []
    position = 0
    while announced := _ANNOUNCED.search(response, position):
        end = announced.end() + int(announced[1])
        lines.append(response[position : announced.end()])
        literals.append(response[announced.end() : end])
        position = end
    return [*lines, response[position:]], literals


def literals(response: bytes) -> list[bytes]:
    """The literals of one response, in order."""
    return split(response)[1]
