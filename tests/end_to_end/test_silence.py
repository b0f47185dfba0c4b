"""No message content ever makes us open a connection or resolve a name: shown where neither is possible."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus_path import PROJECT, corpus, needs_corpus
from tests.end_to_end import machine, mailbox

TIMEOUT_SECONDS = 110
WITHOUT_NETWORK = [machine.program("unshare"), "--net"]
FOLDER_OF_OURS = "newsletters"  # one of those that are read


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    """Skip where this user may not have a network namespace of its own."""
    done = subprocess.run([*WITHOUT_NETWORK, "true"], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no network namespace may be made here: {done.stderr.strip()}")


def clean_in_silence(folder: Path) -> dict[str, int]:
    words = [*WITHOUT_NETWORK, sys.executable, "-m", "tests.end_to_end.clean_in_silence", str(folder)]
    done = subprocess.run(words, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_our_own_messages_are_cleaned_without_a_network(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER_OF_OURS
    folder.mkdir()
    for name, message in mailbox.messages().items():
        (folder / f"{name}.eml").write_bytes(message)
    found = clean_in_silence(tmp_path)
    assert found["messages"] == len(mailbox.messages())
    assert found["blocked"] > mailbox.MANY_TRACKERS


@needs_corpus
def test_the_whole_corpus_is_cleaned_without_a_network() -> None:
    folder = corpus()
    assert folder is not None
    found = clean_in_silence(folder)
    assert found["messages"] > 2_500
    assert found["blocked"] > 1_000
