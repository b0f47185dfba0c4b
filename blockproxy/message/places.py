"""The places where HTML names a URL: the one table of what is fetched on opening, and what is followed on a click.

To add a place, add a row. Sources: WHATWG HTML, section "attributes"; SVG 2, appendix on linking; cure53's HTTPLeaks,
whose vectors the tests run; VML as Outlook reads it. Rows for `*` hold for every element that has no row of its own. A
prefix of the element's name is tried with and without: any may be declared for VML.
"""

from enum import Enum, auto
from typing import NamedTuple

from blockproxy.message.css import Fetch
from blockproxy.model import Place, Resource, Trigger

_OPEN, _CLICK = Trigger.OPEN, Trigger.CLICK


class Syntax(Enum):
    """How a value holds its URLs."""

    URL = auto()
    WORDS = auto()  # several, with white space between
    COMMAS = auto()  # several, with commas between
    SRCSET = auto()  # several, each with a descriptor
    CSS = auto()
    REFRESH = auto()  # seconds, then one
    ANIMATED = auto()  # one, or CSS
    KEYFRAMES = auto()  # several of these, with semicolons between
    ANYWHERE = auto()  # somewhere in a text
    SWITCH = auto()  # none: `on` lets the browser ask for the names of all hosts that are linked to
    DOCUMENT = auto()  # HTML


class Row(NamedTuple):
    """A place, how its value is written, and on what it depends: one of `words` in the attribute `other`."""

    place: Place
    syntax: Syntax
    other: str = ""
    words: frozenset[str] = frozenset()


_HINTS = "dns-prefetch preconnect prefetch preload prerender modulepreload subresource"
_ICONS = "icon apple-touch-icon apple-touch-icon-precomposed apple-touch-startup-image mask-icon fluid-icon"

# elements, attributes, when, what, syntax; and where it depends on another attribute: its name, and words in it.
# Of several rows for one place the first that applies counts.
_TABLE: tuple[tuple[str, str, Trigger, Resource, Syntax, str, str], ...] = (
    # Pictures. Browsers read <image> as <img>.
    ("img image", "src lowsrc dynsrc", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("img image source", "srcset", _OPEN, Resource.IMAGE, Syntax.SRCSET, "", ""),
    ("img image", "longdesc", _CLICK, Resource.LINK, Syntax.URL, "", ""),
    ("input isindex", "src", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("menuitem command", "icon", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("body table thead tbody tfoot tr td th *", "background", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    # Outlook: v:fill, v:imagedata, v:image, v:stroke, v:textpath.
    ("fill stroke imagedata v:image", "src href o:href althref o:althref", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("vmlframe", "src", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("rect roundrect oval shape line polyline arc curve group", "href", _CLICK, Resource.LINK, Syntax.URL, "", ""),
    # Links and forms.
    ("a area", "href xlink:href", _CLICK, Resource.LINK, Syntax.URL, "", ""),
    ("a area", "ping", _CLICK, Resource.HINT, Syntax.WORDS, "", ""),
    ("math mi mo mn ms mtext mrow mfrac msup msub msqrt", "href xlink:href", _CLICK, Resource.LINK, Syntax.URL, "", ""),
    ("form isindex", "action", _CLICK, Resource.FORM, Syntax.URL, "", ""),
    ("button input isindex", "formaction", _CLICK, Resource.FORM, Syntax.URL, "", ""),
    ("*", "attributionsrc", _OPEN, Resource.HINT, Syntax.WORDS, "", ""),
    # The head.
    ("base", "href", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    ("link", "href", _OPEN, Resource.STYLE, Syntax.URL, "rel", "stylesheet"),
    ("link", "href", _OPEN, Resource.IMAGE, Syntax.URL, "rel", _ICONS),
    ("link", "href", _OPEN, Resource.HINT, Syntax.URL, "rel", _HINTS),
    ("link", "href", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    ("link", "imagesrcset", _OPEN, Resource.IMAGE, Syntax.SRCSET, "", ""),
    ("meta", "content", _OPEN, Resource.DOCUMENT, Syntax.REFRESH, "http-equiv", "refresh"),
    ("meta", "content", _OPEN, Resource.HINT, Syntax.SWITCH, "http-equiv", "x-dns-prefetch-control"),
    ("meta", "content", _OPEN, Resource.OTHER, Syntax.ANYWHERE, "", ""),
    ("html", "manifest", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    ("head", "profile", _OPEN, Resource.OTHER, Syntax.WORDS, "", ""),
    ("import", "implementation", _OPEN, Resource.SCRIPT, Syntax.URL, "", ""),
    ("?import ?xml-stylesheet", "implementation href src", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    # Scripts, frames, objects, media.
    ("script", "src href xlink:href", _OPEN, Resource.SCRIPT, Syntax.URL, "", ""),
    ("iframe frame portal layer ilayer xml fencedframe", "src", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("iframe amp-iframe", "srcdoc", _OPEN, Resource.DOCUMENT, Syntax.DOCUMENT, "", ""),
    ("object", "data movie codebase classid", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("object", "archive", _OPEN, Resource.DOCUMENT, Syntax.WORDS, "", ""),
    ("embed", "src code", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("embed", "pluginspage", _CLICK, Resource.LINK, Syntax.URL, "", ""),
    ("applet", "code codebase object", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("applet", "archive", _OPEN, Resource.DOCUMENT, Syntax.COMMAS, "", ""),
    ("param", "value", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("video audio source track bgsound", "src", _OPEN, Resource.MEDIA, Syntax.URL, "", ""),
    ("video", "poster", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    # AMP for Email, and the bindings of amp-bind, whose values are expressions.
    ("amp-img amp-anim amp-pixel", "src", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("amp-img amp-anim", "srcset", _OPEN, Resource.IMAGE, Syntax.SRCSET, "", ""),
    ("amp-video amp-audio", "src", _OPEN, Resource.MEDIA, Syntax.URL, "", ""),
    ("amp-video amp-audio", "poster artwork", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    ("amp-iframe amp-list amp-state amp-autocomplete", "src", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("amp-analytics", "config", _OPEN, Resource.DOCUMENT, Syntax.URL, "", ""),
    ("form", "action-xhr verify-xhr", _CLICK, Resource.FORM, Syntax.URL, "", ""),
    ("*", "[src] [srcset] [poster] data-amp-bind-src", _OPEN, Resource.OTHER, Syntax.ANYWHERE, "", ""),
    ("*", "src", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    # CSS, and the attributes of SVG that are CSS.
    ("*", "style", _OPEN, Resource.STYLE, Syntax.CSS, "", ""),
    (
        "*",
        "fill stroke filter mask clip-path cursor marker marker-start marker-mid marker-end",
        _OPEN,
        Resource.STYLE,
        Syntax.CSS,
        "",
        "",
    ),
    # SVG.
    ("image feimage", "href xlink:href", _OPEN, Resource.IMAGE, Syntax.URL, "", ""),
    (
        "use tref textpath mpath pattern lineargradient radialgradient filter cursor color-profile",
        "href xlink:href",
        _OPEN,
        Resource.OTHER,
        Syntax.URL,
        "",
        "",
    ),
    ("font-face-uri definition-src", "href xlink:href", _OPEN, Resource.FONT, Syntax.URL, "", ""),
    ("*", "xlink:href o:href", _OPEN, Resource.OTHER, Syntax.URL, "", ""),
    (
        "animate set animatemotion animatetransform animatecolor",
        "to from by",
        _OPEN,
        Resource.OTHER,
        Syntax.ANIMATED,
        "",
        "",
    ),
    (
        "animate set animatemotion animatetransform animatecolor",
        "values",
        _OPEN,
        Resource.OTHER,
        Syntax.KEYFRAMES,
        "",
        "",
    ),
)

BASE = "base"

DOCTYPE = Place("doctype", _OPEN, Resource.OTHER)
TEXT = Place("text", _CLICK, Resource.LINK)
SCRIPT = Place("script text", _OPEN, Resource.SCRIPT)

_CSS_RESOURCES = {Fetch.FONT: Resource.FONT, Fetch.SOURCE_MAP: Resource.OTHER}
CSS = {fetch: Place(fetch.value, _OPEN, _CSS_RESOURCES.get(fetch, Resource.STYLE)) for fetch in Fetch}


def _index() -> dict[str, dict[str, tuple[Row, ...]]]:
    """The table by attribute, then by element."""
    index: dict[str, dict[str, tuple[Row, ...]]] = {}
    for elements, attributes, trigger, resource, syntax, other, words in _TABLE:
        for attribute in attributes.split():
            for element in elements.split():
                name = attribute if element == "*" else f"{element} {attribute}"
                row = Row(Place(name, trigger, resource), syntax, other, frozenset(words.split()))
                rows = index.setdefault(attribute, {})
                rows[element] = (*rows.get(element, ()), row)
    return index


BY_ATTRIBUTE = _index()


def rows(element: str, attribute: str) -> tuple[Row, ...]:
    """The rows for an attribute of an element, by their names in lower case."""
    by_element = BY_ATTRIBUTE.get(attribute)
    if by_element is None:
        return ()
    found = by_element.get(element)
    if found is None and ":" in element:
        found = by_element.get(element.rpartition(":")[2])
    return found if found is not None else by_element.get("*", ())
