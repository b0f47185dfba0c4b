"""Does anybody see it? What the size, the style and the attributes of an element say about how it is shown.

Forms and sizes are those that trackers use (1 by 1, 0 by 0, 3 by 1, hidden, no size at all) and those that layouts use
and that must stay: lines, gradients, spacers, the logo that only telephones show. Whether something invisible is a
tracker at all is decided by `individual`: a page is full of invisible images that are the same for all readers.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from blockproxy.model import Element

TINY = 3  # pixels; Google's and Epsilon's pixels are 3 wide, icons begin at about 8
SPECK = 10  # square pixels of what is no line; Oempro's pixel is 5 by 2
FAINT = 0.05  # opacity; below it nothing can be made out on any screen
OFF_SCREEN = -900  # pixels; what accessibility style sheets use begins at -999

# Elements whose other side follows from the picture when only one is given. A table cell grows with its content.
REPLACED = frozenset({"img", "image", "input", "video", "embed", "object", "iframe", "amp-img", "amp-pixel"})


class Sight(Enum):
    """How an element is shown."""

    UNSEEN = auto()  # 1 by 1 pixel and smaller
    SMALL = auto()  # up to `TINY` on both sides, or up to `SPECK` in all
    HIDDEN = auto()  # by its style; the style sheet may show it on another screen
    NARROW = auto()  # one side is given, and that is 1 pixel or none
    THIN = auto()  # a line: 1 by 100, 600 by 1
    UNKNOWN = auto()  # no size: as large as the picture
    LAST = auto()  # no size, and nothing follows in the message
    INSIDE = auto()  # as large as a picture, inside a hidden element
    NAMED = auto()  # no size, and an address that calls itself a report of opening
    OUTSIDE = auto()  # no size, after the end of the document
    VISIBLE = auto()


class Look(NamedTuple):
    """How an element looks: `evidence` is a piece of a sentence for a person."""

    sight: Sight
    evidence: str = ""


class Style(NamedTuple):
    """What an inline style says: sides in pixels, None where it does not say; `hides` is the declaration that hides."""

    width: float | None
    height: float | None
    stretches: bool
    hides: str
    shrinks: str


def look(element: Element, declared: tuple[str, str] = ("", "")) -> Look:
    """How `element` is shown, going by itself and by what a style sheet has `declared` for it.

    The first half is overridden by the element's own style, the second overrides it.
    """
    if element.name == "bgsound":
        return Look(Sight.UNSEEN, "a sound in the background")
    if element.get("hidden") is not None:
        return Look(Sight.HIDDEN, "hidden by its attribute")
    width, height, style = element.get("width"), element.get("height"), element.get("style")
    if declared != ("", ""):
        style = f"{declared[0]};{style or ''};{declared[1]}"
    return _look(width, height, style or "", element.name in REPLACED)


@lru_cache(maxsize=2048)
def _look(width: str | None, height: str | None, style: str, replaced: bool) -> Look:
    inline = read_style(style)
    wide = inline.width if inline.width is not None else _pixels(width)
    high = inline.height if inline.height is not None else _pixels(height)
    if wide is not None and high is not None:
        return _both(wide, high, inline)
    known = wide if wide is not None else high
    if known is not None and known <= 1 and replaced:
        side = "wide" if wide is not None else "high"
        stretched = inline.stretches or any("%" in (text or "") for text in (width, height))
        sight = Sight.THIN if stretched and known > 0 else Sight.NARROW
        return Look(sight, f"{known:g} pixel {side}")
    if inline.hides:
        return Look(Sight.HIDDEN, f"hidden by {inline.hides}")
    if known is not None and known > TINY:
        return Look(Sight.VISIBLE)
    return Look(Sight.UNKNOWN, "without a size")


def _both(wide: float, high: float, inline: Style) -> Look:
    evidence = f"{wide:g} by {high:g} pixel"
    if (wide <= TINY and high <= TINY) or (min(wide, high) > 1 and wide * high <= SPECK):
        return Look(Sight.UNSEEN if max(wide, high) <= 1 else Sight.SMALL, evidence)
    if inline.hides:
        return Look(Sight.HIDDEN, f"hidden by {inline.hides}")
    if min(wide, high) == 0:
        return Look(Sight.NARROW, evidence)
    if min(wide, high) <= 1:
        return Look(Sight.THIN, evidence)
    return Look(Sight.VISIBLE)


@lru_cache(maxsize=2048)
def read_style(style: str) -> Style:
    """What a `style` attribute says about size and visibility."""
    said = declarations(style)
    hides = next(
        (f"{name}: {said[name]}" for name, hiding in HIDING.items() if name in said and hiding(said[name])), ""
    )
    return Style(
        _side(said, "width"),
        _side(said, "height"),
        any(said.get(name, "").endswith("%") for name in ("width", "height", "min-width")),
        hides,
        _shrinks(said),
    )


def declarations(style: str) -> dict[str, str]:
    """`width: 1px !important; …` as {"width": "1px"}; of a property that is set twice the last one."""
    said = {}
    for declaration in _COMMENT.sub("", style).split(";"):
        name, colon, value = _unescaped(declaration).partition(":")
        if colon:
            said[name.strip().lower()] = value.partition("!")[0].strip().lower()
    return said


def _unescaped(text: str) -> str:
    """`n\\6f ne` as `none` (CSS Syntax 3, section 4.3.7)."""
    return _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), text) if "\\" in text else text


def _shrinks(said: dict[str, str]) -> str:
    """The declaration that leaves no room for what is inside: no height, and what does not fit is cut off."""
    if "hidden" not in said.get("overflow", said.get("overflow-y", "")):
        return ""
    sides = (name for name in ("max-height", "height", "max-width", "width") if _pixels(said.get(name)) == 0)
    return next((f"{name}: {said[name]}" for name in sides), "")


def _side(said: dict[str, str], name: str) -> float | None:
    known = [side for side in (_pixels(said.get(name)), _pixels(said.get(f"max-{name}"))) if side is not None]
    return min(known, default=None)


_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{1,6})\s?")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LENGTH = re.compile(r"\s*(\d*\.?\d+)\s*(px|pt|%|[a-z]+)?")
_NOTHING_LEFT = re.compile(r"rect\((?:\s*[01](?:px)?\s*,?){4}\)")
# Pixels in a unit (CSS Values 4, section 6), with the font size that browsers begin with.
_UNITS = {
    "px": 1,
    "pt": 4 / 3,
    "pc": 16,
    "in": 96,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "em": 16,
    "rem": 16,
    "ex": 8,
    "ch": 8,
}


def _pixels(text: str | None) -> float | None:
    """`1`, `1px`, ` 1 `, `.5pt` in pixels; None where it depends on something else (`50%`, `auto`, `2vw`)."""
    found = _LENGTH.match(text.lower()) if text else None
    if found is None:
        return None
    number, unit = float(found[1]), found[2]
    if number == 0 or unit is None:
        return number
    return number * _UNITS[unit] if unit in _UNITS else None


def _faint(value: str) -> bool:
    found = _LENGTH.match(value)
    return found is not None and float(found[1]) / (100 if found[2] == "%" else 1) <= FAINT


def _off_screen(value: str) -> bool:
    found = re.match(r"-\d+", value)
    return found is not None and int(found[0][:9]) <= OFF_SCREEN


# What makes an element and everything in it disappear. Not `mso-hide: all`: it hides from Outlook only, and senders put
# it on what all others shall see. Not `font-size: 0`: it is how templates close the gaps around pictures. Not
# `text-indent`: it moves the words that stand in for a picture, not the picture.
HIDING: dict[str, Callable[[str], bool]] = {
    "display": lambda value: value == "none",
    "visibility": lambda value: value in {"hidden", "collapse"},
    "opacity": _faint,
    "left": _off_screen,
    "right": _off_screen,
    "top": _off_screen,
    "margin-left": _off_screen,
    "margin-top": _off_screen,
    "clip": lambda value: _NOTHING_LEFT.fullmatch(value) is not None,
    "clip-path": lambda value: value.replace(" ", "") in {"inset(50%)", "inset(100%)", "circle(0)"},
    "transform": lambda value: value.replace(" ", "") in {"scale(0)", "scale(0,0)"},
}
