"""What every server of the tests needs: a free port, a folder, an unprivileged user, a start and an end.

Servers listen on 127.0.0.1 only. Each ends by the id of the process that the test started.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
START_SECONDS = 10.0  # servers need a tenth of it; the rest is for a loaded machine
STOP_SECONDS = 10.0
DAEMON_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # Debian keeps servers out of an ordinary user's PATH


def program(name: str) -> str:
    """Where the program is; a test without it fails, because `make test` has installed it."""
    path = shutil.which(name, path=DAEMON_PATH)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed; `make debian` says what is missing")
    return path


def output_of(name: str, *arguments: str) -> str:
    """What a program prints, without the line's end."""
    done = subprocess.run([program(name), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def server_user() -> pwd.struct_passwd:
    """Who runs servers that refuse to serve mail as root: nobody when the tests run as root, else who runs them."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


@contextmanager
def server_folder(owner: pwd.struct_passwd) -> Iterator[Path]:
    """A folder that `owner` may enter, which pytest's own are not, short enough for the paths of UNIX sockets."""
    with tempfile.TemporaryDirectory(prefix="blockproxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0


@dataclass
class Server:
    """A process that was started for a test, and the file that takes what it prints."""

    process: subprocess.Popen[bytes]
    output: Path

    def stop(self) -> int:
        """End it as an operator would; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def printed(self) -> str:
        """Everything it has printed."""
        return self.output.read_text(errors="replace")


@contextmanager
def started(
    command: Sequence[str], ports: Sequence[int], output: Path, *, user: pwd.struct_passwd | None = None
) -> Iterator[Server]:
    """Run `command` until the block ends; enter the block when every one of `ports` answers."""
    as_user = user.pw_uid if user is not None and os.geteuid() == 0 else None
    as_group = user.pw_gid if as_user is not None and user is not None else None
    with output.open("wb") as sink:
        process = subprocess.Popen(
            # A test run that is killed must not leave its servers behind.
            [program("setpriv"), "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            user=as_user,
            group=as_group,
            extra_groups=[] if as_user is not None else None,
            # Postfix ends its children by their process group, which must not be ours.
            start_new_session=True,
        )
    server = Server(process, output)
    try:
        _wait_for(server, ports)
        yield server
    finally:
        server.stop()


def _wait_for(server: Server, ports: Sequence[int]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not all(is_listening(port) for port in ports):
        if server.process.poll() is not None:
            raise RuntimeError(f"ended with {server.process.returncode} before it listened:\n{server.printed()}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"not listening on {list(ports)} after {START_SECONDS} s:\n{server.printed()}")
        time.sleep(0.02)
