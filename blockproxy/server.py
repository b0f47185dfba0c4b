"""The running proxy: rules, event log and the two shells, made from the settings and taken down in reverse order."""

import asyncio
import errno
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from typing import Protocol, runtime_checkable

from blockproxy import control, reach
from blockproxy.config import Listener, Settings, Upstream
from blockproxy.detect.rules import RuleSet
from blockproxy.errors import SettingsError
from blockproxy.eventlog.store import EventLog
from blockproxy.exemptions import Exemptions
from blockproxy.imap.proxy import ImapProxy
from blockproxy.remember import keep_for_good
from blockproxy.renewal import renewing
from blockproxy.sending import Smtp
from blockproxy.smtp.listener import GatewayProxy, SubmissionProxy
from blockproxy.smtp.milter_listener import MilterProxy
from blockproxy.subscriptions.load import load

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


@runtime_checkable
class Judging(Protocol):
    """A shell that looks into messages."""

    def use(self, rules: RuleSet) -> None:
        """Judge by `rules` in sessions that begin from now on."""


async def serve(settings: Settings, announce: Callable[[str], None]) -> signal.Signals:
    """Run until a signal of `SIGNALS` comes, and return it.

    `announce` gets one block of text when all ports are open. Raises InputError before any port is open where rules
    are wrong, or the event log or a port cannot be opened.
    """
    stopped = _signal()
    rules = load(settings.rules)
    with closing(_event_log(settings)) as events:
        exemptions = Exemptions(settings.exemptions, settings.allowed)
        made = shells(settings, rules, events, exemptions)
        keep_for_good()
        async with (
            _running(made) as ports,
            renewing(settings.rules, lambda new: _use(new, made)),
            control.listening(settings.control, exemptions),
        ):
            announce(description(settings, ports))
            async with reach.looking(_upstreams(settings)):
                reason = await stopped
            log.info("stopping: %s", reason.name)
    return reason


def _upstreams(settings: Settings) -> Iterator[tuple[str, Upstream]]:
    """Every server that mail goes on to, by the name of its setting."""
    if settings.imap is not None:
        yield "imap.upstream", settings.imap.upstream
    for name, section in smtp_sections(settings):
        for upstream in section.upstream:
            yield f"{name}.upstream", upstream


def _event_log(settings: Settings) -> EventLog:
    kept = settings.eventlog
    return EventLog(kept.place, retention_days=kept.retention_days, key_days=kept.key_days)


def _use(rules: RuleSet, made: Mapping[str, tuple[Listener, Shell]]) -> None:
    """Sessions that begin from now on are judged by `rules`."""
    keep_for_good()
    for _, shell in made.values():
        if isinstance(shell, Judging):
            shell.use(rules)


def shells(
    settings: Settings, rules: RuleSet, events: EventLog, exemptions: Exemptions | None = None
) -> dict[str, tuple[Listener, Shell]]:
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
                count=events.count,
                exemptions=exemptions,
                compress=settings.imap.compress,
                pass_items=settings.imap.pass_items,
            ),
        )
    for name, section in smtp_sections(settings):
        made[name] = section.listen, _smtp(section, settings, rules, events, exemptions)
    return made


def smtp_sections(settings: Settings) -> list[tuple[str, Smtp]]:
    """The sections about sending, by the name that they have in the file."""
    alone = len(settings.smtp) == 1
    return [("smtp" if alone else f"smtp[{number}]", section) for number, section in enumerate(settings.smtp)]


def _smtp(section: Smtp, settings: Settings, rules: RuleSet, events: EventLog, exemptions: Exemptions | None) -> Shell:
    policy, mend = settings.policy.to_policy(), section.line_ends == "normalise"
    if section.use == "milter":
        return MilterProxy(
            section.listen,
            section.gateway,
            rules=rules,
            policy=policy,
            addresses=settings.addresses,
            record=events.record,
            receipts=section.receipts,
            outgoing=section.outgoing,
            exemptions=exemptions,
        )
    if section.use == "gateway":
        return GatewayProxy(
            section.listen,
            section.upstream,
            section.gateway,
            rules=rules,
            policy=policy,
            addresses=settings.addresses,
            record=events.record,
            receipts=section.receipts,
            outgoing=section.outgoing,
            exemptions=exemptions,
            mend=mend,
            count=events.count,
        )
    return SubmissionProxy(
        section.listen,
        section.upstream[0],
        policy=policy,
        record=events.record,
        receipts=section.receipts,
        outgoing=section.outgoing,
        rules=rules,
        addresses=settings.addresses,
        mend=mend,
        count=events.count,
    )


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
    """What listens where, and what a mail client must be set to; `ports` are the bound ones, by the shells' names."""
    bound = ports or {}
    lines = []
    if settings.imap is not None:
        imap = settings.imap
        lines += _account("incoming (IMAP)", imap.listen, imap.upstream, bound.get("imap", imap.listen.port))
    gateways = []
    for name, section in smtp_sections(settings):
        port = bound.get(name, section.listen.port)
        if section.use == "milter":
            place = f"inet:{_name(section.listen.host)}:{port}"
            gateways.append(f"  milter ({section.gateway.direction}): smtpd_milters = {place}")
        elif section.use == "gateway":
            gateways += _gateway(section, port)
        else:
            lines += _account("outgoing (SMTP)", section.listen, section.upstream[0], port)
    state = f"blockproxy {'is ready' if ports else 'is set up'}."
    if lines:
        state += " In your mail client, change the account's servers to:"
        lines.append("  User name and password stay as they are: blockproxy passes them on and keeps neither.")
    return "\n".join([state, *lines, *gateways])


def _account(title: str, listen: Listener, upstream: Upstream, port: int) -> list[str]:
    return [
        f"  {title}: server {_name(listen.host)}, port {port}, security {SECURITY[listen.tls]}",
        f"      and blockproxy goes on to {upstream.host}, port {upstream.port}, {SECURITY[upstream.tls]}",
    ]


def _gateway(section: Smtp, port: int) -> list[str]:
    to = " or ".join(f"{hop.host}, port {hop.port} ({hop.protocol.upper()})" for hop in section.upstream)
    strangers = ", ".join(section.gateway.domains) or "nobody"
    return [
        f"  gateway (SMTP, {section.gateway.direction}): {_name(section.listen.host)}, port {port}, on to {to}",
        f"      from {', '.join(section.gateway.clients)} to anybody, from elsewhere to {strangers}",
    ]


def _name(host: str) -> str:
    """What a mail client can connect to where the proxy listens on `host`."""
    return "(this machine's name)" if host in {"0.0.0.0", "::"} else host  # noqa: S104
