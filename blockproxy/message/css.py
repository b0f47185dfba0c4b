"""Finds what a style sheet fetches, and where that is written: CSS Syntax Level 3, section 4, over octets.

Reads escapes, comments and strings as the standard does, also in the name of a function (`\\75 \\72 \\6C (` is `url(`).
Does not parse: a URL in a rule that no browser would apply is found as well, and so is one in a broken `url(a b)`,
because somewhere there is an engine that forgives.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Fetch(StrEnum):
    """What in a style sheet names the URL."""

    URL = "css url"
    IMPORT = "css @import"
    FONT = "css @font-face"
    IMAGE_SET = "css image-set"
    STRING = "css string"  # of a custom property, from where image-set() or src() may take it
    FILTER = "css filter"  # Internet Explorer's progid:…(src='…')
    SOURCE_MAP = "css source map"


class Found(NamedTuple):
    """`text[start:end]` is the URL as written, `url` as it reads."""

    start: int
    end: int
    url: str
    fetch: Fetch | None


_ESCAPE = rb"\\(?:[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\r\n\f])?+|[^\r\n\f0-9a-fA-F])"
_LETTER = rb"[a-zA-Z0-9_\x00\x80-\xff-]"
_IDENT = rb"(?:%b|%b)++" % (_LETTER, _ESCAPE)
_COMMENT = rb"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
_IN_STRING = rb"\\(?:[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\r\n\f])?+|\r\n|[\s\S]|\Z)"
_STRING = rb"\"((?:[^\"\\\r\n\f]++|%b)*+)\"?|'((?:[^'\\\r\n\f]++|%b)*+)'?" % (_IN_STRING, _IN_STRING)
_BLANK = rb"(?:[ \t\r\n\f]++|%b)*+" % _COMMENT

# What cannot begin a fetch is passed over first. `#url(` is the name of a color and a bracket.
_TOKEN = re.compile(
    rb"(?:[^a-zA-Z0-9_\x00\x80-\xff\\@\"'/()#-]++|/(?!\*)|#(?:%b)?+|(?!--)%b++(?![\\(]|/\*))*+" % (_IDENT, _LETTER)
    + rb"(?:(?P<comment>%b)|(?P<string>%b)|@(?P<at>%b)" % (_COMMENT, _STRING, _IDENT)
    + rb"|(?P<function>%b)(?:%b)?+\(|(?P<custom>--%b)%b:" % (_IDENT, _COMMENT, _IDENT, _BLANK)
    + rb"|(?P<bracket>[()])|%b|[@\\\"'])" % _IDENT
)
_ARGUMENT = re.compile(rb"[ \t\r\n\f]*+(?:%b|(?P<bare>(?:[^)\\]++|\\(?:[\s\S]|\Z))*+))" % _STRING)
_BARE = re.compile(rb"(?:%b[ \t\r\n\f]*+)++[\"']?([^\"']++)" % _COMMENT)
_IMPORTED = re.compile(rb"%b(?:%b)" % (_BLANK, _STRING))
_SOURCE_MAP = re.compile(rb"[#@][ \t]*+sourceMappingURL=[ \t]*+([^\s*]++)")
_UNESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\r\n\f])|([\s\S])|\Z)")

_WHITE = b" \t\r\n\f"
_TAKES_URL = frozenset({"url", "src"})
# Functions in which a bare string is a URL.
_TAKES_STRING = {
    "image-set": Fetch.IMAGE_SET,
    "-webkit-image-set": Fetch.IMAGE_SET,
    "image": Fetch.IMAGE_SET,
    "cross-fade": Fetch.IMAGE_SET,
    "-webkit-cross-fade": Fetch.IMAGE_SET,
    "alphaimageloader": Fetch.FILTER,
    "icmfilter": Fetch.FILTER,
}


def scan(text: bytes) -> Iterator[Found]:
    """Everything `text`, a style sheet or a list of declarations, would fetch, in order."""
    return _Scanner(text).run()


def unescape(written: bytes) -> str:
    """A string, a name or a URL with its escapes resolved."""
    text = written.decode("utf-8", "replace")
    return _UNESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    number, newline, other = match.groups()
    if number is None:
        return "" if newline else other or ""
    code = int(number, 16)
    return "\ufffd" if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


class _Scanner:
    """One pass over one text."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._position = 0
        self._functions: list[Fetch | None] = []  # the open brackets, innermost last
        self._fetch = Fetch.URL  # what the next url() is
        self._custom_end = 0  # of the value of the custom property that was seen last
        self._font_end = 0  # of the @font-face block that was seen last

    def run(self) -> Iterator[Found]:
        while match := _TOKEN.match(self._text, self._position):
            self._position = match.end()
            kind = match.lastgroup
            if kind == "function":
                yield from self._function(match)
            elif kind == "comment":
                yield from self._source_map(match)
                continue
            elif kind == "string":
                yield from self._string(match)
            elif kind == "bracket":
                self._bracket(match["bracket"])
            elif kind == "custom":
                self._custom_end = self._until(rb"[;}]", self._custom_end)
            self._fetch = Fetch.URL
            if kind == "at":
                yield from self._at_rule(unescape(match["at"]).lower())

    def _function(self, match: re.Match[bytes]) -> Iterator[Found]:
        name = unescape(match["function"]).lower()
        self._functions.append(_TAKES_STRING.get(name))
        argument = _ARGUMENT.match(self._text, self._position) if name in _TAKES_URL else None
        if argument is None:
            return
        fetch = Fetch.FONT if match.start() < self._font_end else self._fetch
        # A comment before or behind the bracket is an error to the standard, not to every engine. What the standard
        # reads decides where to go on, or a comment that is none would hide what follows.
        if match.end("function") + 1 == match.end():
            self._position = argument.end()
        commented = _BARE.match(argument["bare"]) if argument["bare"] else None
        yield from _found(argument, 1, fetch)
        if commented is not None:
            yield _found_at(commented, 1, fetch, argument.start("bare"))

    def _string(self, match: re.Match[bytes]) -> Iterator[Found]:
        fetch = self._functions[-1] if self._functions else None
        if fetch is None and match.start("string") < self._custom_end:
            fetch = Fetch.STRING
        if fetch is not None:
            yield from _found(match, 3, fetch)

    def _bracket(self, bracket: bytes) -> None:
        if bracket == b"(":
            self._functions.append(None)
        elif self._functions:
            self._functions.pop()

    def _at_rule(self, name: str) -> Iterator[Found]:
        if name == "import":
            self._fetch = Fetch.IMPORT
            imported = _IMPORTED.match(self._text, self._position)
            if imported is not None:
                self._position = imported.end()
                yield from _found(imported, 1, Fetch.IMPORT)
        elif name == "font-face":
            self._font_end = self._until(rb"}", self._font_end)
        elif name == "namespace":
            self._position = self._until(rb"[;{}]", self._position)  # a name that looks like a URL

    def _source_map(self, match: re.Match[bytes]) -> Iterator[Found]:
        source_map = _SOURCE_MAP.search(self._text, match.start("comment"), match.end("comment"))
        if source_map is not None:
            yield _found_at(source_map, 1, Fetch.SOURCE_MAP)

    def _until(self, pattern: bytes, known: int) -> int:
        """Where `pattern` is next. Does not look again for what is `known` to lie ahead."""
        if known > self._position:
            return known
        match = re.compile(pattern).search(self._text, self._position)
        return match.start() if match else len(self._text)


def _found(match: re.Match[bytes], first_group: int, fetch: Fetch) -> Iterator[Found]:
    """What stands in the one of the groups from `first_group` on that matched."""
    for group in range(first_group, (match.re.groups or 0) + 1):
        if match[group] is not None:
            yield _found_at(match, group, fetch)
            return


def _found_at(match: re.Match[bytes], group: int, fetch: Fetch, offset: int = 0) -> Found:
    start, written = offset + match.start(group), match[group].rstrip(_WHITE)
    leading = len(written) - len(written.lstrip(_WHITE))
    return Found(start + leading, start + len(written), unescape(written[leading:]), fetch)
