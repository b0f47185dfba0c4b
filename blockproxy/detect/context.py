"""What stands around a reference: hidden ancestors, the end of the message, the condition of a CSS rule.

A document tree tells what a start tag alone cannot: `<div style="display:none"><img src=…></div>`. The tree is lxml's,
and it never decides what is rewritten: each start tag that is asked about gets a mark in a scratch copy, and a marked
node leads back to its tag, wherever the tree builder moved it. Where there is no tree, or no node, there is no context;
that never means that there is no tracker.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from lxml import etree

from blockproxy.detect.appearance import read_style
from blockproxy.model import Element

MAX_OPEN = 2000  # open elements; libxml2 loses what is deeper than about 2,100
MAX_ATTRIBUTES = 1000  # attributes of a tag; libxml2 compares each with all before it
MAX_TREE = 2 * 1024 * 1024  # octets; larger leaves are attachments, and a tree takes ten times as much memory
MAX_TAIL = 2048  # octets after the last thing to read: closing tags, an Outlook comment
MAX_PRELUDE = 2048  # octets before a CSS reference in which its rule begins

# Elements without an end tag (HTML, section 13.1.2): they are never open.
VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())

# Selectors that hold only where a mail program quotes, forwards or prints.
REPORTING_SELECTORS = re.compile(
    r"blockquote|gmail_quote|mailcontainerbody|outlookmessageheader|moz-email-headers-table|messageviewbody"
    r"|yahoo_quoted|moz-cite-prefix|divrplyfwdmsg",
    re.IGNORECASE,
)
_PRINT = re.compile(r"@media[^{]*\bprint\b", re.IGNORECASE)
# A dozen plain searches in a lower-case copy are fifty times quicker than one pattern that ignores case.
_MAY_REPORT = (b"print", *REPORTING_SELECTORS.pattern.encode().split(b"|"))

_TAG = re.compile(rb"<(/?)([a-zA-Z][^\s/>]*)")
_MARKUP = re.compile(rb"<!--.*?-->|<[^>]*>|&nbsp;|&#(?:160|8204|847);|\s+", re.DOTALL)
_REVEALS = re.compile(
    rb"display\s*+:\s*+(?!none)|\b(?:height|width)\s*+:\s*+(?!0|[1-3](?:px)?\s*(?:[;!]|\Z))", re.IGNORECASE
)
_CLASS_OR_ID = re.compile(rb"[.#]([A-Za-z_][\w-]*)")


def hidden(view: bytes, elements: Iterable[Element]) -> frozenset[int]:
    """Where those of `elements` begin that stand inside an element that hides them (`Element.span.start`).

    An ancestor that the message's own style sheet shows again, for telephones say, does not count. Never raises.
    """
    asked = [element for element in elements if not element.in_comment]
    if not asked or not _has_room(view):
        return frozenset()
    mark = _mark_for(view)
    try:
        tree = _tree(_marked(view, asked, mark))
        nodes = tree.iterfind(f".//*[@{mark}]") if tree is not None else ()
        shown = revealed(view)
        known: dict[Any, bool] = {}
        return frozenset(int(node.get(mark)) for node in nodes if _inside_hidden(node, shown, known))
    except (etree.LxmlError, ValueError, AssertionError):
        return frozenset()


def revealed(view: bytes) -> frozenset[str]:
    """Classes and ids to which the style sheet gives a display or a size: hidden on one screen, shown on another."""
    names: set[str] = set()
    for before, after in pairwise(view.split(b"{")):
        if _REVEALS.search(after.partition(b"}")[0]):
            names.update(name.decode("latin-1") for name in _CLASS_OR_ID.findall(before.rpartition(b"}")[2]))
    return frozenset(names)


def named(element_id: str | None, classes: str | None) -> frozenset[str]:
    """The names by which a style sheet may call an element."""
    return frozenset(f"{element_id or ''} {classes or ''}".split())


def ends_message(view: bytes, offset: int) -> bool:
    """Whether nothing that can be read follows: the place where senders' services put what they add.

    Pictures may follow. If they counted, taking the last one out would make another one the last.
    """
    tail = view[offset : offset + MAX_TAIL + 1]
    return len(tail) <= MAX_TAIL and not _MARKUP.sub(b"", tail)


def condition(view: bytes, offset: int) -> str:
    """When a URL in a style sheet is fetched, if that is when the message is printed, quoted or forwarded; else ""."""
    before = view[max(0, offset - MAX_PRELUDE) : offset].decode("latin-1")
    preludes = list(_preludes(before))
    if any(_PRINT.search(prelude) for prelude in preludes):
        return "printed"
    return "quoted or forwarded" if any(map(REPORTING_SELECTORS.search, preludes)) else ""


def reports(view: bytes) -> bool:
    """Whether `condition` could find anything in `view`."""
    lower = view.lower()
    return any(word in lower for word in _MAY_REPORT)


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


def _has_room(view: bytes) -> bool:
    """Whether a tree of `view` is built in linear time and holds everything."""
    if len(view) > MAX_TREE:
        return False
    deepest = 0 if view.count(b"<") <= MAX_OPEN else _depth(view)
    longest = max(view.split(b"<"), key=len)
    return deepest <= MAX_OPEN and len(longest.partition(b">")[0].split()) <= MAX_ATTRIBUTES


def _depth(view: bytes) -> int:
    """The most elements that can be open at once."""
    depth = deepest = 0
    for tag in _TAG.finditer(view):
        if tag[1]:
            depth -= depth > 0
        elif tag[2].lower() not in VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _mark_for(view: bytes) -> str:
    """An attribute name that `view` cannot contain: nobody can write down the digest of what he is writing."""
    return f"data-bp-{blake2b(view, digest_size=8).hexdigest()}"


def _marked(view: bytes, elements: Iterable[Element], mark: str) -> bytes:
    """A scratch copy of `view` in which each of `elements` says where it begins."""
    pieces, last = [], 0
    for element in sorted({element.span: element for element in elements}.values(), key=lambda one: one.span):
        after_name = element.span.start + 1 + len(element.name.encode())
        pieces += [view[last:after_name], b" %s=%d " % (mark.encode(), element.span.start)]
        last = after_name
    return b"".join([*pieces, view[last:]])


def _tree(html: bytes) -> Any:
    # Latin-1: every octet is a character, and nothing that is asked here lies outside of ASCII.
    parser = etree.HTMLParser(encoding="iso-8859-1", huge_tree=True, recover=True, remove_comments=True)
    return etree.fromstring(html, parser)


def _inside_hidden(node: Any, shown: frozenset[str], known: dict[Any, bool]) -> bool:
    """Whether an ancestor hides `node`; `known` keeps the answers, so that no ancestor is asked twice."""
    path = []
    verdict = False
    for ancestor in node.iterancestors():
        if ancestor in known:
            verdict = known[ancestor]
            break
        path.append(ancestor)
    for ancestor in reversed(path):
        verdict = verdict or _hides(ancestor, shown)
        known[ancestor] = verdict
    return verdict


def _hides(node: Any, shown: frozenset[str]) -> bool:
    style = read_style(node.get("style") or "")
    hides = style.hides or style.shrinks or node.get("hidden") is not None
    return bool(hides) and shown.isdisjoint(named(node.get("id"), node.get("class")))
