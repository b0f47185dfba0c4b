"""`blockproxy scan` reads an account of a real server, and leaves no trace in it."""

import asyncio
import imaplib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from blockproxy.scan import account as accounts
from blockproxy.scan import connection
from blockproxy.scan.connection import Connection
from tests.cli.command import Ended, blockproxy
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.mailbox import messages

UNREAD = b"From: News <news@example.org>\r\nDisposition-Notification-To: news@example.org\r\n\r\nhello\r\n"


@pytest.fixture
def reader(dovecot: Dovecot, account: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account with the usual messages, and one that was written by its owner."""
    name = account()
    dovecot.deliver(name, list(messages().values()))
    dovecot.deliver(name, [UNREAD], mailbox="Archive")
    monkeypatch.setenv("BLOCKPROXY_PASSWORD", PASSWORD)
    return name


def scan(dovecot: Dovecot, certificates: Certificates, name: str, *words: object, mailbox: str = "") -> Ended:
    source = f"imaps://{name}@localhost:{dovecot.tls_port}/{mailbox}"
    return blockproxy("scan", "--ca-file", certificates.authority, *words, source)


def test_an_account_is_read_like_the_same_messages_on_disk(
    dovecot: Dovecot, certificates: Certificates, reader: str, tmp_path: Path
) -> None:
    for number, octets in enumerate(messages().values(), 1):
        (tmp_path / f"{number:04}").write_bytes(octets)
    ended = scan(dovecot, certificates, reader, "--format", "jsonl", mailbox="INBOX")
    assert ended.code == 0
    remote = [json.loads(line) for line in ended.out.splitlines()]
    disk = [json.loads(line) for line in blockproxy("scan", "--format", "jsonl", tmp_path).out.splitlines()]
    assert len({row["message"] for row in remote}) > 20
    assert [{**row, "message": int(row["message"].removeprefix("INBOX/"))} for row in remote] == [
        {**row, "message": int(row["message"])} for row in disk
    ]


def test_without_a_mailbox_all_are_read_and_nothing_is_marked(
    dovecot: Dovecot, certificates: Certificates, reader: str
) -> None:
    client = imaplib.IMAP4("localhost", dovecot.port)
    client.login(reader, PASSWORD)
    client.select("Archive")
    client.store("1", "FLAGS", "()")
    client.close()
    ended = scan(dovecot, certificates, reader, "--summary", "technique", "--format", "csv")
    assert ended.err.startswith(f"{len(messages()) + 1} messages")
    assert "receipt-request," in ended.out
    client.select("Archive", readonly=True)
    assert b"\\Seen" not in client.fetch("1", "(FLAGS)")[1][0]  # type: ignore[operator]
    client.logout()


def test_a_second_scan_goes_on_where_the_first_one_ended(
    dovecot: Dovecot, certificates: Certificates, reader: str, tmp_path: Path
) -> None:
    words = ("--resume", tmp_path / "state", "--summary", "technique")
    first = scan(dovecot, certificates, reader, *words, mailbox="Archive")
    assert first.err.startswith("1 message")
    dovecot.deliver(reader, [UNREAD, UNREAD], mailbox="Archive")
    second = scan(dovecot, certificates, reader, *words, mailbox="Archive")
    assert second.err.startswith("3 messages, 3 of them with findings, 3 findings")
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    wrong = scan(dovecot, certificates, reader, *words, mailbox="INBOX")
    assert (wrong.code, "name another file" in wrong.err) == (2, True)


def test_a_message_that_is_too_large_is_named_and_the_others_are_read(
    dovecot: Dovecot, certificates: Certificates, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MAX_MESSAGE", len(UNREAD))
    dovecot.deliver(reader, [UNREAD + b"more\r\n", UNREAD], mailbox="Archive")
    ended = scan(dovecot, certificates, reader, mailbox="Archive")
    assert ended.code == 1
    assert "Archive/2: longer than" in ended.err
    assert "2 messages, 2 of them with findings, 2 findings; 0 parts skipped, 1 not readable" in ended.err


def test_a_wrong_password_a_wrong_mailbox_and_a_dead_server_are_one_line_each(
    dovecot: Dovecot, certificates: Certificates, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = scan(dovecot, certificates, reader, mailbox="Nowhere")
    assert (nowhere.code, nowhere.err.count("\n"), "NO" in nowhere.err) == (1, 2, True)
    monkeypatch.setenv("BLOCKPROXY_PASSWORD", "wrong")
    refused = scan(dovecot, certificates, reader)
    assert (refused.code, "refused the login" in refused.err) == (1, True)
    untrusted = blockproxy("scan", f"imaps://{reader}@localhost:{dovecot.tls_port}/")
    assert (untrusted.code, "certificate" in untrusted.err) == (1, True)
    dead = blockproxy("scan", f"imap://{reader}@127.0.0.1:9/")
    assert (dead.code, "127.0.0.1:9" in dead.err) == (1, True)


async def test_a_connection_that_breaks_is_made_again(
    dovecot: Dovecot, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies behind every batch, and no message comes twice or not at all."""
    monkeypatch.setattr(accounts, "BATCH", 10)
    messages_of = Connection.messages

    async def breaking(self: Connection, uids: Sequence[int]) -> dict[int, bytes]:
        fetched = await messages_of(self, uids)
        self._client.protocol.transport.abort()
        return fetched

    monkeypatch.setattr(Connection, "messages", breaking)
    reading = accounts.Reader(accounts.parse(f"imap://{reader}@127.0.0.1:{dovecot.port}/INBOX"), PASSWORD)
    letters = await asyncio.to_thread(lambda: list(reading.letters()))
    assert [letter.octets for letter in letters] == list(messages().values())
    assert reading.total == len(letters)


@pytest.mark.parametrize("name", ["Entwürfe & mehr", "日本", 'a "b" \\c', "&"])
def test_a_mailbox_of_any_name_is_read(dovecot: Dovecot, certificates: Certificates, reader: str, name: str) -> None:
    client = imaplib.IMAP4("localhost", dovecot.port)
    client.login(reader, PASSWORD)
    written = connection._written(name)
    assert client.create(written)[0] == "OK"
    assert client.append(written, "", "", UNREAD)[0] == "OK"
    client.logout()
    ended = scan(dovecot, certificates, reader, "--format", "jsonl")
    assert f"{name}/1" in {json.loads(line)["message"] for line in ended.out.splitlines()}
    ended = scan(dovecot, certificates, reader, "--format", "jsonl", mailbox=quote(name))
    assert json.loads(ended.out)["message"] == f"{name}/1"
