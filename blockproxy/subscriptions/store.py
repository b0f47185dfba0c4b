"""The last good copy of each list: `NAME.list` as it came, and `NAME.json` with what belongs to it.

A copy is replaced whole or not at all, so that a list is never half there, whatever happens in between.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Note:
    """What belongs to a copy: where it came from, its validators, when its server was last asked, its SHA-256."""

    url: str
    etag: str = ""
    modified: str = ""
    checked: str = ""
    sha256: str = ""

    @property
    def last_checked(self) -> datetime:
        """The beginning of time where that is unknown."""
        try:
            when = datetime.fromisoformat(self.checked)
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)
        return when if when.tzinfo else when.replace(tzinfo=UTC)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Store:
    """The copies in `folder`, which is made with the first of them. `clock` tells the time."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = now) -> None:
        self._folder = folder
        self._clock = clock

    def read(self, name: str, url: str) -> bytes | None:
        """The copy of the list `name`, or None where there is none from `url`."""
        if self.note(name, url) is None:
            return None
        try:
            return self._list(name).read_bytes()
        except OSError:
            return None

    def note(self, name: str, url: str) -> Note | None:
        """What is known about the copy from `url`."""
        try:
            fields = json.loads(self._note(name).read_text())
            note = Note(**fields)
        except (OSError, ValueError, TypeError):
            return None
        good = all(isinstance(value, str) for value in fields.values())
        return note if good and note.url == url else None

    def validators(self, name: str, url: str) -> tuple[str, str]:
        """ETag and Last-Modified of the copy, empty where it is not the one that they were sent with."""
        note, octets = self.note(name, url), self.read(name, url)
        if note is None or octets is None or hashlib.sha256(octets).hexdigest() != note.sha256:
            return "", ""
        return note.etag, note.modified

    def save(self, name: str, url: str, octets: bytes, *, etag: str = "", modified: str = "") -> None:
        """Put `octets` in place of the copy. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _replace(self._list(name), octets)
        self._write(name, Note(url, etag, modified, "", hashlib.sha256(octets).hexdigest()))

    def touch(self, name: str, url: str) -> None:
        """Note that the copy is still what its server has. Raises OSError."""
        note = self.note(name, url)
        if note is not None:
            self._write(name, note)

    def _write(self, name: str, note: Note) -> None:
        fields = {**asdict(note), "checked": self._clock().isoformat(timespec="seconds")}
        _replace(self._note(name), json.dumps(fields, indent=1).encode())

    def _list(self, name: str) -> Path:
        return self._folder / f"{name}.list"

    def _note(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _replace(path: Path, octets: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
