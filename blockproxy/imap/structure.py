"""BODYSTRUCTURE: what the parts of a message are. RFC 9051, section 7.5.2.

Reads only what naming a part's type, parameters and encoding needs; anything unexpected gives "unknown", never an
error, because servers send negative sizes, missing fields and NIL in many places.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from blockproxy.model import Entity

MAX_KNOWN = 16 * 1024  # octets of a BODYSTRUCTURE that is remembered as read; its tree takes tenfold
MAX_DEPTH = 50  # nested multiparts; real mail stays below 10, and the number is a bound for recursion

_TOKEN = re.compile(rb'\s*+(?:([()])|"((?:[^"\\]|\\.)*+)"|~?\{(\d{1,9})\+?\}\r?\n|([^\s()"{]++))', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ENCLOSED = frozenset({"message/rfc822", "message/global"})
_PROTECTING = frozenset({"multipart/signed", "multipart/encrypted"})


@dataclass(frozen=True, slots=True)
class Node:
    """One part: its `entity`, the parts of a multipart, and for message/rfc822 the body of the message inside."""

    entity: Entity
    children: tuple["Node", ...] = ()
    message: "Node | None" = field(default=None)

    def part(self, number: str) -> Entity | None:
        """The entity of `BODY[number]`; None for a number that is not there."""
        node = self._find(number)
        return None if node is None else node.entity

    def text(self, number: str) -> Entity | None:
        """The entity whose body is `BODY[number.TEXT]`, with "" `BODY[TEXT]`."""
        if not number:
            return self.entity
        node = self._find(number)
        return None if node is None or node.message is None else node.message.entity

    def _find(self, number: str) -> "Node | None":
        node: Node | None = None
        inside: Node | None = self
        for index in map(int, number.split(".")):
            if inside is None:
                return None
            parts = inside.children or (inside,)  # the body of a message that is no multipart is its part 1
            if not 1 <= index <= len(parts):
                return None
            node = parts[index - 1]
            inside = node.message if node.message is not None else node if node.children else None
        return node


def parse(raw: bytes) -> Node | None:
    """Read a BODYSTRUCTURE with its literals in line, from its `(` to its `)`; None for what is not one."""
    return (_parse if len(raw) > MAX_KNOWN else _known)(raw)


def _parse(raw: bytes) -> Node | None:
    tree = _tree(raw)
    return None if tree is None else _node(tree, protected=False)


_known = lru_cache(maxsize=64)(_parse)


def _tree(raw: bytes) -> list[Any] | None:
    """Nested lists of octets; NIL is an atom like any other."""
    stack: list[list[Any]] = [[]]
    for word in _tokens(raw):
        if word == "(":
            stack.append([])
            if len(stack) > MAX_DEPTH:
                return None
        elif word == ")":
            done = stack.pop()
            if not stack:
                return None
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    top = stack[0]
    return top[0] if len(stack) == 1 and len(top) == 1 and isinstance(top[0], list) else None


def _tokens(raw: bytes) -> Iterator[str | bytes]:
    position = 0
    while match := _TOKEN.match(raw, position):
        position = match.end()
        bracket, quoted, literal, atom = match.groups()
        if bracket is not None:
            yield bracket.decode()
        elif quoted is not None:
            yield _ESCAPE.sub(rb"\1", quoted)
        elif literal is not None:
            yield raw[position : position + int(literal)]
            position += int(literal)
        else:
            yield atom


def _node(tree: list[Any], *, protected: bool) -> Node | None:
    if tree and isinstance(tree[0], list):
        return _multipart(tree, protected=protected)
    if len(tree) < 7:
        return None
    media_type = f"{_word(tree[0])}/{_word(tree[1])}"
    nested = media_type in _ENCLOSED and len(tree) > 8 and isinstance(tree[8], list)
    # type, subtype, parameters, id, description, encoding, octets; lines of a text; envelope, body, lines of a message
    more = tree[10 if nested else 8 if media_type.startswith("text/") else 7 :]
    disposition, file = _disposition(more)
    entity = Entity(
        media_type, _parameters(tree[2]), _word(tree[5]) or "7bit", protected, disposition, file, _location(more)
    )
    if nested:
        return Node(entity, (), _node(tree[8], protected=protected))
    return Node(entity)


def _disposition(more: list[Any]) -> tuple[str, dict[str, str]]:
    """Content-Disposition, the second of the fields that may follow: MD5, disposition, language, location."""
    if len(more) < 2 or not isinstance(more[1], list) or not more[1]:
        return "", {}
    return _word(more[1][0]), _parameters(more[1][1] if len(more[1]) > 1 else None)


def _location(more: list[Any]) -> str:
    """Content-Location, the fourth of them, without white space, quotes and brackets."""
    if len(more) < 4 or not _word(more[3]):
        return ""
    return b"".join(more[3].split()).decode("utf-8", "replace").strip('"<>')


def _multipart(tree: list[Any], *, protected: bool) -> Node | None:
    count = next((i for i, value in enumerate(tree) if not isinstance(value, list)), len(tree))
    subtype = _word(tree[count]) if count < len(tree) else "mixed"
    parameters = _parameters(tree[count + 1]) if count + 1 < len(tree) else {}
    entity = Entity(f"multipart/{subtype}", parameters, "7bit", protected)
    inside = protected or entity.media_type in _PROTECTING
    children = [_node(child, protected=inside) for child in tree[:count]]
    # An unreadable child keeps its number.
    return Node(
        entity, tuple(child or Node(Entity("application/octet-stream", protected=inside)) for child in children)
    )


def _parameters(value: Any) -> dict[str, str]:
    if not isinstance(value, list):
        return {}
    words = [word if isinstance(word, bytes) else b"" for word in value]
    return {
        name.decode("latin-1").lower(): text.decode("utf-8", "surrogateescape")
        for name, text in zip(words[::2], words[1::2], strict=False)
    }


def _word(value: Any) -> str:
    if not isinstance(value, bytes) or value.upper() == b"NIL":
        return ""
    return value.decode("latin-1").lower()


def decoded(entity: Entity) -> Entity:
    """The same without its transfer encoding; what is inside of a multipart or a message says it for itself."""
    composite = entity.media_type.startswith(("multipart/", "message/"))
    return entity if composite else replace(entity, encoding="binary")
