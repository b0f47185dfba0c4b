"""The demo's story: every message is read directly and through the proxy, then a receipt and a letter are sent.

`perform` gives what came of it as values; nothing is printed here.
"""

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass
from email import message_from_bytes, policy

import aiosmtplib
from aioimaplib import Response, aioimaplib

from blockproxy.demo import outgoing
from blockproxy.demo.newsletters import MESSAGES, READER, UNTOUCHED
from blockproxy.demo.stage import LOGIN, Stage
from blockproxy.demo.store import HOST, PATIENCE
from blockproxy.eventlog.events import Event
from blockproxy.model import Finding, Skip

# UID is asked for although UID FETCH gives it anyway: pymap then writes it in front of the message and not behind it,
# and the event log can tell messages apart.
ITEMS = "(UID RFC822.SIZE BODY.PEEK[])"


class PlayError(Exception):
    """Something in the demo did not do what it must; the text says what."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A message as one IMAP client got it: its octets, and the RFC822.SIZE that was announced for it."""

    octets: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One message, read on both ways, and what the proxy reported about it."""

    name: str
    sender: str
    subject: str
    direct: Copy
    proxied: Copy
    findings: tuple[Finding, ...]
    skipped: tuple[Skip, ...]

    @property
    def same_size(self) -> bool:
        """Whether all four numbers agree: announced and received, on both ways."""
        return self.direct.size == self.proxied.size == len(self.direct.octets) == len(self.proxied.octets)

    @property
    def untouched(self) -> bool:
        """Whether the reader got the octets that the mail server has."""
        return self.direct.octets == self.proxied.octets

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings that something was done about."""
        return tuple(finding for finding in self.findings if finding.blocked)


@dataclass(frozen=True, slots=True)
class Sending:
    """One message that was sent: the reply the client saw, and whether the mail server got exactly these octets."""

    reply: str
    arrived: bool


@dataclass(frozen=True, slots=True)
class Play:
    """What came of it."""

    readings: tuple[Reading, ...]
    receipt: Sending
    letter: Sending
    events: tuple[Event, ...]

    def broken_promises(self) -> list[str]:
        """What is not as the demo says it is, a line each; empty when all is well."""
        wrong = [f"{reading.name}: sizes differ" for reading in self.readings if not reading.same_size]
        wrong += [
            f"{reading.name}: {len(reading.blocked)} blocked, octets identical: {reading.untouched}"
            for reading in self.readings
            if not reading.untouched == (reading.name in UNTOUCHED) == (not reading.blocked)
        ]
        if self.receipt.arrived:
            wrong.append("the automatic read receipt was sent on")
        if not self.letter.arrived:
            wrong.append("the letter did not arrive as it was sent")
        return wrong


async def perform(on: Stage) -> Play:
    """Read everything, send two messages, close the event log. Raises PlayError."""
    direct = await _read_all(on.server_imap)
    proxied = await _read_all(on.proxy_imap)
    if direct.keys() != proxied.keys() or len(direct) != len(MESSAGES):
        raise PlayError(f"{len(direct)} messages directly, {len(proxied)} through the proxy, {len(MESSAGES)} expected")
    receipt = await _send(on, outgoing.automatic_receipt(), outgoing.OFFICE)
    letter = await _send(on, outgoing.letter(), outgoing.FRIEND)
    on.notebook.close()
    readings = tuple(
        _reading(name, on, uid, direct[uid], proxied[uid]) for name, uid in zip(MESSAGES, sorted(direct), strict=True)
    )
    return Play(readings, receipt, letter, tuple(on.notebook.events()))


def _reading(name: str, on: Stage, uid: int, direct: Copy, proxied: Copy) -> Reading:
    message = message_from_bytes(direct.octets, policy=policy.default)
    reports = on.notebook.about(uid)
    sender = message["From"].addresses[0].display_name
    findings = tuple(finding for report in reports for finding in report.findings)
    skipped = tuple(skip for report in reports for skip in report.skipped)
    return Reading(name, sender, str(message["Subject"]), direct, proxied, findings, skipped)


async def _read_all(port: int) -> dict[int, Copy]:
    """Every message of the INBOX by its UID, as aioimaplib gets it from the server at `port`."""
    client = aioimaplib.IMAP4(HOST, port, timeout=PATIENCE)
    async with asyncio.timeout(4 * PATIENCE):
        await client.wait_hello_from_server()
        await _ok(client.login(LOGIN.user, LOGIN.password))
        await _ok(client.select("INBOX"))
        uids = [int(uid) for uid in (await _ok(client.uid_search("ALL", charset=None)))[0].split()]
        copies = {uid: _copy(await _ok(client.uid("fetch", str(uid), ITEMS))) for uid in uids}
        await client.logout()
    return copies


async def _ok(answer: Awaitable[Response]) -> list[bytes]:
    """The lines of an answer that must be OK. aioimaplib can wait for ever, so that every one has a time-out."""
    result, lines = await asyncio.wait_for(answer, PATIENCE)
    if result != "OK":
        raise PlayError(f"the IMAP server answered {result}: {b' '.join(lines).decode(errors='replace')}")
    return list(lines)


def _copy(answer: list[bytes]) -> Copy:
    """From the answer to a FETCH: the line with the size, the literal, and what stands behind it."""
    octets = next((bytes(line) for line in answer if isinstance(line, bytearray)), None)
    size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(line for line in answer if isinstance(line, bytes)))
    if octets is None or size is None:
        raise PlayError("a message came without its octets or its size")
    return Copy(octets, int(size[1]))


async def _send(on: Stage, message: bytes, recipient: str) -> Sending:
    """Submit `message` through the proxy, logged in, as a mail client does."""
    before = len(on.sink.messages)
    try:
        _, reply = await aiosmtplib.send(
            message,
            sender=READER,
            recipients=[recipient],
            hostname=HOST,
            port=on.proxy_smtp,
            username=LOGIN.user,
            password=LOGIN.password,
            start_tls=False,
            timeout=PATIENCE,
        )
    except aiosmtplib.SMTPException as error:
        raise PlayError(f"a message could not be sent through the proxy: {error}") from error
    return Sending(reply, on.sink.messages[before:] == [message])
