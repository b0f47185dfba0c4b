"""IMAP through the proxy, through a pump of octets, and directly: 1,000 messages of 10 KB without remote content."""

import select
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from bench import messages
from bench.measure import Row, median_row, ratios
from bench.stage import Way, server, three_ways
from tests.end_to_end import machine, mbsync
from tests.end_to_end.dovecot import PASSWORD

MESSAGES = 1_000
SLICE = 50  # messages through one way before the next has its turn
LAST_LINE = 2_000  # octets; the OK of a LOGIN names the server's capabilities
MAX_RATIO = 1.3  # times as long as through the pump
ACCOUNT = "reader"


class Client:
    """As little of an IMAP client as can fetch: its own work must not hide the proxy's."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((machine.LOOPBACK, port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.recv(4096)
        self.command(b"l LOGIN %b %b" % (ACCOUNT.encode(), PASSWORD.encode()))
        self.command(b"s EXAMINE INBOX")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def command(self, line: bytes) -> int:
        """Send a command, read up to its answer; the octets that came."""
        self.send(line)
        done = b"\r\n%b OK" % line.split(b" ", 1)[0]
        octets, tail = 0, b"\r\n"
        while True:
            data = self._socket.recv(256 * 1024)
            if not data:
                raise ConnectionError(f"the connection ended; no answer to {line!r}")
            octets += len(data)
            # The answer's last line lies in the last octets, however they were cut.
            tail = data[-LAST_LINE:] if len(data) >= LAST_LINE else (tail + data)[-LAST_LINE:]
            if done in tail and tail.endswith(b"\r\n"):
                return octets

    def send(self, line: bytes) -> None:
        """Send a command and wait for nothing."""
        self._socket.sendall(line + b"\r\n")

    def receive(self, wanted: int, quiet: float) -> int:
        """Read `wanted` octets, or what comes until `quiet` seconds pass without any; how many there were."""
        octets = 0
        while octets < wanted and select.select([self._socket], [], [], quiet)[0]:
            octets += len(self._socket.recv(min(wanted - octets, 256 * 1024)))
        return octets

    def fetch(self, uids: range) -> int:
        """Whole messages, one command each; the octets that came."""
        return sum(self.command(b"f%d UID FETCH %d BODY.PEEK[]" % (uid, uid)) for uid in uids)


def imap(quick: bool) -> Iterator[Row]:
    """One connection, one FETCH a message; then mbsync."""
    count = 100 if quick else MESSAGES
    letters = [messages.quiet(number) for number in range(count)]
    with server(ACCOUNT, letters) as dovecot, three_ways(dovecot.port) as ways:
        yield from _fetching(ways, count, 3 if quick else 9)
        yield from _mbsync(ways, count, 1 if quick else 3)


def _fetching(ways: Sequence[Way], count: int, rounds: int) -> Iterator[Row]:
    seconds: list[list[float]] = [[] for _ in ways]
    cpu = [0.0 for _ in ways]
    for number in range(rounds + 1):
        before = [way.cpu() for way in ways]
        spent = _round(ways, count)
        if number:  # the first one fills Dovecot's caches
            for index, way in enumerate(ways):
                seconds[index].append(spent[index])
                cpu[index] += way.cpu() - before[index]
    ours, pump, direct = seconds
    each = [1_000_000 * statistics.median(times) / count for times in seconds]
    burnt = [1_000_000 * total / count / rounds for total in cpu]
    how = (
        f"{count} messages of 10 KB; a message takes {each[0]:.0f} us, pumped {each[1]:.0f}, direct {each[2]:.0f}; "
        f"processor time of the proxy {burnt[0]:.0f} us, of the pump {burnt[1]:.0f}"
    )
    yield median_row("IMAP, blockproxy beside a pump", ratios(ours, pump), "x", MAX_RATIO, how)
    yield median_row("IMAP, blockproxy beside no proxy", ratios(ours, direct), "x", None, "the same")
    yield median_row("IMAP, a pump beside no proxy", ratios(pump, direct), "x", None, "the same")


def _round(ways: Sequence[Way], count: int) -> list[float]:
    """All messages through each of `ways`, in turns; the seconds of each way."""
    seconds = [0.0 for _ in ways]
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(way.port)) for way in ways]
        for turn, first in enumerate(range(1, count + 1, SLICE)):
            uids = range(first, min(first + SLICE, count + 1))
            for index in range(len(ways)) if turn % 2 else reversed(range(len(ways))):
                start = time.perf_counter()
                clients[index].fetch(uids)
                seconds[index] += time.perf_counter() - start
    return seconds


def _mbsync(ways: Sequence[Way], count: int, rounds: int) -> Iterator[Row]:
    seconds: list[list[float]] = [[] for _ in ways]
    for number in range(rounds):
        for index in range(len(ways)) if number % 2 else reversed(range(len(ways))):
            with tempfile.TemporaryDirectory() as name:
                start = time.perf_counter()
                mbsync.pull(ways[index].port, ACCOUNT, Path(name))
                seconds[index].append(time.perf_counter() - start)
    ours, pump, direct = seconds
    how = f"{count} messages into a Maildir, {statistics.median(ours):.2f} s; its disk writes are part of it"
    yield median_row("mbsync, blockproxy beside a pump", ratios(ours, pump), "x", None, how)
    yield median_row("mbsync, blockproxy beside no proxy", ratios(ours, direct), "x", None, how)
