"""Messages in files: `.eml` files, folders of them, Maildir (every file in it is a message), mbox (RFC 4155).

Nothing is read whole to find out where a message begins, and no list of messages is kept: a folder may hold millions.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MAX_MESSAGE = 128 * 1024 * 1024  # octets; twice what the largest mail services accept
TOO_LONG = f"longer than {MAX_MESSAGE // 1024**2} MiB"
MANY = "many messages in one file (mbox); `blockproxy scan` reads it"
BLOCK = 1024 * 1024  # octets of an mbox that are read at once

# A message of an mbox begins after an empty line with `From`, an address and a date. What mail programs leave unquoted
# in a text ("From my point of view") has no time of day.
_FROM = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{1,1000}?[0-9]{1,2}:[0-9]{2}[^\r\n]{0,200}\r?\n")
_FIELD = re.compile(rb"^[A-Za-z][A-Za-z0-9_.-]{0,75}[ \t]*:", re.MULTILINE)
BEGINNING = 4096  # octets of a file in which a header field is looked for
LONGEST_FROM = 2048  # octets, more than `_FROM` can match with the empty line in front of it


class Letter(NamedTuple):
    """A message that is about to be read: in a file from `start` to `end` (None: where the file ends), or in hand.

    `problem` says why it cannot be read.
    """

    name: str
    path: Path | None = None
    start: int = 0
    end: int | None = None
    octets: bytes = b""
    problem: str = ""

    def read(self) -> bytes:
        """The message. Raises OSError; ValueError where it is longer than MAX_MESSAGE or no file."""
        if self.problem:
            raise ValueError(self.problem)
        if self.path is None:
            return self.octets
        if self.path.exists() and not self.path.is_file():
            raise ValueError("not a file")  # reading a pipe or a socket would wait for ever
        with self.path.open("rb") as file:
            end = os.fstat(file.fileno()).st_size if self.end is None else self.end
            if end - self.start > MAX_MESSAGE:
                raise ValueError(TOO_LONG)
            file.seek(self.start)
            return file.read(end - self.start)


def letters(paths: Sequence[Path]) -> Iterator[Letter]:
    """Every message in `paths`, each folder's in the order of their names.

    Hidden files are left out. A file that cannot be opened comes as a letter, so that reading it says why.
    """
    for path in paths:
        for file in _files(path):
            name = str(file.relative_to(path)) if file != path else str(path)
            if _begins_as_mbox(file):
                yield from _of_mbox(file, name)
            else:
                yield Letter(name, file)


def octets(paths: Sequence[Path]) -> int:
    """How much there is to read."""
    return sum(file.stat().st_size for path in paths for file in _files(path) if file.is_file())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        here = Path(folder)
        is_maildir = (here / "cur").is_dir() and (here / "new").is_dir()
        folders[:] = sorted(name for name in folders if _is_searched(here / name, is_maildir))
        # The files beside cur/ and new/ are the mail server's own indexes.
        for name in () if is_maildir else sorted(files):
            if not name.startswith(".") and (here / name).is_file():
                yield here / name


def _is_searched(folder: Path, in_maildir: bool) -> bool:
    """`.git` is not, `.Archive` of a Maildir++ is; tmp/ of a Maildir holds what has not been delivered yet."""
    if in_maildir and folder.name == "tmp":
        return False
    return not folder.name.startswith(".") or (folder / "cur").is_dir()


def _begins_as_mbox(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            return _FROM.match(opened.read(LONGEST_FROM)) is not None
    except OSError:
        return False


def is_mbox(octets: bytes) -> bool:
    """Whether it is an mbox of several messages; one message with a `From ` line in front is a message."""
    first = _FROM.match(octets)
    return first is not None and _FROM.search(octets, first.end()) is not None


def is_mail(octets: bytes) -> bool:
    """Whether it may be a message: whether a header field is near its beginning, in a binary file before any NUL.

    Indexes of mail programs, programs and pictures have none. A message may begin with lines that are no fields.
    """
    beginning, nul, _ = octets[:BEGINNING].partition(b"\0")
    return _FIELD.search(beginning if nul else octets, 0, BEGINNING) is not None


def _of_mbox(file: Path, name: str) -> Iterator[Letter]:
    begin = None
    for number, (start, behind) in enumerate(_separators(file)):
        if begin is not None:
            yield Letter(f"{name}#{number}", file, begin, start)
        begin = behind
    if begin is not None:
        yield Letter(f"{name}#{number + 1}", file, begin)


def _separators(file: Path) -> Iterator[tuple[int, int]]:
    """Where the lines stand that separate the messages of an mbox: their beginnings and their ends."""
    with file.open("rb") as opened:
        window, offset, done = b"", 0, 0  # `offset` is where `window` begins in the file, `done` is how far it is read
        while block := opened.read(BLOCK):
            window += block
            for found in _FROM.finditer(window):
                start, end = offset + found.start(), offset + found.end()
                # At the beginning of a window that is not the file's, `\A` proves nothing.
                if start >= done and (found.start() > 0 or offset == 0):
                    yield start, end
                    done = end
            kept = min(LONGEST_FROM, len(window))
            offset += len(window) - kept
            window = window[-kept:]
