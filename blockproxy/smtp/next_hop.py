"""The next hop: the server that a message goes on to. Every reply is handed back as it came.

No command of a transaction is repeated and no message kept: a `NextHopError` says that the transaction has failed for
now, and the client, which has not been told 250, tries again.
"""

import logging
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from blockproxy.config import Upstream
from blockproxy.smtp import reply
from blockproxy.smtp.data import stuffed
from blockproxy.smtp.reply import Reply
from blockproxy.smtp.wire import COMMAND_TIMEOUT, NonsenseError, NoTlsError, RefusedError, Wire

# Seconds; RFC 5321, section 4.5.3.2.
DATA_INITIATION_TIMEOUT = 2 * 60.0
DATA_TERMINATION_TIMEOUT = 10 * 60.0
QUIT_TIMEOUT = 5.0  # nothing depends on the answer

UNREACHABLE = Reply.of(421, "4.4.1 The next hop cannot be reached")
LOST = Reply.of(421, "4.4.2 The next hop closed the connection")
TOO_SLOW = Reply.of(421, "4.4.2 The next hop did not answer in time")
NOT_TRUSTED = Reply.of(421, "4.7.5 No TLS connection that can be trusted to the next hop")
NONSENSE = Reply.of(421, "4.5.0 The next hop broke its protocol")

log = logging.getLogger(__name__)


class NextHopError(Exception):
    """The next hop cannot be spoken to; `reply` is what the client hears, and the connection is gone."""

    def __init__(self, answer: Reply) -> None:
        super().__init__(" ".join(answer.lines))
        self.reply = answer


class NextHop:
    """A connection that is opened by `hello`. All methods raise `NextHopError`, `quit` and `abort` do not."""

    def __init__(self, upstream: Upstream, tls: ssl.SSLContext | None) -> None:
        self._upstream = upstream
        self._tls = tls
        self._wire: Wire | None = None

    @property
    def opened(self) -> bool:
        """Whether there has been a connection; it may be lost by now."""
        return self._wire is not None

    async def hello(self, name: str) -> Reply:
        """Say EHLO in the client's name, after connecting and STARTTLS if that has not been done yet."""
        words = b"EHLO", name.encode("ascii")
        if self._wire is None:
            with self._told(UNREACHABLE):
                self._wire = await Wire.open(self._upstream, self._tls, b" ".join(words))
        return await self.ask(*words)

    async def ask(self, *words: bytes, timeout: float = COMMAND_TIMEOUT) -> Reply:  # noqa: ASYNC109 - each verb has its own
        """Send one command and read its reply. What would be two commands is answered with 501 and not sent."""
        if self._wire is None:
            return reply.HELLO_FIRST
        with self._told():
            try:
                return await self._wire.ask(*words, timeout=timeout)
            except ValueError:
                return reply.BAD_OCTETS

    async def deliver(self, message: Iterable[bytes], replies: int = 1) -> list[Reply]:
        """DATA, and the message; the reply to whichever was refused, or as many `replies` as the final dot gets.

        A positive reply to DATA itself would sound like a delivery to the client and counts as nonsense.
        """
        answer = await self.ask(b"DATA", timeout=DATA_INITIATION_TIMEOUT)
        if answer.code == 354:
            return await self._send(message, replies)
        if not 400 <= answer.code < 600:
            self.abort()
            raise NextHopError(NONSENSE)
        if answer.code != 421:
            await self.ask(b"RSET")  # for the client the transaction is over
        return [answer] * replies

    async def _send(self, message: Iterable[bytes], replies: int) -> list[Reply]:
        """Once the final dot is out, whatever goes wrong leaves it open whether the next hop has the message."""
        wire = self._wire
        if wire is None:
            raise NextHopError(LOST)
        with self._told():
            await wire.send(stuffed(message))
        answers: list[Reply] = []
        try:
            with self._told():
                while len(answers) < replies:
                    answers.append(await wire.reply(DATA_TERMINATION_TIMEOUT))
        except NextHopError as error:
            if not answers:
                raise
            # LMTP: those recipients that were answered for have their answer.
            answers += [reply.temporarily(error.reply)] * (replies - len(answers))
        return answers

    async def quit(self) -> None:
        """End the connection politely, but soon."""
        if self._wire is not None:
            with suppress(OSError, EOFError, NonsenseError):
                await self._wire.ask(b"QUIT", timeout=QUIT_TIMEOUT)
        self.abort()

    def abort(self) -> None:
        """End the connection now; a message whose final dot is not sent yet is not delivered."""
        if self._wire is not None:
            self._wire.abort()

    @contextmanager
    def _told(self, otherwise: Reply = LOST) -> Iterator[None]:
        """Turn what goes wrong into a `NextHopError`, and tell the operator."""
        try:
            yield
        except (OSError, EOFError, NonsenseError, NoTlsError, RefusedError) as error:
            answer = explained(error, otherwise)
            log.warning("next hop %s:%d: %s", self._upstream.host, self._upstream.port, " ".join(answer.lines))
            self.abort()
            raise NextHopError(answer) from error


def explained(error: Exception, otherwise: Reply = LOST) -> Reply:
    """What the client is told about `error`."""
    if isinstance(error, RefusedError):
        return error.reply if 400 <= error.reply.code < 600 else NONSENSE
    if isinstance(error, TimeoutError):
        return TOO_SLOW if otherwise is LOST else otherwise
    return next((answer for kind, answer in _ANSWERS if isinstance(error, kind)), otherwise)


_ANSWERS: list[tuple[type[Exception], Reply]] = [  # the first that fits
    (ssl.SSLError, NOT_TRUSTED),
    (NoTlsError, NOT_TRUSTED),
    (NonsenseError, NONSENSE),
]
