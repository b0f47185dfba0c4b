"""A running proxy takes new rules: sessions that begin afterwards are judged by them, the others as before."""

import imaplib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end import machine, proxy
from tests.end_to_end.compose import entity, lines, message
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.subscriptions.server import Page, serving

PATIENCE = 20.0  # seconds
PIXEL = "https://unheard-of.example/p.gif"
LETTER = message(
    "The Gazette", entity("text/html", lines(f'<p>Hello</p><img src="{PIXEL}" width="1" height="1"><p>Bye</p>'))
)
RULE = """\
id: unheard-of
name: Unheard Of
site: https://unheard-of.example/
evidence: [https://unheard-of.example/docs]
added: 2026-01-15
rules:
  - id: open
    technique: open-pixel
    match: "||unheard-of.example/p.gif"
    examples:
      catches: [https://unheard-of.example/p.gif]
      spares: [https://unheard-of.example/logo.png]
"""


@contextmanager
def program(server: Dovecot, folder: Path, rules: Mapping[str, object]) -> Iterator[tuple[machine.Server, int]]:
    port = machine.free_port()
    upstream = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
    settings = {"imap": {"listen": {"port": port}, "upstream": upstream}, "rules": rules}
    with proxy.command(settings, folder) as running:
        yield running, port


@contextmanager
def session(port: int, reader: str) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(reader, PASSWORD)
        client.select()
        yield client


def sees_the_pixel(client: imaplib.IMAP4) -> bool:
    fetched = client.fetch("1", "(BODY.PEEK[])")[1][0]
    assert isinstance(fetched, tuple)
    assert len(fetched[1]) == len(LETTER)
    return PIXEL.encode() in fetched[1]


def wait_for(server: machine.Server, text: str, times: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.printed().count(text) < times:
        assert time.monotonic() < deadline, server.printed()
        time.sleep(0.05)


def test_sighup_brings_new_rules_to_new_sessions(dovecot: Dovecot, account: Callable[[], str], tmp_path: Path) -> None:
    reader, own = account(), tmp_path / "rules"
    own.mkdir()
    dovecot.deliver(reader, [LETTER])
    with program(dovecot, tmp_path, {"folders": [str(own)]}) as (running, port):
        with session(port, reader) as before:
            assert sees_the_pixel(before)
            (own / "unheard-of.yaml").write_text(RULE)
            running.process.send_signal(signal.SIGHUP)
            wait_for(running, "new sessions use rules of version")
            assert sees_the_pixel(before)
            with session(port, reader) as after:
                assert not sees_the_pixel(after)
        (own / "unheard-of.yaml").write_text("id: unheard-of\nrules: nonsense\n")
        running.process.send_signal(signal.SIGHUP)
        wait_for(running, "the rules stay as they are: ")
        with session(port, reader) as last:
            assert not sees_the_pixel(last)
        assert running.printed().count("new sessions use rules of version") == 1


def test_the_clock_brings_lists_and_new_sessions_use_them(
    dovecot: Dovecot, account: Callable[[], str], tmp_path: Path
) -> None:
    reader, copies = account(), tmp_path / "lists"
    dovecot.deliver(reader, [LETTER])
    with serving(list=Page(b"||unheard-of.example^\n"), bad=Page(b"<html>")) as web:
        names = {"list": web.url(), "bad": web.url("/bad.txt")}
        lists = [{"url": url, "format": "adblock", "name": name} for name, url in names.items()]
        rules = {"lists": lists, "copies": str(copies)}
        with program(dovecot, tmp_path, rules) as (running, port):
            wait_for(running, "new sessions use rules of version")
            assert "list list: updated, 1 entry" in running.printed()
            assert "WARNING blockproxy.renewal: list bad: it is a web page and no list" in running.printed()
            with session(port, reader) as client:
                assert not sees_the_pixel(client)
            assert [path for path, _ in web.asked] == ["/list.txt", "/bad.txt"]
        # The next start uses the copy, and asks only for what it has not got.
        with program(dovecot, tmp_path, rules) as (running, port):
            wait_for(running, "list bad: it is a web page and no list")
            with session(port, reader) as client:
                assert not sees_the_pixel(client)
        assert [path for path, _ in web.asked] == ["/list.txt", "/bad.txt", "/bad.txt"]


def test_never_means_that_nobody_asks(dovecot: Dovecot, account: Callable[[], str], tmp_path: Path) -> None:
    reader = account()
    dovecot.deliver(reader, [LETTER])
    with serving(list=Page(b"||unheard-of.example^\n")) as web:
        rules = {"lists": [{"url": web.url(), "format": "adblock"}], "update": "never", "copies": str(tmp_path / "c")}
        with program(dovecot, tmp_path, rules) as (running, port):
            with session(port, reader) as client:
                assert sees_the_pixel(client)
            assert "list list: there is no good copy yet; `blockproxy rules update` fetches one" in running.printed()
        assert web.asked == []
