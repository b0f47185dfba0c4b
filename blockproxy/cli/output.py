"""What commands share: how they print (rich on a terminal, plain text elsewhere), and what they read and refuse."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from blockproxy.errors import InputError

MAX_WHOLE = 18  # characters of a table's cell that are never broken over two lines
GAP = "  "
BEGINNING = 64 * 1024  # octets of a file that tell who has written it
STDIN = "standard input"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def complain(*problems: str) -> None:
    """Say on stderr what is wrong, a line each."""
    for problem in problems:
        print(f"blockproxy: {plain(problem)}", file=sys.stderr)


def from_stdin(limit: int) -> bytes:
    """Up to `limit` octets from standard input. Raises OSError."""
    return sys.stdin.buffer.read(limit)


def check_addresses(addresses: Iterable[str]) -> None:
    """Raise InputError for what --address cannot mean: it would silently find nothing."""
    wrong = [address for address in addresses if not all(address.strip().rpartition("@")[::2])]
    if wrong:
        raise InputError([f"--address {address}: not an address; write it like me@example.org" for address in wrong])


def check_target(option: str, path: Path, sources: Iterable[Path], ours: Callable[[bytes], bool]) -> None:
    """Raise InputError where writing `path` would lose something: one of `sources`, or a file that is not `ours`.

    `ours` is asked about the first `BEGINNING` octets of a file that is there. `option` is what names the path.
    """
    if not path.is_file():  # a device, a pipe, or what cannot be written, which opening it tells
        return
    with suppress(OSError):
        if any(path.samefile(source) for source in sources if source.exists()):
            raise InputError([f"{option} {path} is one of the messages, and would be overwritten; name another file"])
    try:
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error.strerror}"]) from error
    if beginning and not ours(beginning):
        raise InputError([f"{option} {path} is there, and was not written by this command; name another file"])


def counted(number: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def repeated(rows: Iterable[tuple[str, ...]], column: int) -> list[tuple[str, ...]]:
    """Each different row once, with how often it comes in its `column`, such as `x9`."""
    counts = Counter(rows)
    return [
        row if times == 1 else (*row[:column], f"{row[column]} x{times}".lstrip(), *row[column + 1 :])
        for row, times in counts.items()
    ]


def plain(text: object) -> str:
    """`text` with everything replaced that is not printable: names of files and URLs are other people's words."""
    return "".join(character if character.isprintable() else REPLACEMENT for character in str(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` under `columns`; in a pipe, columns are two spaces apart and nothing is cut."""
    cells = [[plain(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(columns, cells)
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in [list(columns), *cells]:
        print(GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    # A word that is cut in two can't be read; what is long anyway may go over several lines.
    least = [min(width, MAX_WHOLE) for width in widths]
    if cells and sum(least) + len(GAP) * len(least) > console.width:
        _records(columns, cells)
        return
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, width, kept in zip(columns, widths, least, strict=True):
        shown.add_column(column, overflow="fold", no_wrap=width <= MAX_WHOLE, min_width=kept)
    for row in cells:
        shown.add_row(*map(Text, row))  # Text: square brackets in a URL are not markup
    console.print(shown)


def _records(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    """For a narrow terminal: a block of lines for each row."""
    margin = max(map(len, columns))
    for row in cells:
        for column, cell in zip(columns, row, strict=True):
            if cell:
                print(f"{column.rjust(margin)}{GAP}{cell}")
        print()
