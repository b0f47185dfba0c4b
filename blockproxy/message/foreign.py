"""Whether the tokenizer stands inside SVG or MathML, where `<style>` holds markup and `<![CDATA[` is a section.

The tree builder decides that in WHATWG HTML, section 13.2.6.5. Only as much of it is here as tells the two readings
apart: a reader that takes the wrong one overlooks what a comment or an attribute seems to hide.
"""

from collections import Counter

from blockproxy.message.token import StartTag


def _names(*names: str) -> frozenset[str]:
    return frozenset(name for line in names for name in line.split())


_ROOTS = _names("svg math")
# Elements whose content is HTML again ("integration points"), by their namespace.
_INTEGRATION = {"svg": _names("foreignobject desc title"), "math": _names("mi mo mn ms mtext")}
_ANNOTATION = "annotation-xml"  # and this one, if its attribute says so
_HOLDS_HTML = _names("text/html application/xhtml+xml")
_STAY_FOREIGN = _names("mglyph malignmark")  # in `<mi>` and its kin
# Start tags that end all foreign content.
_BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta",
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var",
)
_FONT = _names("color face size")  # of these attributes one makes `<font>` such a tag
_VOID = _names("area base br col embed hr img input link meta source track wbr")
# An end tag of another element does not close these.
_SPECIAL = _names(
    "address article aside blockquote body button center dd details div dl dt fieldset figure footer form h1 h2 h3 h4",
    "h5 h6 header html li main nav object ol p pre section select summary table tbody td tfoot th thead tr ul",
)
MAX_DEPTH = 128  # elements; bounds the work for one end tag. Browsers cut at 512, mail goes ten deep


class Foreign:
    """The open elements from the outermost `<svg>` or `<math>` inwards; empty everywhere else."""

    __slots__ = ("_holds_html", "_names", "_open", "_spaces")

    def __init__(self) -> None:
        self._open: list[str] = []
        self._spaces: list[str] = []  # their namespaces: "svg", "math", or "" for HTML
        self._holds_html: list[bool] = []  # whether they are integration points
        self._names: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def within(self) -> bool:
        """Whether the current element is foreign, where `<![CDATA[` begins a section."""
        return bool(self._open) and self._spaces[-1] != ""

    @property
    def inside(self) -> bool:
        """Whether the next tag is read by the rules of foreign content."""
        return self.within and not self._holds_html[-1]

    def start(self, tag: StartTag) -> None:
        """A start tag."""
        name, self_closing = tag.name, tag.self_closing
        if self._foreign(name):
            if name in _BREAKOUT or (name == "font" and any(tag.get(attribute) is not None for attribute in _FONT)):
                self._break_out()
            else:
                self._push(tag, self._spaces[-1], self_closing)
                return
        if name in _ROOTS:
            self._push(tag, name, self_closing)
        elif self._open:
            self._push(tag, "", name in _VOID)

    def _foreign(self, name: str) -> bool:
        if not self.within:
            return False
        top = self._open[-1]
        if self._holds_html[-1]:
            return name in _STAY_FOREIGN and top in _INTEGRATION["math"] and self._spaces[-1] == "math"
        return not (top == _ANNOTATION and name == "svg")

    def end(self, name: str) -> None:
        """An end tag."""
        if self.inside and name in {"p", "br"}:
            self._break_out()
        if not self._names[name]:
            return
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index] == name:
                self._pop_to(index)
                return
            if not self._spaces[index] and self._open[index] in _SPECIAL:
                return

    def _push(self, tag: StartTag, space: str, closed: bool) -> None:
        name = tag.name
        if closed or len(self._open) >= MAX_DEPTH:
            return
        holds_html = name in _INTEGRATION.get(space, ())
        if name == _ANNOTATION and space == "math":
            holds_html = (tag.get("encoding") or "").lower() in _HOLDS_HTML
        self._open.append(name)
        self._spaces.append(space)
        self._holds_html.append(holds_html)
        self._names[name] += 1

    def _break_out(self) -> None:
        index = len(self._open)
        while index and self._spaces[index - 1] and not self._holds_html[index - 1]:
            index -= 1
        self._pop_to(index)

    def _pop_to(self, index: int) -> None:
        self._names.subtract(self._open[index:])
        del self._open[index:], self._spaces[index:], self._holds_html[index:]
