"""Debian's Postfix asks the milter, set up as the documentation says, and sends on what it is told."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from blockproxy import clean
from tests.end_to_end import machine, mailbox, proxy
from tests.end_to_end import postfix as postfix_server
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.compose import entity, lines, message
from tests.end_to_end.dovecot import Dovecot
from tests.end_to_end.postfix import Postfix
from tests.end_to_end.test_gateway import BLOCKS, TRUSTING, other_ports, send, settings_of

SETTINGS, MAIN = (text for kind, text in BLOCKS if "8891" in text)
TRACKING = mailbox.messages()["html quoted-printable"]
POLICIES = [
    {"recipients": ["strict@*"], "do": "reject", "reason": "No spies, please"},
    {"recipients": ["careful@*"], "do": "quarantine", "to": "spies@example.net"},
    {"recipients": ["tagged@*"], "do": "tag", "subject": "[tracked]"},
]


@dataclass
class Asking:
    """A Postfix that asks the milter about what comes to `port`."""

    postfix: Postfix
    port: int


@pytest.fixture(scope="module")
def asking(certificates: Certificates, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    milter, world = machine.free_port(), machine.free_port()
    settings = settings_of(SETTINGS, {8891: milter})
    settings["smtp"]["gateway"]["policies"] = POLICIES
    master = f"127.0.0.1:{world} inet n - n - - smtpd\n"
    with (
        proxy.command(settings, tmp_path_factory.mktemp("milter")),
        postfix_server.running(
            certificates, dovecot, main=TRUSTING + other_ports(MAIN, {8891: milter}), master=master, more=[world]
        ) as postfix,
    ):
        yield Asking(postfix, world)


def test_a_tracker_is_gone_when_the_message_arrives(asking: Asking, certificates: Certificates) -> None:
    said = send(asking.port, TRACKING, "anna@example.net", certificates.authority)
    assert said.status == 0, said.text
    received = asking.postfix.sink.wait_for("anna@example.net").without_trace
    header, _, body = clean(TRACKING).message.partition(b"\r\n\r\n")
    assert received.partition(b"\r\n\r\n")[2] == body
    assert received.partition(b"\r\n\r\n")[0] == b"X-Blockproxy: blocked=1 open-pixel\r\n" + header


@pytest.mark.parametrize("name", ["signed pgp", "large attachment", "html 8bit"])
def test_other_mail_passes(asking: Asking, certificates: Certificates, name: str) -> None:
    octets, recipient = mailbox.messages()[name], f"milter-{name.replace(' ', '-')}@example.net"
    assert send(asking.port, octets, recipient, certificates.authority).status == 0
    received = asking.postfix.sink.wait_for(recipient).without_trace
    assert received.endswith(clean(octets).message)


def test_a_request_for_a_receipt_is_renamed(asking: Asking, certificates: Certificates) -> None:
    octets = b"Disposition-Notification-To: news@example.com\r\n" + message(
        "receipt", entity("text/plain", lines("hello"))
    )
    assert send(asking.port, octets, "receipt@example.net", certificates.authority).status == 0
    received = asking.postfix.sink.wait_for("receipt@example.net").message
    assert b"\r\nDisposition-Notification-To" not in received
    assert b"\r\nXisposition-Notification-To: news@example.com\r\n" in received


def test_mail_that_tracks_is_refused_and_ordinary_mail_is_not(asking: Asking, certificates: Certificates) -> None:
    said = send(asking.port, TRACKING, "strict@example.net", certificates.authority)
    assert any(line.startswith("550 5.7.1 No spies, please") for line in said.replies()), said.text
    letter = message("letter", entity("text/plain", lines("hello")))
    assert send(asking.port, letter, "strict@example.net", certificates.authority).status == 0
    assert asking.postfix.sink.wait_for("strict@example.net").without_trace.endswith(letter)
    assert len(asking.postfix.sink.addressed_to("strict@example.net")) == 1


def test_quarantine_gets_the_message_as_it_was(asking: Asking, certificates: Certificates) -> None:
    assert send(asking.port, TRACKING, "careful@example.net", certificates.authority).status == 0
    received = asking.postfix.sink.wait_for("spies@example.net")
    assert received.message.endswith(TRACKING)
    assert b"\r\nX-Envelope-To: <careful@example.net>\r\n" in received.message
    assert asking.postfix.sink.addressed_to("careful@example.net") == []


def test_a_tag_is_put_in_front_of_the_subject(asking: Asking, certificates: Certificates) -> None:
    assert send(asking.port, TRACKING, "tagged@example.net", certificates.authority).status == 0
    received = asking.postfix.sink.wait_for("tagged@example.net").without_trace
    assert received == b"X-Blockproxy: reported=1 open-pixel\r\n" + TRACKING.replace(
        b"Subject: ", b"Subject: [tracked] ", 1
    )


def test_without_the_milter_the_sender_is_told_to_come_again(certificates: Certificates, dovecot: Dovecot) -> None:
    world, nobody = machine.free_port(), machine.free_port()
    main, master = TRUSTING + other_ports(MAIN, {8891: nobody}), f"127.0.0.1:{world} inet n - n - - smtpd\n"
    with postfix_server.running(certificates, dovecot, main=main, master=master, more=[world]) as postfix:
        said = send(world, TRACKING, "nobody@example.net", certificates.authority)
        assert said.status != 0
        assert any(line.startswith("451 4.7.1 ") for line in said.replies()), said.text
        assert postfix.sink.received == []
