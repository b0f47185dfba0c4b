"""What stands around a reference in the text: the end of the message, the condition of a CSS rule, hidden stretches.

What only a document tree can tell is in `tree`; here it is found out, in a few plain searches, whether it has to be
asked at all.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from blockproxy.detect.appearance import read_style
from blockproxy.detect.tree import VOID

MAX_TAIL = 2048  # octets after the last thing to read: closing tags, an Outlook comment
MAX_PRELUDE = 2048  # octets before a CSS reference in which its rule begins
MAX_TAG = 2048  # octets of a start tag that hides something
MAX_HIDERS = 200  # start tags that are looked at; a newsletter hides its preview text, and what telephones show
MAX_NAMES = 100  # classes and ids that a style sheet hides
MAX_FOUND = 2000  # times that a sign of hiding is looked at
MAX_STRETCH = 32 * 1024  # octets in which the end of a hidden element is looked for

# Selectors that hold only where a mail program quotes, forwards or prints.
REPORTING_SELECTORS = re.compile(
    r"blockquote|gmail_quote|mailcontainerbody|outlookmessageheader|moz-email-headers-table|messageviewbody"
    r"|yahoo_quoted|moz-cite-prefix|divrplyfwdmsg",
    re.IGNORECASE,
)
_PRINT = re.compile(r"@media[^{]*\bprint\b", re.IGNORECASE)
_PRINT_SHEET = re.compile(r"<style[^>]*\smedia\s*=\s*[\"']?\s*print", re.IGNORECASE)
_POINTED = re.compile(r":(?:hover|active|focus)", re.IGNORECASE)
# A dozen plain searches in a lower-case copy are fifty times quicker than one pattern that ignores case.
_MAY_REPORT = (b"print", b":hover", b":active", b":focus", *REPORTING_SELECTORS.pattern.encode().split(b"|"))

_TAG = re.compile(rb"<([a-z][^\s/>]*)")
_STYLE = re.compile(rb"""\sstyle\s*=\s*(?:"([^"]*)|'([^']*))""")
_HIDDEN = re.compile(rb"\shidden(?=[\s=/]|\Z)")
# What hides, in a style or by itself. A pattern that begins with a word is searched for as fast as the word.
_USUAL = (re.compile(rb"display\s*+:\s*+none"), re.compile(rb"hidden"))
_MAY_HIDE = (
    *_USUAL,
    re.compile(rb"visibility\s*+:\s*+collapse"),
    re.compile(rb"opacity"),
    re.compile(rb"clip"),
    re.compile(rb"scale"),
    re.compile(rb":\s*+-\d{3}"),
    # A style that is written so that nobody finds these words in it.
    re.compile(rb"style\s*+=\s*+(?:\"[^\"&\\*]*+[&\\*]|'[^'&\\*]*+[&\\*])"),
)
_ODD = re.compile(rb"[&\\*]")
_MARKUP = re.compile(rb"<!--.*?-->|<[^>]*>|&nbsp;|&#(?:160|8204|847);|\s+", re.DOTALL)


def ends_message(view: bytes, offset: int) -> bool:
    """Whether nothing that can be read follows: the place where senders' services put what they add.

    Pictures may follow. If they counted, taking the last one out would make another one the last.
    """
    tail = view[offset : offset + MAX_TAIL + 1]
    return len(tail) <= MAX_TAIL and not _MARKUP.sub(b"", tail)


def condition(view: bytes, offset: int) -> str:
    """When a URL in a style sheet is fetched, if that is when something is done with the message; else ""."""
    before = view[max(0, offset - MAX_PRELUDE) : offset].decode("latin-1")
    preludes = list(_preludes(before))
    sheet = max(0, before.lower().rfind("<style"))
    if any(_PRINT.search(prelude) for prelude in preludes) or _PRINT_SHEET.match(before, sheet):
        return "printed"
    if any(map(REPORTING_SELECTORS.search, preludes)):
        return "quoted or forwarded"
    return "pointed at" if any(map(_POINTED.search, preludes)) else ""


def reports(lower: bytes) -> bool:
    """Whether `condition` could find anything in a view, given in lower case."""
    return any(word in lower for word in _MAY_REPORT)


class Stretches:
    """Where something may be hidden by what it stands in: from a start tag that hides to its end tag.

    `names` are classes and ids that a style sheet hides. With `usual` only the ways are looked for that layouts use,
    in a third of the time. Too many stretches or too long ones are one that goes to the end.
    """

    def __init__(self, lower: bytes, names: frozenset[str] = frozenset(), *, usual: bool = False) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        called = [name[1:].lower() for name in names if name[0] in ".#"]
        if len(called) > MAX_NAMES:
            self._starts, self._ends = [0], [len(lower)]
            return
        found = list(_hiding_tags(lower, _USUAL if usual else _MAY_HIDE))
        if called:
            pattern = re.compile(b"|".join(re.escape(name.encode("latin-1", "replace")) for name in called))
            found += _hiding_tags(lower, [pattern], by_name=True)
        furthest = 0
        for number, (start, end) in enumerate(sorted(set(found))):
            known = end >= 0 and number < MAX_HIDERS
            furthest = max(furthest, _end(lower, start, end) if known else len(lower))
            self._starts.append(start)
            self._ends.append(furthest)

    def __contains__(self, offset: int) -> bool:
        before = bisect_right(self._starts, offset)
        return before > 0 and offset < self._ends[before - 1]


def _hiding_tags(
    lower: bytes, patterns: Iterable[re.Pattern[bytes]], *, by_name: bool = False
) -> Iterator[tuple[int, int]]:
    """Where start tags begin and end that hide what is in them, or have one of the names; no end where it gives up."""
    for pattern in patterns:
        for number, found in enumerate(pattern.finditer(lower)):
            position = found.start()
            if number >= MAX_FOUND:
                yield position, -1
                break
            start = lower.rfind(b"<", max(0, position - MAX_TAG), position)
            end = lower.find(b">", position, position + MAX_TAG)
            if 0 <= start < end and _hides(lower[start:end], by_name=by_name):
                yield start, end


def _hides(tag: bytes, *, by_name: bool) -> bool:
    """Whether `tag`, up to its `>`, opens an element that hides what is in it."""
    opening = _TAG.match(tag)
    if opening is None or opening[1] in VOID or b">" in tag:
        return False
    if by_name or _HIDDEN.search(tag):
        return True
    said = _STYLE.search(tag)
    text = (said[1] or said[2] or b"") if said else b""
    style = read_style(text.decode("latin-1"))
    return bool(style.hides or style.shrinks or _ODD.search(text))


def _end(lower: bytes, start: int, end: int) -> int:
    """Where the element ends whose start tag stands from `start` to `end`."""
    opening = _TAG.match(lower, start)
    name = re.escape(opening[1]) if opening else b"div"
    depth = 1
    for tag in re.finditer(rb"<(/?)%s(?![\w-])" % name, lower[end : end + MAX_STRETCH]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return end + tag.start()
    return len(lower)


def _preludes(css: str) -> Iterator[str]:
    """What stands before each `{` that is open at the end of `css`, the innermost first."""
    depth = 0
    end = len(css)
    for brace in reversed(list(re.finditer(r"[{}]", css))):
        depth += 1 if brace[0] == "}" else -1
        if depth < 0:
            end = brace.start()
            start = max(css.rfind(sign, 0, end) for sign in "{};>")
            yield css[start + 1 : end]
            depth = 0
