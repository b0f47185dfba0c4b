"""`blockproxy events export`: the event log as a data set for research."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockproxy import __version__
from blockproxy.cli.event_options import Config, Log, Since, Until, day, event_log
from blockproxy.cli.output import complain
from blockproxy.cli.progress import Bar, progress
from blockproxy.cli.tabular import parquet_is_there, write_csv, write_parquet
from blockproxy.errors import InputError

if TYPE_CHECKING:
    from sqlite3 import Connection

    from blockproxy.eventlog.query import Filters
    from blockproxy.eventlog.research import Export

HELP = """Write the event log as a data set for research: CSV, Parquet, a data dictionary and a datasheet.

Every row holds for at least K accounts; what does not is made coarser, or left out. No pseudonym is in it."""

EXAMPLE = "\b\nExample:\n  blockproxy events export --research findings-2026"

DATASHEET = """\
# Datasheet: trackers in mail, {first} to {last}

- **What:** {published:,} findings of trackers in mail, counted by month in {rows:,} rows. `dictionary.csv` explains
  every column. Files: {files}.
- **How it was made:** blockproxy {version} looked into messages as their readers fetched or received them. The rule
  sets that judged (beginning of their SHA-256): {rules}. Nothing was fetched to decide, so what a server would have
  done is not known.
- **When:** written on {today}; findings from {since} to {until}.
- **Suppression:** k-anonymity with k = {k}: every row holds for at least {k} accounts, counted under one
  pseudonym key at a time. As they were: {steps[0]:,} findings. Without the sender: {steps[1]:,}. Without
  sender and URL: {steps[2]:,}. Left out: {left_out:,} of {total:,}.
- **Not in it:** accounts, messages, addresses, texts, subjects, whole URLs, days, hours.
- **Who is in it:** whoever reads mail through this installation; not a sample of anything larger. A message counts when
  it is first read, and mail that nobody fetched does not count.
- **Known limits:** a tracker that neither a rule nor a heuristic knows is not there; senders of few readers are hidden
  by design.
- **Licence:** whoever publishes this chooses one.
"""


def export(
    research: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write to; made where it is missing.")],
    config: Config = None,
    log: Log = None,
    since: Since = "",
    until: Until = "",
    k: Annotated[int, typer.Option("--k", min=1, help="Accounts that a row must hold for; 1 protects nobody.")] = 5,
) -> None:
    """See `HELP`."""
    from blockproxy.eventlog import database
    from blockproxy.eventlog.query import Filters
    from blockproxy.eventlog.research import COLUMNS, COUNTS, Export

    path = event_log(config, log)
    filters, told = Filters(since=day(since), until=day(until)), Export()
    names = [*COLUMNS, *COUNTS]
    files = ["findings.csv", *(["findings.parquet"] if parquet_is_there() else [])]
    try:
        research.mkdir(parents=True, exist_ok=True)
        with database.reading(path) as connection, progress() as bar:
            with (research / files[0]).open("w", encoding="utf-8", newline="") as file:
                write_csv(file, names, _watched(connection, filters, k, told, bar))
            if len(files) > 1:
                write_parquet(research / files[1], names, _watched(connection, filters, k, Export(), bar))
        with (research / "dictionary.csv").open("w", encoding="utf-8", newline="") as file:
            write_csv(file, ["column", "meaning"], (COLUMNS | COUNTS).items())
        sheet = _datasheet(told, files, k, (since or "the beginning", until or "the end"), research)
        (research / "datasheet.md").write_text(sheet, encoding="utf-8")
    except OSError as error:
        raise InputError([f"{error.filename or research}: cannot be written: {error.strerror}"]) from error
    print(f"{told.total - told.left_out:,} of {told.total:,} findings are in {research}")
    if len(files) == 1:
        complain("no Parquet file: it needs pyarrow, pip install 'blockproxy[parquet]'")
    if told.left_out:
        complain(f"{told.left_out:,} findings were left out: fewer than {k} accounts have such a one (--k)")


def _watched(
    connection: "Connection", filters: "Filters", k: int, told: "Export", bar: Bar
) -> Iterator[tuple[object, ...]]:
    from blockproxy.eventlog.research import rows

    before = 0
    for row in rows(connection, filters, k, told):
        done = sum(told.published)
        bar.advance(done - before, told.total)
        before = done
        yield row


def _datasheet(told: "Export", files: list[str], k: int, days: tuple[str, str], folder: Path) -> str:
    with (folder / files[0]).open(encoding="utf-8") as file:
        rows = sum(1 for _ in file) - 1
    return DATASHEET.format(
        first=told.first or "nothing",
        last=told.last or "nothing",
        published=told.total - told.left_out,
        rows=rows,
        files=", ".join(files),
        version=__version__,
        rules=", ".join(told.rules) or "not kept",
        today=datetime.now(UTC).date(),
        since=days[0],
        until=days[1],
        k=k,
        steps=told.published,
        left_out=told.left_out,
        total=told.total,
    )
