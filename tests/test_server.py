"""`blockproxy run` as a process: it says where it listens, serves, and ends in peace."""

import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml

from blockproxy.config import Settings
from blockproxy.eventlog.query import events
from blockproxy.server import description
from tests.cli.command import PROGRAM, blockproxy, environment
from tests.end_to_end import sink

PATIENCE = 20  # seconds; a start takes one on an idle machine
NOWHERE = 9  # the discard port: nobody listens there on a machine of this century


def section(upstream_port: int = NOWHERE, port: int = 0, **more: object) -> dict[str, Any]:
    upstream = {"host": "127.0.0.1", "port": upstream_port, "tls": "none"}
    return {"listen": {"port": port}, "upstream": upstream, **more}


class Running:
    """A running `blockproxy run`: what it prints, and its ports once it has told them."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.printed = ""

    def port(self, title: str) -> int:
        """The port that was announced for `title`, such as IMAP."""
        self.until("keeps neither")
        found = re.search(rf"\({title}\): server 127\.0\.0\.1, port (\d+),", self.printed)
        assert found, self.printed
        return int(found[1])

    def until(self, words: str) -> None:
        """Read what it prints as far as `words`."""
        assert self.process.stderr is not None
        while words not in self.printed:
            line = self.process.stderr.readline()
            assert line, f"it ended: {self.printed}"
            self.printed += line

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        self.printed += self.process.communicate(timeout=PATIENCE)[1]
        assert "Traceback" not in self.printed, self.printed
        return self.process.returncode


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


@contextmanager
def running(folder: Path, settings: Mapping[str, object]) -> Iterator[Running]:
    file = folder / "blockproxy.yaml"
    file.write_text(yaml.safe_dump({"eventlog": {"path": "events.sqlite3"}, **settings}))
    words = [*PROGRAM, "run", "--config", str(file)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_listens_where_it_says_and_stops_when_told(tmp_path: Path, how: signal.Signals, code: int) -> None:
    with running(tmp_path, {"imap": section(), "smtp": section()}) as proxy:
        for title in ("IMAP", "SMTP"):
            connected(proxy.port(title)).close()
        assert proxy.end(how) == code


def test_it_stops_while_a_client_is_connected(tmp_path: Path) -> None:
    with running(tmp_path, {"smtp": section()}) as proxy, connected(proxy.port("SMTP")) as client:
        assert client.recv(4) != b""
        assert proxy.end(signal.SIGTERM) == 0


def test_without_imap_only_smtp_is_served(tmp_path: Path) -> None:
    with running(tmp_path, {"smtp": section()}) as proxy:
        assert proxy.port("SMTP")
        assert "IMAP" not in proxy.printed
        assert proxy.end(signal.SIGTERM) == 0


def test_a_port_that_is_taken_is_told_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = ends(tmp_path, {"imap": section(), "smtp": section(port=port)})
    assert ended.returncode == 2
    assert ended.stderr == (
        f"blockproxy: smtp.listen: port {port} on 127.0.0.1 cannot be opened: another program listens there already\n"
    )


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a setting": ({"imap": section(NOWHERE), "colour": "red"}, "`colour` is not a setting"),
    "a rule": ({"imap": section(), "rules": {"folders": ["."]}}, "vendors/broken.yaml:"),
    "an event log": ({"imap": section(), "eventlog": {"path": "folder"}}, "folder: the event log cannot be opened"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_and_nothing_is_started(tmp_path: Path, name: str) -> None:
    (tmp_path / "vendors").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "vendors/broken.yaml").write_text("id: broken\nrules: nonsense\n")
    settings, expected = MISTAKES[name]
    ended = ends(tmp_path, settings)
    assert ended.returncode == 2
    assert expected in ended.stderr
    assert "ready" not in ended.stderr
    assert "Traceback" not in ended.stderr


def ends(folder: Path, settings: Mapping[str, object]) -> "subprocess.CompletedProcess[str]":
    with running(folder, {"log": {"level": "error"}, **settings}) as proxy:
        out, err = proxy.process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess([], proxy.process.returncode, out, err)


RECEIPT = """From: reader@example.com
To: news@example.org
Subject: Read: offer
Message-ID: <1@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: text/plain

It was displayed.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;reader@example.com
Disposition: manual-action/MDN-sent-automatically; displayed

--b--
"""


def test_a_receipt_that_is_held_back_is_in_the_event_log_and_a_letter_is_not(tmp_path: Path) -> None:
    with sink.running() as upstream:
        with running(tmp_path, {"smtp": section(upstream.port)}) as proxy:
            with smtplib.SMTP("127.0.0.1", proxy.port("SMTP"), timeout=PATIENCE) as client:
                letter = EmailMessage()
                letter.set_content("at noon?")
                client.send_message(letter, "reader@example.com", ["friend@example.org"])
                client.sendmail("reader@example.com", ["news@example.org"], RECEIPT)
            assert proxy.end(signal.SIGTERM) == 0
        assert [one.recipients for one in upstream.received] == [("friend@example.org",)]
    (event,) = events(tmp_path / "events.sqlite3")
    assert (event.technique, event.action, event.direction) == ("read-receipt", "hold", "out")
    assert event.day == time.strftime("%Y-%m-%d", time.gmtime())


def test_the_description_says_what_a_client_must_be_set_to() -> None:
    settings = Settings.model_validate({"imap": section(port=1143), "smtp": section(port=1587)})
    assert description(settings) == (
        "blockproxy is set up. In your mail client, change the account's servers to:\n"
        "  incoming (IMAP): server 127.0.0.1, port 1143, security none (no encryption)\n"
        "      and blockproxy goes on to 127.0.0.1, port 9, none (no encryption)\n"
        "  outgoing (SMTP): server 127.0.0.1, port 1587, security none (no encryption)\n"
        "      and blockproxy goes on to 127.0.0.1, port 9, none (no encryption)\n"
        "  User name and password stay as they are: blockproxy passes them on and keeps neither."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_idle_it_has_no_connection_to_anywhere(tmp_path: Path) -> None:
    with running(tmp_path, {"imap": section(), "smtp": section()}) as proxy:
        assert proxy.port("IMAP")
        # Whether there is a server has been asked once, when it was ready.
        proxy.until("imap.upstream: 127.0.0.1, port 9 cannot be used now: it refuses the connection")
        sockets = [link for link in Path(f"/proc/{proxy.process.pid}/fd").iterdir() if is_socket(link)]
        # Two that listen, the one for `allow` and `pause`, and the pair by which asyncio wakes itself up.
        assert len(sockets) == 5
        assert proxy.end(signal.SIGTERM) == 0


def is_socket(link: Path) -> bool:
    return str(link.readlink()).startswith("socket:")


def test_it_takes_orders_while_it_runs(tmp_path: Path) -> None:
    config = ("--config", tmp_path / "blockproxy.yaml")
    with running(tmp_path, {"imap": section()}) as proxy:
        assert proxy.port("IMAP")
        assert "left alone" in blockproxy("allow", "news@example.org", *config).out
        assert blockproxy("allow", *config).out == "news@example.org\n"
        assert "5 minutes" in blockproxy("pause", "anna", "--for", "5m", *config).out
        assert blockproxy("allow", "nobody", *config).code == 2
        assert blockproxy("pause", "anna", "--for", "ever", *config).code == 2
        assert "cleaned" in blockproxy("allow", "--undo", "News@example.org", *config).out
        assert proxy.end(signal.SIGTERM) == 0
    assert "is `blockproxy run` up" in blockproxy("allow", *config).err
