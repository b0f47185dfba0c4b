"""What a client hears when there is too much of something, and how conversations end when the proxy stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import built_in
from blockproxy.errors import PeerError, Side
from blockproxy.imap import connection, proxy
from blockproxy.imap.commands import MAX_BAD
from blockproxy.imap.memory import MAX_CACHED
from blockproxy.imap.proxy import ImapProxy
from blockproxy.imap.session import Session
from blockproxy.model import Policy
from tests.imap.player import Marker, Opened

PATIENCE = 10  # seconds
BYE = b"* BYE the proxy stops\r\n"


@asynccontextmanager
async def running(answers: asyncio.Event | None = None) -> AsyncIterator[ImapProxy]:
    """A proxy in front of a server that sends the second half of an annotation when `answers` is set."""

    endings: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endings.append(ended := asyncio.Event())
        writer.write(b"* OK ready\r\n")
        with suppress(ConnectionError):
            while line := await reader.readline():
                if b"LOGIN" in line:
                    writer.write(b"1 OK welcome\r\n")
                elif b"IDLE" in line:
                    writer.write(b"+ idling\r\n")
                elif answers is not None:
                    writer.write(b"* METADATA INBOX (/comment {10}\r\n01234")
                    await answers.wait()
                    writer.write(b"56789)\r\n2 OK done\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        upstream = Upstream(host="127.0.0.1", port=listening.sockets[0].getsockname()[1], tls="none")
        shell = ImapProxy(
            Listener(port=0), upstream, rules=built_in(), policy=Policy(), addresses=(), record=lambda *_: None
        )
        await shell.start()
        try:
            async with asyncio.timeout(PATIENCE):
                yield shell
        finally:
            await shell.close()
            if answers is not None:
                answers.set()
            for ended in endings:
                await ended.wait()


@asynccontextmanager
async def client(shell: ImapProxy, *said: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has said this, one line after another, each when the last was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shell.port)
    assert (await reader.readline()).startswith(b"* OK")
    for line in said:
        writer.write(line)
        await reader.readline()
    yield reader
    await closed(writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_who_waits_for_nothing_is_told_at_once_that_the_proxy_stops() -> None:
    async with running() as shell, client(shell) as silent, client(shell, b"1 LOGIN a b\r\n", b"2 IDLE\r\n") as idle:
        await shell.close()
        assert await silent.read() == BYE
        assert await idle.read() == BYE


async def test_an_answer_that_is_under_way_is_not_cut() -> None:
    answers = asyncio.Event()
    asked = b"1 LOGIN a b\r\n", b"2 GETMETADATA INBOX /comment\r\n"
    async with running(answers) as shell, client(shell, *asked) as reader, asyncio.TaskGroup() as group:
        group.create_task(shell.close())
        await asyncio.sleep(0.1)
        answers.set()
        assert await reader.read() == b"0123456789)\r\n2 OK done\r\n" + BYE


async def test_an_answer_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "FAREWELL_LIMIT", 0.1)
    async with (
        running(asyncio.Event()) as shell,
        client(shell, b"1 LOGIN a b\r\n", b"2 GETMETADATA INBOX /comment\r\n") as reader,
    ):
        await shell.close()
        assert BYE not in await reader.read()


@pytest.mark.parametrize("limit", ["SESSIONS_LIMIT", "ADDRESS_LIMIT"])
async def test_one_session_too_many_is_told_so_and_there_is_room_when_another_ends(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(proxy, limit, 1)
    async with running() as shell:
        async with client(shell):
            reader, writer = await asyncio.open_connection("127.0.0.1", shell.port)
            assert await reader.read() == b"* BYE [LIMIT] too many connections\r\n"
            await closed(writer)
        await asyncio.sleep(0.1)
        async with client(shell):
            pass


async def test_an_answer_that_stalls_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "TICK", 0.05)
    monkeypatch.setattr(connection, "STALL_LIMIT", 0.2)
    async with (
        running(asyncio.Event()) as shell,
        client(shell, b"1 LOGIN a b\r\n") as idle,
        client(shell, b"1 LOGIN a b\r\n", b"2 GETMETADATA INBOX /comment\r\n") as stalled,
    ):
        await stalled.read()
        assert not idle.at_eof()


@pytest.mark.parametrize("logged_in", [False, True])
def test_who_speaks_another_language_is_not_listened_to_for_long(logged_in: bool) -> None:
    session = Session(Opened())
    if logged_in:
        session.receive(Side.CLIENT, b"1 LOGIN anna secret\r\n")
        session.receive(Side.SERVER, b"1 OK welcome\r\n")
    for _ in range(MAX_BAD[logged_in] - 1):
        session.receive(Side.CLIENT, b"{} /index.html\r\n")
    with pytest.raises(PeerError, match="no IMAP"):
        session.receive(Side.CLIENT, b"{} /index.html\r\n")


def test_a_command_of_any_number_of_literals_is_not_collected() -> None:
    session = Session(Opened())
    with pytest.raises(PeerError, match="a command has at most"):
        session.receive(Side.CLIENT, b"1 LOGIN" + (b" {8000+}\r\n" + b"x" * 8000) * 10)


def chunks(session: Session, number: int, items: bytes) -> bytes:
    session.receive(Side.CLIENT, b"%d UID FETCH 5 (%b)\r\n" % (number, items))
    return session.take(Side.SERVER)


@pytest.mark.parametrize("pipelined", [False, True])
def test_what_is_kept_is_not_given_without_end_for_a_few_octets_of_the_server(pipelined: bool) -> None:
    session = Session(lambda _: Marker())
    length = 10 * 1024 * 1024
    chunks(session, 1, b"BODY.PEEK[]<0.1>")
    session.receive(Side.SERVER, b"* 1 FETCH (UID 5 BODY[] {%d}\r\n" % length + bytes(length) + b")\r\n1 OK done\r\n")
    whole = b"BODY.PEEK[]<0.%d>" % length
    if pipelined:
        asked = b"".join(chunks(session, number, whole) for number in range(2, 12))
    else:
        asked = b"".join(chunks(session, 2, b" ".join([whole] * times)) for times in (4, 4, 3))
    octets = MAX_CACHED // length
    assert asked.count(b"<0.1>") == octets
    assert asked.count(b"BODY.PEEK[])") >= 1


def test_a_promise_ends_with_its_command() -> None:
    session = Session(lambda _: Marker())
    length = 30 * 1024 * 1024
    chunks(session, 1, b"BODY.PEEK[]<0.1>")
    session.receive(Side.SERVER, b"* 1 FETCH (UID 5 BODY[] {%d}\r\n" % length + bytes(length) + b")\r\n1 OK done\r\n")
    for number in range(2, 6):
        assert b"<0.1>" in chunks(session, number, b"BODY.PEEK[]<0.%d>" % length)
        session.receive(Side.SERVER, b"%d OK done\r\n" % number)


def test_a_section_that_came_once_is_not_repeated_without_end() -> None:
    session = Session(lambda _: Marker())
    length = 20 * 1024 * 1024
    chunks(session, 1, b" ".join([b"BODY.PEEK[]<0.%d>" % length] * 4))
    session.receive(Side.SERVER, b"* 1 FETCH (UID 5 BODY[] {%d}\r\n" % length + bytes(length))
    with pytest.raises(PeerError, match="together"):
        session.receive(Side.SERVER, b")\r\n")
