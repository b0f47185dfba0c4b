"""The proxy under test: its two shells in a thread of the test, or the real command in a process of its own."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import built_in
from blockproxy.eventlog.events import Delivery
from blockproxy.exemptions import Exemptions
from blockproxy.imap.proxy import ImapProxy
from blockproxy.model import Cleaned, Policy
from blockproxy.sending import Receipts
from blockproxy.smtp.listener import SubmissionProxy
from tests.end_to_end import machine
from tests.end_to_end.certificates import Certificates

ANY_PORT = Listener(port=0)
PATIENCE_SECONDS = 10.0
RUN = [sys.executable, "-m", "blockproxy.cli", "run", "--config"]


class Shell(Protocol):
    """What `ImapProxy` and `SubmissionProxy` have in common."""

    @property
    def port(self) -> int: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Recorder:
    """Stands where the event log stands, and remembers what it is told."""

    told: list[tuple[Cleaned, Delivery]] = field(default_factory=list)

    def __call__(self, cleaned: Cleaned, delivery: Delivery) -> None:
        """Remember one message."""
        self.told.append((cleaned, delivery))


@dataclass(frozen=True)
class Proxy:
    """A running shell: where it listens, and what it has told the event log."""

    port: int
    recorder: Recorder


@contextmanager
def in_thread(shell: Shell) -> Iterator[None]:
    """Run `shell` on an event loop of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(shell.start(), loop).result(PATIENCE_SECONDS)
        yield
    finally:
        for last in (shell.close(), loop.shutdown_default_executor()):
            asyncio.run_coroutine_threadsafe(last, loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()


@contextmanager
def imap(
    upstream: Upstream,
    listener: Listener = ANY_PORT,
    policy: Policy | None = None,
    exemptions: Exemptions | None = None,
    compress: str = "none",
) -> Iterator[Proxy]:
    """An IMAP proxy in front of `upstream`."""
    recorder = Recorder()
    shell = ImapProxy(
        listener,
        upstream,
        rules=built_in(),
        policy=policy or Policy(),
        addresses=(),
        record=recorder,
        exemptions=exemptions,
        compress=compress,
    )
    with in_thread(shell):
        yield Proxy(shell.port, recorder)


@contextmanager
def submission(upstream: Upstream, listener: Listener = ANY_PORT, *, hold: bool = True) -> Iterator[Proxy]:
    """A submission proxy in front of `upstream`."""
    recorder = Recorder()
    receipts = Receipts(automatic="hold" if hold else "pass")
    shell = SubmissionProxy(listener, upstream, policy=Policy(), record=recorder, receipts=receipts)
    with in_thread(shell):
        yield Proxy(shell.port, recorder)


def listener(tls: str, certificates: Certificates) -> Listener:
    """A listener on any free port that shows our certificate where it speaks TLS."""
    return Listener.model_validate(
        {"port": 0, "tls": tls}
        if tls == "none"
        else {"port": 0, "tls": tls, "certificate": certificates.chain, "key": certificates.key}
    )


def upstream(port: int, tls: str = "none", authority: Path | None = None) -> Upstream:
    """A server on this machine, whose certificate is signed by `authority`."""
    return Upstream.model_validate({"host": "localhost", "port": port, "tls": tls, "ca_file": authority})


@contextmanager
def command(settings: Mapping[str, object], folder: Path) -> Iterator[machine.Server]:
    """`blockproxy run` with these settings, as an operator starts it; it must end in peace."""
    file = folder / "blockproxy.yaml"
    file.write_text(yaml.safe_dump({**settings, "eventlog": {"path": str(folder / "events.sqlite3")}}))
    ports = [
        section["listen"]["port"] for section in settings.values() if isinstance(section, dict) and "listen" in section
    ]
    with machine.started([*RUN, str(file)], ports, folder / "printed") as server:
        yield server
        assert server.stop() == 0, server.printed()
    assert "Traceback" not in server.printed(), server.printed()


def run_to_the_end(settings: Path) -> subprocess.CompletedProcess[str]:
    """`blockproxy run` with a file that does not let it start."""
    return subprocess.run([*RUN, str(settings)], check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
