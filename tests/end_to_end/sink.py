"""The end of the line: an SMTP server that keeps what it is given, octet for octet."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.end_to_end import machine

PATIENCE_SECONDS = 10.0
POLL_SECONDS = 0.02


class _AnyLine(SMTP):
    # RFC 5321 section 4.5.3.1.6 allows 1,000 octets; newsletters don't ask.
    line_length_limit = 4 * 1024 * 1024


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _AnyLine(
            self.handler, data_size_limit=64 * 1024 * 1024, enable_SMTPUTF8=True, hostname="sink.example.org"
        )


@dataclass(frozen=True)
class Received:
    """One message, and its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes

    @property
    def without_trace(self) -> bytes:
        """The message below the `Received` field that the server in between put on top (RFC 5321, section 4.4)."""
        lines = self.message.splitlines(keepends=True)
        rest = 1 if lines and lines[0].lower().startswith(b"received:") else 0
        while rest and rest < len(lines) and lines[rest][:1] in (b" ", b"\t"):
            rest += 1
        return b"".join(lines[rest:])


@dataclass
class Sink:
    """The running server; tests tell their messages apart by the recipient."""

    port: int
    received: list[Received] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message."""
        content = envelope.original_content or b""
        self.received.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return "250 kept"

    def addressed_to(self, recipient: str) -> list[Received]:
        """What has come for `recipient` up to now."""
        return [one for one in list(self.received) if recipient in one.recipients]

    def wait_for(self, recipient: str) -> Received:
        """The first message for `recipient`, once it is here."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := self.addressed_to(recipient)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing for {recipient} after {PATIENCE_SECONDS} s")
            time.sleep(POLL_SECONDS)
        return found[0]


@contextmanager
def running() -> Iterator[Sink]:
    """Start a sink in a thread of its own, and end it after the block."""
    sink = Sink(machine.free_port())
    controller = _Controller(sink, hostname=machine.LOOPBACK, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
