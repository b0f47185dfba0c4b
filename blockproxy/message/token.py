"""The tokens of HTML: what there is, where it stands, and the attributes of a start tag.

Most links are judged by their URL alone; so a start tag keeps where it stands, and the rest is read on demand.
"""

import re
import sys
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from blockproxy.message import charref
from blockproxy.model import Attribute, Element, Span
from blockproxy.remember import remember

SPACE = rb"[\t\n\x0c\r ]"
NAME = rb"[^\t\n\x0c\r />]"

# White space and slashes in front of an attribute need no pattern: a search passes over them.
ATTRIBUTE = re.compile(
    rb"(%b[^\t\n\x0c\r />=]*+)"
    rb"(?:%b*+=%b*+(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^\t\n\x0c\r >\"'][^\t\n\x0c\r >]*+)|(?=>)|\Z))?+"
    % (NAME, SPACE, SPACE),
)

# `Span(*pair)` and `Attribute(*four)` without a step through Python: a picture has seven attributes, each two spans.
span_of: Callable[[tuple[int, int]], Span] = partial(tuple.__new__, Span)
_attribute_of: Callable[[tuple[str, str, Span, Span]], Attribute] = partial(tuple.__new__, Attribute)


class Kind(Enum):
    """The kinds of token. Text is not one of them: nothing in it reaches the network."""

    START = auto()
    END = auto()
    COMMENT = auto()
    DOCTYPE = auto()
    BOGUS = auto()  # `<?…>`, `<!…>`, `</3…>`: comments to a browser, instructions to some clients
    RAW = auto()  # the text of a raw-text element, whose name it bears
    FOREIGN_STYLE = auto()  # what stands in a `<style>` of SVG, beside the markup in it: CSS with character references


class Token(NamedTuple):
    """All that is no start tag. `inside` holds the attributes of a tag, or the text between a comment's marks.

    `closed` is false where the end of the file cut the token off; browsers drop such a tag.
    """

    kind: Kind
    span: Span
    inside: Span
    name: str = ""
    closed: bool = True
    in_comment: bool = False


class StartTag(Element):
    """A start tag as a token, and as an element that reads its attributes when somebody asks for them."""

    __slots__ = ("_attributes", "_bounds", "_values", "_view", "address")

    kind = Kind.START
    _attributes: tuple[Attribute, ...]  # missing until somebody asks
    _values: dict[str, bytes]  # as written, by name; missing likewise
    _bounds: tuple[int, int, int, int]  # of the tag, and inside it of what holds the attributes
    _view: bytes
    address: tuple[str, int, int] | None
    """The only attribute that matters, and where its value begins and ends; None where that is not known."""

    def __init__(
        self,
        name: str,
        view: bytes,
        bounds: tuple[int, int, int, int],
        in_comment: bool,
        address: tuple[str, int, int] | None = None,
    ) -> None:
        store = object.__setattr__  # as frozen dataclasses do it
        store(self, "name", name)
        store(self, "in_comment", in_comment)
        store(self, "_view", view)
        store(self, "_bounds", bounds)
        store(self, "address", address)

    @property
    def span(self) -> Span:
        """From `<` to `>`."""
        start, _, _, end = self._bounds
        return Span(start, end)

    @property
    def inside(self) -> Span:
        """What stands between the name and `>` or `/>`."""
        _, start, end, _ = self._bounds
        return Span(start, end)

    @property
    def closed(self) -> bool:
        """False where the end of the file cut the tag off."""
        return self._closing.endswith(b">")

    @property
    def self_closing(self) -> bool:
        """Whether it ends in `/>`."""
        return self._closing.endswith(b"/>")

    @property
    def _closing(self) -> bytes:
        return self._view[self._bounds[2] : self._bounds[3]]

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """In order, the first of each name, as browsers take them."""
        try:
            return self._attributes
        except AttributeError:
            object.__setattr__(self, "_attributes", attributes(self._view, *self.inside))
            return self._attributes

    def get(self, name: str) -> str | None:
        """The value of the attribute called `name`, or None. What is asked about a picture does not need its place."""
        try:
            values = self._values
        except AttributeError:
            written = ATTRIBUTE.findall(self._view, *self._bounds[1:3])
            # The first of each name counts.
            values = {name_of(each): double or single or bare for each, double, single, bare in reversed(written)}
            object.__setattr__(self, "_values", values)
        value = values.get(name)
        return None if value is None else text(value)


def attributes(view: bytes, start: int = 0, end: int = sys.maxsize) -> tuple[Attribute, ...]:
    """The attributes written in `view[start:end]`, the inside of a tag."""
    # A second `src` says nothing about the element. What a preload scanner makes of it is for `references`.
    found: dict[str, Attribute] = {}
    plain = _reads_as_written(view, start, end)
    for match in ATTRIBUTE.finditer(view, start, end):
        name = name_of(match[1])
        if name not in found:
            group = match.lastindex or 1
            if group == 1:
                value, span = "", Span(match.end(), match.end())
            else:
                value = match[group].decode("utf-8", "replace") if plain else text(match[group])
                span = span_of(match.span(group))
            found[name] = _attribute_of((name, value, span, span_of(match.span())))
    return tuple(found.values())


def value_span(match: re.Match[bytes]) -> tuple[int, int]:
    """Where the value of an attribute stands; empty and at its end when it has none."""
    group = match.lastindex or 1
    return match.span(group) if group > 1 else (match.end(), match.end())


def text(value: bytes) -> str:
    """An attribute's value as it reads."""
    if value.isalnum():
        return value.decode("ascii")
    if b"\r" in value or b"\0" in value:
        value = value.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"\xef\xbf\xbd")
    return charref.unescape(value).decode("utf-8", "replace")


def _reads_as_written(view: bytes, start: int, end: int) -> bool:
    return view.find(b"&", start, end) < 0 and view.find(b"\r", start, end) < 0 and view.find(b"\0", start, end) < 0


@remember(1024, 64)
def name_of(written: bytes) -> str:
    """The name of a tag or an attribute in lower case, ASCII letters only, as the standard has it."""
    return written.lower().replace(b"\0", b"\xef\xbf\xbd").decode("utf-8", "replace")
