"""How far a scan of an account got, in a file: with it the next scan goes on where this one ended."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from blockproxy.errors import InputError
from blockproxy.scan.account import Account, Seen
from blockproxy.scan.report import Report
from blockproxy.scan.tally import Tally

VERSION = 1
SAVED_EVERY = 5.0  # seconds; what has been read since then is read again after a crash


@dataclass
class Progress:
    """What was read of an account so far, and the counts of it."""

    seen: dict[str, Seen] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def load(path: Path, account: Account) -> Progress:
    """What `path` says about `account`; nothing yet where it does not exist. Raises InputError."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["version"] != VERSION:
            raise InputError([f"{path}: written by another version; remove it to scan from the beginning"])
        if stored["account"] != _name(account):
            raise InputError([f"{path}: belongs to {stored['account']}, not to {_name(account)}; name another file"])
        return Progress({name: Seen(*seen) for name, seen in stored["seen"].items()}, Tally(stored["counts"]))
    except FileNotFoundError:
        return Progress()
    except OSError as error:
        raise InputError([f"{path}: cannot be read: {error.strerror}"]) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError([f"{path}: is not what a scan has written; name another file"]) from error


def save(path: Path, account: Account, progress: Progress) -> None:
    """Write it, whole or not at all; only its owner may read it. Raises InputError."""
    stored = {
        "version": VERSION,
        "account": _name(account),
        "seen": progress.seen,
        "counts": progress.tally.counts(),
    }
    beside = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(stored, file)
        beside.replace(path)
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error.strerror}"]) from error


def _name(account: Account) -> str:
    return f"{account.user}@{account.host}:{account.port}/{account.mailbox}"


class Checkpoint:
    """Notes what has been told about, and writes it down now and then."""

    def __init__(self, path: Path, account: Account, progress: Progress, uidvalidity: Mapping[str, int]) -> None:
        self._path, self._account, self._progress = path, account, progress
        self._uidvalidity = uidvalidity
        self._saved = monotonic()

    def note(self, report: Report) -> None:
        """`report` has been told, and all those before it."""
        mailbox, _, uid = report.name.rpartition("/")
        self._progress.seen[mailbox] = Seen(self._uidvalidity[mailbox], int(uid))
        if monotonic() - self._saved >= SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write down how far it got."""
        save(self._path, self._account, self._progress)
        self._saved = monotonic()
