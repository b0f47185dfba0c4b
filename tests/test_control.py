"""The socket at which a running proxy takes orders."""

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blockproxy import control
from blockproxy.errors import InputError
from blockproxy.exemptions import Exemptions


@pytest.fixture
def socket() -> Iterator[Path]:
    """A short path: that of a UNIX socket has at most 107 octets."""
    with tempfile.TemporaryDirectory(prefix="blockproxy-") as folder:
        yield Path(folder) / "control.sock"


async def asked(path: Path, **words: str) -> str:
    return await asyncio.to_thread(control.ask, path, **words)


async def test_what_is_said_holds_at_once(socket: Path) -> None:
    exemptions = Exemptions()
    async with control.listening(socket, exemptions):
        assert stat.S_IMODE((await asyncio.to_thread(socket.stat)).st_mode) == 0o600
        assert "left alone" in await asked(socket, do="allow", sender="news@example.org")
        assert await asked(socket, do="allowed") == "news@example.org"
        assert "2 minutes" in await asked(socket, do="pause", account="anna", seconds="120")
        assert exemptions.paused("anna")
        assert "cleaned" in await asked(socket, do="disallow", sender="news@example.org")
        assert "nobody" in await asked(socket, do="allowed")
    assert not await asyncio.to_thread(socket.exists)


@pytest.mark.parametrize(
    "words",
    [
        {"do": "allow", "sender": "nobody"},
        {"do": "disallow", "sender": "news@example.org"},
        {"do": "pause", "account": "anna", "seconds": "1e9"},
        {"do": "pause", "account": "anna", "seconds": "nan"},
        {"do": "pause"},
        {"do": "nonsense"},
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_reason(socket: Path, words: dict[str, str]) -> None:
    async with control.listening(socket, Exemptions()):
        with pytest.raises(InputError):
            await asked(socket, **words)


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[]\n", b"\xff\n", b"x" * 10_000 + b"\n"])
async def test_nonsense_does_no_harm(socket: Path, line: bytes) -> None:
    async with control.listening(socket, Exemptions()):
        reader, writer = await asyncio.open_unix_connection(socket)
        writer.write(line)
        await reader.read()
        writer.close()
        assert "nobody" in await asked(socket, do="allowed")


async def test_a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not(
    socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = await asyncio.start_unix_server(lambda *_: None, socket)
    server.close()
    await server.wait_closed()
    async with control.listening(socket, Exemptions()):
        async with control.listening(socket, Exemptions()):
            assert "another proxy listens there" in caplog.text
        assert "nobody" in await asked(socket, do="allowed")


def test_a_nest_of_brackets_is_refused_as_any_nonsense() -> None:
    assert b"error" in control.answer(Exemptions(), b"[" * (control.MAX_REQUEST - 1) + b"\n")


async def test_a_file_that_is_no_socket_stays(socket: Path, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.to_thread(socket.write_text, "precious")
    async with control.listening(socket, Exemptions()):
        assert "something else has that name" in caplog.text
    assert await asyncio.to_thread(socket.read_text) == "precious"


async def test_what_others_write_in_the_meantime_keeps_its_permissions(
    socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[int] = []
    monkeypatch.setattr(os, "umask", masks.append)
    async with control.listening(socket, Exemptions()):
        assert stat.S_IMODE((await asyncio.to_thread(socket.stat)).st_mode) == 0o600
    assert not masks


def test_without_a_running_proxy_it_is_said_so(socket: Path) -> None:
    with pytest.raises(InputError, match="blockproxy run"):
        control.ask(socket, do="allowed")
