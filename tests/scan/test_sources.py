"""Messages are found in files, in folders, in Maildirs and in mbox files."""

import mailbox
import os
from pathlib import Path

import pytest

from blockproxy.scan import sources
from blockproxy.scan.sources import Letter, is_mail, letters

PLAIN = b"From: friend@example.org\nSubject: lunch\n\nat noon?\n"
QUOTING = b"From: friend@example.org\nSubject: views\n\nHello,\n\nFrom my point of view: 12 apples.\nFrom a to b\n"


def separated(*messages: bytes, end: bytes = b"\n") -> bytes:
    line = b"From friend@example.org Thu Jan  1 00:00:00 2026" + end
    return b"".join(line + message.replace(b"\n", end) + end for message in messages)


def read(*paths: Path) -> dict[str, bytes]:
    return {letter.name: letter.read() for letter in letters(paths)}


def test_a_folder_holds_messages_at_any_depth(tmp_path: Path) -> None:
    for name in ("a.eml", "deep/b.eml", ".hidden", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PLAIN)
    assert read(tmp_path) == {"a.eml": PLAIN, "deep/b.eml": PLAIN}


def test_a_maildir_holds_its_messages_and_those_of_its_folders_and_nothing_else(tmp_path: Path) -> None:
    maildir = mailbox.Maildir(tmp_path / "Maildir")
    archive = maildir.add_folder("Archive")
    names = {f"new/{maildir.add(PLAIN)}", f".Archive/new/{archive.add(QUOTING)}"}
    (tmp_path / "Maildir" / "dovecot.index.log").write_bytes(b"\x01\x02")
    (tmp_path / "Maildir" / "tmp" / "half").write_bytes(b"half a mess")
    assert set(read(tmp_path / "Maildir")) == names


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_holds_messages_behind_their_separators(tmp_path: Path, end: bytes) -> None:
    box = tmp_path / "archive.mbox"
    box.write_bytes(separated(PLAIN, QUOTING, PLAIN, end=end))
    found = {name: octets.replace(end, b"\n") for name, octets in read(box).items()}
    assert found == {f"{box}#1": PLAIN + b"\n", f"{box}#2": QUOTING + b"\n", f"{box}#3": PLAIN + b"\n"}


@pytest.mark.parametrize("block", [64, 65, 100, 1000])
def test_an_mbox_that_is_read_in_blocks_is_cut_in_the_same_places(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = tmp_path / "box"
    box.write_bytes(separated(*[PLAIN, QUOTING] * 30))
    whole = read(box)
    monkeypatch.setattr(sources, "BLOCK", block)
    monkeypatch.setattr(sources, "LONGEST_FROM", 120)
    assert len(whole) == 60
    assert read(box) == whole


def test_an_mbox_of_the_standard_library_is_cut_as_it_cuts_it(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for message in (PLAIN, QUOTING, PLAIN):
        box.add(message)
    box.close()
    assert len(read(tmp_path / "box")) == 3


def test_an_ordinary_message_is_no_mbox(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(PLAIN)
    assert list(letters([tmp_path / "a"])) == [Letter(str(tmp_path / "a"), tmp_path / "a")]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (letter,) = letters([tmp_path / "pipe"])
    with pytest.raises(ValueError, match="not a file"):
        letter.read()


def test_a_message_of_any_size_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(sources.MAX_MESSAGE + 1)
    (letter,) = letters([tmp_path / "huge"])
    with pytest.raises(ValueError, match="longer than 128 MiB"):
        letter.read()


@pytest.mark.parametrize(("octets", "mail"), [
    (PLAIN, True),
    (b"From friend@example.org Thu Jan  1 00:00:00 2026\n" + PLAIN, True),
    (b"\n\n+OK 1234 octets\nSubject : lunch\n\n", True),
    (PLAIN + b"\0", True),
    (b"", False),
    (b"\x7fELF\x02\x01\0\0\nSubject: lunch\n", False),
    (b'// <!-- <mdb:mork:z v="1.4"/> -->\n< <(a=c)> // (f=iso-8859-1)\n  (B8=x)>\n{1:^80 {(k^96:c)}\n', False),
    (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj <</Type: 1>>\n", False),
])  # fmt: skip
def test_a_message_has_a_header_field_near_its_beginning(octets: bytes, mail: bool) -> None:
    assert is_mail(octets) is mail
