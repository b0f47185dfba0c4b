"""The servers that the other tests rely on do what those tests believe."""

import imaplib
import smtplib
from collections.abc import Callable

import pytest

from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.postfix import Postfix

MESSAGE = b"From: anna@example.org\r\nSubject: hello\r\n\r\n" + b"x" * 5000 + b"\r\ntrailing   \r\n..\r\n.\r\nend\r\n"


def test_dovecot_serves_the_octets_that_were_delivered(dovecot: Dovecot, account: Callable[[], str]) -> None:
    reader = account()
    dovecot.deliver(reader, [b"Subject: first\r\n\r\nhi\r\n", MESSAGE])
    with imaplib.IMAP4("127.0.0.1", dovecot.port) as client:
        client.login(reader, PASSWORD)
        client.select()
        [(line, literal)] = [part for part in client.fetch("2", "(UID BODY.PEEK[])")[1] if isinstance(part, tuple)]
    assert line.startswith(b"2 (UID 2 BODY[]")
    assert literal == MESSAGE


def test_dovecot_speaks_starttls_and_implicit_tls(dovecot: Dovecot, certificates: Certificates) -> None:
    with imaplib.IMAP4("localhost", dovecot.port) as client:
        client.starttls(certificates.trusting())
        assert client.login("anybody", PASSWORD)[0] == "OK"
    with imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=certificates.trusting()) as client:
        assert client.login("anybody", PASSWORD)[0] == "OK"


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_postfix_adds_one_received_field_and_changes_nothing(
    postfix: Postfix, certificates: Certificates, tls: str
) -> None:
    recipient = f"{tls}@example.net"
    if tls == "implicit":
        client: smtplib.SMTP = smtplib.SMTP_SSL("localhost", postfix.tls_port, context=certificates.trusting())
    else:
        client = smtplib.SMTP("localhost", postfix.port)
    with client:
        if tls == "starttls":
            client.starttls(context=certificates.trusting())
        client.login("anna", PASSWORD)
        client.sendmail("anna@example.org", [recipient], MESSAGE)
    received = postfix.sink.wait_for(recipient)
    assert received.sender == "anna@example.org"
    assert received.message != MESSAGE
    assert received.without_trace == MESSAGE


def test_postfix_relays_for_nobody_who_has_not_given_the_password(postfix: Postfix) -> None:
    with smtplib.SMTP("localhost", postfix.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("anna", "wrong")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("anna@example.org", ["stranger@example.net"], MESSAGE)
