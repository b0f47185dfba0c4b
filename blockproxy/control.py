"""What a person can say to the running proxy: let a sender through, leave an account's mail alone for a while.

Over a UNIX socket beside the event log that only the proxy's own user may write to: a line of JSON in, a line back.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from blockproxy.errors import InputError
from blockproxy.exemptions import Exemptions

MAX_REQUEST = 4 * 1024  # octets of a line; the longest sender and account together are below 1,000
PATIENCE = 5.0  # seconds for one line, either way

log = logging.getLogger(__name__)


class UnreachableError(InputError):
    """No running proxy listens at the socket."""


def _allow(exemptions: Exemptions, words: Mapping[str, str]) -> str:
    exemptions.allow(words["sender"])
    return f"mail of {words['sender'].lower()} is left alone from the next time it is fetched"


def _disallow(exemptions: Exemptions, words: Mapping[str, str]) -> str:
    exemptions.disallow(words["sender"])
    return f"mail of {words['sender'].lower()} is cleaned from the next time it is fetched"


def _allowed(exemptions: Exemptions, _: Mapping[str, str]) -> str:
    return "\n".join(exemptions.allowed) or "nobody is allowed beside the settings"


def _pause(exemptions: Exemptions, words: Mapping[str, str]) -> str:
    exemptions.pause(words["account"], float(words["seconds"]))
    return f"mail of the account {words['account']} is left alone for {float(words['seconds']) / 60:g} minutes"


_DO: Mapping[str, Callable[[Exemptions, Mapping[str, str]], str]] = {
    "allow": _allow,
    "allowed": _allowed,
    "disallow": _disallow,
    "pause": _pause,
}


def answer(exemptions: Exemptions, line: bytes) -> bytes:
    """Do what a line asks for; the line that says what was done, or why not."""
    try:
        words = {str(name): str(value) for name, value in json.loads(line).items()}
        told = {"ok": _DO[words["do"]](exemptions, words)}
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        told = {"error": str(error)}
    except OSError as error:
        told = {"error": f"it cannot be kept: {error.strerror}"}
    return json.dumps(told).encode() + b"\n"


@asynccontextmanager
async def listening(path: Path, exemptions: Exemptions) -> AsyncIterator[None]:
    """Answer at the socket `path`. Where it cannot be had, the proxy runs without, and the log says so."""
    server = None
    try:
        server = await _server(path, exemptions)
    except OSError as error:
        log.warning("%s: no control socket, `allow` and `pause` do not work (%s)", path, error)
    try:
        yield
    finally:
        if server is not None:
            server.close()
            await server.wait_closed()
            _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _make_room(path: Path) -> None:
    if _alive(path):
        raise OSError("another proxy listens there")
    if os.path.lexists(path) and not path.is_socket():
        raise OSError("something else has that name, and stays")
    _remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)


async def _server(path: Path, exemptions: Exemptions) -> asyncio.Server:
    _make_room(path)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                writer.write(answer(exemptions, await reader.readline()))
                await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(serve, sock=_bound(path), limit=MAX_REQUEST)


def _bound(path: Path) -> socket.socket:
    """A socket that nobody else may write to. Before it listens nobody can, so that the umask of all threads stays."""
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


def _alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PATIENCE)
        return probe.connect_ex(str(path)) == 0


def ask(path: Path, **words: str) -> str:
    """Say something to the running proxy; what it answers. Raises InputError where it refuses or is not there."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(path))
            connection.sendall(json.dumps(words).encode() + b"\n")
            with connection.makefile("rb") as lines:
                told = json.loads(lines.readline())
    except (OSError, ValueError) as error:
        raise UnreachableError(
            [f"{path}: no running proxy answers ({error}); is `blockproxy run` up, as this user?"]
        ) from error
    if "error" in told:
        raise InputError([told["error"]])
    return str(told["ok"])
