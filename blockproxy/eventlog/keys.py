"""The keys of the pseudonyms: a file beside the database, the newest key first.

A key is replaced from time to time, so that what links a reader's rows does not live for ever. The ones before are kept
as long as rows that they made are: only so can an account be shown and forgotten.
"""

import hashlib
import os
import secrets
import sqlite3
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from blockproxy.errors import SettingsError
from blockproxy.eventlog import database
from blockproxy.eventlog.database import Place
from blockproxy.eventlog.postgres import Server

LENGTH = 32  # octets; as long as the hash of the HMAC (RFC 2104, section 3)


def place(path: Place) -> Path:
    """The key file of the database at `path`."""
    path = path.path if isinstance(path, Server) else path
    return path.with_name(path.name + ".key")


def load(path: Place) -> tuple[bytes, ...]:
    """The keys of the database at `path`, the newest first; the first one is made where there is none.

    Raises SettingsError where that is impossible.
    """
    file = place(path)
    try:
        database.make_folder(file)
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            new.write(secrets.token_bytes(LENGTH))
    except FileExistsError:
        pass
    except OSError as error:
        raise database.unusable(file, error) from error
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise database.unusable(file, error) from error
    if not octets or len(octets) % LENGTH:
        raise SettingsError([f"{file}: must hold {LENGTH} octets for each key and holds {len(octets)}"])
    return tuple(octets[start : start + LENGTH] for start in range(0, len(octets), LENGTH))


def renewed(
    path: Path, connection: sqlite3.Connection, today: date, lifetime: timedelta, retention: timedelta
) -> bytes:
    """The key for `today`: a new one where the last is older than `lifetime`.

    Keys go when no row that they made can be left after `retention`. To be called inside a transaction, which keeps
    other processes away.
    """
    ring = load(path)
    since = _since(connection, ring, today)
    if today - since[0] >= lifetime:
        ring, since = (secrets.token_bytes(LENGTH), *ring), [today, *since]
        connection.execute("INSERT INTO keys VALUES (?, ?)", (_fingerprint(ring[0]), today.isoformat()))
    # A key ended when the one before it in the file began.
    kept = [ring[0], *(key for key, ended in zip(ring[1:], since, strict=False) if ended + retention >= today)]
    if tuple(kept) != load(path):
        _write(place(path), b"".join(kept))
    marks = ", ".join("?" * len(kept))
    connection.execute(f"DELETE FROM keys WHERE fingerprint NOT IN ({marks})", [*map(_fingerprint, kept)])  # noqa: S608
    return kept[0]


def agreed(server: Server, connection: sqlite3.Connection, today: date) -> bytes:
    """The key for a server that several machines write to: nobody but an operator can renew it on all of them.

    Raises SettingsError where others have a key that is missing here: one account would have two pseudonyms.
    """
    ring = load(server)
    known = {fingerprint for (fingerprint,) in connection.execute("SELECT fingerprint FROM keys")}
    if not known <= set(map(_fingerprint, ring)):
        raise SettingsError([f"{place(server)}: others write to {server} with another key; copy their file to here"])
    _since(connection, ring, today)
    return ring[0]


def _since(connection: sqlite3.Connection, ring: tuple[bytes, ...], today: date) -> list[date]:
    for key in ring:  # a file from before there was more than one
        connection.execute(
            "INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (_fingerprint(key), today.isoformat())
        )
    known = dict(connection.execute("SELECT fingerprint, since FROM keys"))
    return [date.fromisoformat(known[_fingerprint(key)]) for key in ring]


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"blockproxy key " + key).hexdigest()[:16]


def _write(file: Path, octets: bytes) -> None:
    """All or nothing: a key file that is cut off makes every pseudonym in the database a stranger."""
    new = file.with_name(file.name + ".new")
    with suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(octets)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
