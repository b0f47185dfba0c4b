"""The milter protocol, version 6, as Postfix and Sendmail speak it: packets, negotiation, changes. Does no I/O.

There is no RFC; the source is libmilter's mfdef.h and Postfix's milter8.c. A packet is its length (four octets, without
themselves), a command, and data; texts end in NUL.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntFlag
from typing import NamedTuple

VERSION = 6
MAX_PACKET = 1024 * 1024  # octets; a body comes in 65,535 at most, a header field of Postfix has 102,400
CHUNK = 65_535  # octets of a body in one packet, MILTER_CHUNK_SIZE


class Actions(IntFlag):
    """What we may do to a message (SMFIF)."""

    ADD_HEADERS = 0x01
    CHANGE_BODY = 0x02
    ADD_RECIPIENTS = 0x04
    DELETE_RECIPIENTS = 0x08
    CHANGE_HEADERS = 0x10


class Steps(IntFlag):
    """What the server need not tell, or not wait for (SMFIP)."""

    NO_CONNECT = 0x01
    NO_HELO = 0x02
    NO_UNKNOWN = 0x100
    NO_DATA = 0x200
    NO_REPLY_TO_HEADERS = 0x80
    NO_REPLY_TO_MAIL = 0x4000
    NO_REPLY_TO_END_OF_HEADERS = 0x40000
    NO_REPLY_TO_BODY = 0x80000
    LEADING_SPACE = 0x100000  # the blanks after the colon belong to the value


ALL_ACTIONS = (
    Actions.ADD_HEADERS
    | Actions.CHANGE_BODY
    | Actions.ADD_RECIPIENTS
    | Actions.DELETE_RECIPIENTS
    | Actions.CHANGE_HEADERS
)
WANTED_STEPS = Steps(sum(Steps))


class NotAMilterError(Exception):
    """The other side does not speak this protocol, or cannot do what it takes."""


class Packet(NamedTuple):
    """A command of the server, one letter, and its data."""

    command: bytes
    data: bytes


class Reader:
    """Cuts what arrives into packets."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octets: bytes) -> Iterator[Packet]:
        """The packets that are complete with `octets`. Raises NotAMilterError."""
        self._octets += octets
        start = 0
        while len(self._octets) - start >= 4:
            length = int.from_bytes(self._octets[start : start + 4], "big")
            if not 0 < length <= MAX_PACKET:
                raise NotAMilterError(f"a packet of {length} octets")
            if len(self._octets) - start < 4 + length:
                break
            packet = bytes(self._octets[start + 4 : start + 4 + length])
            start += 4 + length
            yield Packet(packet[:1], packet[1:])
        del self._octets[:start]


def packet(command: bytes, data: bytes = b"") -> bytes:
    """A packet as it is transmitted."""
    return (len(data) + 1).to_bytes(4, "big") + command + data


def negotiated(data: bytes) -> tuple[bytes, Steps]:
    """The answer to the server's offer, and what holds from now on. Raises NotAMilterError."""
    if len(data) < 12:
        raise NotAMilterError("an offer that is too short")
    version, actions, steps = (int.from_bytes(data[at : at + 4], "big") for at in (0, 4, 8))
    if version < VERSION or Actions(actions) & ALL_ACTIONS != ALL_ACTIONS:
        raise NotAMilterError(f"version {version}, actions {actions:#x}")
    agreed = Steps(steps & WANTED_STEPS)
    words = VERSION, ALL_ACTIONS, agreed
    return packet(b"O", b"".join(int(word).to_bytes(4, "big") for word in words)), agreed


def texts(data: bytes) -> list[bytes]:
    """The texts in `data`, without their NUL."""
    return data.split(b"\0")[:-1]


def _with_nul(*words: bytes) -> bytes:
    return b"".join(word + b"\0" for word in words)


CONTINUE = packet(b"c")
ACCEPT = packet(b"a")
DISCARD = packet(b"d")
COME_AGAIN = packet(b"t")


def refusal(text: str) -> bytes:
    """An SMTP reply in the server's name."""
    return packet(b"y", _with_nul(text.replace("%", "%%").encode("ascii", "replace")))


def body(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Replace the body."""
    for block in blocks:
        for start in range(0, len(block), CHUNK):
            yield packet(b"b", block[start : start + CHUNK])


class Field(NamedTuple):
    """A header field; its value holds the blanks after the colon and, where it is folded, line ends of LF."""

    name: bytes
    value: bytes

    @property
    def octets(self) -> bytes:
        """As it stands in a message."""
        return self.name + b":" + self.value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def field(octets: bytes) -> Field:
    """The other way round."""
    name, _, value = octets.removesuffix(b"\r\n").partition(b":")
    return Field(name, value.replace(b"\r\n", b"\n"))


def header_changes(before: Sequence[Field], after: Sequence[Field | None], steps: Steps) -> Iterator[bytes]:
    """What turns the fields `before` into `after`, one by one; None is a field that goes.

    A server counts fields of a name, in any case, from 1; deleting from the end leaves the other numbers as they were.
    """
    counts: dict[bytes, int] = {}
    changes: list[bytes] = []
    for old, new in zip(before, after, strict=True):
        number = counts[old.name.lower()] = counts.get(old.name.lower(), 0) + 1
        if new == old:
            continue
        same = new is not None and new.name.lower() == old.name.lower()
        value = _value(new.value, steps) if new is not None and same else b""
        changes.append(packet(b"m", number.to_bytes(4, "big") + _with_nul(old.name, value)))
        if new is not None and not same:
            changes.append(packet(b"h", _with_nul(new.name, _value(new.value, steps))))
    yield from reversed(changes)


def inserted(name: bytes, value: bytes, steps: Steps) -> bytes:
    """A field on top of the message, below the Received field that the server puts there itself."""
    return packet(b"i", (1).to_bytes(4, "big") + _with_nul(name, _value(b" " + value, steps)))


def _value(value: bytes, steps: Steps) -> bytes:
    """Where the server puts a blank after the colon itself, ours would be a second one."""
    return value if steps & Steps.LEADING_SPACE else value.removeprefix(b" ")


def redirected(recipients: Iterable[bytes], to: bytes) -> Iterator[bytes]:
    """Take the message from its recipients and give it to somebody else."""
    for recipient in recipients:
        yield packet(b"-", _with_nul(recipient))
    yield packet(b"+", _with_nul(b"<" + to + b">"))
