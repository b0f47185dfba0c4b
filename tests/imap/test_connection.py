"""The shell on real sockets: what flows, what waits, and how connections end."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress

import pytest

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import built_in
from blockproxy.errors import Side
from blockproxy.imap import cleaning, connection, proxy
from blockproxy.imap.cleaning import Cleaning
from blockproxy.imap.connection import Connection
from blockproxy.imap.proxy import ImapProxy
from blockproxy.imap.session import Session
from blockproxy.model import Cleaned, Context, Policy

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE = 10  # seconds


@asynccontextmanager
async def between(server: Server, clients: int = 1) -> AsyncIterator[list[Ends]]:
    """Clients of a proxy in front of `server`, which have heard the greeting."""
    endings: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended = asyncio.Event()
        endings.append(ended)
        writer.write(b"* OK ready\r\n")
        with suppress(ConnectionError):
            await server(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        upstream = Upstream(host="127.0.0.1", port=port, tls="none")
        shell = ImapProxy(
            Listener(port=0), upstream, rules=built_in(), policy=Policy(), addresses=(), record=lambda *_: None
        )
        await shell.start()
        ends = [await asyncio.open_connection("127.0.0.1", shell.port, limit=2**20) for _ in range(clients)]
        try:
            async with asyncio.timeout(PATIENCE):
                for reader, _ in ends:
                    assert await reader.readline() == b"* OK ready\r\n"
                yield ends
        finally:
            for _, writer in ends:
                writer.close()
            await shell.close()
            for ended in endings:
                await ended.wait()


async def test_a_client_that_has_said_all_hears_the_rest() -> None:
    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b"1 LOGOUT\r\n"
        writer.write(b"* BYE\r\n1 OK done\r\n")

    async with between(server) as [(reader, writer)]:
        writer.write(b"1 LOGOUT\r\n")
        writer.write_eof()
        assert await reader.read() == b"* BYE\r\n1 OK done\r\n"


async def test_a_client_that_does_not_read_stops_the_server() -> None:
    literal = b"x" * 50_000_000
    stopped = asyncio.Event()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(literal))
        for start in range(0, len(literal), 1_000_000):
            writer.write(literal[start : start + 1_000_000])
            try:
                async with asyncio.timeout(0.5):
                    await writer.drain()
            except TimeoutError:
                stopped.set()
                await writer.drain()
        writer.write(b")\r\n1 OK done\r\n")
        await writer.drain()

    async with between(server) as [(reader, writer)]:
        writer.write(b"1 UID FETCH 1 BODY.PEEK[]\r\n")
        await stopped.wait()
        came = 0
        while not (data := await reader.read(1_000_000)).endswith(b"1 OK done\r\n"):
            came += len(data)
        assert came + len(data) > len(literal)


async def test_what_a_client_sent_ahead_goes_before_its_end() -> None:
    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"1 LOGIN {4}\r\n"
        await asyncio.sleep(0.1)
        writer.write(b"+ go on\r\n")
        assert await reader.read() == b"anna secret\r\n2 LOGOUT\r\n"
        writer.write(b"1 OK in\r\n* BYE\r\n2 OK out\r\n")

    async with between(server) as [(reader, writer)]:
        writer.write(b"1 LOGIN {4}\r\nanna secret\r\n2 LOGOUT\r\n")
        writer.write_eof()
        assert await reader.read() == b"+ go on\r\n1 OK in\r\n* BYE\r\n2 OK out\r\n"


@pytest.mark.parametrize("length", [10, connection.HEAVY + 1])
async def test_an_error_of_our_own_closes_the_connection_and_tells_nothing_of_the_mail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, length: int
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("somebody's mail")

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        monkeypatch.setattr(Session, "receive", broken)
        writer.write(b"x" * length)
        await reader.read()

    async with between(server) as [(reader, writer)]:
        writer.write(b"1 NOOP\r\n")
        assert await reader.read() == b""
    assert "connection closed: ZeroDivisionError" in caplog.text
    assert "mail" not in caplog.text


class Slow:
    """A cleaner that holds a leaf until it is complete, and then takes its time."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        self._held += data
        return b""

    def close(self) -> Cleaned:
        time.sleep(0.5)
        return Cleaned(self._held)


async def test_long_cleaning_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "Cleaner", lambda *_, **__: Slow())
    literal = b"x" * (connection.HEAVY + 1)

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.readline():
            if b"FETCH" in command:
                writer.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b)\r\n" % (len(literal), literal))
            writer.write(command[:2] + b"OK done\r\n")

    async with between(server, clients=2) as [(slow, asks), (quick, also_asks)]:
        asks.write(b"1 UID FETCH 1 BODY.PEEK[]\r\n")
        await asyncio.sleep(0.1)
        answers = 0
        heard = asyncio.ensure_future(slow.readuntil(b"1 OK done\r\n"))
        while not heard.done():
            also_asks.write(b"2 NOOP\r\n")
            assert await quick.readline() == b"2 OK done\r\n"
            answers += 1
        assert answers > 10
        assert literal in await heard


async def test_long_cleaning_of_a_body_that_waited_for_its_structure_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cleaning, "Cleaner", lambda *_, **__: Slow())
    literal = b"x" * (connection.HEAVY + 1)
    held = asyncio.Event()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.readline():
            if b"FETCH" in command:
                writer.write(b"* 1 FETCH (UID 1 BODY[1] {%d}\r\n%b" % (len(literal), literal))
                await asyncio.sleep(0.2)
                writer.write(b' BODYSTRUCTURE ("TEXT" "HTML" NIL NIL NIL "7BIT" %d 1))\r\n' % len(literal))
                held.set()
            writer.write(command[:2] + b"OK done\r\n")

    async with between(server, clients=2) as [(slow, asks), (quick, also_asks)]:
        asks.write(b"1 UID FETCH 1 BODY.PEEK[1]\r\n")
        await held.wait()
        answers = 0
        heard = asyncio.ensure_future(slow.readuntil(b"1 OK done\r\n"))
        while not heard.done():
            also_asks.write(b"2 NOOP\r\n")
            assert await quick.readline() == b"2 OK done\r\n"
            answers += 1
        assert answers > 10
        assert literal in await heard


@pytest.mark.parametrize("commands", [b"", b"1 NOOP\r\n"])
async def test_who_does_not_log_in_is_sent_away(monkeypatch: pytest.MonkeyPatch, commands: bytes) -> None:
    monkeypatch.setattr(connection, "LOGIN_LIMIT", 0.3)
    monkeypatch.setattr(proxy, "TICK", 0.1)

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.readline():
            writer.write(command[:2] + b"OK done\r\n")

    async with between(server) as [(reader, writer)]:
        writer.write(commands)
        assert (await reader.read()).endswith(b"* BYE nothing happened for too long\r\n")


async def test_a_server_that_ends_in_the_middle_of_long_cleaning_is_heard_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cleaning, "Cleaner", lambda *_, **__: Slow())
    said = b"* 1 FETCH (UID 1 BODY[] {200000}\r\n" + b"x" * 200_000 + b")\r\n1 OK done\r\n* BYE\r\n"

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)

    async with between(server) as [(reader, writer)]:
        writer.write(b"1 UID FETCH 1 BODY.PEEK[]\r\n")
        assert await reader.read() == said


async def test_who_does_not_read_to_the_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LOGIN_LIMIT", 0.3)
    monkeypatch.setattr(connection, "STALL_LIMIT", 0.3)
    monkeypatch.setattr(proxy, "TICK", 0.2)
    gone = asyncio.Event()
    closed = ImapProxy._closed

    def noted(shell: ImapProxy, ended: Connection) -> None:
        closed(shell, ended)
        gone.set()

    monkeypatch.setattr(ImapProxy, "_closed", noted)

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"* X " + b"x" * 10_000_000 + b"\r\n" + b"* Y\r\n" * 2)
        await writer.drain()

    async with between(server) as [(_, writer)]:
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport reads
        writer.write(b"1 NOOP\r\n")
        await gone.wait()


async def test_a_session_that_ended_before_the_server_was_reached_is_counted_once() -> None:
    ended: list[Connection] = []
    with closing(socket.socket()) as here, closing(socket.socket()) as there:
        here.bind(("127.0.0.1", 0))
        here.listen()
        there.connect(here.getsockname())
        cleaned = Cleaning(built_in(), Policy(), Context(), str, lambda *_: None)
        made = Connection(
            Session(cleaned.open), cleaned, on_made=lambda _: None, on_tls=lambda _: None, on_closed=ended.append
        )
        made.lost(Side.CLIENT)
        await asyncio.get_running_loop().create_connection(lambda: made.server, sock=there)
        await asyncio.sleep(0.05)
    assert ended == [made]
