"""A server that misbehaves to order: it says what the test wants and closes when the test wants."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.end_to_end import machine

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Turn:
    """Wait until the client has sent a line with `heard` in it (nothing: do not wait), then send `said`."""

    heard: bytes
    said: bytes


@contextmanager
def server(*turns: Turn) -> Iterator[int]:
    """The port of a server that plays `turns` to its first client and then closes the connection."""
    with socket.create_server((machine.LOOPBACK, 0)) as listening:
        listening.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=_play, args=(listening, turns), name="scripted server")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            thread.join(PATIENCE_SECONDS)


def _play(listening: socket.socket, turns: Sequence[Turn]) -> None:
    # Whoever waits in vain is the client in the test, which says so.
    with suppress(OSError):
        connection, _ = listening.accept()
        _converse(connection, turns)


def _converse(connection: socket.socket, turns: Sequence[Turn]) -> None:
    with connection, connection.makefile("rb") as lines:
        connection.settimeout(PATIENCE_SECONDS)
        for turn in turns:
            line = b""
            while turn.heard and turn.heard not in line:
                line = lines.readline()
                if not line:
                    return
            tag = line.split(b" ", 1)[0]
            connection.sendall(turn.said.replace(b"TAG", tag))
