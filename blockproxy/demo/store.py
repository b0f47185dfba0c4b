"""The mail server of the demo: IMAP (RFC 3501) by pymap, submission (RFC 6409) by aiosmtpd, in this process, in memory.

pymap is a small server whose `dict` backend forgets everything at the end. What it does in its own way, and what
that means here: it numbers the first message 101; it counts the line break before a boundary as part of the
section; the sizes in its BODYSTRUCTURE include the section's MIME header. A proxy forwards all of that as it is.
"""

import asyncio
import uuid
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aioimaplib import aioimaplib
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config
from pymap.backend.dict import Login as Accounts
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

HOST = "127.0.0.1"
HOSTNAME = "mail.example.org"  # given, because both libraries would otherwise ask the resolver for this machine's name
PATIENCE = 10.0  # seconds for one answer; on loopback only a hang takes longer
MAX_MESSAGE = 32 * 1024 * 1024  # bytes; what common providers take


@dataclass(frozen=True, slots=True)
class Login:
    """User name and password, valid for both protocols."""

    user: str
    password: str


class StoreError(Exception):
    """The mail store did not take a message; the text is its answer."""


@asynccontextmanager
async def imap_store(login: Login, messages: Iterable[tuple[bytes, datetime]]) -> AsyncIterator[int]:
    """An IMAP server with `messages` (octets, INTERNALDATE) in its INBOX; gives its port."""
    answer = await _pymap(login)
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is always run by a task
        conversations.add(task)
        task.add_done_callback(conversations.discard)
        await answer(reader, writer, SocketInfo.get(writer, ProxyResultLocal(), unique_id=uuid.uuid4().bytes))

    server = await asyncio.start_server(converse, HOST, 0)
    try:
        port: int = server.sockets[0].getsockname()[1]
        await _append(port, login, messages)
        yield port
    finally:
        server.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


async def _pymap(login: Login) -> IMAPServer:
    options = _options(login)
    config = _Config.from_args(options, cpu_subsystem=Subsystem.for_asyncio(), hash_context=Cleartext())
    config.apply_context()
    accounts = Accounts(config)
    await accounts.demo_user_identity.set(UserMetadata(config, login.user, password=login.password))
    return IMAPServer(accounts, config)


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"Server ready " + HOSTNAME.encode()


def _options(login: Login) -> Namespace:
    """What pymap's command line would have said."""
    return Namespace(
        host=HOST,
        port=0,
        tls=False,
        cert=None,
        key=None,
        debug=False,
        passlib_cfg=None,
        proxy_protocol="noop",
        demo_data=False,
        demo_user=login.user,
        demo_password=login.password,
    )


async def _append(port: int, login: Login, messages: Iterable[tuple[bytes, datetime]]) -> None:
    client = aioimaplib.IMAP4(HOST, port, timeout=PATIENCE)
    await client.wait_hello_from_server()
    await client.login(login.user, login.password)
    for message, arrived in messages:
        answer = await client.append(message, date=arrived)
        if answer.result != "OK":
            raise StoreError(" ".join(map(str, answer.lines)))
    await client.logout()


class Sink:
    """The far end of submission: takes what an authenticated client sends, and keeps it."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self.messages: list[bytes] = []

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """AUTH PLAIN and LOGIN."""
        known = LoginPassword(self._login.user.encode(), self._login.password.encode())
        return AuthResult(success=given == known, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Senders who did not log in are refused, as submission servers do (RFC 6409 section 4.3)."""
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A whole message has come."""
        content = envelope.original_content or b""
        self.messages.append(content)
        return "250 2.0.0 OK, kept"


@asynccontextmanager
async def submission_sink(login: Login) -> AsyncIterator[tuple[int, Sink]]:
    """An SMTP server that keeps what it is sent; gives its port and what it keeps."""
    sink = Sink(login)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            sink,
            hostname=HOSTNAME,
            data_size_limit=MAX_MESSAGE,
            enable_SMTPUTF8=True,
            authenticator=sink.authenticate,
            auth_require_tls=False,  # it listens on loopback only
            loop=loop,
        ),
        HOST,
        0,
    )
    try:
        yield server.sockets[0].getsockname()[1], sink
    finally:
        server.close()
