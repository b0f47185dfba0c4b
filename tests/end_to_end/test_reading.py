"""Clients read the mailbox through the proxy: whole messages, every section, and chunks that add up."""

import asyncio
import imaplib
import quopri
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import aioimaplib
import pytest

import blockproxy
from tests.end_to_end import mailbox, proxy, sections
from tests.end_to_end.dovecot import PASSWORD, Dovecot

NAMES = list(mailbox.messages())
KIB = 1024
BATCH = 20  # messages; aioimaplib keeps a whole response in memory
TIMEOUT_SECONDS = 20

# How clients choose the next chunk's size from the last one's, and the messages that are worth reading so.
SCHEDULES: dict[str, tuple[int, Callable[[int], int], list[str]]] = {
    "256 octets": (
        256,
        lambda size: size,
        [name for name in NAMES if len(mailbox.messages()[name]) < 4 * KIB] + ["many trackers"],
    ),
    "8 KiB, doubling": (8 * KIB, lambda size: 2 * size, ["many trackers", "html many lines", "everything nested"]),
    "64 KiB, growing": (64 * KIB, lambda size: size + 8 * KIB, ["many trackers", "long text", "large attachment"]),
    "256 KiB": (256 * KIB, lambda size: size, ["many trackers", "long text", "large attachment"]),
}


@dataclass(frozen=True)
class Reading:
    """Two connections to the same mailbox, one through the proxy."""

    direct: imaplib.IMAP4
    proxied: imaplib.IMAP4
    port: int
    reader: str


@pytest.fixture(scope="module")
def reading(dovecot: Dovecot, account: Callable[[], str]) -> Iterator[Reading]:
    reader = account()
    dovecot.deliver(reader, list(mailbox.messages().values()))
    with (
        proxy.imap(proxy.upstream(dovecot.port)) as between,
        imaplib.IMAP4("127.0.0.1", dovecot.port) as direct,
        imaplib.IMAP4("127.0.0.1", between.port) as proxied,
    ):
        for client in (direct, proxied):
            client.login(reader, PASSWORD)
            client.select(readonly=True)
        yield Reading(direct, proxied, between.port, reader)


@cache
def cleaned(name: str) -> bytes:
    """The message as the reader should get it."""
    return blockproxy.clean(mailbox.messages()[name]).message


def fetch(client: imaplib.IMAP4, name: str, item: str, *, by_uid: bool = True) -> bytes | None:
    """The one literal that `item` of the message is; None for NIL. UIDs and sequence numbers are the same here."""
    number = str(NAMES.index(name) + 1)
    status, data = client.uid("FETCH", number, f"({item})") if by_uid else client.fetch(number, f"({item})")
    assert status == "OK"
    found = [part[1] for part in data if isinstance(part, tuple)]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("item", ["BODY.PEEK[]", "BODY[]", "RFC822"])
def test_a_whole_message_is_the_cleaned_message(reading: Reading, name: str, item: str) -> None:
    assert fetch(reading.direct, name, item) == mailbox.messages()[name]
    assert fetch(reading.proxied, name, item) == cleaned(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_is_its_slice_of_the_cleaned_message(reading: Reading, name: str) -> None:
    original = mailbox.messages()[name]
    for section in sections.names(original):
        item = f"BODY.PEEK[{section}]"
        direct, proxied = fetch(reading.direct, name, item), fetch(reading.proxied, name, item)
        if direct is None or proxied is None:
            assert direct == proxied, section
        else:
            assert proxied in sections.expected(direct, original, cleaned(name)), section


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "item",
    [
        "RFC822.HEADER",
        "BODY.PEEK[HEADER.FIELDS (From Subject Disposition-Notification-To Return-Receipt-To List-Unsubscribe)]",
        "BODY.PEEK[HEADER.FIELDS.NOT (Received Return-Path)]",
    ],
)
def test_header_fields_are_those_of_the_cleaned_message(reading: Reading, name: str, item: str) -> None:
    direct, proxied = fetch(reading.direct, name, item), fetch(reading.proxied, name, item)
    assert direct is not None
    assert proxied == sections.expected_fields(direct, mailbox.messages()[name], cleaned(name))


@pytest.mark.parametrize("by_uid", [True, False], ids=["UID FETCH", "FETCH"])
@pytest.mark.parametrize(
    ("schedule", "name"), [(schedule, name) for schedule in SCHEDULES for name in SCHEDULES[schedule][2]]
)
def test_chunks_add_up_to_the_cleaned_message(reading: Reading, schedule: str, name: str, by_uid: bool) -> None:
    size, grow, _ = SCHEDULES[schedule]
    octets = b""
    while chunk := fetch(reading.proxied, name, f"BODY.PEEK[]<{len(octets)}.{size}>", by_uid=by_uid):
        octets += chunk
        if len(chunk) < size:  # what every client takes for the end
            break
        size = grow(size)
    assert octets == cleaned(name)


@pytest.mark.parametrize("section", ["TEXT", "1", "2", "1.1.2", "HEADER", "2.HEADER", "1.MIME"])
@pytest.mark.parametrize(
    "name", ["alternative", "everything nested", "attached message", "html base64", "many trackers"]
)
def test_chunks_of_a_section_add_up_to_the_section(reading: Reading, name: str, section: str) -> None:
    whole = fetch(reading.proxied, name, f"BODY.PEEK[{section}]") or b""
    octets = b""
    while chunk := fetch(reading.proxied, name, f"BODY.PEEK[{section}]<{len(octets)}.{len(whole) // 3 + 1}>"):
        octets += chunk
    assert octets == whole


# Dovecot answers NO where an encoding is broken.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "html broken escapes"])
def test_a_decoded_section_is_cleaned_as_the_encoded_one(reading: Reading, name: str) -> None:
    original = mailbox.messages()[name]
    for path, part in sections.leaves(original):
        direct, proxied = (fetch(client, name, f"BINARY.PEEK[{path}]") for client in (reading.direct, reading.proxied))
        if direct is None or proxied is None:
            assert direct == proxied, path
        elif direct == part.get_payload(decode=True):  # Python and Dovecot read broken messages differently
            signed = name.startswith("signed")
            assert proxied == (direct if signed else sections.cleaned_decoded(part, direct)), path
        else:
            assert len(proxied) == len(direct), path
        sizes = [
            client.uid("FETCH", str(NAMES.index(name) + 1), f"(BINARY.SIZE[{path}])")[1] for client in both(reading)
        ]
        assert sizes[0] == sizes[1]


def both(reading: Reading) -> tuple[imaplib.IMAP4, imaplib.IMAP4]:
    return reading.direct, reading.proxied


@pytest.mark.parametrize("name", ["many trackers", "html base64", "html quoted-printable"])
def test_chunks_of_a_decoded_section_add_up_to_it(reading: Reading, name: str) -> None:
    path = next(path for path, part in sections.leaves(mailbox.messages()[name]) if "html" in part.get_content_type())
    whole = fetch(reading.proxied, name, f"BINARY.PEEK[{path}]") or b""
    assert mailbox.TRACKER_HOST not in whole
    octets = b""
    while chunk := fetch(reading.proxied, name, f"BINARY.PEEK[{path}]<{len(octets)}.{len(whole) // 3 + 1}>"):
        octets += chunk
    assert octets == whole


def test_no_tracker_of_twelve_hundred_is_left(reading: Reading) -> None:
    raw = re.compile(re.escape(mailbox.TRACKER_HOST))
    before = quopri.decodestring(fetch(reading.direct, "many trackers", "BODY.PEEK[]") or b"")
    after = quopri.decodestring(fetch(reading.proxied, "many trackers", "BODY.PEEK[]") or b"")
    assert len(raw.findall(before)) == mailbox.MANY_TRACKERS
    assert raw.findall(after) == []


async def test_aioimaplib_reads_everything_in_batches(reading: Reading) -> None:
    client = aioimaplib.IMAP4("127.0.0.1", reading.port, timeout=TIMEOUT_SECONDS)
    async with asyncio.timeout(3 * TIMEOUT_SECONDS):
        await client.wait_hello_from_server()
        await client.login(reading.reader, PASSWORD)
        await client.select("INBOX")
        found = []
        for first in range(1, len(NAMES) + 1, BATCH):
            numbers = f"{first}:{min(first + BATCH - 1, len(NAMES))}"
            answer = await client.uid("fetch", numbers, "(RFC822.SIZE BODY.PEEK[])")
            assert answer.result == "OK"
            found += [bytes(line) for line in answer.lines if isinstance(line, bytearray)]
        await client.logout()
        client.protocol.transport.close()  # aioimaplib leaves it to the garbage collector
    assert found == [cleaned(name) for name in NAMES]
