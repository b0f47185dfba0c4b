"""What tests of several commands begin with."""

from pathlib import Path

import pytest

from tests.cli.letters import LETTER, PLAIN, write


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """A folder with two messages, one of them deeper, and a hidden file."""
    for name, octets in {"letter.eml": LETTER, "deep/plain.eml": PLAIN, ".hidden": LETTER}.items():
        write(tmp_path / "mail" / name, octets)
    return tmp_path / "mail"
