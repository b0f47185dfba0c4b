"""Plays conversations that are written down in `dialogs/*.dialog` through a session.

    C: line    said by the client, heard by the server as it is        S: line    the other way round
    C< line    said by the client                                      S< line    said by the server
    C> line    heard by the server                                     S> line    heard by the client

A line ends in CRLF. `#` begins a comment, `! starttls` is an option, `-` a pause: what stands before it was sent and
heard before the next line is said. TRACK in content is overwritten by the filter, so that cleaning can be seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blockproxy.errors import Side
from blockproxy.imap.sections import Section
from blockproxy.imap.session import Session
from blockproxy.model import Scope

FOLDER = Path(__file__).parent / "dialogs"


class Marker:
    """A filter that overwrites TRACK in what it sees; holds everything back until the end, as a cleaner may."""

    def __init__(self, word: bytes = b"TRACK") -> None:
        self._word = word
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        return b""

    def close(self) -> bytes:
        return self._held.replace(self._word, b"x" * len(self._word))


@dataclass
class Opened:
    """Opens markers, and remembers for which sections. A body of unknown kind passes."""

    sections: list[Section] = field(default_factory=list)

    def __call__(self, section: Section) -> Marker | None:
        self.sections.append(section)
        if section.scope is Scope.BODY and (section.entity is None or section.entity.protected):
            return None
        return Marker()


@dataclass
class Turn:
    """What one side says without a pause, and what the other side, or itself, must have heard after it."""

    side: Side
    said: bytes = b""
    heard: dict[Side, bytes] = field(default_factory=lambda: {Side.CLIENT: b"", Side.SERVER: b""})


def read(path: Path) -> tuple[frozenset[str], list[Turn]]:
    """The options of a dialog and its turns."""
    options: set[str] = set()
    turns: list[Turn] = []
    pause = True
    for mark, octets in _lines(path):
        if mark == "!":
            options.add(octets.decode().strip())
        if mark in "!-":
            pause = True
            continue
        speaker = Side.CLIENT if mark[0] == "C" else Side.SERVER
        other = Side.SERVER if speaker is Side.CLIENT else Side.CLIENT
        if mark[1] in ":<" and (pause or turns[-1].side is not speaker):
            turns.append(Turn(speaker))
            pause = False
        if mark[1] in ":<":
            turns[-1].said += octets
        if mark[1] in ":>":
            turns[-1].heard[other] += octets
    return frozenset(options), turns


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    for line in path.read_text("latin-1").splitlines():
        if not line or line.startswith("#"):
            continue
        if line[0] in "!-":
            yield line[0], line[1:].encode("latin-1")
            continue
        mark, text = line[:2], line[3:]
        yield mark, text.encode("latin-1") + b"\r\n"


def play(path: Path, piece: int) -> Opened:
    """Play a dialog in pieces of so many octets; what is heard must be what is written."""
    options, turns = read(path)
    opened = Opened()
    session = Session(opened, starttls="starttls" in options)
    for number, turn in enumerate(turns, 1):
        heard = {Side.CLIENT: b"", Side.SERVER: b""}
        for start in range(0, len(turn.said), piece):
            session.receive(turn.side, turn.said[start : start + piece])
            for side in heard:
                heard[side] += session.take(side)
            if session.starting_tls and "starttls" in options:
                session.tls_started()
        assert heard == turn.heard, f"{path.name}, turn {number}"
    return opened
