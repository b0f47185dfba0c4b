"""A command as a person starts it, inside the test's process: what it printed, and how it ended."""

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from blockproxy import cli


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def blockproxy(*words: object) -> Ended:
    """Run `blockproxy` with `words`."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    code = ended.value.code
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Ended(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


PROGRAM = [sys.executable, "-m", "blockproxy.cli"]  # for a process of its own


def environment() -> Mapping[str, str]:
    """Where the program finds itself from a checkout."""
    return {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
