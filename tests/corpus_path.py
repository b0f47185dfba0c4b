"""Where real mail lies that is not part of the project; tests that read it are skipped where it is absent."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def corpus() -> Path | None:
    """The folder of real messages, or None where there is none."""
    folder = Path(os.environ.get("BLOCKPROXY_CORPUS", PROJECT.parent / "shared" / "corpus"))
    return folder if folder.is_dir() else None


needs_corpus = pytest.mark.skipif(corpus() is None, reason="no corpus of real mail here; BLOCKPROXY_CORPUS says where")
