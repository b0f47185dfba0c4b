"""smtp-source through the gateway to smtp-sink, through aiosmtpd and aiosmtplib, and directly."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.measure import Row, median_row, ratios
from bench.stage import Way
from tests.end_to_end import machine, proxy
from tests.smtp import smtp_sink

LOADS = (  # what it is called; octets, connections and messages; at most how many times as long as the pair
    ("10 KB over 10 connections", 10 * 1024, 10, 1_000, 1 / 0.9),
    ("1 MB over 4 connections", 1024 * 1024, 4, 40, 1 / 3),
)


def smtp(quick: bool) -> Iterator[Row]:
    """A new connection for each message, as Postfix's before-queue filter has it."""
    with smtp_sink.running(keep=False) as sink, _gateway(sink.port) as ours, _pair(sink.port) as pair:
        ways = [ours, pair, Way("direct", sink.port)]
        for name, octets, connections, messages, target in LOADS:
            count = max(connections, messages // 10) if quick else messages
            seconds = _turns(ways, [octets, connections, count], 1 if quick else 5)
            mine, theirs, direct = seconds
            pace = [count * len(each) / sum(each) for each in seconds]
            how = f"{pace[0]:.0f} messages a second; the pair {pace[1]:.0f}, directly {pace[2]:.0f}"
            yield median_row(f"SMTP, {name}, beside aiosmtpd and aiosmtplib", ratios(mine, theirs), "x", target, how)
            yield median_row(f"SMTP, {name}, beside no proxy", ratios(mine, direct), "x", None, "the same")


def _turns(ways: Sequence[Way], load: Sequence[int], rounds: int) -> list[list[float]]:
    seconds: list[list[float]] = [[] for _ in ways]
    for number in range(rounds + 1):
        for index in range(len(ways)) if number % 2 else reversed(range(len(ways))):
            start = time.perf_counter()
            _send(ways[index].port, *load)
            if number:  # the first round warms up
                seconds[index].append(time.perf_counter() - start)
    return seconds


def _send(port: int, octets: int, connections: int, messages: int) -> None:
    words = [machine.program("smtp-source"), "-s", str(connections), "-m", str(messages), "-l", str(octets)]
    subprocess.run([*words, f"{machine.LOOPBACK}:{port}"], check=True, timeout=600)


@contextmanager
def _gateway(upstream: int) -> Iterator[Way]:
    port = machine.free_port()
    settings = {
        "smtp": {
            "use": "gateway",
            "listen": {"port": port},
            "upstream": {"host": machine.LOOPBACK, "port": upstream, "tls": "none"},
        }
    }
    with tempfile.TemporaryDirectory() as name, proxy.command(settings, Path(name)) as running:
        yield Way("blockproxy", port, running.process.pid)


@contextmanager
def _pair(upstream: int) -> Iterator[Way]:
    port = machine.free_port()
    words = [sys.executable, "-m", "bench.smtp_pair", str(port), str(upstream)]
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        running = stack.enter_context(machine.started(words, [port], Path(name, "printed")))
        yield Way("pair", port, running.process.pid)
