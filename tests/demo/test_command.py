"""`blockproxy demo` as a person starts it."""

import imaplib
import signal
import smtplib
import subprocess
from collections.abc import Iterator
from itertools import takewhile

import pytest

from blockproxy.cli import demo
from tests.cli.command import PROGRAM, blockproxy, environment


def test_the_demo_ends_by_itself_and_shows_what_was_blocked() -> None:
    ended = subprocess.run(
        [*PROGRAM, "demo"], env=environment(), capture_output=True, text=True, timeout=60, check=False, encoding="utf-8"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    for words in (
        "16 messages",
        "open-pixel Mailchimp",
        "<!--blocked: Mailchimp open-pixel -->",
        "an automatic read receipt",
        "octet for octet",
        "read-receipt     hold",
        "blockproxy demo --keep-running",
    ):
        assert words in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 100
    assert not any(line != line.rstrip() for line in ended.stdout.splitlines())
    assert "\x1b" not in ended.stdout


def test_a_terminal_that_knows_only_ascii_is_enough() -> None:
    ended = subprocess.run(
        [*PROGRAM, "demo"],
        env={**environment(), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.isascii()


@pytest.fixture
def servers() -> Iterator[tuple[subprocess.Popen[str], dict[str, list[str]]]]:
    """The demo with --keep-running, and what it printed: the first word of a line, and the last two."""
    command = [*PROGRAM, "demo", "--keep-running"]
    program = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        lines = (line.split() for line in takewhile(lambda line: "Ctrl-C" not in line, program.stdout))
        yield program, {words[0]: words[-2:] for words in lines if len(words) == 3}
    finally:
        program.kill()
        program.communicate()


def test_a_client_of_ones_own_reads_and_sends_until_ctrl_c(
    servers: tuple[subprocess.Popen[str], dict[str, list[str]]],
) -> None:
    program, printed = servers
    assert printed["Host"] == ["127.0.0.1", "127.0.0.1"]
    imap_port, smtp_port = map(int, printed["Port"])
    user, password = printed["User"][0], printed["Password"][0]
    with imaplib.IMAP4("127.0.0.1", imap_port, timeout=10) as imap:
        imap.login(user, password)
        imap.select("INBOX")
        _, answer = imap.fetch("1", "(BODY.PEEK[])")
        assert isinstance(answer[0], tuple)
        assert b"blocked: Mailchimp" in answer[0][1].replace(b"=6B", b"k")
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as smtp:
        smtp.login(user, password)
        assert smtp.sendmail(user, ["sam@example.com"], b"Subject: hello\r\n\r\nhello\r\n") == {}
    program.send_signal(signal.SIGINT)
    assert program.wait(timeout=20) == 0


def test_without_pymap_the_demo_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    ended = blockproxy("demo")
    assert (ended.code, ended.out) == (2, "")
    assert 'pip install "blockproxy[demo]"' in ended.err
