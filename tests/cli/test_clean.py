"""`blockproxy clean` on real files."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, blockproxy, environment
from tests.cli.letters import LETTER, PLAIN, SEPARATOR, files, jsonl, write


def test_without_out_it_prints_a_table_for_each_message_with_findings(mail: Path) -> None:
    before = files(mail)
    ended = blockproxy("clean", mail, "--address", "reader@example.com")
    assert ended.code == 0
    assert ended.out.startswith("letter.eml\naction")
    assert "rename  receipt-request" in ended.out
    assert "remove" in ended.out
    assert "plain.eml" not in ended.out
    assert ended.err.startswith("2 messages, 1 with findings: 2 blocked")
    assert files(mail) == before


def test_with_out_every_message_is_written_under_its_relative_name_with_its_length(mail: Path, tmp_path: Path) -> None:
    ended = blockproxy("clean", "--out", tmp_path / "out", "--address", "reader@example.com", mail)
    assert (ended.code, ended.out) == (0, "")
    assert files(tmp_path / "out") == ["deep/plain.eml", "letter.eml"]
    assert (tmp_path / "out/deep/plain.eml").read_bytes() == PLAIN
    cleaned = (tmp_path / "out/letter.eml").read_bytes()
    assert len(cleaned) == len(LETTER)
    assert b"FAKEFAKE1234" not in cleaned
    assert b"Disposition-Notification-To" not in cleaned
    assert b"<p>Hello</p>" in cleaned


def test_findings_are_one_json_object_each_with_the_documented_names(mail: Path, tmp_path: Path) -> None:
    blockproxy("clean", mail, "--findings", tmp_path / "f.jsonl", "--address", "reader@example.com")
    rows = jsonl(tmp_path / "f.jsonl")
    assert len(rows) == 2
    for row in rows:
        assert list(row) == [
            "file", "part", "technique", "rule", "vendor", "action", "confidence", "url", "evidence"
        ]  # fmt: skip
        assert row["file"] == "letter.eml"
    assert {row["technique"] for row in rows} >= {"receipt-request"}
    assert any("FAKEFAKE1234" in row["url"] for row in rows)


def test_a_skip_is_one_json_object_with_its_reason(tmp_path: Path) -> None:
    header = b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    write(tmp_path / "mail/odd.eml", header + b"PGI+=aGVsbG8=\r\n")
    blockproxy("clean", tmp_path / "mail", "--findings", tmp_path / "f.jsonl")
    [skip] = jsonl(tmp_path / "f.jsonl")
    assert list(skip) == ["file", "part", "skipped", "reason"]
    assert (skip["file"], skip["part"], skip["skipped"]) == ("odd.eml", "1", "encoding")
    assert "padding before its end" in skip["reason"]


def test_findings_on_stdout_come_without_a_table(mail: Path) -> None:
    ended = blockproxy("clean", mail, "--findings", "-")
    assert [json.loads(line)["file"] for line in ended.out.splitlines()] == ["letter.eml"] * len(ended.out.splitlines())
    assert ended.out


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_cleaned(mail: Path, tmp_path: Path) -> None:
    ended = blockproxy("clean", "--out", tmp_path / "out", tmp_path / "gone.eml", mail)
    assert ended.code == 1
    assert f"{tmp_path}/gone.eml: cannot be read: No such file or directory" in ended.err
    assert "1 not readable" in ended.err
    assert files(tmp_path / "out") == ["deep/plain.eml", "letter.eml"]


def test_single_files_are_written_under_their_names(mail: Path, tmp_path: Path) -> None:
    blockproxy("clean", "--out", tmp_path / "out", mail / "letter.eml", mail / "deep/plain.eml")
    assert files(tmp_path / "out") == ["letter.eml", "plain.eml"]


def test_two_messages_of_one_name_keep_the_folder_that_tells_them_apart(tmp_path: Path) -> None:
    write(tmp_path / "mail/one/cur/1.eml", LETTER)
    write(tmp_path / "mail/two/cur/1.eml", PLAIN)
    blockproxy("clean", "--out", tmp_path / "out", tmp_path / "mail/one", tmp_path / "mail/two")
    assert files(tmp_path / "out") == ["one/cur/1.eml", "two/cur/1.eml"]


def test_a_path_that_is_given_twice_counts_once(mail: Path) -> None:
    assert blockproxy("clean", mail, mail, mail / "letter.eml").err.startswith("2 messages")


def test_the_originals_are_never_overwritten(mail: Path) -> None:
    ended = blockproxy("clean", "--out", mail, mail)
    assert ended.code == 2
    assert "would overwrite" in ended.err
    assert (mail / "letter.eml").read_bytes() == LETTER


def test_results_inside_the_folder_are_not_cleaned_again(mail: Path) -> None:
    for _ in range(2):
        assert blockproxy("clean", "--out", mail / "out", mail).err.startswith("2 messages")


def test_remote_block_takes_out_what_no_rule_knows(tmp_path: Path) -> None:
    picture = b'Content-Type: text/html\r\n\r\n<img src="https://example.org/cat.jpg" width="300" height="200">\r\n'
    write(tmp_path / "mail/cat.eml", picture)
    blockproxy("clean", "--out", tmp_path / "keep", tmp_path / "mail")
    blockproxy("clean", "--out", tmp_path / "block", "--remote", "block", tmp_path / "mail")
    assert (tmp_path / "keep/cat.eml").read_bytes() == picture
    assert b"example.org" not in (tmp_path / "block/cat.eml").read_bytes()


def test_processes_give_the_same_as_one_in_the_same_order(tmp_path: Path) -> None:
    for number in range(60):
        write(tmp_path / f"mail/{number:02}.eml", LETTER if number % 3 else PLAIN)
    for jobs in ("1", "2"):
        folder = tmp_path / jobs
        folder.mkdir()
        ended = blockproxy(
            "clean", tmp_path / "mail", "--jobs", jobs, "--out", folder / "out", "--findings", folder / "f"
        )
        assert ended.code == 0
    assert (tmp_path / "1/f").read_bytes() == (tmp_path / "2/f").read_bytes()
    assert files(tmp_path / "1/out") == files(tmp_path / "2/out")
    for name in files(tmp_path / "1/out"):
        assert (tmp_path / "1/out" / name).read_bytes() == (tmp_path / "2/out" / name).read_bytes()


def test_a_pipe_in_a_folder_is_not_waited_for(mail: Path) -> None:
    os.mkfifo(mail / "control")
    assert blockproxy("clean", mail).err.startswith("2 messages")


def test_names_of_files_do_not_drive_the_terminal(tmp_path: Path) -> None:
    write(tmp_path / "mail" / "\x1b[31mred\udcff.eml", LETTER)
    ended = blockproxy("clean", tmp_path / "mail")
    assert "\x1b" not in ended.out
    assert "red" in ended.out


@pytest.mark.parametrize(("words", "expected"), [
    (["--remote", "all", "."], "'all' is not one of 'keep', 'block'"),
    (["--jobs", "-1", "."], "greater than or equal to 0"),
    ([], "Missing argument"),
    (["--findings", "/nonexistent/f.jsonl", "."], "/nonexistent/f.jsonl: cannot be written: No such file or directory"),
])  # fmt: skip
def test_a_wrong_argument_is_told_and_ends_with_2(words: list[str], expected: str, mail: Path) -> None:
    ended = blockproxy("clean", *(mail if word == "." else word for word in words))
    assert ended.code == 2
    assert expected in ended.err


def test_a_wrong_rule_is_told_with_its_place_and_ends_with_2(mail: Path, tmp_path: Path) -> None:
    write(tmp_path / "rules/vendors/broken.yaml", b"id: broken\nrules: nonsense\n")
    ended = blockproxy("clean", "--rules", tmp_path / "rules", mail)
    assert ended.code == 2
    assert "vendors/broken.yaml:" in ended.err


def test_a_terminal_gets_a_table_and_a_progress_bar(mail: Path, tmp_path: Path) -> None:
    assert b"receipt-request" in on_terminal("clean", str(mail))
    assert b"2/2" in on_terminal("clean", "--out", str(tmp_path / "out"), str(mail))


def on_terminal(*words: str) -> bytes:
    """What the command prints where stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    os.close(theirs)
    printed = b""
    try:
        while octets := os.read(ours, 65536):
            printed += octets
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    return printed


def test_a_full_disk_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    for number in range(200):
        write(tmp_path / f"mail/{number}.eml", LETTER)
    ended = blockproxy("clean", tmp_path / "mail", "--findings", "/dev/full")
    assert ended.code == 1
    assert "No space left on device" in ended.err
    assert "Traceback" not in ended.err


def test_what_is_written_is_for_its_owner(mail: Path, tmp_path: Path) -> None:
    blockproxy("clean", mail, "--out", tmp_path / "out", "--findings", tmp_path / "found.jsonl")
    for path in (tmp_path / "out" / "letter.eml", tmp_path / "found.jsonl"):
        assert path.stat().st_mode & 0o077 == 0


def test_an_mbox_and_a_pipe_are_named_and_the_others_are_cleaned(mail: Path) -> None:
    write(mail / "archive", (SEPARATOR + LETTER + b"\n") * 2)
    os.mkfifo(mail.parent / "pipe")
    ended = blockproxy("clean", mail, mail.parent / "pipe")
    assert ended.code == 1
    assert "archive: many messages in one file (mbox); `blockproxy scan` reads it" in ended.err
    assert "pipe: is not a file" in ended.err
    assert "2 messages, 1 with findings" in ended.err


def test_an_out_that_is_a_file_and_an_address_that_is_none_are_one_line_each(mail: Path) -> None:
    for words, line in (
        (("--out", mail / "letter.eml"), f"--out {mail / 'letter.eml'} is not a folder"),
        (("--address", "reader"), "--address reader: not an address; write it like me@example.org"),
        (("--address", "@example.org"), "--address @example.org: not an address; write it like me@example.org"),
    ):
        ended = blockproxy("clean", mail, *words)
        assert (ended.code, ended.err) == (2, f"blockproxy: {line}\n")


def test_a_message_behind_one_separator_is_cleaned_and_the_separator_stays(tmp_path: Path) -> None:
    write(tmp_path / "saved.eml", SEPARATOR + LETTER)
    ended = blockproxy("clean", tmp_path / "saved.eml", "--out", tmp_path / "out")
    assert ended.code == 0
    cleaned = (tmp_path / "out/saved.eml").read_bytes()
    assert cleaned.startswith(SEPARATOR + b"From: News")
    assert len(cleaned) == len(SEPARATOR + LETTER)
    assert b"Disposition-Notification-To" not in cleaned


def test_rows_that_are_the_same_are_one_row_with_their_number(tmp_path: Path) -> None:
    pixel = LETTER.rpartition(b"\r\n\r\n")[2]
    write(tmp_path / "mail/letter.eml", LETTER + pixel * 8)
    for words in (("clean", "--address", "reader@example.com"), ("scan",)):
        [row] = [line for line in blockproxy(*words, tmp_path / "mail").out.splitlines() if line.startswith("remove")]
        assert " x9 " in row


def test_what_is_no_message_is_counted_and_left_where_it_is(mail: Path, tmp_path: Path) -> None:
    write(mail / "dovecot.index", b"\x07\x03\0\0 no mail")
    ended = blockproxy("clean", mail, "--out", tmp_path / "out")
    assert (ended.code, files(tmp_path / "out")) == (0, ["deep/plain.eml", "letter.eml"])
    for printed in (ended.err, blockproxy("scan", mail).err):
        assert printed.startswith("2 messages, 1 ")
        assert printed.endswith("0 parts skipped, 1 file not a message\n")
    ended = blockproxy("explain", mail / "dovecot.index")
    assert (ended.code, ended.err) == (1, f"blockproxy: {mail}/dovecot.index: not a message\n")


def test_links_out_of_a_folder_are_told_and_not_copied(mail: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere/other.eml", LETTER)
    (mail / "link.eml").symlink_to(tmp_path / "elsewhere/other.eml")
    (mail / "folder").symlink_to(tmp_path / "elsewhere")
    (mail / "again.eml").symlink_to(mail / "letter.eml")
    ended = blockproxy("clean", mail, "--out", tmp_path / "out")
    assert ended.err.startswith(f"blockproxy: {mail}: 2 links out of the folder not followed\n3 messages")
    assert files(tmp_path / "out") == ["again.eml", "deep/plain.eml", "letter.eml"]


@pytest.mark.parametrize("command", ["clean", "scan", "explain"])
def test_a_message_can_come_on_standard_input(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "letter.eml", LETTER)
    with (tmp_path / "letter.eml").open() as letter:
        monkeypatch.setattr("sys.stdin", letter)
        ended = blockproxy(command, "-")
    assert ended.code == 0
    assert ended.out.startswith("standard input")
    assert "receipt-request" in ended.out


def test_standard_input_is_cleaned_alone_and_not_written(mail: Path, tmp_path: Path) -> None:
    for words in (("-", mail), ("-", "--out", tmp_path / "out")):
        assert blockproxy("clean", *words).code == 2
    assert not (tmp_path / "out").exists()
