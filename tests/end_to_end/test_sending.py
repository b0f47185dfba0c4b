"""A client sends through the proxy to Postfix: everything arrives as it was sent, but for automatic read receipts."""

import sqlite3
from pathlib import Path

import pytest

from blockproxy import clean
from blockproxy.model import Action, Technique
from tests.end_to_end import machine, mailbox, proxy
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.compose import entity, lines, message, multipart
from tests.end_to_end.postfix import Postfix
from tests.end_to_end.swaks import AUTHENTICATION_FAILED, Sending

ORDINARY = lines(
    "From: anna@example.org", "Subject: dots and blanks", "Disposition-Notification-To: anna@example.org", ""
) + lines(".", "..", ". leading", "trailing   ", "\ttab", "Größe", f"see {mailbox.tracker()}", "", "x" * 900, "%DATE%")


def receipt(mode: str, encoding: str = "7bit") -> bytes:
    """A read receipt (RFC 8098) whose disposition mode is `mode`."""
    text = entity("text/plain", lines("This is a receipt for the mail that you sent."))
    note = lines(
        "Reporting-UA: Example Mail", "Final-Recipient: rfc822;anna@example.org", f"Disposition: {mode}; displayed"
    )
    report = multipart("report", "mdn-1", text, entity("message/disposition-notification", note, encoding))
    folded = b'multipart/report;\r\n\tboundary="mdn-1";\r\n\treport-type="disposition-notification"'
    return message("Read: dots", report.replace(b'multipart/report; boundary="mdn-1"', folded, 1))


AUTOMATIC = {
    "automatic-action": receipt("automatic-action/MDN-sent-automatically"),
    "manual-action": receipt("manual-action/MDN-sent-automatically"),
    "quoted-printable": receipt("manual-action/MDN-sent-automatically", "quoted-printable"),
    "base64": receipt("automatic-action/MDN-sent-automatically", "base64"),
}
BY_HAND = receipt("manual-action/MDN-sent-manually")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("listening", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("calling", ["none", "starttls", "implicit"])
def test_a_message_arrives_octet_for_octet(
    postfix: Postfix, certificates: Certificates, mechanism: str, listening: str, calling: str
) -> None:
    recipient = f"{mechanism}-{listening}-{calling}@example.net".lower()
    port = postfix.tls_port if calling == "implicit" else postfix.port
    upstream = proxy.upstream(port, calling, certificates.authority)
    with proxy.submission(upstream, proxy.listener(listening, certificates)) as between:
        sending = Sending(between.port, certificates.authority, listening, mechanism)
        said = sending.send(ORDINARY, recipient)
    assert said.status == 0, said.text
    received = postfix.sink.wait_for(recipient)
    assert received.sender == "anna@example.org"
    assert received.without_trace == ORDINARY
    assert between.recorder.told == []


@pytest.mark.parametrize("shape", AUTOMATIC)
def test_an_automatic_receipt_is_accepted_and_does_not_arrive(
    postfix: Postfix, certificates: Certificates, shape: str
) -> None:
    recipient, after = f"held-{shape}@example.net", f"after-{shape}@example.net"
    with proxy.submission(proxy.upstream(postfix.port)) as between:
        sending = Sending(between.port, certificates.authority)
        said = sending.send(AUTOMATIC[shape], recipient)
        assert said.status == 0, said.text
        assert sending.send(ORDINARY, after).status == 0
    postfix.sink.wait_for(after)
    assert postfix.sink.addressed_to(recipient) == []
    [(cleaned, delivery)] = between.recorder.told
    assert [(one.technique, one.action) for one in cleaned.findings] == [(Technique.READ_RECEIPT, Action.HOLD)]
    assert (delivery.protocol, delivery.account) == ("smtp", "anna")


def test_a_receipt_that_a_person_sends_arrives(postfix: Postfix, certificates: Certificates) -> None:
    with proxy.submission(proxy.upstream(postfix.port)) as between:
        assert Sending(between.port, certificates.authority).send(BY_HAND, "by-hand@example.net").status == 0
    assert postfix.sink.wait_for("by-hand@example.net").without_trace == BY_HAND
    assert between.recorder.told == []


def test_an_automatic_receipt_arrives_where_the_settings_let_it_pass(
    postfix: Postfix, certificates: Certificates
) -> None:
    octets = AUTOMATIC["manual-action"]
    with proxy.submission(proxy.upstream(postfix.port), hold=False) as between:
        assert Sending(between.port, certificates.authority).send(octets, "passes@example.net").status == 0
    assert postfix.sink.wait_for("passes@example.net").without_trace == octets
    [(cleaned, _)] = between.recorder.told
    assert [one.action for one in cleaned.findings] == [Action.REPORT]


@pytest.mark.parametrize("name", ["large attachment", "many trackers", "signed pgp", "html 8bit", "html gb18030"])
def test_what_a_reader_forwards_is_not_cleaned_on_its_way_out(
    postfix: Postfix, certificates: Certificates, name: str
) -> None:
    octets, recipient = mailbox.messages()[name], f"{name.replace(' ', '-')}@example.net"
    with proxy.submission(proxy.upstream(postfix.port)) as between:
        said = Sending(between.port, certificates.authority).send(octets, recipient)
    assert said.status == 0, said.text
    assert postfix.sink.wait_for(recipient).without_trace == octets


def test_a_wrong_password_gets_postfixs_own_answer(postfix: Postfix, certificates: Certificates) -> None:
    with proxy.submission(proxy.upstream(postfix.port)) as between:
        said = [
            Sending(port, certificates.authority, password="wrong").send(ORDINARY, "nobody@example.net")
            for port in (postfix.port, between.port)
        ]
    assert [one.status for one in said] == [AUTHENTICATION_FAILED] * 2
    refusals = [[line for line in one.replies() if line.startswith("535")] for one in said]
    assert refusals[0]
    assert refusals[1] == refusals[0]


def test_a_server_that_is_down_is_a_temporary_failure(certificates: Certificates) -> None:
    with proxy.submission(proxy.upstream(machine.free_port())) as between:
        said = Sending(between.port, certificates.authority).send(ORDINARY, "nobody@example.net")
    assert said.status != 0
    assert [line for line in said.replies() if line.startswith("4")], said.text


def test_the_command_cleans_what_a_reader_forwards(
    postfix: Postfix, certificates: Certificates, tmp_path: Path
) -> None:
    port, octets = machine.free_port(), mailbox.messages()["html quoted-printable"]
    upstream = {"host": "127.0.0.1", "port": postfix.port, "tls": "none"}
    forwarded = b"User-Agent: Example Mail\r\n" + octets
    with proxy.command({"smtp": {"listen": {"port": port}, "upstream": upstream}}, tmp_path):
        said = Sending(port, certificates.authority).send(forwarded, "forwarded@example.net")
    assert said.status == 0, said.text
    received = postfix.sink.wait_for("forwarded@example.net").without_trace
    assert received == clean(octets).message
    assert received != octets


def test_the_command_holds_the_receipt_and_its_event_log_says_so(
    postfix: Postfix, certificates: Certificates, tmp_path: Path
) -> None:
    port = machine.free_port()
    settings = {
        "smtp": {"listen": {"port": port}, "upstream": {"host": "127.0.0.1", "port": postfix.port, "tls": "none"}}
    }
    sending = Sending(port, certificates.authority)
    with proxy.command(settings, tmp_path):
        assert sending.send(AUTOMATIC["manual-action"], "logged@example.net").status == 0
        assert sending.send(ORDINARY, "after-logged@example.net").status == 0
    postfix.sink.wait_for("after-logged@example.net")
    assert postfix.sink.addressed_to("logged@example.net") == []
    octets = b"".join(file.read_bytes() for file in tmp_path.glob("events.sqlite3*"))
    assert b"read-receipt" in octets
    assert b"dots" not in octets
    with sqlite3.connect(tmp_path / "events.sqlite3") as events:
        assert events.execute("SELECT count(*) FROM findings WHERE technique = 'read-receipt'").fetchone() == (1,)
    events.close()
