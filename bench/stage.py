"""The programs that are measured, each a process of its own: Dovecot, the pump, and `blockproxy run`."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import dovecot, machine, proxy
from tests.end_to_end.certificates import issue

TICKS = os.sysconf("SC_CLK_TCK")  # a second, in the unit of /proc/<pid>/stat


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the server: the port to call, and the process in between (None: there is none)."""

    name: str
    port: int
    pid: int | None = None

    def cpu(self) -> float:
        """Seconds that the process in between has spent on a processor."""
        if self.pid is None:
            return 0.0
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def status(self, field: str) -> int:
        """A size from /proc/<pid>/status (VmRSS, VmHWM), in octets; see proc(5)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))

    def forget_peak(self) -> None:
        """Let VmHWM begin again at VmRSS; proc(5), clear_refs."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


@contextmanager
def server(account: str, messages: Sequence[bytes]) -> Iterator[dovecot.Dovecot]:
    """A Dovecot with `messages` in the inbox of `account`."""
    with tempfile.TemporaryDirectory() as name, dovecot.running(issue(Path(name))) as running:
        running.deliver(account, messages)
        yield running


@contextmanager
def pumped(upstream: int) -> Iterator[Way]:
    """The pump in front of the server on port `upstream`."""
    port = machine.free_port()
    words = [sys.executable, "-m", "bench.pump", str(port), str(upstream)]
    with tempfile.TemporaryDirectory() as name, machine.started(words, [port], Path(name, "printed")) as running:
        yield Way("pump", port, running.process.pid)


@contextmanager
def proxied(upstream: int) -> Iterator[Way]:
    """`blockproxy run`, with an event log and an address, in front of the server on port `upstream`."""
    port = machine.free_port()
    settings = {
        "imap": {"listen": {"port": port}, "upstream": {"host": "127.0.0.1", "port": upstream, "tls": "none"}},
    }
    with tempfile.TemporaryDirectory() as name, proxy.command(settings, Path(name)) as running:
        yield Way("blockproxy", port, running.process.pid)


@contextmanager
def three_ways(upstream: int) -> Iterator[list[Way]]:
    """Through the proxy, through the pump, and directly."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(proxied(upstream)),
            stack.enter_context(pumped(upstream)),
            Way("direct", upstream),
        ]
