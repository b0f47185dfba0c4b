"""The report's pictures, as SVG: bars, a calendar, a matrix. Each has a title and a description for a screen reader.

Colours come from classes, so that the page's style sheet decides for light and dark. No text is cut without its whole
in a title.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from blockproxy.cli.markup import Raw, tag

LEVELS = 5  # shades of the calendar and the matrix, with nothing as the first
WIDTH = 480  # units of a picture's own; as wide as a telephone's screen can show with letters that can be read
BAR = 44
ROW = 28
LABEL = 150
CELLS = 12, 18  # the smallest and the largest square of the calendar
GAP = 3
DAYS = 7
DAYS_OF_WEEK = ("Mon", "", "Wed", "", "Fri", "", "")


class Bar(NamedTuple):
    """One bar: how many were blocked, and how many were only seen."""

    label: str
    blocked: int
    reported: int


def bars(title: str, rows: Sequence[Bar]) -> Raw:
    """Horizontal bars, blocked and reported one after the other, the longest as wide as there is room."""
    most = max((row.blocked + row.reported for row in rows), default=0) or 1
    drawn = []
    for number, (label, blocked, reported) in enumerate(rows):
        top = number * BAR
        first, second = ((WIDTH - 2) * part / most for part in (blocked, reported))
        gap = 2 if first and second else 0
        drawn.append(
            tag(
                "g",
                tag("title", f"{label}: {blocked:,} blocked, {reported:,} seen and left alone"),
                tag("rect", x=0, y=top + 22, width=WIDTH, height=10, rx=5, class_="track"),
                tag("text", _short(label, 40), x=0, y=top + 15, class_="label"),
                tag("text", f"{blocked + reported:,}", x=WIDTH, y=top + 15, text_anchor="end", class_="value"),
                *_bar(0, first, top + 22, "blocked"),
                *_bar(first + gap, second, top + 22, "reported"),
            )
        )
    told = "; ".join(f"{row.label} {row.blocked + row.reported:,}" for row in rows)
    return _picture(title, told, WIDTH, len(rows) * BAR, *drawn, class_="wide")


def _bar(start: float, width: float, top: int, kind: str) -> list[Raw]:
    return [tag("rect", x=f"{start:.1f}", y=top, width=f"{width:.1f}", height=10, rx=5, class_=kind)] if width else []


def calendar(title: str, since: date, until: date, counts: Mapping[date, int]) -> Raw:
    """A square for each day, a column for each week, darker the more there was."""
    monday = since - timedelta(since.weekday())
    weeks = (until - monday).days // DAYS + 1
    most = max(counts.values(), default=0)
    cell = max(CELLS[0], min(CELLS[1], 320 // weeks))
    step, left, top = cell + GAP, 36, 20
    drawn = [
        tag("text", name, x=0, y=top + number * step + cell - 3, class_="small")
        for number, name in enumerate(DAYS_OF_WEEK)
        if name
    ]
    day, shown = since, -9
    while day <= until:
        week, weekday = (day - monday).days // DAYS, day.weekday()
        new = (day == since and day.day <= 2 * DAYS) or (weekday == 0 and day.day <= DAYS)
        if new and week - shown > 2:  # room for the name of a month
            drawn.append(tag("text", f"{day:%b}", x=left + week * step, y=10, class_="small"))
            shown = week
        found = counts.get(day, 0)
        drawn.append(
            tag("rect", tag("title", f"{day}: {found:,}"), x=left + week * step, y=top + weekday * step,
                width=cell, height=cell, rx=2.5, class_=f"level{_level(found, most)}")
        )  # fmt: skip
        day += timedelta(1)
    busiest = max(counts, key=lambda each: (counts[each], each), default=None)
    told = f"{since} to {until}." + (f" The most on {busiest}: {counts[busiest]:,}." if busiest else " Nothing.")
    return _picture(title, told, left + weeks * step, top + DAYS * step, *drawn, class_="calendar")


def matrix(title: str, rows: Sequence[str], columns: Sequence[str], counts: Mapping[tuple[str, str], int]) -> Raw:
    """A square with its number for each row and column, darker the more there was."""
    most = max(counts.values(), default=0)
    wide, top = (WIDTH + 60 - LABEL) / max(len(columns), 5), 84
    drawn = []
    for number, name in enumerate(columns):
        x = LABEL + number * wide + wide / 2
        turned = f"rotate(-35 {x:.1f} {top - 8})"
        drawn.append(tag("text", name, x=f"{x:.1f}", y=top - 8, transform=turned, class_="small"))
    for down, name in enumerate(rows):
        y = top + down * ROW
        said = tag("title", name), _short(name, 20)
        drawn.append(tag("text", *said, x=LABEL - 8, y=y + 18, text_anchor="end", class_="small"))
        for across, column in enumerate(columns):
            found = counts.get((name, column), 0)
            drawn.append(_square(f"{name}, {column}: {found:,}", found, most, (LABEL + across * wide, y, wide)))
    told = "; ".join(f"{name} {column} {found:,}" for (name, column), found in counts.items())
    return _picture(title, told, WIDTH + 110, top + len(rows) * ROW, *drawn, class_="wide")


def _square(said: str, found: int, most: int, place: tuple[float, float, float]) -> Raw:
    x, y, wide = place
    level = _level(found, most)
    size = {"width": f"{wide - 3:.1f}", "height": ROW - 3, "rx": 4}
    number = tag("text", f"{found:,}", x=f"{x + wide / 2:.1f}", y=y + 18, text_anchor="middle", class_=f"on{level}")
    square = tag("rect", x=f"{x + 1.5:.1f}", y=y + 1.5, class_=f"level{level}", **size)
    return tag("g", tag("title", said), square, *([number] if found else []))


def _level(found: int, most: int) -> int:
    """0 for nothing, else 1 to 4: a square root, so that one busy day does not make all others pale."""
    return 0 if not found else min(LEVELS - 1, 1 + int((found / most) ** 0.5 * (LEVELS - 1.001)))


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _picture(title: str, told: str, width: float, height: float, *inside: str, class_: str = "") -> Raw:
    name = "".join(filter(str.isalnum, title.lower()))
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", told, id=f"{name}-told"),
        *inside,
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-told",
        class_=class_,
    )
