"""Secrets do not show, and the login name is read and nothing else."""

import base64
import logging
import traceback

import pytest

from blockproxy.smtp.sasl import Secret, account
from tests.smtp.hop import scripted
from tests.smtp.proxies import client, proxy_to

PASSWORD = b"fake-password-1"


def encoded(*octets: bytes) -> list[Secret]:
    return [Secret(base64.b64encode(one)) for one in octets]


def test_a_secret_cannot_be_printed() -> None:
    secret = Secret(PASSWORD)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", f"{[secret]}"]
    shown += traceback.format_exception(ValueError(secret))
    assert not [text for text in shown if PASSWORD.decode() in text]
    assert secret == PASSWORD


@pytest.mark.parametrize(
    ("mechanism", "responses", "name"),
    [
        ("PLAIN", [b"\0reader\0" + PASSWORD], "reader"),
        ("PLAIN", [b"admin\0reader@example.org\0" + PASSWORD], "reader@example.org"),
        ("LOGIN", [b"reader", PASSWORD], "reader"),
        ("CRAM-MD5", [b"the reader 0123456789abcdef"], "the reader"),
        ("XOAUTH2", [b"user=reader@example.org\x01auth=Bearer fake\x01\x01"], "reader@example.org"),
        ("OAUTHBEARER", [b"n,a=reader@example.org,\x01host=x\x01auth=Bearer fake\x01\x01"], "reader@example.org"),
        ("SCRAM-SHA-256", [b"n,,n=anna=2Cthe=3Dreader,r=fake-nonce", b"c=biws,r=fake,p=fake", b""], "anna,the=reader"),
        ("SCRAM-SHA-1", [b"y,a=admin,n=anna,r=fake-nonce"], "anna"),
        ("PLAIN", [b"no separator"], ""),
        ("PLAIN", [], ""),
        ("LOGIN", [b"\xff" * 1_000], "\N{REPLACEMENT CHARACTER}" * 320),
    ],
)
def test_the_account_is_what_the_client_logs_in_as(mechanism: str, responses: list[bytes], name: str) -> None:
    assert account(mechanism, encoded(*responses)) == name


def test_a_response_that_is_no_base64_has_no_account() -> None:
    assert account("LOGIN", [Secret(b"abc")]) == ""


@pytest.mark.parametrize(
    "dialog",
    [
        [b"AUTH PLAIN " + base64.b64encode(b"\0reader\0" + PASSWORD)],
        [b"AUTH  PLAIN  " + base64.b64encode(b"\0reader\0" + PASSWORD)],
        [b"AUTH LOGIN", base64.b64encode(b"reader"), base64.b64encode(PASSWORD)],
        [b"AUTH NONSENSE", base64.b64encode(PASSWORD)],
        [b"AUTH PLAIN", PASSWORD],
    ],
)
async def test_no_log_line_has_a_password_in_it(dialog: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = {b"EHLO": b"250-hop.example.org\r\n250 AUTH PLAIN LOGIN", b"AUTH": b"334 "}
    async with scripted(answers) as hop, proxy_to(hop.port) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        for line in dialog:
            await me.say(line)
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert PASSWORD.decode() not in logged
    assert base64.b64encode(PASSWORD).decode() not in logged
    assert base64.b64encode(b"\0reader\0" + PASSWORD).decode() not in logged
