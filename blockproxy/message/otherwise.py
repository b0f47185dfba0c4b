"""Where another program reads on differently: a second reading begins there, so that no reading hides a reference.

What follows a tag such as `<style>` is text or markup, and that depends on what stands around it: in SVG it is markup;
in `<select>` and `<frameset>` parsers disagree whether there is such an element at all; `<noscript>` is text where
scripts run; and browsers fetch what their preload scanner sees, which knows less of all this than their parser. In a
document without these elements there is one reading. In others, each place where the two could part is noted, and what
was not read in passing is read on its own.
"""

MAX_READINGS = 16  # of one document; each may read all of it. Real mail needs none
AMBIGUOUS = frozenset({"svg", "math", "select", "frameset", "noscript"})


class Otherwise:
    """The other readings of a document that are still to be done."""

    __slots__ = ("_done", "_expected", "_known", "ambiguous", "exhausted")

    def __init__(self, *, ambiguous: bool = False) -> None:
        self.ambiguous = ambiguous  # whether there is an element on which readings depend
        self.exhausted = False  # whether there are more readings than are done
        self._known: dict[int, int] = {}  # where one begins; where it is back in step
        self._expected: set[int] = set()
        self._done = 0

    def note(self, name: str) -> None:
        """A start tag."""
        if name in AMBIGUOUS:
            self.ambiguous = True

    def begins(self, start: int, in_step: int = -1) -> None:
        """A reading begins at `start`, and ends where it finds a token at `in_step`."""
        self._known.setdefault(start, in_step)

    def expect(self, position: int) -> None:
        """A reading begins at `position`, unless this one finds a token there."""
        if position not in self._known:
            self._expected.add(position)

    def passed(self, position: int) -> None:
        """A token begins at `position`."""
        self._expected.discard(position)

    @property
    def expecting(self) -> bool:
        """Whether a token is expected somewhere, so that every one has to be looked at."""
        return bool(self._expected)

    def next(self) -> tuple[int, int] | None:
        """The next reading: where it begins and is back in step; None where there are no more, or too many."""
        for position in self._expected:
            self._known.setdefault(position, -1)
        self._expected.clear()
        if self._done == len(self._known):
            return None
        if self._done == MAX_READINGS:
            self.exhausted = True
            return None
        start = list(self._known)[self._done]
        self._done += 1
        return start, self._known[start]
