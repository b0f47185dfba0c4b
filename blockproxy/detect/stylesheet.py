"""The message's own style sheet: which classes, ids and elements it makes small or hides, and which it shows again.

Two questions, two thresholds. What a rule hides everywhere is hidden. What any rule shows on some screens may be the
picture for telephones: it counts as shown, however it is hidden otherwise. Selectors that mail programs disagree
about (pseudo-classes, escapes) say nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

MAX_CSS = 256 * 1024  # characters of style sheets in a message that are read; mail programs stop earlier
MAX_RULES = 16  # about one name, and about sizes or hiding; the last ones, which the cascade prefers
MAX_NESTED = 32  # rules about what stands in something else; the last ones
MAX_NAMES = 16  # classes of an element
MAX_SELECTOR = 200  # characters; whoever styles everything after a reset lists selectors, each of them short
MAX_ANCESTORS = 32  # elements around one that a selector is tried on

Get = Callable[[str], str | None]

_STYLE_TAG = re.compile(rb"<style\b([^<>]{0,1000}+)>")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_PLAIN_MEDIA = re.compile(r"@(?:media|supports)?\s*(?:only\s+)?(?:all|screen)?\s*", re.IGNORECASE)
_SMALL = r"\s*+:\s*+0*+[0-3]?(?:\.\d++)?\s*+(?:px|pt)?+\s*+(?:[;!]|\Z)"
_CONCEALS = re.compile(
    r"display\s*+:\s*+none|hidden|visibility\s*+:\s*+collapse|opacity|clip|scale|-\d{3}"
    rf"|width{_SMALL}|height{_SMALL}"  # spelt out: `re` then looks for eight letters only
)
_RELEVANT = re.compile("width|height|display|visib|opacity|left|right|top|clip|transform")
_REVEALS = re.compile(
    r"display\s*+:\s*+(?!none)|visibility\s*+:\s*+visible"
    r"|\b(?:height|width)\s*+:\s*+(?!0|[1-3](?:px)?\s*(?:[;!]|\Z))"
)
_NAMED = re.compile(r"""[.#]([A-Za-z_][\w-]*)|\[\s*(?:class|id)\s*[~|^$*]?=\s*["']?([\w-]+)""", re.IGNORECASE)
_COMPOUND = re.compile(r"(\*|[a-z][\w-]*)?((?:[.#][\w-]+)*)((?:\[[\w-]+(?:[~|^$*]?=[^\]]*)?\])*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\[([\w-]+)(?:([~|^$*]?)=["']?([^\]"']*)["']?)?\]""")
_COMBINATOR = re.compile(r"\s*[>+~]\s*(?![^\[]*\])|\s+(?![^\[]*\])")
_IMPORTANT = re.compile(r"!\s*important")


class Compound(NamedTuple):
    """What one element has to be: `td.x[width="1"]`."""

    element: str
    names: frozenset[str]  # `.class` and `#id`
    attributes: tuple[tuple[str, str, str], ...]

    def matches(self, element: str, get: Get) -> bool:
        """Whether an element called `element`, whose attributes `get` gives, is one."""
        return (
            self.element in {"", "*", element}
            and self.names <= names(get)
            and all(_holds(get(name), operator, value) for name, operator, value in self.attributes)
        )


class Rule(NamedTuple):
    """One selector and its declarations. `weight` orders rules as the cascade does: specificity, then place."""

    subject: Compound
    around: tuple[Compound, ...]
    weight: tuple[int, int, int, int]
    body: str


class Sheet:
    """The style sheets of `view`, a document in HTML; `lower` is the same in lower case, where somebody has it.

    `conceals` are names at the ends of selectors that may make something small or hide it (`.class`, `#id`, element),
    `reveals` classes and ids, without their signs, that are shown under some condition.
    """

    def __init__(self, view: bytes, lower: bytes | None = None) -> None:
        self._rules: list[tuple[str, str]] = []  # of every screen: selectors and declarations
        self._index: dict[str, list[Rule]] | None = None
        reveals: set[str] = set()
        conceals: set[str] = set()
        for conditional, selectors, body in _rules(view, view.lower() if lower is None else lower):
            if (conditional or "!" in body) and _REVEALS.search(body):
                reveals.update(one or other for one, other in _NAMED.findall(selectors))
            if not conditional:
                self._rules.append((selectors, body))
                if _CONCEALS.search(body):
                    conceals.update(name for selector in selectors.split(",") for name in _ends(selector))
        self.conceals, self.reveals = frozenset(conceals), frozenset(reveals)

    def may_conceal(self, element: str, get: Get) -> bool:
        """Whether anything in the sheet could make such an element small or hide it."""
        conceals = self.conceals
        return bool(conceals) and (element in conceals or "*" in conceals or not conceals.isdisjoint(names(get)))

    def shows(self, get: Get) -> bool:
        """Whether the sheet shows such an element on some screen: the picture for telephones, say."""
        return not self.reveals.isdisjoint(f"{get('id') or ''} {get('class') or ''}".split())

    def declared(self, element: str, get: Get, around: Callable[[], Iterable[tuple[str, Get]]]) -> tuple[str, str]:
        """What the sheet declares for an element: what its own style overrides, and what overrides its own style."""
        if self._index is None:
            self._index = _index(rule for rule in self._rules if _RELEVANT.search(rule[1]))
        keys = dict.fromkeys([*_name_list(get), element, "*"])
        matching = [rule for key in keys for rule in self._index.get(key, ()) if rule.subject.matches(element, get)]
        if any(rule.around for rule in matching):
            ancestors = list(islice(around(), MAX_ANCESTORS))
            matching = [rule for rule in matching if _inside(rule.around, ancestors)]
        bodies = [rule.body for rule in sorted(matching, key=lambda rule: rule.weight)]
        declarations = [text for body in bodies for text in body.split(";")]
        important = [text for text in declarations if _IMPORTANT.search(text)]
        return ";".join(declarations), ";".join(important)


def names(get: Get) -> frozenset[str]:
    """The names by which a style sheet may call an element: `.class`, `#id`."""
    return frozenset(_name_list(get))


def _name_list(get: Get) -> list[str]:
    found = [f".{name}" for name in (get("class") or "").split(maxsplit=MAX_NAMES)[:MAX_NAMES]]
    identifier = get("id")
    return [*found, f"#{identifier}"] if identifier else found


def _rules(view: bytes, lower: bytes) -> Iterator[tuple[bool, str, str]]:
    """(whether it holds only under a condition, selectors, declarations in lower case) of every rule, in order."""
    for conditional, css in _sheets(view, lower):
        open_ones: list[bool] = []  # of each block that is open around the rule, whether it is a condition
        conditions = int(conditional)
        for block in css.split("}")[:-1]:
            *preludes, body = block.split("{")
            if not preludes:
                conditions -= open_ones.pop() if open_ones else 0
                continue
            for outer in preludes[:-1]:
                open_ones.append(_is_condition(_prelude(outer)))
                conditions += open_ones[-1]
            selectors = _prelude(preludes[-1])
            if selectors and not selectors.startswith("@"):
                yield conditions > 0, selectors, body.lower()


def _prelude(text: str) -> str:
    """What stands in front of `{`: selectors, or an at-rule."""
    return text.rpartition(";")[2].strip()


def _is_condition(prelude: str) -> bool:
    return prelude.startswith("@") and not _PLAIN_MEDIA.fullmatch(prelude)


def _sheets(view: bytes, lower: bytes) -> Iterator[tuple[bool, str]]:
    """The text of each `<style>`, and whether it is for some screens only."""
    position, read = 0, 0
    while read < MAX_CSS and (start := lower.find(b"<style", position)) >= 0:
        tag = _STYLE_TAG.match(lower, start)
        if tag is None:
            position = start + 1
            continue
        end = lower.find(b"</style", tag.end())
        position = end if end >= 0 else len(view)
        css = view[tag.end() : min(position, tag.end() + MAX_CSS - read)].decode("latin-1")
        read += len(css)
        media = re.search(rb"media\s*=\s*[\"']?([^\"'>]*)", tag[1])
        plain = media is None or _PLAIN_MEDIA.fullmatch("@media " + media[1].decode("latin-1"))
        yield not plain, _COMMENT.sub("", css).replace("<!--", "").replace("-->", "")


def _ends(selector: str) -> Iterator[str]:
    """The names of the element that a selector is about; `*` where it has none."""
    for compound in _compounds(selector)[-1:]:
        yield from compound.names or {compound.element or "*"}


def _index(rules: Iterable[tuple[str, str]]) -> dict[str, list[Rule]]:
    """Rules by a name that their subject has, or its element, or `*`; in the order of the sheet."""
    everything = list(_parsed(rules))
    nested = [number for number, rule in enumerate(everything) if rule.around]
    dropped = frozenset(nested[:-MAX_NESTED])
    found: dict[str, list[Rule]] = {}
    for number, rule in enumerate(everything):
        if number not in dropped:
            key = min(rule.subject.names, default=rule.subject.element or "*")
            found.setdefault(key, []).append(rule)
    return {key: some[-MAX_RULES:] for key, some in found.items()}


def _parsed(rules: Iterable[tuple[str, str]]) -> Iterator[Rule]:
    for order, (selectors, body) in enumerate(rules):
        for selector in selectors.split(","):
            if compounds := _compounds(selector):
                *around, subject = compounds
                yield Rule(subject, tuple(around), (*_weight(compounds), order), body)


def _compounds(selector: str) -> list[Compound]:
    """The elements that a selector names, the outermost first; empty where it can't be read."""
    if len(selector) > MAX_SELECTOR:
        return []
    compounds = [_compound(text) for text in _COMBINATOR.split(selector.strip())]
    known = [compound for compound in compounds if compound is not None]
    return known if len(known) == len(compounds) else []


def _compound(text: str) -> Compound | None:
    found = _COMPOUND.fullmatch(text) if text else None
    if found is None:
        return None
    attributes = tuple((name.lower(), operator, value) for name, operator, value in _ATTRIBUTE.findall(found[3]))
    return Compound((found[1] or "").lower(), frozenset(re.findall(r"[.#][\w-]+", found[2])), attributes)


def _weight(compounds: Iterable[Compound]) -> tuple[int, int, int]:
    """Specificity (Selectors 4, section 17)."""
    ids = classes = elements = 0
    for compound in compounds:
        own = sum(name.startswith("#") for name in compound.names)
        ids += own
        classes += len(compound.names) - own + len(compound.attributes)
        elements += compound.element not in {"", "*"}
    return ids, classes, elements


def _holds(has: str | None, operator: str, value: str) -> bool:
    """Whether an attribute is as `[name*=value]` asks; without a value it has to be there."""
    if has is None or not (value or operator):
        return has is not None
    return {
        "": has == value,
        "~": value in has.split(),
        "*": value in has,
        "^": has.startswith(value),
        "$": has.endswith(value),
        "|": has == value or has.startswith(f"{value}-"),
    }[operator]


def _inside(around: tuple[Compound, ...], ancestors: list[tuple[str, Get]]) -> bool:
    """Whether `ancestors`, the innermost first, hold what stands in front of a selector's last element, in order."""
    left = iter(ancestors)
    return all(any(compound.matches(*ancestor) for ancestor in left) for compound in reversed(around))
