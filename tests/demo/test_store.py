"""The demo's servers, asked by the standard library's clients."""

import asyncio
import imaplib
import smtplib

import pytest

from blockproxy.demo.newsletters import READER, messages, sent_at
from blockproxy.demo.store import Login, imap_store, submission_sink

LOGIN = Login(READER, "fake-password")


async def test_the_store_gives_every_message_back_octet_for_octet_with_its_date() -> None:
    originals = [message for _, message in messages()]

    def read(port: int) -> list[tuple[bytes, bytes]]:
        with imaplib.IMAP4("127.0.0.1", port, timeout=10) as client:
            client.login(LOGIN.user, LOGIN.password)
            client.select("INBOX", readonly=True)
            _, answers = client.fetch("1:*", "(INTERNALDATE BODY.PEEK[])")
            return [answer for answer in answers if isinstance(answer, tuple)]

    async with imap_store(LOGIN, [(message, sent_at(n)) for n, message in enumerate(originals, 1)]) as port:
        answers = await asyncio.to_thread(read, port)
    assert [octets for _, octets in answers] == originals
    assert b"03-Mar-2026 07:31:00 +0000" in answers[0][0]


async def test_the_store_wants_the_password() -> None:
    def enter(port: int) -> None:
        with imaplib.IMAP4("127.0.0.1", port, timeout=10) as client:
            client.login(LOGIN.user, "another")

    async with imap_store(LOGIN, []) as port:
        with pytest.raises(imaplib.IMAP4.error):
            await asyncio.to_thread(enter, port)


def _send(port: int, password: str | None) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        if password is not None:
            client.login(LOGIN.user, password)
        client.sendmail(READER, ["you@example.com"], b"Subject: hello\r\n\r\n.dot\r\n")


async def test_the_sink_keeps_what_a_client_with_a_password_sends() -> None:
    async with submission_sink(LOGIN) as (port, sink):
        await asyncio.to_thread(_send, port, LOGIN.password)
    assert sink.messages == [b"Subject: hello\r\n\r\n.dot\r\n"]


@pytest.mark.parametrize(
    ("password", "error"), [(None, smtplib.SMTPSenderRefused), ("no", smtplib.SMTPAuthenticationError)]
)
async def test_the_sink_refuses_everybody_else(password: str | None, error: type[Exception]) -> None:
    async with submission_sink(LOGIN) as (port, sink):
        with pytest.raises(error):
            await asyncio.to_thread(_send, port, password)
    assert sink.messages == []
