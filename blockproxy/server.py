"""The running proxy: rules, event log and the two shells, made from the settings and taken down in reverse order."""

import asyncio
import errno
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import Protocol

from blockproxy.config import Listener, Settings
from blockproxy.detect.rules import RuleSet, load
from blockproxy.errors import SettingsError
from blockproxy.eventlog.store import EventLog
from blockproxy.imap.proxy import ImapProxy
from blockproxy.smtp.listener import SubmissionProxy

GRACE = 15.0  # seconds for a shell to end its conversations; service managers kill after 90 (systemd) or 10 (Docker)
SIGNALS = (signal.SIGTERM, signal.SIGINT)

# A mail client's word for `tls`, as it stands in its account settings.
SECURITY = {"none": "none (no encryption)", "starttls": "STARTTLS", "implicit": "SSL/TLS"}

log = logging.getLogger(__name__)


class Shell(Protocol):
    """What both shells have in common."""

    @property
    def port(self) -> int:
        """The bound port."""

    async def start(self) -> None:
        """Begin to listen; raises OSError where that is impossible."""

    async def close(self) -> None:
        """Stop listening and end all conversations."""


async def serve(settings: Settings, announce: Callable[[str], None]) -> signal.Signals:
    """Run until a signal of `SIGNALS` comes, and return it.

    `announce` gets one block of text when all ports are open. Raises InputError before any port is open where rules
    are wrong, or the event log or a port cannot be opened.
    """
    stopped = _signal()
    rules = load(settings.rules.folders)
    with closing(EventLog(settings.eventlog.path, retention_days=settings.eventlog.retention_days)) as events:
        async with _running(shells(settings, rules, events)) as ports:
            announce(description(settings, ports))
            reason = await stopped
            log.info("stopping: %s", reason.name)
    return reason


def shells(settings: Settings, rules: RuleSet, events: EventLog) -> dict[str, tuple[Listener, Shell]]:
    """The shells that `settings` ask for, not yet started, by their protocol's name."""
    made: dict[str, tuple[Listener, Shell]] = {}
    policy = settings.policy.to_policy()
    if settings.imap is not None:
        made["imap"] = (
            settings.imap.listen,
            ImapProxy(
                settings.imap.listen,
                settings.imap.upstream,
                rules=rules,
                policy=policy,
                addresses=settings.addresses,
                record=events.record,
            ),
        )
    if settings.smtp is not None:
        made["smtp"] = (
            settings.smtp.listen,
            SubmissionProxy(
                settings.smtp.listen,
                settings.smtp.upstream,
                policy=policy,
                hold_automatic_receipts=settings.smtp.receipts.automatic == "hold",
                record=events.record,
            ),
        )
    return made


@asynccontextmanager
async def _running(made: dict[str, tuple[Listener, Shell]]) -> AsyncIterator[dict[str, int]]:
    """Start all or none; yields their ports by protocol."""
    started: list[Shell] = []
    try:
        for protocol, (listener, shell) in made.items():
            await _start(protocol, listener, shell)
            started.append(shell)
        yield {protocol: shell.port for protocol, (_, shell) in made.items()}
    finally:
        for shell in reversed(started):
            await _close(shell)


async def _start(protocol: str, listener: Listener, shell: Shell) -> None:
    try:
        await shell.start()
    except OSError as error:
        place = f"{protocol}.listen: port {listener.port} on {listener.host}"
        raise SettingsError(
            [f"{place} cannot be opened: {_REASONS.get(error.errno or 0) or error.strerror}"]
        ) from error


_REASONS = {
    errno.EADDRINUSE: "another program listens there already",
    errno.EACCES: "ports below 1024 need rights; take a higher one, such as 1143 or 1587",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


async def _close(shell: Shell) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await shell.close()
    except TimeoutError:
        log.warning("conversations did not end within %.0f seconds and are cut", GRACE)


def _signal() -> "asyncio.Future[signal.Signals]":
    """The first signal of `SIGNALS`; from now on none of them kills."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[signal.Signals] = loop.create_future()

    def heard(received: signal.Signals) -> None:
        if not first.done():
            first.set_result(received)

    for each in SIGNALS:
        loop.add_signal_handler(each, heard, each)
    return first


def description(settings: Settings, ports: Mapping[str, int] | None = None) -> str:
    """What listens where, and what a mail client must be set to; `ports` are the bound ones, by protocol."""
    lines = [
        f"blockproxy {'is ready' if ports else 'is set up'}. In your mail client, change the account's servers to:"
    ]
    for protocol, title in (("imap", "incoming (IMAP)"), ("smtp", "outgoing (SMTP)")):
        section = getattr(settings, protocol)
        if section is not None:
            listen, upstream = section.listen, section.upstream
            port = (ports or {}).get(protocol, listen.port)
            lines += [
                f"  {title}: server {_name(listen.host)}, port {port}, security {SECURITY[listen.tls]}",
                f"      and blockproxy goes on to {upstream.host}, port {upstream.port}, {SECURITY[upstream.tls]}",
            ]
    return "\n".join(
        [*lines, "  User name and password stay as they are: blockproxy passes them on and keeps neither."]
    )


def _name(host: str) -> str:
    """What a mail client can connect to where the proxy listens on `host`."""
    return "(this machine's name)" if host in {"0.0.0.0", "::"} else host  # noqa: S104
