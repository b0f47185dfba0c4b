"""Where real mail lies that is not part of the project; tests that read it are skipped where it is absent."""

import os
from pathlib import Path

import pytest

MAIL = {".eml", ".email"}  # endings of the files that hold a message
PROJECT = Path(__file__).resolve().parent.parent


def corpus() -> Path | None:
    """The folder of real messages, or None where there is none."""
    folder = Path(os.environ.get("BLOCKPROXY_CORPUS", PROJECT.parent / "shared" / "corpus"))
    return folder if folder.is_dir() else None


needs_corpus = pytest.mark.skipif(corpus() is None, reason="no corpus of real mail here; BLOCKPROXY_CORPUS says where")


def files(root: Path) -> list[Path]:
    """Every file below `root` that holds a message."""
    return sorted(path for path in root.rglob("*") if path.is_file() and ("mime" in path.parts or path.suffix in MAIL))


def messages(*folders: str) -> list[tuple[Path, bytes]]:
    """Every message of the corpus, or of its `folders`; skips the test where there is no corpus."""
    root = corpus()
    if root is None:
        pytest.skip("no corpus of real mail here; BLOCKPROXY_CORPUS says where")
    wanted = [path for path in files(root) if not folders or path.relative_to(root).parts[0] in folders]
    assert wanted, f"no message in {', '.join(folders)} of {root}"
    return [(path, path.read_bytes()) for path in wanted]
