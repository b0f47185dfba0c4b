"""Conversations, written down, in pieces of any size."""

from pathlib import Path

import pytest

from tests.imap.player import FOLDER, play


@pytest.mark.parametrize("piece", [1, 7, 10_000])
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.dialog")), ids=lambda path: path.stem)
def test_a_dialog_is_heard_as_it_is_written_whatever_the_pieces(path: Path, piece: int) -> None:
    play(path, piece)
