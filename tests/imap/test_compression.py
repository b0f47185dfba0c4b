"""Each leg is compressed for itself, from the octet on that RFC 4978 says."""

import zlib

import pytest

from blockproxy.errors import PeerError, Side
from blockproxy.imap.commands import COMPRESS_TAG
from blockproxy.imap.compression import MAX_INFLATED, PIECE, RAW, Deflated
from blockproxy.imap.session import Session
from tests.imap.player import Opened

GREETING = b"* OK ready\r\n"
WELCOME = b"1 OK [CAPABILITY IMAP4rev1 IDLE COMPRESS=DEFLATE] welcome\r\n"
ASKS = COMPRESS_TAG + b" COMPRESS DEFLATE\r\n"
AGREES = COMPRESS_TAG + b" OK go on\r\n"


class End:
    """The other end of one leg, compressed or not, which says what it likes in pieces of any size."""

    def __init__(self, session: Session, side: Side, piece: int) -> None:
        self._session, self._side, self._piece = session, side, piece
        self._deflated: Deflated | None = None

    def compress(self) -> None:
        self._deflated = Deflated(self._side)

    def says(self, *parts: bytes) -> None:
        """The parts in one go; behind the first one all is compressed where there are several."""
        data = parts[0] if self._deflated is None else self._deflated.deflate(parts[0])
        for part in parts[1:]:
            self.compress()
            assert self._deflated is not None
            data += self._deflated.deflate(part)
        for start in range(0, len(data), self._piece):
            self._session.receive(self._side, data[start : start + self._piece])

    def hears(self) -> bytes:
        data = self._session.take(self._side)
        return data if self._deflated is None else b"".join(self._deflated.inflate(data))


def ends(piece: int, *compressed: Side) -> tuple[End, End]:
    session = Session(Opened(), compress=frozenset(compressed))
    client, server = End(session, Side.CLIENT, piece), End(session, Side.SERVER, piece)
    server.says(GREETING)
    client.says(b"1 LOGIN anna secret\r\n")
    assert client.hears() == GREETING
    assert server.hears() == b"1 LOGIN anna secret\r\n"
    return client, server


PIECES = pytest.mark.parametrize("piece", [1, 7, 100_000])
MAIL = b"* 1 FETCH (UID 5 BODY[] {8}\r\nTRACK678)\r\n"
CLEANED = MAIL.replace(b"TRACK", b"xxxxx")


@PIECES
def test_the_clients_leg(piece: int) -> None:
    client, server = ends(piece, Side.CLIENT)
    server.says(WELCOME)
    assert client.hears() == WELCOME.replace(b" COMPRESS=DEFLATE", b"").replace(b"IDLE", b"IDLE COMPRESS=DEFLATE")
    client.says(b"2 COMPRESS DEFLATE\r\n")
    assert client.hears() == b"2 OK deflated from here on\r\n"
    client.compress()
    client.says(b"3 UID FETCH 5 BODY[]\r\n")
    assert server.hears() == b"3 UID FETCH 5 BODY[]\r\n"
    server.says(MAIL + b"3 OK done\r\n* CAPABILITY IMAP4rev1 COMPRESS=DEFLATE\r\n")
    assert client.hears() == CLEANED + b"3 OK done\r\n* CAPABILITY IMAP4rev1\r\n"
    client.says(b"4 COMPRESS DEFLATE\r\n")
    assert client.hears() == b"4 NO [COMPRESSIONACTIVE] it is compressed\r\n"


@PIECES
def test_the_clients_leg_behind_a_command_that_is_under_way(piece: int) -> None:
    client, server = ends(piece, Side.CLIENT)
    server.says(WELCOME)
    client.hears()
    client.says(b"2 NOOP\r\n3 COMPRESS DEFLATE\r\n")
    server.says(b"* 3 EXISTS\r\n2 OK done\r\n* 4 EXISTS\r\n")
    heard = client.hears()
    plain = b"* 3 EXISTS\r\n2 OK done\r\n3 OK deflated from here on\r\n"
    assert heard.startswith(plain)
    client.compress()
    inflater = zlib.decompressobj(-15)
    assert inflater.decompress(heard[len(plain) :]) == b"* 4 EXISTS\r\n"


@PIECES
def test_the_servers_leg(piece: int) -> None:
    client, server = ends(piece, Side.SERVER)
    server.says(WELCOME)
    assert client.hears() == WELCOME.replace(b" COMPRESS=DEFLATE", b"")
    assert server.hears() == ASKS
    client.says(b"2 UID FETCH 5 BODY[]\r\n")
    assert server.hears() == b""
    server.says(AGREES, b"* 1 EXISTS\r\n")
    assert client.hears() == b"* 1 EXISTS\r\n"
    assert server.hears() == b"2 UID FETCH 5 BODY[]\r\n"
    server.says(MAIL + b"2 OK done\r\n")
    assert client.hears() == CLEANED + b"2 OK done\r\n"


def test_a_server_that_does_not_want_to_is_left_as_it_is() -> None:
    client, server = ends(100, Side.SERVER)
    server.says(WELCOME)
    client.says(b"2 NOOP\r\n")
    assert server.hears() == ASKS
    server.says(COMPRESS_TAG + b" NO not today\r\n")
    assert server.hears() == b"2 NOOP\r\n"
    client.hears()
    server.says(b"2 OK done\r\n")
    assert client.hears() == b"2 OK done\r\n"
    assert server.hears() == b""


def test_a_server_that_cannot_is_not_asked() -> None:
    _, server = ends(100, Side.SERVER)
    server.says(b"1 OK [CAPABILITY IMAP4rev1] welcome\r\n")
    assert server.hears() == b""


@pytest.mark.parametrize(
    "said", [b"2 COMPRESS DEFLATE\r\n3 NOOP\r\n", b"2 NOOP\r\n3 COMPRESS DEFLATE\r\n4 NOOP\r\n"], ids=["now", "later"]
)
@pytest.mark.parametrize("piece", [1, 100])
def test_nothing_follows_before_the_answer(said: bytes, piece: int) -> None:
    client, server = ends(piece, Side.CLIENT)
    server.says(WELCOME)
    with pytest.raises(PeerError):
        client.says(said)


def test_before_the_login_and_for_other_algorithms_there_is_none() -> None:
    client, server = ends(100, Side.CLIENT)
    for command in (b"2 COMPRESS DEFLATE\r\n", b"3 COMPRESS LZ4\r\n"):
        client.says(command)
    server.says(WELCOME)
    assert client.hears().count(b" BAD ") == 2


def test_what_is_not_deflated_ends_the_connection() -> None:
    for side in Side:
        with pytest.raises(PeerError, match="deflated"):
            list(Deflated(side).inflate(b"* 1 EXISTS\r\n"))
        with pytest.raises(PeerError, match="ends with"):
            list(Deflated(side).inflate(zlib.compress(b"x", wbits=-15)))


def test_a_client_inflates_nothing_to_fill_the_memory_and_a_server_may() -> None:
    bomb = Deflated(Side.CLIENT).deflate(bytes(2 * MAX_INFLATED))
    with pytest.raises(PeerError, match="at most"):
        list(Deflated(Side.CLIENT).inflate(bomb))
    pieces = list(Deflated(Side.SERVER).inflate(bomb))
    assert sum(map(len, pieces)) == 2 * MAX_INFLATED
    assert max(map(len, pieces)) <= PIECE


def test_a_server_that_idles_is_asked_when_it_does_no_more() -> None:
    client, server = ends(100, Side.SERVER)
    client.says(b"2 IDLE\r\n")
    server.says(WELCOME)
    server.says(b"+ idling\r\n")
    assert server.hears() == b"2 IDLE\r\n"
    client.says(b"DONE\r\n3 NOOP\r\n")
    assert server.hears() == b"DONE\r\n3 NOOP\r\n"
    server.says(b"2 OK done\r\n")
    assert server.hears() == ASKS
    server.says(b"3 OK done\r\n" + AGREES, b"* 2 EXISTS\r\n")
    assert client.hears().endswith(b"3 OK done\r\n* 2 EXISTS\r\n")


def test_a_server_is_not_asked_in_the_middle_of_an_upload() -> None:
    client, server = ends(100, Side.SERVER)
    client.says(b"2 APPEND Sent {5+}\r\nhel")
    server.says(WELCOME)
    client.says(b"lo\r\n")
    assert server.hears() == b"2 APPEND Sent {5+}\r\nhello\r\n"
    server.says(b"2 OK done\r\n")
    assert server.hears() == ASKS


@pytest.mark.parametrize("flush", [zlib.Z_SYNC_FLUSH, zlib.Z_PARTIAL_FLUSH])
def test_nothing_stays_behind_at_the_end_of_a_piece(flush: int) -> None:
    for beyond in range(80, 180):
        said = b"ab" * ((PIECE + beyond) // 2)
        deflating = zlib.compressobj(9, zlib.DEFLATED, RAW)
        octets = deflating.compress(said) + deflating.flush(flush)
        assert b"".join(Deflated(Side.SERVER).inflate(octets)) == said


def test_a_server_that_encourages_nobody_gets_nothing_before_it_has_answered() -> None:
    session = Session(Opened(), compress=frozenset({Side.SERVER}))
    session.receive(Side.SERVER, GREETING)
    session.receive(Side.CLIENT, b"1 LOGIN anna secret\r\n")
    session.receive(Side.SERVER, WELCOME)
    assert session.take(Side.SERVER).endswith(ASKS)
    session.receive(Side.SERVER, b"+ go on\r\n")
    session.receive(Side.CLIENT, b"2 NOOP\r\n")
    assert session.take(Side.SERVER) == b""


def test_what_came_before_a_mistake_goes_compressed_too() -> None:
    session = Session(Opened(), compress=frozenset({Side.CLIENT}))
    session.receive(Side.SERVER, GREETING)
    session.receive(Side.CLIENT, b"1 LOGIN anna secret\r\n")
    session.receive(Side.SERVER, WELCOME)
    session.receive(Side.CLIENT, b"2 COMPRESS DEFLATE\r\n")
    session.take(Side.CLIENT)
    client = Deflated(Side.CLIENT)
    with pytest.raises(PeerError):
        session.receive(Side.CLIENT, client.deflate(b"3 FETCH 1 NONSENSE\r\n4 NOOP\n"))
    said = b"".join(client.inflate(session.take(Side.CLIENT) + session.encoded(b"* BYE\r\n")))
    assert said.startswith(b"3 BAD ")
    assert said.endswith(b"\r\n* BYE\r\n")
