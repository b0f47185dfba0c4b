"""Whether the tokenizer stands inside SVG or MathML, where `<style>` holds markup and `<![CDATA[` is a section.

The tree builder decides that in WHATWG HTML, section 13.2.6.5. Only as much of it is here as tells the two readings
apart: a reader that takes the wrong one overlooks what a comment or an attribute seems to hide.
"""

from collections import Counter


def _names(*names: str) -> frozenset[str]:
    return frozenset(name for line in names for name in line.split())


_ROOTS = _names("svg math")
# Elements whose content is HTML again ("integration points").
_INTEGRATION = _names("foreignobject desc title mi mo mn ms mtext annotation-xml")
# Start tags that end all foreign content.
_BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta",
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var",
)
_VOID = _names("area base br col embed hr img input link meta source track wbr")
# An end tag of another element does not close these.
_SPECIAL = _names(
    "address article aside blockquote body button center dd details div dl dt fieldset figure footer form h1 h2 h3 h4",
    "h5 h6 header html li main nav object ol p pre section select summary table tbody td tfoot th thead tr ul",
)
MAX_DEPTH = 128  # elements; bounds the work for one end tag. Browsers cut at 512, mail goes ten deep


class Foreign:
    """The open elements from the outermost `<svg>` or `<math>` inwards; empty everywhere else."""

    __slots__ = ("_foreign", "_names", "_open")

    def __init__(self) -> None:
        self._open: list[str] = []
        self._foreign: list[bool] = []
        self._names: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def inside(self) -> bool:
        """Whether the next tag is read by the rules of foreign content."""
        return bool(self._open) and self._foreign[-1] and self._open[-1] not in _INTEGRATION

    def start(self, name: str, self_closing: bool) -> None:
        """A start tag."""
        if self.inside:
            if name in _BREAKOUT:
                self._break_out()
            else:
                self._push(name, True, self_closing)
                return
        if name in _ROOTS:
            self._push(name, True, self_closing)
        elif self._open:
            self._push(name, False, name in _VOID)

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
            if not self._foreign[index] and self._open[index] in _SPECIAL:
                return

    def _push(self, name: str, foreign: bool, closed: bool) -> None:
        if not closed and len(self._open) < MAX_DEPTH:
            self._open.append(name)
            self._foreign.append(foreign)
            self._names[name] += 1

    def _break_out(self) -> None:
        index = len(self._open)
        while index and self._foreign[index - 1] and self._open[index - 1] not in _INTEGRATION:
            index -= 1
        self._pop_to(index)

    def _pop_to(self, index: int) -> None:
        self._names.subtract(self._open[index:])
        del self._open[index:], self._foreign[index:]
