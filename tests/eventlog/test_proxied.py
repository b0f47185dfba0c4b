"""What a running proxy tells the event log, from a mail server to the report."""

from contextlib import closing
from pathlib import Path

from aioimaplib import aioimaplib

from blockproxy.config import Listener, Upstream
from blockproxy.demo.newsletters import READER, messages, sent_at
from blockproxy.demo.store import HOST, Login, imap_store
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import database
from blockproxy.eventlog.query import events
from blockproxy.eventlog.store import EventLog
from blockproxy.imap.proxy import ImapProxy
from blockproxy.model import Policy
from tests.cli.command import blockproxy

LOGIN = Login(READER, "secret")


async def read_everything(port: int) -> None:
    """Log in, read every message, log out."""
    client = aioimaplib.IMAP4(HOST, port, timeout=30)
    await client.wait_hello_from_server()
    await client.login(LOGIN.user, LOGIN.password)
    await client.select("INBOX")
    await client.fetch("1:*", "(UID BODY.PEEK[])")
    await client.logout()


async def test_a_session_becomes_messages_findings_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "events.sqlite3"
    mail = [message for _, message in messages()]
    log = EventLog(path)
    async with imap_store(LOGIN, [(message, sent_at(number)) for number, message in enumerate(mail, 1)]) as server:
        listen, to = Listener(host=HOST, port=0, tls="none"), Upstream(host=HOST, port=server, tls="none")
        proxy = ImapProxy(
            listen, to, rules=built_in(), policy=Policy(), addresses=(READER,), record=log.record, count=log.count
        )
        await proxy.start()
        await read_everything(proxy.port)
        await proxy.close()
    log.close()
    found = list(events(path))
    assert {built_in().digest[:12]} == {event.rules for event in found}
    assert ("Mailchimp", "Intuit", "third") in {(event.vendor, event.operator, event.party) for event in found}
    with closing(database.open_for_reading(path)) as connection:
        [(sessions, passed, octets)] = connection.execute("SELECT sessions, messages, octets FROM sessions")
        sizes = {size for (size,) in connection.execute("SELECT size FROM messages")}
    assert (sessions, passed) == (1, len(mail))
    assert octets == sum(map(len, mail))
    assert sizes <= {-(-len(message) // 1024) * 1024 for message in mail}
    said = blockproxy("report", "--log", path).out
    assert f"{len(found):,} trackers in {len({event.message for event in found}):,} messages" in said
