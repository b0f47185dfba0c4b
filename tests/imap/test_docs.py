"""The limits that docs/imap.md names have the values that it says."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "imap.md").read_text("utf-8")
ROWS = re.findall(r"\| `(\w+)\.(\w+)` \| (\d+)( KiB| MiB|) ", PAGE)
UNITS = {"": 1, " KiB": 1024, " MiB": 1024 * 1024}


def test_there_are_rows() -> None:
    assert len(ROWS) == PAGE.partition("## Limits")[2].count("\n| `")


@pytest.mark.parametrize(("module", "name", "number", "unit"), ROWS)
def test_a_limit_is_told_right(module: str, name: str, number: str, unit: str) -> None:
    assert getattr(importlib.import_module(f"blockproxy.imap.{module}"), name) == int(number) * UNITS[unit]
