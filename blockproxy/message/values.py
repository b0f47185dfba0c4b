"""Where the URLs stand in the value of an attribute, one reader for each syntax that `places` names.

All take a value whose character references are resolved, and none goes back: each is linear.
"""

import re
from collections.abc import Callable, Iterator

from blockproxy.message import css
from blockproxy.message.css import Found
from blockproxy.message.places import Syntax

WHITE = b" \t\r\n\x0c"
_SOURCE_MAP = re.compile(rb"//[#@] sourceMappingURL=(\S++)")
# Between quotes a scheme may be missing, and slashes may be escaped.
_IN_SCRIPT = re.compile(
    rb"(?<!sourceMappingURL=)((?:(?:https?|ftp|file):|(?<=[\"'`]))(?:\\?/){2}(?:[^\s\"'<>;`\\]|\\/)++)", re.IGNORECASE
)
_STRUCTURED = "application/ld+json"
ALL_LINKED_HOSTS = "https://linked-hosts.invalid/"  # RFC 2606: stands for every host of the page, and is none
# Schemes that wrap another URL whole.
_WRAPPER = re.compile(rb"(?:(?:view-source|feed|jar):)++", re.IGNORECASE)
_WORD = re.compile(rb"[^\t\n\x0c\r ]++")
_BETWEEN_COMMAS = re.compile(rb"[^,]++")
_BETWEEN_SEMICOLONS = re.compile(rb"[^;]++")
# WHATWG HTML, "parse a srcset attribute": commas in front are skipped, a comma at the end of a URL is none of it.
_CANDIDATE = re.compile(rb"[\t\n\x0c\r ,]*+([^\t\n\x0c\r ]++)")
_DESCRIPTORS = re.compile(rb"(?:[^,(]++|\([^)]*+\)?+)*+")
# WHATWG HTML, "shared declarative refresh steps"; whatever stands between the number and the URL.
_REFRESH = re.compile(
    rb"[\t\n\x0c\r ]*+[0-9.]*+[\t\n\x0c\r ;,]*+(?:url[\t\n\x0c\r ]*+=[\t\n\x0c\r ]*+)?+"
    rb"(?:\"([^\"]*+)|'([^']*+)|([\s\S]*+))",
    re.IGNORECASE,
)
_SOMEWHERE = re.compile(rb"(?:https?:|ftp:|file:)?+[/\\]{2}[^\s\"'<>;]++", re.IGNORECASE)


def _found(value: bytes, start: int, end: int) -> Iterator[Found]:
    """The URL in `value[start:end]`, without white space around it."""
    written = value[start:end]
    stripped = written.lstrip(WHITE)
    start += len(written) - len(stripped)
    stripped = stripped.rstrip(WHITE)
    wrapper = _WRAPPER.match(stripped)
    if wrapper:
        start += wrapper.end()
        stripped = stripped[wrapper.end() :]
    if stripped:
        yield Found(start, start + len(stripped), stripped.decode("utf-8", "replace"), None)


def _url(value: bytes) -> Iterator[Found]:
    return _found(value, 0, len(value))


def _pieces(pattern: re.Pattern[bytes]) -> Callable[[bytes], Iterator[Found]]:
    def read(value: bytes) -> Iterator[Found]:
        for piece in pattern.finditer(value):
            yield from _found(value, *piece.span())

    return read


def _srcset(value: bytes) -> Iterator[Found]:
    position = 0
    while candidate := _CANDIDATE.match(value, position):
        url = candidate[1].rstrip(b",")
        yield from _found(value, candidate.start(1), candidate.start(1) + len(url))
        position = candidate.end()
        if len(url) == len(candidate[1]):
            descriptors = _DESCRIPTORS.match(value, position)
            position = descriptors.end() if descriptors else position


def _refresh(value: bytes) -> Iterator[Found]:
    refresh = _REFRESH.match(value)
    if refresh is not None and refresh.lastindex:
        yield from _found(value, *refresh.span(refresh.lastindex))


def _animated(value: bytes) -> Iterator[Found]:
    yield from _url(value)
    yield from css.scan(value)


def _keyframes(value: bytes) -> Iterator[Found]:
    yield from _pieces(_BETWEEN_SEMICOLONS)(value)
    yield from css.scan(value)


def script(text: bytes, media_type: str) -> Iterator[Found]:
    """URLs in a script, or in data for one. Structured data is for programs that read mail, and is kept."""
    if media_type.strip().lower() == _STRUCTURED:
        return
    for pattern in (_SOURCE_MAP, _IN_SCRIPT):
        for match in pattern.finditer(text):
            start, end = match.span(1)
            yield Found(start, end, match[1].replace(b"\\/", b"/").decode("utf-8", "replace"), None)


def _switch(value: bytes) -> Iterator[Found]:
    stripped = value.strip(WHITE)
    if stripped.lower() == b"on":
        start = value.index(stripped)
        yield Found(start, start + len(stripped), ALL_LINKED_HOSTS, None)


# `DOCUMENT` is not here: to read it is to begin again, which is for `references`.
READERS: dict[Syntax, Callable[[bytes], Iterator[Found]]] = {
    Syntax.URL: _url,
    Syntax.WORDS: _pieces(_WORD),
    Syntax.COMMAS: _pieces(_BETWEEN_COMMAS),
    Syntax.SRCSET: _srcset,
    Syntax.CSS: css.scan,
    Syntax.REFRESH: _refresh,
    Syntax.ANIMATED: _animated,
    Syntax.KEYFRAMES: _keyframes,
    Syntax.ANYWHERE: _pieces(_SOMEWHERE),
    Syntax.SWITCH: _switch,
}
