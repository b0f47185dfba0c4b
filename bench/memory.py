"""An attachment of 25 MB on its way through `blockproxy run`: the memory it adds, and when its first octet comes."""

from collections.abc import Iterator

from bench import messages
from bench.imap import ACCOUNT, Client
from bench.measure import Row
from bench.stage import Way, proxied, server
from tests.end_to_end import proxy, scripted
from tests.end_to_end.scripted import Turn

OCTETS = 25_000_000  # of the attachment before base64: the usual limit of providers
MEBIBYTE = 1024 * 1024
MAX_GROWTH = 2.0  # MiB above idle
QUIET = 1.0  # seconds without an octet: nothing more comes by itself
MAX_HELD_BACK = 0.01  # of what the server has sent: a line that may turn out to be a delimiter, and read buffers
SUBSTRING = 256 * 1024  # octets; how clients read that show a progress bar

_GREETING = Turn(b"", b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
_LOGGED_IN = Turn(b"LOGIN", b"TAG OK welcome\r\n")
_SELECTED = Turn(b"EXAMINE", b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\nTAG OK [READ-ONLY] examined\r\n")


def memory(quick: bool) -> Iterator[Row]:
    """Whole, in substrings, and from a server that waits half-way."""
    octets = OCTETS // 10 if quick else OCTETS
    large = messages.attachment(octets)
    what = f"an attachment of {octets / 1e6:g} MB"
    with server(ACCOUNT, [messages.quiet(1), large]) as dovecot, proxied(dovecot.port) as way:
        yield _growth("memory, whole", _whole(way, len(large)), MAX_GROWTH, f"{what}; the peak (VmHWM) above idle")
        how = f"{what} by BODY.PEEK[]<n.{SUBSTRING}>; the section is kept while it is read"
        yield _growth("memory, in substrings", _substrings(way, len(large)), None, how)
    yield from streaming(large)


def _growth(name: str, octets: int, target: float | None, how: str) -> Row:
    return Row(name, octets / MEBIBYTE, "MiB", target, how)


def _whole(way: Way, length: int) -> int:
    """The octets of memory that one FETCH adds to the proxy that has already passed a small message."""
    with Client(way.port) as client:
        client.fetch(range(1, 2))
        way.forget_peak()
        idle = way.status("VmRSS")
        assert client.fetch(range(2, 3)) > length
        return way.status("VmHWM") - idle


def _substrings(way: Way, length: int) -> int:
    with Client(way.port) as client:
        client.fetch(range(1, 2))
        way.forget_peak()
        idle = way.status("VmRSS")
        for start in range(0, length, SUBSTRING):
            client.command(b"p%d UID FETCH 2 BODY.PEEK[]<%d.%d>" % (start, start, SUBSTRING))
        return way.status("VmHWM") - idle


def streaming(message: bytes) -> Iterator[Row]:
    """The server sends the second half when the client asks for more, which it does when it has seen the first."""
    half = len(message) // 2
    head = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(message)
    first = Turn(b"FETCH", head + message[:half])
    second = Turn(b"NOOP", message[half:] + b")\r\nf OK fetched\r\nTAG OK done\r\n")
    with (
        scripted.server(_GREETING, _LOGGED_IN, _SELECTED, first, second) as port,
        proxy.imap(proxy.upstream(port)) as between,
        Client(between.port) as client,
    ):
        client.send(b"f UID FETCH 1 BODY.PEEK[]")
        came = client.receive(len(head) + half, QUIET)
        assert client.command(b"n NOOP") + came > len(message)
    how = "how much of the first half the client does not have while the server waits half-way; all of it would be 1"
    yield Row("streaming, held back", 1 - came / (len(head) + half), "of 1", MAX_HELD_BACK, how)
