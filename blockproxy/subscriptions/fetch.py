"""One list over HTTP (RFC 9110): whole and of a sane size, or an error in words for a person.

Only https, or http on this machine; redirects may not leave that. Nothing is sent but the address, our name, and what
the server itself said last time (ETag, Last-Modified).
"""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions

from blockproxy import __version__
from blockproxy.endpoints import is_loopback
from blockproxy.network import in_words
from blockproxy.tls import client_context

MAX_LIST = 32 * 1024 * 1024  # octets; the largest lists in wide use have 10 million
MAX_SECONDS = 300.0  # for one list, all redirects included: 100 KB a second for the largest
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0  # without an octet
MAX_REDIRECTS = 5
PIECE = 64 * 1024  # octets that are read at once

MEMBER = b"\x1f"  # begins each of the members that gzip may have (RFC 1952, section 2.2)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchError(Exception):
    """Why there is no new list; the message is the end of a sentence that begins with the list."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list as its server sent it, with its validators (RFC 9110, section 8.8), empty where it has none.

    `whole` is false where the server did not say how long it would be, so that nobody knows (RFC 9112, section 8).
    """

    octets: bytes
    etag: str = ""
    modified: str = ""
    whole: bool = True


def is_allowed(url: str) -> bool:
    """Whether `url` may be fetched: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def fetch(url: str, *, authority: Path | None = None, etag: str = "", modified: str = "") -> Fetched | None:
    """What `url` holds now, or None where that has not changed since `etag` and `modified`. Raises FetchError.

    `authority` is a PEM file with the certificate authority to trust, the system's without it.
    """
    headers = {"User-Agent": f"blockproxy/{__version__}", "Accept-Encoding": "gzip"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    deadline = time.monotonic() + MAX_SECONDS
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    with _in_words(), urllib3.PoolManager(ssl_context=client_context(authority), timeout=timeout) as pool:
        for _ in range(MAX_REDIRECTS + 1):
            response = pool.request("GET", url, headers=headers, redirect=False, retries=False, preload_content=False)
            try:
                if response.status not in _REDIRECTS:
                    return _answer(response, deadline, conditional=bool(etag or modified))
            finally:
                response.close()
            url = _next(url, response.headers.get("Location", ""))
    raise FetchError(f"its address leads through more than {MAX_REDIRECTS} redirects")


def _next(url: str, location: str) -> str:
    following = urljoin(url, location)
    lowered = urlsplit(url).scheme == "https" != urlsplit(following).scheme
    if not location or lowered or not is_allowed(following):
        raise FetchError(f"its server redirects to {location or 'nowhere'}, which is not https")
    return following


def _answer(response: urllib3.BaseHTTPResponse, deadline: float, *, conditional: bool) -> Fetched | None:
    if response.status == 304 and conditional:
        return None
    if response.status != 200:
        raise FetchError(f"its server answers {response.status} {response.reason or ''}".rstrip())
    octets, headers = _body(response, deadline), response.headers
    whole = not {"content-length", "transfer-encoding", "content-encoding"}.isdisjoint(map(str.lower, headers))
    return Fetched(octets, headers.get("ETag", ""), headers.get("Last-Modified", ""), whole)


def _body(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_LIST:
        raise FetchError(f"it has {int(length):,} octets, more than the {MAX_LIST:,} of the largest list")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise FetchError(f"its server sends it in the encoding {encoding}, which nobody asked for")
    body = bytearray()
    for piece in _unpacked(_pieces(response, deadline), packed=encoding != "identity"):
        body += piece
        if len(body) > MAX_LIST:
            raise FetchError(f"it has more than the {MAX_LIST:,} octets of the largest list")
    return bytes(body)


def _pieces(response: urllib3.BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    while piece := response.read1(PIECE, decode_content=False):
        yield piece
        if time.monotonic() > deadline:
            raise FetchError(f"it was not complete after {MAX_SECONDS:.0f} seconds")


def _unpacked(pieces: Iterator[bytes], *, packed: bool) -> Iterator[bytes]:
    """Bounded: a kilobyte of gzip can hold a megabyte of zeros."""
    if not packed:
        yield from pieces
        return
    inflater = zlib.decompressobj(wbits=31)  # gzip, RFC 1952
    for piece in pieces:
        rest = piece
        while rest and (not inflater.eof or rest.startswith(MEMBER)):
            inflater = zlib.decompressobj(wbits=31) if inflater.eof else inflater
            yield inflater.decompress(rest, PIECE)
            rest = inflater.unconsumed_tail or inflater.unused_data
    if not inflater.eof:
        raise FetchError("it ends in the middle")


def _cause(error: Exception) -> Exception:
    """What the library has put into its own exception."""
    return error.args[0] if error.args and isinstance(error.args[0], Exception) else error


@contextmanager
def _in_words() -> Iterator[None]:
    """What went wrong on the network, in words for a person."""
    try:
        yield
    except exceptions.NameResolutionError as error:
        raise FetchError("the name of its server is not known") from error
    except exceptions.NewConnectionError as error:
        cause = error.__cause__
        raise FetchError(f"its server cannot be reached{f': {in_words(cause)}' if cause else ''}") from error
    except exceptions.TimeoutError as error:
        raise FetchError("its server does not answer") from error
    except exceptions.SSLError as error:
        raise FetchError(f"its server cannot be used: {in_words(_cause(error))}") from error
    except exceptions.IncompleteRead as error:
        raise FetchError("it ends in the middle") from error
    except exceptions.ProtocolError as error:
        cause = error.args[1] if len(error.args) > 1 else error
        half = type(cause).__name__ == "IncompleteRead"
        raise FetchError("it ends in the middle" if half else "its server closes the connection") from error
    except (exceptions.HTTPError, zlib.error, OSError, ValueError) as error:
        raise FetchError(f"it cannot be read: {error}") from error
