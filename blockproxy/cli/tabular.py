"""Rows for a person, a spreadsheet, a script or a data frame."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Any

from blockproxy.cli.output import table
from blockproxy.errors import InputError

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would compute (OWASP, CSV injection)
GROUP = 50_000  # rows of a Parquet file that are in memory at once


class Form(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def write(
    form: Form, columns: Sequence[str], rows: Iterable[Sequence[object]], out: Path | None, *, heading: bool = True
) -> None:
    """Write `rows` to the file `out`, or to stdout, in constant memory but for tables."""
    match form:
        case Form.TABLE:
            if out is not None:
                raise InputError(["--out goes with --format csv, jsonl or parquet"])
            table(columns, rows)
        case Form.CSV:
            with _opened(out) as file:
                write_csv(file, columns if heading else (), rows)
        case Form.JSONL:
            with _opened(out) as file:
                file.writelines(f"{json.dumps(dict(zip(columns, row, strict=True)))}\n" for row in rows)
        case Form.PARQUET:
            if out is None:
                raise InputError(["--format parquet needs a file: --out FILE"])
            write_parquet(out, columns, rows)


def write_csv(file: IO[str], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """CSV (RFC 4180) in which no cell is a formula."""
    writer = csv.writer(file, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    file.flush()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def parquet_is_there() -> bool:
    """Whether the optional library for Parquet is installed."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A Parquet file, `GROUP` rows at a time."""
    if not parquet_is_there():
        raise InputError(["Parquet needs pyarrow: pip install 'blockproxy[parquet]'; csv and jsonl need nothing"])
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    rest = iter(rows)
    group = list(islice(rest, GROUP))
    fields = [(name, _type(pa, [row[number] for row in group[:1]])) for number, name in enumerate(columns)]
    schema = pa.schema(fields)
    with ParquetWriter(path, schema, compression="zstd") as writer:
        while group:
            values = [list(column) for column in zip(*group, strict=True)]
            writer.write_table(pa.Table.from_arrays(list(map(pa.array, values)), schema=schema))
            group = list(islice(rest, GROUP))


def _type(pa: Any, first: list[object]) -> Any:
    types = {int: pa.int64(), float: pa.float64()}
    return types.get(type(first[0]) if first else str, pa.string())


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise InputError([f"{out}: cannot be written: {error.strerror}"]) from error
