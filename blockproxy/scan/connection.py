"""One connection to an IMAP server, for reading. What aioimaplib leaves open is closed here.

It keeps a whole answer in memory, calls itself once a line of an answer, and waits for ever on a connection that is
gone: so callers ask for little at once, and every call ends with the connection or after PATIENCE.
"""

import asyncio
import binascii
import re
import ssl
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from aioimaplib import Abort, Response, aioimaplib

PATIENCE = 60.0  # seconds for one answer
MAX_MAILBOXES = 500  # lines of one answer; at about 900 the recursion ends

# RFC 6154: what one has written oneself, and mailboxes that show again what stands in others.
_LEFT_OUT = frozenset({b"\\noselect", b"\\nonexistent", b"\\drafts", b"\\sent", b"\\all", b"\\flagged"})
_LISTED = re.compile(rb'\(([^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (.+)', re.DOTALL)
_FETCHED = re.compile(rb"\d+ FETCH \(.*?\bUID (\d+)", re.DOTALL)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]")
_SHIFTED = re.compile(r"&([^-]*)-")


class AccountError(Exception):
    """The server refused; the argument is a line for a person."""


class LostError(Exception):
    """The connection is gone, or was never there."""


class Connection:
    """An asynchronous context: connected on the way in, closed on the way out."""

    def __init__(self, host: str, port: int, *, tls: bool, ca_file: Path | None) -> None:
        self._host, self._port, self._tls, self._ca_file = host, port, tls, ca_file
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        if self._tls:
            context = ssl.create_default_context(cafile=self._ca_file)
            self._client = aioimaplib.IMAP4_SSL(self._host, self._port, timeout=PATIENCE, ssl_context=context)
        else:
            self._client = aioimaplib.IMAP4(self._host, self._port, timeout=PATIENCE)
        self._client.protocol.conn_lost_cb = self._note_loss
        try:
            await self._client.wait_hello_from_server()
        except (TimeoutError, OSError) as error:
            await self._close()
            raise LostError(str(error) or "it does not answer") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._lost.done():
            with suppress(Exception):  # whatever is wrong with the connection, it is over
                await asyncio.wait_for(self._client.logout(), 5)
        await self._close()

    async def _close(self) -> None:
        if self._client.protocol.transport is not None:
            self._client.protocol.transport.abort()
            await asyncio.sleep(0)  # the socket is closed in the next turn of the loop

    def _note_loss(self, _: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    async def log_in(self, user: str, password: str) -> None:
        """LOGIN. Raises AccountError where that is refused."""
        answer = await self._answer(self._client.login(_quoted(user), password))
        if answer.result != "OK":
            raise AccountError(f"{self._host}:{self._port} refused the login of {user}: {_text(answer)}")

    async def mailboxes(self) -> list[str]:
        """The names of all mailboxes that hold mail which others have sent."""
        lines = await self._lines(self._client.list('""', "*"))
        found = [match for line in lines if (match := _LISTED.fullmatch(bytes(line)))]
        if len(found) > MAX_MAILBOXES:
            raise AccountError(f"{len(found)} mailboxes are more than can be listed at once; name one")
        return [_read(match[2].decode()) for match in found if _LEFT_OUT.isdisjoint(match[1].lower().split())]

    async def examine(self, mailbox: str) -> int:
        """Open `mailbox` for reading only; its UIDVALIDITY."""
        lines = await self._lines(self._client.examine(_written(mailbox)))
        self._client.protocol.state = aioimaplib.SELECTED  # it notices only SELECT
        validity = _UIDVALIDITY.search(b"\n".join(map(bytes, lines)))
        return int(validity[1]) if validity else 0

    async def uids(self, first: int) -> list[int]:
        """The UIDs of all messages from `first` on, sorted."""
        lines = await self._lines(self._client.uid_search(f"UID {first}:*", charset=None))
        # `n:*` names the last message even where its UID is smaller than n (RFC 3501, section 6.4.8).
        return sorted(uid for uid in map(int, bytes(lines[0]).split()) if uid >= first)

    async def sizes(self, uids: Sequence[int]) -> list[tuple[int, int]]:
        """UIDs and sizes in octets, sorted."""
        lines = await self._lines(self._client.uid("fetch", _set(uids), "(UID RFC822.SIZE)"))
        found = [(_FETCHED.match(bytes(line)), _SIZE.search(bytes(line))) for line in lines]
        return sorted((int(uid[1]), int(size[1])) for uid, size in found if uid and size)

    async def messages(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The octets of messages by their UIDs."""
        lines = await self._lines(self._client.uid("fetch", _set(uids), "(UID BODY.PEEK[])")) if uids else []
        fetched: dict[int, bytes] = {}
        uid = 0
        for line in lines:
            if isinstance(line, bytearray):  # a literal
                fetched[uid] = bytes(line)
            elif head := _FETCHED.match(line):
                uid = int(head[1])
        return fetched

    async def _lines(self, answer: Awaitable[Response]) -> list[bytes]:
        response = await self._answer(answer)
        if response.result != "OK":
            raise AccountError(f"the server answered {response.result}: {_text(response)}")
        return list(response.lines)

    async def _answer(self, answer: Awaitable[Response]) -> Response:
        """The answer, or LostError as soon as there will be none."""
        asked = asyncio.ensure_future(answer)
        await asyncio.wait({asked, self._lost}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
            await asyncio.wait({asked})
            raise LostError("the connection is gone" if self._lost.done() else "it does not answer")
        try:
            return asked.result()
        except (TimeoutError, OSError, Abort, aioimaplib.CommandTimeout) as error:
            raise LostError(str(error) or "it does not answer") from error


def _text(response: Response) -> str:
    return b" ".join(map(bytes, response.lines)).decode(errors="replace")


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


# Names of mailboxes are in modified UTF-7 (RFC 3501, section 5.1.3).


def _written(mailbox: str) -> str:
    pieces = re.split(r"([^ -~]+)", mailbox.replace("&", "&-"))
    encoded = (binascii.b2a_base64(piece.encode("utf-16-be"), newline=False) for piece in pieces[1::2])
    pieces[1::2] = [f"&{octets.decode().rstrip('=').replace('/', ',')}-" for octets in encoded]
    return _quoted("".join(pieces))


def _read(name: str) -> str:
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return _SHIFTED.sub(lambda shifted: _unshifted(shifted[1]) if shifted[1] else "&", name)


def _unshifted(text: str) -> str:
    text = text.replace(",", "/")
    return binascii.a2b_base64(text + "=" * (-len(text) % 4)).decode("utf-16-be")


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
