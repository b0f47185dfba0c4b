"""What hides an element from outside: its ancestors, asked of a document tree.

A tree tells what a start tag alone cannot: `<div style="display:none"><img src=…></div>`. It is lxml's, and it never
decides what is rewritten: each start tag that is asked about gets a mark in a scratch copy, and a marked node leads
back to its tag, wherever the tree builder moved it. Where there is no tree, or no node, there is no context; that never
means that there is no tracker.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

from lxml import etree

from blockproxy.detect.appearance import read_style
from blockproxy.detect.stylesheet import Get, Sheet
from blockproxy.model import Element

MAX_OPEN = 2000  # open elements; libxml2 loses what is deeper than about 2,100
MAX_ATTRIBUTES = 1000  # attributes of a tag; libxml2 compares each with all before it
MAX_TREE = 2 * 1024 * 1024  # octets; larger leaves are attachments, and a tree takes ten times as much memory

# Elements without an end tag (HTML, section 13.1.2): they are never open.
VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())

# Parts of tables (CSS 2, section 17.5.3): a height is the least that they have, and nothing in them is cut off.
GROWING = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th"})

_TAG = re.compile(rb"<(/?)([a-zA-Z][^\s/>]*)")


class Tree:
    """The document tree of `view`, as far as it says what stands around each of `elements`. Never raises."""

    def __init__(self, view: bytes, elements: Iterable[Element], sheet: Sheet) -> None:
        asked = [element for element in elements if not element.in_comment]
        self._sheet = sheet
        self._verdicts: dict[Any, bool] = {}
        self._nodes: dict[int, Any] = {}
        if not asked or not _has_room(view):
            return
        mark = _mark_for(view)
        try:
            tree = _tree(_marked(view, asked, mark))
            nodes = tree.iterfind(f".//*[@{mark}]") if tree is not None else ()
            self._nodes = {int(node.get(mark)): node for node in nodes}
        except (etree.LxmlError, ValueError, AssertionError):
            return

    def hides(self, element: Element) -> bool:
        """Whether it stands inside an element that hides it.

        An ancestor that the message's own style sheet shows again, for telephones say, does not count.
        """
        path = []
        verdict = False
        node = self._nodes.get(element.span.start)
        for ancestor in node.iterancestors() if node is not None else ():
            if ancestor in self._verdicts:  # no ancestor is asked twice
                verdict = self._verdicts[ancestor]
                break
            path.append(ancestor)
        for ancestor in reversed(path):
            verdict = verdict or self._hides(ancestor)
            self._verdicts[ancestor] = verdict
        return verdict

    def around(self, element: Element) -> Iterator[tuple[str, Get]]:
        """Its ancestors, the innermost first: their names, and what gives their attributes."""
        node = self._nodes.get(element.span.start)
        return _around(node) if node is not None else iter(())

    def _hides(self, node: Any) -> bool:
        own = node.get("style") or ""
        if self._sheet.may_conceal(node.tag, node.get):
            before, after = self._sheet.declared(node.tag, node.get, lambda: _around(node))
            own = f"{before};{own};{after}"
        style = read_style(own)
        shrinks = style.shrinks and node.tag not in GROWING
        hides = style.hides or shrinks or node.get("hidden") is not None
        return bool(hides) and not self._sheet.shows(node.get)


def _around(node: Any) -> Iterator[tuple[str, Get]]:
    return ((ancestor.tag, ancestor.get) for ancestor in node.iterancestors())


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
