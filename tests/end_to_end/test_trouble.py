"""When something is wrong the client gets the proper answer or a closed connection, never a short message."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from blockproxy.detect.judge import Judge
from blockproxy.model import Finding
from tests.end_to_end import machine, mailbox, proxy
from tests.end_to_end.certificates import Certificates, issue
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.scripted import Turn, server
from tests.end_to_end.wire import Wire, literals

GREETING = Turn(b"", b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
LOGGED_IN = Turn(b"LOGIN", b"TAG OK [CAPABILITY IMAP4rev1] welcome\r\n")
SELECTED = Turn(b"SELECT", b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] valid\r\nTAG OK [READ-WRITE] selected\r\n")
HALF = 300  # octets that arrive of a literal of a thousand
QUICKLY = 5.0  # seconds


@pytest.mark.parametrize("listening", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("calling", ["none", "starttls", "implicit"])
def test_every_pair_of_ways_to_speak_tls_works(
    dovecot: Dovecot, certificates: Certificates, account: Callable[[], str], listening: str, calling: str
) -> None:
    reader = account()
    dovecot.deliver(reader, [b"Subject: first\r\n\r\nhello\r\n"])
    port = dovecot.tls_port if calling == "implicit" else dovecot.port
    upstream = proxy.upstream(port, calling, certificates.authority)
    trusting = certificates.trusting()
    with (
        proxy.imap(upstream, proxy.listener(listening, certificates)) as between,
        Wire(between.port, trusting if listening == "implicit" else None) as wire,
    ):
        offered = b"STARTTLS" in b"".join(wire.command(b"a CAPABILITY"))
        assert offered is (listening == "starttls")
        if listening == "starttls":
            wire.starttls(trusting)
            assert b"STARTTLS" not in b"".join(wire.command(b"b CAPABILITY"))
        wire.login(reader, PASSWORD)
        assert b"hello" in b"".join(wire.command(b"c FETCH 1 BODY.PEEK[]"))


def test_a_password_is_not_taken_before_starttls(dovecot: Dovecot, certificates: Certificates) -> None:
    listener = proxy.listener("starttls", certificates)
    with proxy.imap(proxy.upstream(dovecot.port), listener) as between, Wire(between.port) as wire:
        assert b"LOGINDISABLED" in b"".join(wire.command(b"a CAPABILITY"))
        answer = wire.command(f"b LOGIN anna {PASSWORD}".encode())[-1]
        assert answer.startswith((b"b NO", b"b BAD"))


@pytest.mark.parametrize("how", ["LOGIN", "AUTHENTICATE"])
def test_a_wrong_password_gets_the_servers_own_answer(dovecot: Dovecot, how: str) -> None:
    answers = []
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        for port in (dovecot.port, between.port):
            with Wire(port) as wire:
                line = b"a LOGIN anna wrong" if how == "LOGIN" else b"a AUTHENTICATE PLAIN AGFubmEAd3Jvbmc="
                answers.append(wire.command(line)[-1])
                assert wire.command(b"b NOOP")[-1].startswith(b"b OK")
    assert answers[0].startswith(b"a NO [AUTHENTICATIONFAILED]")
    assert answers[1] == answers[0]


def test_a_server_that_is_down_is_unavailable_at_once() -> None:
    with proxy.imap(proxy.upstream(machine.free_port())) as between:
        started = time.monotonic()
        with Wire(between.port) as wire:
            assert wire.greeting.startswith(b"* BYE [UNAVAILABLE]")
            assert wire.rest() == b""
        assert time.monotonic() - started < QUICKLY


@pytest.mark.parametrize("calling", ["starttls", "implicit"])
def test_a_server_whose_certificate_nobody_vouches_for_is_not_spoken_to(
    dovecot: Dovecot, tmp_path: Path, calling: str
) -> None:
    port = dovecot.tls_port if calling == "implicit" else dovecot.port
    stranger = issue(tmp_path).authority
    with proxy.imap(proxy.upstream(port, calling, stranger)) as between, Wire(between.port) as wire:
        assert wire.greeting.startswith(b"* BYE [UNAVAILABLE]")
        assert wire.rest() == b""


def test_a_server_that_does_not_offer_starttls_is_not_spoken_to(certificates: Certificates) -> None:
    answering = (GREETING, Turn(b"CAPABILITY", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"))
    with server(*answering) as port:
        upstream = proxy.upstream(port, "starttls", certificates.authority)
        with proxy.imap(upstream) as between, Wire(between.port) as wire:
            assert wire.greeting.startswith(b"* BYE [UNAVAILABLE]")
            assert wire.rest() == b""


def test_a_server_that_dies_in_a_literal_closes_the_connection_and_nothing_is_made_up() -> None:
    message = mailbox.messages()["html quoted-printable"][:HALF]
    dying = Turn(b"FETCH", b"* 1 FETCH (UID 1 BODY[] {1000}\r\n" + message)
    with (
        server(GREETING, LOGGED_IN, SELECTED, dying) as port,
        proxy.imap(proxy.upstream(port)) as between,
        Wire(between.port) as wire,
    ):
        wire.login("anna", PASSWORD)
        wire.send(b"a UID FETCH 1 BODY.PEEK[]\r\n")
        came = wire.rest()
    _, _, literal = came.partition(b"{1000}\r\n")
    assert len(literal) <= HALF
    assert b"a OK" not in came


def test_one_client_that_breaks_the_protocol_does_not_disturb_another(
    dovecot: Dovecot, account: Callable[[], str]
) -> None:
    reader = account()
    dovecot.deliver(reader, [b"Subject: first\r\n\r\nhello\r\n"])
    with (
        proxy.imap(proxy.upstream(dovecot.port)) as between,
        Wire(between.port) as good,
        Wire(between.port) as bad,
    ):
        good.login(reader, PASSWORD)
        with suppress(ConnectionError):
            bad.send(b"x" * 1_000_000)
        assert b"OK" not in bad.rest()
        assert b"hello" in b"".join(good.command(b"a FETCH 1 BODY.PEEK[]"))


def test_a_client_that_leaves_in_the_middle_does_not_disturb_another(
    dovecot: Dovecot, account: Callable[[], str]
) -> None:
    reader = account()
    dovecot.deliver(reader, [mailbox.messages()["large attachment"]])
    with proxy.imap(proxy.upstream(dovecot.port)) as between:
        with Wire(between.port) as leaving:
            leaving.login(reader, PASSWORD)
            leaving.send(b"a FETCH 1 BODY.PEEK[]\r\n")
        with Wire(between.port) as good:
            good.login(reader, PASSWORD)
            assert good.command(b"b FETCH 1 BODY.PEEK[]")[-1].startswith(b"b OK")


def test_an_upload_that_ends_early_is_never_stored(dovecot: Dovecot, account: Callable[[], str]) -> None:
    reader = account()
    dovecot.deliver(reader, [b"Subject: first\r\n\r\nhello\r\n"])
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(reader, PASSWORD)
        wire.send(b"a APPEND INBOX {1000+}\r\n" + b"x" * HALF)
    with Wire(dovecot.port) as wire:
        wire.login(reader, PASSWORD)
        assert b"* STATUS INBOX (MESSAGES 1)\r\n" in wire.command(b"b STATUS INBOX (MESSAGES)")


def test_a_mistake_of_ours_costs_the_reader_nothing(
    dovecot: Dovecot, account: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> list[Finding]:
        raise RuntimeError("Anna's mail")

    monkeypatch.setattr(Judge, "judge", mistaken)
    reader, message = account(), mailbox.messages()["html quoted-printable"]
    dovecot.deliver(reader, [message, message])
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as wire:
        wire.login(reader, PASSWORD)
        for number in (b"1", b"2"):
            [fetched, done] = wire.command(b"a FETCH %b BODY.PEEK[]" % number)
            assert literals(fetched) == [message]
            assert done.startswith(b"a OK")
    skipped = [skip for cleaned, _ in between.recorder.told for skip in cleaned.skipped]
    assert [(skip.reason, skip.detail) for skip in skipped] == [("error", "RuntimeError")] * 2
