"""`blockproxy check`: everything that can be wrong before a mail client is pointed at the proxy."""

import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockproxy.cli.output import plain

if TYPE_CHECKING:
    from blockproxy.config import Listener, Settings, Upstream

HELP = """Check settings, rules, certificates and servers.

Says which capabilities of the servers stay hidden, and what a mail client must be set to.

Exit code 0: all is well. 1: a server, or the running proxy, does not answer as it should. 2: a setting or a rule is
wrong, named with file and line."""

EXAMPLE = "\b\nExample:\n  blockproxy check --example > blockproxy.yaml && blockproxy check --config blockproxy.yaml"


def check(
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings to check.")] = None,
    example: Annotated[bool, typer.Option("--example", help="Print settings to begin with, and nothing else.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Do not connect to the mail servers.")] = False,
    running: Annotated[
        bool, typer.Option("--running", help="Also look whether the proxy is running and takes connections.")
    ] = False,
) -> None:
    """See `HELP`."""
    from blockproxy import config as settings

    if example:
        print(settings.example(), end="")
        return
    path = config or settings.find()
    chosen = settings.load(path)
    results = [_Result(True, f"settings: {path}"), _rules(chosen), _event_log(chosen), *_certificates(chosen)]
    results += _listening(chosen) if running else []
    results += [] if local else _servers(chosen)
    for result in results:
        print(result)
    if any(not result.good for result in results):
        raise typer.Exit(1)
    if not local:
        from blockproxy.server import description

        print(description(chosen))


class _Result:
    """One line of the report, and what belongs to it."""

    def __init__(self, good: bool, text: str, *notes: str) -> None:
        self.good = good
        self._lines = [text, *notes]

    def __str__(self) -> str:
        word = "ok    " if self.good else "FAILED"
        return "\n          ".join([f"{word}  {plain(self._lines[0])}", *map(plain, self._lines[1:])])


def _rules(chosen: "Settings") -> _Result:
    from blockproxy.subscriptions.load import load

    rules = load(chosen.rules)
    count = sum(map(len, rules.vendors.values()))
    copies = {copy.vendor.id: f"{len(copy):,} {'entry' if len(copy) == 1 else 'entries'}" for copy in rules.lists}
    lists = [f"list {each.id}: {copies.get(each.id, 'not fetched yet')}" for each in chosen.rules.lists]
    return _Result(True, f"rules: {count}, of {len(rules.vendors)} vendors, version {rules.digest[:12]}", *lists)


def _event_log(chosen: "Settings") -> _Result:
    """Whether it can be used, without making it: another user may be the one who runs the proxy."""
    import os

    from blockproxy.errors import SettingsError
    from blockproxy.eventlog import database

    path = chosen.eventlog.path
    try:
        if chosen.eventlog.server:
            database.open_for_reading(chosen.eventlog.place).close()
            return _Result(True, f"event log: {chosen.eventlog.place}")
        if path.exists():
            database.open_for_reading(path).close()
    except SettingsError as error:
        return _Result(False, f"event log: {error}")
    there = next(parent for parent in [path, *path.parents] if parent.exists())
    good = os.access(there, os.W_OK)
    return _Result(good, f"event log: {path}" if good else f"event log: {there} is not writable for this user")


def _certificates(chosen: "Settings") -> Iterator[_Result]:
    for name, listen in _listeners(chosen):
        if listen.certificate:  # loaded while the settings were checked
            yield _Result(True, f"{name} certificate: {listen.certificate}")


def _listeners(chosen: "Settings") -> "Iterator[tuple[str, Listener]]":
    from blockproxy.server import smtp_sections

    if chosen.imap:
        yield "imap", chosen.imap.listen
    for name, section in smtp_sections(chosen):
        yield name, section.listen


def _listening(chosen: "Settings") -> Iterator[_Result]:
    import socket

    from blockproxy.network import in_words

    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound
    for name, listen in _listeners(chosen):
        place = everywhere.get(listen.host, listen.host), listen.port
        try:
            socket.create_connection(place, timeout=5).close()
        except OSError as error:
            yield _Result(False, f"{name} proxy on port {place[1]}: {in_words(error)}")
        else:
            yield _Result(True, f"{name} proxy on port {place[1]}: takes connections")


def _servers(chosen: "Settings") -> Iterator[_Result]:
    from blockproxy.cli import probe
    from blockproxy.imap.capabilities import verdict
    from blockproxy.server import smtp_sections
    from blockproxy.smtp.capabilities import CARRIED, HIDDEN

    def smtp_reason(line: str) -> str:
        keyword = line.split(maxsplit=1)[0].upper() if line else ""
        return "" if not keyword or keyword in CARRIED else HIDDEN.get(keyword, "not known here")

    if chosen.imap:
        yield _server(
            "imap", chosen.imap.upstream, probe.imap, lambda name: "" if verdict(name).offered else verdict(name).reason
        )
    for name, section in smtp_sections(chosen):
        for upstream in section.upstream:
            yield _server(name, upstream, probe.lmtp if upstream.protocol == "lmtp" else probe.smtp, smtp_reason)


def _server(
    name: str,
    upstream: "Upstream",
    ask: "Callable[[Upstream], Coroutine[Any, Any, list[str]]]",
    hidden_because: Callable[[str], str],
) -> _Result:
    """Ask one server, and say which of its capabilities a mail client will not see."""
    import asyncio

    from blockproxy.cli.probe import ProbeError, explained

    print(f"asking {upstream.host} ...", file=sys.stderr)
    place = f"{name} server {upstream.host}, port {upstream.port}, tls {upstream.tls}"
    try:
        with explained():
            offered = asyncio.run(ask(upstream))
    except ProbeError as error:
        return _Result(False, f"{place}: {error}")
    reasons = ((capability, hidden_because(capability)) for capability in offered)
    return _Result(True, place, *(f"hidden from the client: {name} ({reason})" for name, reason in reasons if reason))
