"""An HTML tokenizer over octets: WHATWG HTML, section 13.2.5, for readers who need to know where everything stands.

Tags, attributes and comments come out as a browser with scripts switched off would read them, every one with its span.
Two things no browser does, because other mail clients do: the inside of Outlook's conditional comments is read too, and
a tag that the end of the file cuts off still counts. Builds no tree. Never goes back: time is linear in the length.
"""

import re
from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence

from blockproxy.message.foreign import Foreign
from blockproxy.message.otherwise import AMBIGUOUS, Otherwise
from blockproxy.message.token import NAME, SPACE, Kind, StartTag, Token, name_of, span_of
from blockproxy.model import Span

_VALUE = rb'"[^"]*+(?:"|\Z)|\'[^\']*+(?:\'|\Z)|[^\t\n\x0c\r >"\'][^\t\n\x0c\r >]*+|(?=>)|\Z'
_ONE_ATTRIBUTE = rb"[\t\n\x0c\r /]*+%b[^\t\n\x0c\r />=]*+(?:%b*+=%b*+(?:%b))?+" % (NAME, SPACE, SPACE, _VALUE)

_TOKEN = re.compile(
    rb"<(?:(/?)([a-zA-Z]%b*+)((?:%b)*+)([\t\n\x0c\r /]*+>?)" % (NAME, _ONE_ATTRIBUTE) + rb"|!--(-?>|)"
    rb"|(!\[CDATA\[)"
    rb"|(![Dd][Oo][Cc][Tt][Yy][Pp][Ee])"
    rb"|(!|\?|/(?=[^a-zA-Z>]))"
    rb"|/>)",
)
_COMMENT_END = re.compile(rb"--!?>|--!?\Z|-\Z")
_CONDITION = re.compile(rb"[\t\n\x0c\r ]*+\[if\b[^\]>]*+\]>", re.IGNORECASE)
_RAW = ("style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "script")
_CHANGES_TEXT = frozenset({*_RAW, "plaintext", *AMBIGUOUS})
_RAW_END = {
    name: re.compile(rb"</%b(?=[\t\n\x0c\r />])" % name.encode(), re.IGNORECASE) for name in (*_RAW, "noscript")
}
_SCRIPT = re.compile(rb"<!--|-->|<(/?)script(?=[\t\n\x0c\r />])", re.IGNORECASE)

# What may be passed over in one go as long as nothing in it can name a URL: text, comments, and tags of a plain shape
# whose names do not change how the text behind them is read. Two letters tell most names apart from these.
_LETTERS = ("".join(sorted({name[i] for name in _CHANGES_TEXT})) for i in (0, 1))
_CHANGES_NOTHING = "(?!(?i:[{}][{}])(?i:{})[\\t\\n\\x0c\\r />])".format(
    *_LETTERS, "|".join(f"{name[2:]}(?<={name})" for name in sorted(_CHANGES_TEXT))
).encode()
_QUOTED = rb"[a-z-]++=\"[^\"]*+\""
_PLAIN_ATTRIBUTE = (
    rb"[\t\n\x0c\r /]*+[^\t\n\x0c\r \"'<>=/]++"
    rb"(?:[\t\n\x0c\r ]*+=[\t\n\x0c\r ]*+(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\x0c\r \"'<>=`]++(?=[\t\n\x0c\r >])))?+"
)
_PLAIN_TAG = (
    rb"/[a-zA-Z][^\"'<>]*+>"
    rb"|%b[a-zA-Z][^\t\n\x0c\r \"'<>=/]*+(?:%b++%b)*+(?:>|(?:%b)*+[\t\n\x0c\r /]*+>)"
    % (_CHANGES_NOTHING, SPACE, _QUOTED, _PLAIN_ATTRIBUTE)
)
_PLAIN_COMMENT = rb"!--(?!-?>)(?:[^-]++|-(?!-!?>))*+--!?>"
# Behind that, what nearly every sign stands in: the address of a link or a picture, up to the sign.
_ADDRESS = rb"(?:<(a|img)(?:%b++(?!(?:href|src)=)%b)*+%b++(href|src)=\"([^\"]*+)\Z)?+" % (SPACE, _QUOTED, SPACE)
_PLAIN = re.compile(rb"[^<]*+(?:<(?:%b|%b)[^<]*+)*+%b" % (_PLAIN_TAG, _PLAIN_COMMENT, _ADDRESS))
# Inside a conditional comment no comment ends, and to look for its end from every beginning would be quadratic.
_PLAIN_IN_COMMENT = re.compile(rb"[^<]*+(?:<(?:%b)[^<]*+)*+%b" % (_PLAIN_TAG, _ADDRESS))
_NAME = {name.encode(): name for name in ("a", "img", "href", "src")}
_BEHIND_SIGN = re.compile(rb"[^\"]*+\"((?:%b++%b)*+)%b*+/?>" % (SPACE, _QUOTED, SPACE))


def readings(view: bytes, signs: Sequence[int] | None, otherwise: Otherwise) -> Iterator[Token | StartTag]:
    """As `tokens`, and behind these the ones of other readings; some come twice."""
    yield from _Tokenizer(view, 0, len(view), signs, otherwise=otherwise).run()
    while another := otherwise.next():
        yield from _Tokenizer(view, another[0], len(view), signs, otherwise=otherwise, in_step=another[1]).run()


def tokens(view: bytes, signs: Sequence[int] | None = None) -> Iterator[Token | StartTag]:
    """The tokens of `view` in order. With `signs`, sorted offsets, only those that may matter for one of them.

    What `signs` points at is in any case inside a token that comes out, unless it stands in text.
    """
    return _Tokenizer(view, 0, len(view), signs).run()


class _Tokenizer:
    """Reads one region: the whole view, or the inside of a conditional comment."""

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        view: bytes,
        start: int,
        end: int,
        signs: Sequence[int] | None,
        in_comment: bool = False,
        *,
        otherwise: Otherwise | None = None,
        in_step: int = -1,
    ) -> None:
        self._view = view
        self._position = start
        self._end = end
        self._signs = signs
        self._in_comment = in_comment
        self._foreign = Foreign()
        self._style_end = 0  # of the foreign style sheet that is already out
        self._otherwise = otherwise or Otherwise()
        self._in_step = in_step
        self._ends: dict[str, int] = {}  # where the text ends that a tag of that name would begin, as far as known

    def run(self) -> Iterator[Token | StartTag]:
        while True:
            if self._signs is None or self._foreign or self._otherwise.expecting:
                begin = self._view.find(b"<", self._position, self._end)
            else:
                begin = yield from self._pass_over(self._signs)
            if begin < 0 or begin == self._in_step:
                return
            self._otherwise.passed(begin)
            match = _TOKEN.match(self._view, begin, self._end)
            if match is None:
                self._position = begin + 1
            elif match[2] is not None:
                tag = self._tag(match)
                yield tag
                if self._foreign or tag.name in _CHANGES_TEXT:
                    yield from self._behind(tag)
            elif match[5] is not None:
                yield from self._comment(match)
            else:
                yield from self._declaration(match)

    def _pass_over(self, signs: Sequence[int]) -> Generator[StartTag, None, int]:
        """The next `<` that has to be looked at, or -1. Links and pictures of the usual shape come out on the way."""
        view, position, end, in_comment = self._view, self._position, self._end, self._in_comment
        plain = _PLAIN_IN_COMMENT if in_comment else _PLAIN
        index = bisect_left(signs, position)
        while index < len(signs) and signs[index] < end:
            # Nothing that ends before the next sign can matter.
            sign = signs[index]
            passed = plain.match(view, position, sign)
            if passed is None or not passed[1]:
                position = view.find(b"<", passed.end() if passed else position, end)
                if position < sign:
                    return position
                index = bisect_left(signs, position, index)
                continue
            (name_start, name_end), value_start = passed.span(1), passed.start(3)
            rest = _BEHIND_SIGN.match(view, sign, end)
            if rest is None:
                return name_start - 1
            (value_end, inside_end), position = rest.span(1), rest.end()
            index = bisect_left(signs, value_end, index)
            if index < len(signs) and signs[index] < position:
                return name_start - 1
            tag, attribute = passed.group(1, 2)
            bounds = name_start - 1, name_end, inside_end, position
            address = _NAME[attribute], value_start, value_end - 1
            yield StartTag(_NAME[tag], view, bounds, in_comment, address)
        return -1

    def _tag(self, match: re.Match[bytes]) -> Token | StartTag:
        # Without `>` the end of the region cut it off, and nothing is behind it.
        self._position = match.end()
        if not match[1]:
            bounds = match.start(), *match.span(3), match.end()
            return StartTag(name_of(match[2]), self._view, bounds, self._in_comment)
        spans = span_of(match.span()), span_of(match.span(3))
        return Token(Kind.END, *spans, name_of(match[2]), closed=match[4].endswith(b">"), in_comment=self._in_comment)

    def _behind(self, tag: Token | StartTag) -> Iterator[Token]:
        """What a tag makes of the text behind it."""
        if not isinstance(tag, StartTag):
            self._foreign.end(tag.name)
            return
        was_inside = self._foreign.inside
        self._foreign.start(tag)
        self._otherwise.note(tag.name)
        if tag.name in _RAW_END and (was_inside or tag.name == "noscript"):
            self._otherwise.expect(self._raw_end(tag.name))
        if not was_inside:
            yield from self._raw_text(tag.name)
        elif tag.name == "style" and not tag.self_closing:
            yield from self._foreign_style()

    def _raw_end(self, name: str) -> int:
        """Where the text ends that begins here where a tag of that name begins one. Looks once for each end."""
        if self._ends.get(name, -1) < self._position:
            close = _RAW_END[name].search(self._view, self._position, self._end)
            self._ends[name] = close.start() if close else self._end
        return self._ends[name]

    def _section_end(self, mark: bytes, start: int) -> int:
        """Behind the mark at which a section or an instruction of XML ends. Looks once for each end."""
        name = mark.decode()
        if self._ends.get(name, -1) < start:
            end = self._view.find(mark, start, self._end)
            self._ends[name] = self._end if end < 0 else end + len(mark)
        return self._ends[name]

    def _raw_text(self, name: str) -> Iterator[Token]:
        if name not in _RAW and name != "plaintext":
            return
        start = self._position
        if name == "script":
            self._position = self._script_end()
        else:
            self._position = self._raw_end(name) if name in _RAW_END else self._end
        if self._otherwise.ambiguous and self._view.find(b"<", start, self._position) >= 0:
            self._otherwise.begins(start, self._position)
        span = Span(start, self._position)
        yield Token(Kind.RAW, span, span, name, in_comment=self._in_comment)

    def _script_end(self) -> int:
        """Where a script ends: sections 13.2.5.15 to 13.2.5.31, in which `<!--<script>` hides one `</script>`."""
        position, escaped, doubly = self._position, False, False
        while match := _SCRIPT.search(self._view, position, self._end):
            position = match.end()
            if match[0] == b"<!--":
                escaped = True
                position -= 2  # the same dashes may close it: `<!-->`
            elif match[0] == b"-->":
                escaped = doubly = False
            elif not match[1]:
                doubly = escaped
            elif not doubly:
                return match.start()
            else:
                doubly = False
        return self._end

    def _foreign_style(self) -> Iterator[Token]:
        if self._position >= self._style_end:
            close = _RAW_END["style"].search(self._view, self._position, self._end)
            self._style_end = close.start() if close else self._end
            span = Span(self._position, self._style_end)
            yield Token(Kind.FOREIGN_STYLE, span, span, "style", in_comment=self._in_comment)

    def _comment(self, match: re.Match[bytes]) -> Iterator[Token | StartTag]:
        start = match.start()
        if self._in_comment:
            # No comment ends in here, or the outer one would have ended there: an engine that takes this for a
            # beginning at all shows what follows.
            self._position = start + 4
            return
        if match[5]:
            self._position = match.end()
            yield Token(Kind.COMMENT, span_of(match.span()), Span(start + 4, start + 4))
            return
        close = _COMMENT_END.search(self._view, start + 4, self._end)
        inside = Span(start + 4, close.start() if close else self._end)
        self._position = close.end() if close else self._end
        yield Token(Kind.COMMENT, Span(start, self._position), inside)
        condition = _CONDITION.match(self._view, *inside)
        if condition:
            yield from _Tokenizer(self._view, condition.end(), inside.end, self._signs, in_comment=True).run()

    def _declaration(self, match: re.Match[bytes]) -> Iterator[Token]:
        start, (cdata, doctype, bogus) = match.start(), match.group(6, 7, 8)
        if cdata and self._foreign.within:
            close = self._view.find(b"]]>", match.end(), self._end)
            self._position = self._end if close < 0 else close + 3
            self._otherwise.begins(match.end(), self._position)
        elif cdata or doctype or bogus:
            close = self._view.find(b">", match.end(), self._end)
            self._position = self._end if close < 0 else close + 1
            if self._otherwise.ambiguous and (cdata or bogus == b"?"):
                end = self._section_end(b"]]>" if cdata else b"?>", match.end())
                if end != self._position:
                    self._otherwise.expect(end)
            inside = Span(start + (1 if bogus == b"?" else 2), self._end if close < 0 else close)
            kind = Kind.DOCTYPE if doctype else Kind.BOGUS
            yield Token(kind, Span(start, self._position), inside, closed=close >= 0, in_comment=self._in_comment)
        else:
            self._position = match.end()
