"""`blockproxy run` as an operator starts it: both protocols, TLS on every leg, one event log, a stop in peace."""

import imaplib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import yaml

import blockproxy
from tests.end_to_end import machine, mailbox, proxy
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.postfix import Postfix
from tests.end_to_end.swaks import Sending
from tests.end_to_end.test_sending import AUTOMATIC
from tests.end_to_end.wire import Wire

NAMES = ["newsletter", "receipt header 1", "html koi8-r", "plain ascii"]
QUICKLY = 5.0  # seconds


def test_a_reader_reads_and_sends_through_one_program(
    dovecot: Dovecot, postfix: Postfix, certificates: Certificates, account: Callable[[], str], tmp_path: Path
) -> None:
    reader, recipient = account(), "program@example.net"
    dovecot.deliver(reader, [mailbox.messages()[name] for name in NAMES])
    imap_port, smtp_port = machine.free_port(), machine.free_port()
    listener = {"tls": "implicit", "certificate": str(certificates.chain), "key": str(certificates.key)}
    server = {"host": "localhost", "tls": "starttls", "ca_file": str(certificates.authority)}
    settings = {
        "imap": {"listen": {"port": imap_port, **listener}, "upstream": {"port": dovecot.port, **server}},
        "smtp": {"listen": {"port": smtp_port, **listener}, "upstream": {"port": postfix.port, **server}},
    }
    trusting = certificates.trusting()
    with proxy.command(settings, tmp_path) as program:
        with imaplib.IMAP4_SSL("localhost", imap_port, ssl_context=trusting) as client:
            client.login(reader, PASSWORD)
            client.select()
            found = [part[1] for part in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
        sending = Sending(smtp_port, certificates.authority, "implicit", account=reader)
        assert sending.send(AUTOMATIC["manual-action"], recipient).status == 0
        with Wire(imap_port, trusting) as waiting:
            waiting.login(reader, PASSWORD)
            waiting.send(b"i IDLE\r\n")
            assert waiting.response().startswith(b"+ ")
            program.process.terminate()
            assert waiting.rest().startswith(b"* BYE")
        assert program.process.wait(QUICKLY) == 0
    assert found == [blockproxy.clean(mailbox.messages()[name]).message for name in NAMES]
    assert postfix.sink.addressed_to(recipient) == []
    _the_event_log_knows_what_and_nothing_else(tmp_path, reader)


def _the_event_log_knows_what_and_nothing_else(folder: Path, reader: str) -> None:
    with sqlite3.connect(folder / "events.sqlite3") as events:
        rows = events.execute("SELECT protocol, direction, technique, vendor, action FROM findings").fetchall()
        everything = "\n".join(events.iterdump())
    events.close()
    assert {
        ("imap", "in", "open-pixel", "Mailchimp", "remove"),
        ("imap", "in", "receipt-request", "", "rename"),
    } <= set(rows)
    assert ("smtp", "out", "read-receipt", "", "hold") in rows
    for secret in (reader, PASSWORD, "fa4e0000", "anna@example.org", "Good morning"):
        assert secret not in everything, secret


def test_a_wrong_setting_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "blockproxy.yaml"
    upstream = {"host": "localhost", "port": 143, "tls": "sometimes"}
    file.write_text(yaml.safe_dump({"imap": {"listen": {"port": machine.free_port()}, "upstream": upstream}}))
    done = proxy.run_to_the_end(file)
    assert done.returncode == 2
    assert f"{file}:" in done.stderr
    assert "implicit" in done.stderr
    assert "Traceback" not in done.stderr
