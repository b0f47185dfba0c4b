"""swaks and smtplib send through the proxy to a real Postfix, over every kind of TLS on both legs."""

import asyncio
import base64
import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from blockproxy.config import Listener, Upstream
from tests.end_to_end import machine
from tests.end_to_end.certificates import Certificates, issue
from tests.end_to_end.dovecot import PASSWORD
from tests.end_to_end.postfix import Postfix
from tests.smtp.proxies import client, proxy_to

pytestmark = pytest.mark.xdist_group("smtp")

RECEIPTS = Path(__file__).with_name("receipts")
MESSAGE = (
    b"From: anna@example.org\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <letter-1@example.org>\r\n"
    b"Date: Tue, 03 Mar 2026 09:15:00 +0100\r\n\r\n"
    b".\r\n..\r\n.dot\r\ntrailing \t \r\n8bit: \xc3\xbc \xfc\r\n" + b"x" * 5_000 + b"\r\n\r\nend\r\n\r\n"
)
LEGS = ["none", "starttls", "implicit"]


def listening(tls: str, certificates: Certificates) -> Listener:
    if tls == "none":
        return Listener(port=0)
    return Listener.model_validate(
        {"port": 0, "tls": tls, "certificate": certificates.chain, "key": certificates.key}, strict=False
    )


def relaying(tls: str, postfix: Postfix, authority: Path) -> Upstream:
    port = postfix.tls_port if tls == "implicit" else postfix.port
    return Upstream.model_validate({"host": "localhost", "port": port, "tls": tls, "ca_file": authority}, strict=False)


async def swaks(port: int, *options: str) -> tuple[int, str]:
    """Run swaks against the proxy; its exit code and its transcript."""
    process = await asyncio.create_subprocess_exec(
        machine.program("swaks"),
        *("--server", "127.0.0.1", "--port", str(port), "--from", "anna@example.org", "--timeout", "10"),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode("utf-8", "replace")


def tls_options(tls: str, certificates: Certificates) -> list[str]:
    verified = ["--tls-verify", "--tls-ca-path", str(certificates.authority)]
    return {"none": [], "starttls": ["--tls", *verified], "implicit": ["--tls-on-connect", *verified]}[tls]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("near", LEGS)
@pytest.mark.parametrize("far", LEGS)
async def test_swaks_sends_with_a_login_over_every_leg(
    postfix: Postfix, certificates: Certificates, near: str, far: str, mechanism: str
) -> None:
    recipient = f"{mechanism}-{near}-{far}@example.net".lower()
    async with proxy_to(relaying(far, postfix, certificates.authority), listening(near, certificates)) as proxy:
        code, transcript = await swaks(
            proxy.port,
            *("--to", recipient, "--auth", mechanism, "--auth-user", "anna", "--auth-password", PASSWORD),
            *tls_options(near, certificates),
        )
    assert code == 0, transcript
    assert ("=== TLS started" in transcript) == (near != "none")
    assert "queued as" in transcript  # Postfix's own words
    received = await asyncio.to_thread(postfix.sink.wait_for, recipient)
    assert received.sender == "anna@example.org"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_wrong_password_is_refused_in_the_next_hops_words(
    postfix: Postfix, certificates: Certificates, mechanism: str
) -> None:
    async with proxy_to(relaying("starttls", postfix, certificates.authority)) as proxy:
        code, transcript = await swaks(
            proxy.port,
            *("--to", "nobody@example.net", "--auth", mechanism, "--auth-user", "anna", "--auth-password", "wrong"),
        )
    assert code == 28, transcript  # swaks: authentication failed
    assert "535 5.7.8" in transcript
    assert postfix.sink.addressed_to("nobody@example.net") == []


async def test_a_message_arrives_octet_for_octet(postfix: Postfix, certificates: Certificates) -> None:
    def send(port: int) -> None:
        with smtplib.SMTP_SSL("localhost", port, context=certificates.trusting()) as me:
            me.login("anna", PASSWORD)
            me.sendmail("anna@example.org", ["octets@example.net"], MESSAGE, mail_options=["BODY=8BITMIME"])

    async with proxy_to(
        relaying("implicit", postfix, certificates.authority), listening("implicit", certificates)
    ) as proxy:
        await asyncio.to_thread(send, proxy.port)
    received = await asyncio.to_thread(postfix.sink.wait_for, "octets@example.net")
    assert received.without_trace == MESSAGE


async def test_a_large_message_arrives_whole_over_tls(postfix: Postfix, certificates: Certificates) -> None:
    message = b"Subject: large\r\n\r\n" + b"".join(b"%076d\r\n" % number for number in range(130_000))

    def send(port: int) -> None:
        with smtplib.SMTP("localhost", port) as me:
            me.starttls(context=certificates.trusting())
            me.login("anna", PASSWORD)
            me.sendmail("anna@example.org", ["large@example.net"], message)

    async with proxy_to(
        relaying("starttls", postfix, certificates.authority), listening("starttls", certificates)
    ) as proxy:
        await asyncio.to_thread(send, proxy.port)
    received = await asyncio.to_thread(postfix.sink.wait_for, "large@example.net")
    assert received.without_trace == message


async def test_swaks_sends_an_automatic_receipt_that_does_not_arrive(
    postfix: Postfix, certificates: Certificates
) -> None:
    login = ["--auth", "PLAIN", "--auth-user", "anna", "--auth-password", PASSWORD]
    async with proxy_to(relaying("implicit", postfix, certificates.authority)) as proxy:
        for name, recipient in (("automatic", "nina-automatic"), ("manual", "nina-manual")):
            code, transcript = await swaks(
                proxy.port,
                *("--to", f"{recipient}@example.com", "--data", f"@{RECEIPTS / f'evolution-{name}.eml'}", *login),
            )
            assert code == 0, transcript
            assert ("held back" in transcript) == (name == "automatic")
    await asyncio.to_thread(postfix.sink.wait_for, "nina-manual@example.com")
    assert postfix.sink.addressed_to("nina-automatic@example.com") == []
    [(cleaned, delivery)] = proxy.events.recorded
    assert cleaned.findings[0].blocked
    assert delivery.account == "anna"


async def test_nobody_sends_without_a_login(postfix: Postfix, certificates: Certificates) -> None:
    async with proxy_to(relaying("implicit", postfix, certificates.authority)) as proxy, client(proxy.port) as me:
        for greeting in (b"EHLO client.example.org", b"HELO client.example.org"):
            assert (await me.say(greeting)).startswith(b"250")
            assert await me.say(b"MAIL FROM:<anna@example.org>") == b"530 5.7.0 Authentication required"
            assert await me.say(b"RCPT TO:<stranger@example.net>") == b"530 5.7.0 Authentication required"
            assert await me.say(b"DATA") == b"530 5.7.0 Authentication required"


async def test_login_responses_may_come_one_by_one_and_be_cancelled(
    postfix: Postfix, certificates: Certificates
) -> None:
    plain = base64.b64encode(b"\0anna\0" + PASSWORD.encode())
    async with proxy_to(relaying("implicit", postfix, certificates.authority)) as proxy, client(proxy.port) as me:
        await me.say(b"EHLO client.example.org")
        assert await me.say(b"AUTH PLAIN") == b"334 "
        assert (await me.say(b"*")).startswith(b"501 ")
        assert await me.say(b"auth login") == b"334 " + base64.b64encode(b"Username:")
        assert (await me.say(b"not base64!")).startswith(b"501 ")
        assert (await me.say(b"AUTH SCRAM-SHA-256-PLUS abcd")).startswith(b"504 ")
        assert (await me.say(b"AUTH PLAIN not\tbase64")).startswith(b"501 ")
        assert await me.say(b"AUTH plain") == b"334 "
        assert (await me.say(plain)).startswith(b"235 ")
        assert (await me.say(b"AUTH PLAIN " + plain)).startswith(b"503 ")
        assert (await me.say(b"MAIL FROM:<anna@example.org>")).startswith(b"250 ")


async def test_a_starttls_listener_hears_no_password_before_tls(postfix: Postfix, certificates: Certificates) -> None:
    async with (
        proxy_to(relaying("implicit", postfix, certificates.authority), listening("starttls", certificates)) as proxy,
        client(proxy.port) as me,
    ):
        ehlo = await me.say(b"EHLO client.example.org")
        assert b"STARTTLS" in ehlo
        assert b"AUTH" not in ehlo
        assert (await me.say(b"AUTH PLAIN AGEAYg==")).startswith(b"530 ")
        assert (await me.say(b"MAIL FROM:<anna@example.org>")).startswith(b"530 ")


async def test_what_is_said_before_tls_does_not_count(postfix: Postfix, certificates: Certificates) -> None:
    async with (
        proxy_to(relaying("implicit", postfix, certificates.authority), listening("starttls", certificates)) as proxy,
        client(proxy.port) as me,
    ):
        await me.say(b"EHLO client.example.org")
        # Injected behind STARTTLS, to be taken for something said under TLS.
        assert (await me.say(b"STARTTLS\r\nNOOP\r\nEHLO injected.example.org")).startswith(b"220 ")
        await me.writer.start_tls(certificates.trusting(), server_hostname="localhost")
        assert (await me.say(b"MAIL FROM:<anna@example.org>")).startswith(b"503 ")
        assert (await me.say(b"STARTTLS")).startswith(b"503 ")
        ehlo = await me.say(b"EHLO client.example.org")
        assert b"STARTTLS" not in ehlo
        assert b"AUTH " in ehlo


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_next_hop_with_a_strange_certificate_hears_nothing(
    postfix: Postfix, certificates: Certificates, tmp_path: Path, tls: str
) -> None:
    strangers = issue(tmp_path)
    async with proxy_to(relaying(tls, postfix, strangers.authority)) as proxy, client(proxy.port) as me:
        assert (await me.say(b"EHLO client.example.org")).startswith(b"421 4.7.5 ")
        assert await me.reply() == b""


async def test_a_next_hop_without_starttls_hears_nothing(postfix: Postfix, certificates: Certificates) -> None:
    sink = Upstream.model_validate(
        {"host": "localhost", "port": postfix.sink.port, "tls": "starttls", "ca_file": certificates.authority}
    )
    async with proxy_to(sink) as proxy, client(proxy.port) as me:
        assert (await me.say(b"EHLO client.example.org")).startswith(b"421 4.7.5 ")


async def test_a_client_that_trusts_another_authority_does_not_talk(
    postfix: Postfix, certificates: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strangers: Callable[[], ssl.SSLContext] = issue(tmp_path).trusting

    def send(port: int) -> None:
        with smtplib.SMTP("localhost", port) as me:
            me.starttls(context=strangers())

    async with proxy_to(
        relaying("implicit", postfix, certificates.authority), listening("starttls", certificates)
    ) as proxy:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(send, proxy.port)
        async with client(proxy.port) as me:
            assert (await me.say(b"EHLO client.example.org")).startswith(b"250")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
