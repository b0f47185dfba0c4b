"""Clean every message under a folder in a network namespace, and fail where anything reaches for the network.

    unshare --net python -m tests.end_to_end.clean_in_silence FOLDER

Two things watch. Python's audit hooks see every socket that Python code opens and every name that it resolves; the
counters of the kernel see what C code does: there is no route, so whatever tries to leave is counted and dropped.
Prints a line of JSON: how many messages, and what was found in them.
"""

import json
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import blockproxy
from blockproxy.detect.rules import built_in
from blockproxy.model import Context, Policy

DOCUMENTATION_ADDRESS = ("192.0.2.1", 53)  # RFC 5737: nobody's
MESSAGE_FOLDERS = ("newsletters", "phishing", "list-a", "list-b", "spam", "newsletters-2002", "ham-2002", "mime")


class NetworkUsedError(Exception):
    """Something reached for the network."""


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook: no socket, no name."""
    if event.startswith("socket."):
        raise NetworkUsedError(f"{event}{arguments}")


def dropped() -> int:
    """How many packets this namespace could not send for want of a route."""
    fields, values = re.findall(r"^Ip: (.*)$", Path("/proc/self/net/snmp").read_text(), re.MULTILINE)
    return int(dict(zip(fields.split(), values.split(), strict=True))["OutNoRoutes"])


def try_to_leave() -> None:
    """What must fail here, and be counted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"anybody?", DOCUMENTATION_ADDRESS)


def prove_that_the_watchers_watch() -> None:
    """Each of them sees an attempt; raises AssertionError where one does not."""
    before = dropped()
    try:
        try_to_leave()
    except OSError:
        pass
    else:
        raise AssertionError("this namespace has a route")
    assert dropped() == before + 1
    sys.addaudithook(watch)
    try:
        socket.getaddrinfo("localhost", 80)
    except NetworkUsedError:
        return
    raise AssertionError("the audit hook does not see a name being resolved")


def messages(folder: Path) -> Iterator[bytes]:
    """Every message file, and those of the corpora with LF line ends as they would travel."""
    for name in MESSAGE_FOLDERS:
        for file in sorted((folder / name).rglob("*")):
            if file.is_file():
                octets = file.read_bytes()
                yield octets if b"\r\n" in octets else octets.replace(b"\n", b"\r\n")


def main(folder: Path) -> None:
    """Clean everything twice as suspiciously as usual, and say what came out."""
    prove_that_the_watchers_watch()
    before = dropped()
    context = Context(addresses=("anna@example.org",))
    count = blocked = skipped = 0
    for message in messages(folder):
        cleaned = blockproxy.clean(message, built_in(), Policy(remote="block"), context)
        assert len(cleaned.message) == len(message)
        count += 1
        blocked += sum(finding.blocked for finding in cleaned.findings)
        skipped += len(cleaned.skipped)
    assert dropped() == before, "a packet tried to leave"
    print(json.dumps({"messages": count, "blocked": blocked, "skipped": skipped}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
