"""A source, cut into lines and these into runs: what stands inside the place of a note, and what is between.

The same cuts hold for the octets before and after: a patch is as long as what it replaces and moves no line end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from blockproxy.cli.explaining import Note, Source

MAX_WHOLE = 256 * 1024  # octets of a source that is shown with every line; of a longer one the quiet lines are folded
MAX_RUN = 4096  # octets of a run that are shown; some programs write a whole message into one line
NEAR = 3  # lines around a note that are shown of a long source
MAX_HEADER = 8  # lines of a header that is shown whole; of a longer one, only what is near a note
NEAR_IN_HEADER = 1


class Run(NamedTuple):
    """Octets `start` to `end` of a source, and if `cut`, those from as many later on to `resumes`.

    With a `note` it is that one's place, and the `first` run of it.
    """

    start: int
    end: int
    cut: int = 0
    resumes: int = 0
    note: Note | None = None
    number: int = 0
    first: bool = False


class Line(NamedTuple):
    """A line, from 1, in runs; or, with `folded`, so many lines that are not shown."""

    number: int
    runs: tuple[Run, ...] = ()
    folded: int = 0


def lines(source: Source, notes: Iterable[tuple[int, Note]]) -> Iterator[Line]:
    """The lines of `source`, with the places of the numbered `notes`."""
    breaks = source.breaks
    places = _by_line(source, notes)
    last = 0
    for number in _shown(source, len(breaks), places):
        if number > last + 1:
            yield Line(last + 1, folded=number - last - 1)
        start = breaks[number - 2] + 1 if number > 1 else 0
        yield Line(number, tuple(_runs(start, breaks[number - 1], places.get(number, []))))
        last = number
    if last < len(breaks):
        yield Line(last + 1, folded=len(breaks) - last)


def _shown(source: Source, count: int, places: dict[int, list[Run]]) -> Iterable[int]:
    in_header = source.what == "header"
    if count <= MAX_HEADER if in_header else len(source.before) <= MAX_WHOLE:
        return range(1, count + 1)
    reach = NEAR_IN_HEADER if in_header else NEAR
    near = {line + step for line in places for step in range(-reach, reach + 1)}
    return sorted(line for line in near if 1 <= line <= count)


def _by_line(source: Source, notes: Iterable[tuple[int, Note]]) -> dict[int, list[Run]]:
    """The places of the notes, in order, apart from one another, none longer than its line."""
    places: defaultdict[int, list[Run]] = defaultdict(list)
    end = 0
    for number, note in sorted(notes, key=lambda pair: (pair[1].span.start, -pair[1].span.end)):
        start, stop = max(note.span.start, end), max(note.span.end, end)
        end, line, first = stop, source.line(start), True
        while start < stop or first:  # what lies inside another place is empty, and can be linked to all the same
            until = min(stop, max(start, source.breaks[line - 1]))
            places[line].append(Run(start, until, note=note, number=number, first=first))
            start, line, first = until + 1, line + 1, False
    return places


def _runs(start: int, end: int, places: list[Run]) -> Iterator[Run]:
    for place in places:
        yield from _short(Run(start, place.start))
        yield from _short(place, even_empty=True)
        start = place.end
    yield from _short(Run(start, end))


def _short(run: Run, *, even_empty: bool = False) -> Iterator[Run]:
    length = run.end - run.start
    if length > MAX_RUN:
        half = MAX_RUN // 2
        yield run._replace(end=run.start + half, cut=length - MAX_RUN, resumes=run.end)
    elif length > 0 or even_empty:
        yield run
