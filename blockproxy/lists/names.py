"""Regular expressions of lists that mean nothing but a few words: `utm_[a-z]*`, `mc_(?:eid|cid)`, `srs?`.

They are never run. Such an expression is read, its words are written out, and what means more than that is refused: so
no expression of somebody else can stall us, and what it means can be looked up in a dictionary.
"""

import re
from itertools import product

MAX_WORDS = 64  # of one expression; the widest one in ClearURLs' rules means 16
MAX_EXPRESSION = 200  # characters
SHORTEST_BEGINNING = 2  # characters before an open end: `a*` would be nearly everything
OPEN = "*"  # stands for anything in a word

_NAME = re.compile(r"[\w.$~:@%!-]+\Z")
_LITERAL = re.compile(r"\\([-./_?=&%:$\[\]])|([\w/=&%:,@!~-])")
_CLASS = re.compile(r"\[([^\]\\^]+|[^\]\\^]*\\[-.wd][^\]\\^]*)\]|\\([wd])|(\.)|\[\^[^\]]{1,9}\]")
_MANY = re.compile(r"(?:[*+]|\{\d,\})[?+]?")  # no upper limit; what has one means more words than can be written out
_REPEAT = re.compile(r"[*+{]")
_GROUP = re.compile(r"\((?:\?:)?")


def names_in(text: str) -> list[str]:
    """The names that `removeparam=TEXT` means, `utm_*` for beginnings; none where it means all, or cannot be read."""
    if not text or text.startswith("~"):
        return []
    if not text.startswith("/"):
        return [text] if _NAME.match(text) else []
    expression = text[1:].rpartition("/")[0]
    if not expression.startswith("^") or text.endswith("/i"):  # names are compared with their case
        return []
    body = expression[1:]
    exact = body.endswith(("=", "$"))
    return [word if exact else word + OPEN for word in parameter_names(body.rstrip("=$")) if _long_enough(word, exact)]


def parameter_names(expression: str) -> list[str]:
    """The names that a whole-name expression means; none where that cannot be written as names and beginnings."""
    words = words_of(expression) or []
    names = [word.rstrip(OPEN) + (OPEN if word.endswith(OPEN) else "") for word in words]
    fine = all(OPEN not in name[:-1] and _long_enough(name.rstrip(OPEN), not name.endswith(OPEN)) for name in names)
    return names if fine else []


def _long_enough(word: str, exact: bool) -> bool:
    return len(word.rstrip(OPEN)) >= (1 if exact and not word.endswith(OPEN) else SHORTEST_BEGINNING)


def words_of(expression: str) -> list[str] | None:
    """Every text that `expression` matches, with `*` for what is open; None where that cannot be said."""
    if len(expression) > MAX_EXPRESSION:
        return None
    try:
        words, end = _alternatives(expression, 0)
    except (ValueError, RecursionError):
        return None
    return words if end == len(expression) else None


def _alternatives(text: str, at: int) -> tuple[list[str], int]:
    words, at = _sequence(text, at)
    while at < len(text) and text[at] == "|":
        more, at = _sequence(text, at + 1)
        words += more
    return _few(words), at


def _sequence(text: str, at: int) -> tuple[list[str], int]:
    words = [""]
    while at < len(text) and text[at] not in "|)":
        piece, at = _piece(text, at)
        piece, at = _repeated(piece, text, at)
        words = _few([_joined(one, two) for one, two in product(words, piece)])
    return words, at


def _piece(text: str, at: int) -> tuple[list[str], int]:
    group = _GROUP.match(text, at)
    if group is not None:
        words, at = _alternatives(text, group.end())
        if at >= len(text):
            raise ValueError("a group does not end")
        return words, at + 1
    literal = _LITERAL.match(text, at)
    if literal is not None:
        return [literal[1] or literal[2]], literal.end()
    found = _CLASS.match(text, at)
    if found is None:
        raise ValueError("it means more than words")
    if found[1] and not re.search(r"[-\\]", found[1]):
        return list(found[1]), found.end()
    if not _MANY.match(text, found.end()):
        raise ValueError("one of many characters")
    return [OPEN], found.end()


def _repeated(piece: list[str], text: str, at: int) -> tuple[list[str], int]:
    if text[at : at + 1] == "?":
        return ["", *piece], at + 1
    many = _MANY.match(text, at)
    if many is not None and all(word.endswith(OPEN) for word in piece):
        return piece if piece == [OPEN] or text[at] == "+" else ["", *piece], many.end()
    if _REPEAT.match(text, at):
        raise ValueError("a word many times")
    return piece, at


def _joined(one: str, two: str) -> str:
    return one if one.endswith(OPEN) and two.startswith(OPEN) and len(two) == 1 else one + two


def _few(words: list[str]) -> list[str]:
    if len(words) > MAX_WORDS:
        raise ValueError("it means too many words")
    return words
