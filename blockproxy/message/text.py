"""The links that mail clients make of bare URLs in text/plain (RFC 3986, appendix C, and what clients do).

A line end is always the end: in `format=flowed` text (RFC 3676) too, where joining lines would guess.
"""

import re
from collections.abc import Iterator

from blockproxy.model import Span

# White space and brackets end a URL, and so do the quotation marks, dashes and full stops that UTF-8 text puts behind
# it; 0xFF stands for octets that are no ASCII in any reading.
_REST = re.compile(
    rb"(?:[^\x00-\x20<>\"`|{}\x7f\xc2\xe2\xe3\xff]++|\xc2(?![\xa0\xab\xbb])|\xe2(?!\x80)|\xe3(?!\x80))++"
)
_SLASHES = re.compile(rb"://")
_SCHEMES = (b"http", b"https")
_PUNCTUATION = b".,;:!?'*_~"
_PAIRS = {ord(")"): ord("("), ord("]"): ord("[")}


def urls(view: bytes) -> Iterator[Span]:
    """Where the URLs of http and https stand in a text."""
    done = 0
    for slashes in _SLASHES.finditer(view):
        start = _scheme_start(view, slashes.start())
        if start < done:
            continue
        rest = _REST.match(view, slashes.end())
        if rest is None:
            continue
        end = _trimmed(view, slashes.end(), rest.end())
        done = rest.end()
        if end > slashes.end():
            yield Span(start, end)


def _scheme_start(view: bytes, colon: int) -> int:
    """Where the scheme before the colon begins, -1 where none of ours stands."""
    before = view[max(0, colon - 5) : colon].lower()
    for scheme in _SCHEMES:
        if before.endswith(scheme):
            return colon - len(scheme)
    return -1


def _trimmed(view: bytes, start: int, end: int) -> int:
    """Where a URL ends when the sentence's punctuation is not counted, nor a bracket that was opened before it."""
    surplus = {close: view.count(close, start, end) - view.count(open_, start, end) for close, open_ in _PAIRS.items()}
    while end > start:
        last = view[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _PUNCTUATION:
            return end
        end -= 1
    return end
