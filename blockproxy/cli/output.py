"""What commands share: how they print (rich on a terminal, plain text elsewhere), and what they refuse."""

import sys
from collections.abc import Iterable, Sequence

from blockproxy.errors import InputError

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def complain(*problems: str) -> None:
    """Say on stderr what is wrong, a line each."""
    for problem in problems:
        print(f"blockproxy: {plain(problem)}", file=sys.stderr)


def check_addresses(addresses: Iterable[str]) -> None:
    """Raise InputError for what --address cannot mean: it would silently find nothing."""
    wrong = [address for address in addresses if not all(address.strip().rpartition("@")[::2])]
    if wrong:
        raise InputError([f"--address {address}: not an address; write it like me@example.org" for address in wrong])


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
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in cells:
        shown.add_row(*map(Text, row))  # Text: square brackets in a URL are not markup
    Console().print(shown)
