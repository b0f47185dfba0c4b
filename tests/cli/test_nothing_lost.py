"""Commands that write never take the place of what is there, and count what they did when they are stopped."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, blockproxy, environment
from tests.cli.letters import LETTER, PLAIN, files, jsonl, write

MANY = 1500  # messages; what is told about a third of them is more than a pipe holds


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_ends_it_and_what_was_done_is_counted(tmp_path: Path, jobs: str) -> None:
    for number in range(MANY):
        write(tmp_path / f"mail/{number:04}.eml", LETTER)
    # Nobody reads the findings until the interrupt is sent: with the pipe full, it cannot have finished before.
    words = [*PROGRAM, "clean", "--jobs", jobs, "--out", str(tmp_path / "out"), "--findings", "-"]
    process = subprocess.Popen(
        [*words, str(tmp_path / "mail")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    while process.poll() is None and not (tmp_path / "out").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130, printed
    interrupted, summary = printed.splitlines()
    assert interrupted == "blockproxy: interrupted; this is what was done until then"
    assert summary.endswith("parts skipped")
    assert 0 < int(summary.split()[0]) == len(files(tmp_path / "out")) < MANY


def test_findings_never_take_the_place_of_a_message(mail: Path) -> None:
    letter, plain = mail / "letter.eml", mail / "deep/plain.eml"
    for words in ((letter, plain), (letter, letter), (letter, mail)):  # the name of the file was forgotten
        ended = blockproxy("clean", "--findings", *words)
        assert ended.code == 2
        assert f"--findings {letter} is" in ended.err
    assert (letter.read_bytes(), plain.read_bytes()) == (LETTER, PLAIN)


def test_findings_of_an_earlier_run_are_replaced_and_any_other_file_is_kept(mail: Path, tmp_path: Path) -> None:
    findings, notes = tmp_path / "found.jsonl", tmp_path / "notes.txt"
    for _ in range(2):
        assert blockproxy("clean", mail, "--findings", findings).code == 0
    assert len(jsonl(findings)) == 2
    notes.write_text("mine\n")
    assert blockproxy("clean", mail, "--findings", notes).code == 2
    assert notes.read_text() == "mine\n"


def test_a_result_never_takes_the_place_of_another_message(mail: Path, tmp_path: Path) -> None:
    write(tmp_path / "older/letter.eml", PLAIN)
    ended = blockproxy("clean", "--out", tmp_path / "older", mail)
    assert ended.code == 2
    assert f"would overwrite {tmp_path}/older/letter.eml, another message" in ended.err
    assert (tmp_path / "older/letter.eml").read_bytes() == PLAIN


def test_a_scan_is_never_resumed_into_a_message(mail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKPROXY_PASSWORD", "fake")
    ended = blockproxy("scan", "--resume", mail / "letter.eml", "imap://reader@127.0.0.1:9")
    assert ended.code == 2
    assert "letter.eml: is not what a scan has written; name another file" in ended.err
    assert (mail / "letter.eml").read_bytes() == LETTER
