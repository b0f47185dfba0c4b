"""The messages of an IMAP account, read-only (EXAMINE, BODY.PEEK): no flag changes, nothing is marked as read.

They come in batches. A connection that breaks is made again, and the batch that was on its way is asked for again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from blockproxy.errors import InputError
from blockproxy.scan.connection import AccountError, Connection, LostError
from blockproxy.scan.sources import MAX_MESSAGE, TOO_LONG, Letter

BATCH = 200  # messages asked for at once; aioimaplib's recursion ends at about 900 lines
BATCH_OCTETS = 8 * 1024 * 1024  # of messages asked for at once, which are all held in memory
RETRIES = 3  # connections in a row that bring nothing new

_PORTS = {"imap": 143, "imaps": 993}


class Account(NamedTuple):
    """Where the mail is. `mailbox` is empty for all of them."""

    host: str
    port: int
    tls: bool
    user: str
    mailbox: str = ""


class Seen(NamedTuple):
    """How far a mailbox has been read: all messages up to `uid`, as long as its UIDVALIDITY stays (RFC 3501, 2.3.1)."""

    uidvalidity: int
    uid: int


def parse(text: str) -> Account:
    """An account from `imaps://user@host:port/mailbox` (RFC 5092). Raises InputError."""
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        raise InputError([f"{text}: an account is written imaps://USER@HOST[:PORT][/MAILBOX]"])
    if parts.password is not None:
        raise InputError(["a password does not belong into a command line: use BLOCKPROXY_PASSWORD or --password-file"])
    if parts.scheme == "imap" and not _is_loopback(parts.hostname):
        raise InputError([f"{parts.hostname}: the password would travel in clear; write imaps://"])
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise InputError([f"{text}: {error}"]) from error
    mailbox = unquote(parts.path.removeprefix("/"))
    return Account(parts.hostname, port, parts.scheme == "imaps", unquote(parts.username), mailbox)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Reader:
    """Reads an account; `seen` says how far each mailbox was read before."""

    def __init__(
        self, account: Account, password: str, seen: dict[str, Seen] | None = None, ca_file: Path | None = None
    ) -> None:
        self._account, self._password, self._ca_file = account, password, ca_file
        self._seen = dict(seen or {})
        self._done: set[str] = set()
        self._read = 0
        self.total = 0  # messages in the mailboxes that were opened so far, without those of an earlier scan
        self.uidvalidity: dict[str, int] = {}

    def letters(self) -> Iterator[Letter]:
        """Every message, named `mailbox/UID`, each mailbox's in the order of the UIDs. Raises AccountError."""
        with asyncio.Runner() as runner:
            source = self._letters()

            async def following() -> Letter | None:
                return await anext(source, None)

            while (letter := runner.run(following())) is not None:
                yield letter

    async def _letters(self) -> AsyncIterator[Letter]:
        failures = 0
        while True:
            try:
                async for letter in self._session():
                    failures = 0
                    self._read += 1
                    yield letter
            except LostError as error:
                failures += 1
                if failures > RETRIES:
                    raise AccountError(f"{self._account.host}:{self._account.port}: {error}") from error
            else:
                return

    async def _session(self) -> AsyncIterator[Letter]:
        """One connection, from the login to the end of the last mailbox."""
        host, port, tls, user, mailbox = self._account
        async with Connection(host, port, tls=tls, ca_file=self._ca_file) as connection:
            await connection.log_in(user, self._password)
            for name in [mailbox] if mailbox else await connection.mailboxes():
                if name not in self._done:
                    async for letter in self._mailbox(connection, name):
                        yield letter
                    self._done.add(name)

    async def _mailbox(self, connection: Connection, name: str) -> AsyncIterator[Letter]:
        validity = self.uidvalidity[name] = await connection.examine(name)
        seen = self._seen.get(name, Seen(validity, 0))
        uids = await connection.uids(seen.uid + 1 if seen.uidvalidity == validity else 1)
        self.total = self._read + len(uids)
        for start in range(0, len(uids), BATCH):
            for batch in _batches(await connection.sizes(uids[start : start + BATCH])):
                fetched = await connection.messages([uid for uid, size in batch if size <= MAX_MESSAGE])
                for uid, size in batch:
                    if size > MAX_MESSAGE:
                        yield Letter(f"{name}/{uid}", problem=TOO_LONG)
                    elif uid in fetched:  # else somebody has removed it meanwhile
                        yield Letter(f"{name}/{uid}", octets=fetched[uid])
                self._seen[name] = Seen(validity, batch[-1][0])


def _batches(sizes: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Runs of messages of together BATCH_OCTETS; a larger one comes alone."""
    batch: list[tuple[int, int]] = []
    held = 0
    for uid, size in sizes:
        if batch and held + size > BATCH_OCTETS:
            yield batch
            batch, held = [], 0
        batch.append((uid, size))
        held += size
    if batch:
        yield batch
