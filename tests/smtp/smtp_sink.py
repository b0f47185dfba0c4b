"""Postfix's smtp-sink: refuses, hangs up or waits at any verb, as an option says, and keeps complete messages only."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import machine

BACKLOG = "100"  # connections that wait to be accepted


@dataclass(frozen=True)
class SmtpSink:
    """A running smtp-sink: its port, and the folder with a file for each message that it has taken."""

    port: int
    folder: Path

    def taken(self) -> list[bytes]:
        """The messages, each below lines about its envelope and a Received field; a begun one has none yet."""
        files = [path.read_bytes() for path in sorted(self.folder.glob("dump.*"))]
        return [message for message in files if b"\nReceived:" in message]

    def taken_for(self, recipient: str) -> list[bytes]:
        """The messages for a recipient."""
        return [message for message in self.taken() if f"X-Rcpt-Args: <{recipient}>".encode() in message]


@contextmanager
def running(*options: str, keep: bool = True) -> Iterator[SmtpSink]:
    """Run smtp-sink with `options`, such as `-q DATA`, until the block ends; it asks for no login.

    Without `keep` nothing is written to the disk.
    """
    user = machine.server_user()
    with machine.server_folder(user) as folder:
        port = machine.free_port()
        (folder / "dumps").mkdir()
        if os.geteuid() == 0:
            os.chown(folder / "dumps", user.pw_uid, user.pw_gid)
        owner = ["-u", user.pw_name] if os.geteuid() == 0 else []
        dumps = [] if not keep else ["-d", str(folder / "dumps" / "dump.%H%M")]
        command = [machine.program("smtp-sink"), "-a", *owner, *dumps, *options, f"{machine.LOOPBACK}:{port}", BACKLOG]
        with machine.started(command, [port], folder / "printed", user=pwd.getpwuid(os.geteuid())):
            yield SmtpSink(port, folder / "dumps")
