"""msmtp logs in through the proxy with mechanisms that keep the password to themselves."""

import asyncio

import pytest

from tests.end_to_end import machine
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import PASSWORD
from tests.end_to_end.postfix import Postfix
from tests.smtp.proxies import proxy_to
from tests.smtp.test_submission import listening, relaying

pytestmark = pytest.mark.xdist_group("smtp")

LETTER = b"From: anna@example.org\nSubject: greetings\n\nhello\n"
REFUSED = 77  # EX_NOPERM of sysexits.h


async def msmtp(port: int, recipient: str, *options: str, password: str = PASSWORD) -> tuple[int, str]:
    """Run msmtp against the proxy; its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        machine.program("msmtp"),
        *("--file=/dev/null", "--host=localhost", f"--port={port}", "--from=anna@example.org", "--user=anna"),
        *(f"--passwordeval=echo {password}", "--timeout=10", *options, recipient),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate(LETTER)
    return process.returncode or 0, printed.decode("utf-8", "replace")


@pytest.mark.parametrize("mechanism", ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"])
async def test_a_login_passes_as_an_exchange(postfix: Postfix, certificates: Certificates, mechanism: str) -> None:
    recipient = f"msmtp-{mechanism}@example.net"
    async with proxy_to(
        relaying("implicit", postfix, certificates.authority), listening("starttls", certificates)
    ) as proxy:
        tls = ("--tls=on", f"--tls-trust-file={certificates.authority}")
        code, printed = await msmtp(proxy.port, recipient, f"--auth={mechanism}", *tls)
        assert code == 0, printed
        code, printed = await msmtp(proxy.port, recipient, f"--auth={mechanism}", *tls, password="wrong")
        assert code == REFUSED, printed
    received = await asyncio.to_thread(postfix.sink.wait_for, recipient)
    assert received.sender == "anna@example.org"
    assert len(postfix.sink.addressed_to(recipient)) == 1


async def test_dsn_parameters_of_a_real_client_pass(postfix: Postfix, certificates: Certificates) -> None:
    async with proxy_to(relaying("implicit", postfix, certificates.authority)) as proxy:
        code, printed = await msmtp(
            proxy.port,
            "msmtp-dsn@example.net",
            *("--auth=plain", "--tls=off", "--dsn-notify=success,failure", "--dsn-return=headers"),
        )
    assert code == 0, printed
    await asyncio.to_thread(postfix.sink.wait_for, "msmtp-dsn@example.net")
