"""Everything the demo needs, started and stopped together: mail server, event log, and the two proxies in between."""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from blockproxy.config import Listener, Upstream
from blockproxy.demo.newsletters import READER, messages, sent_at
from blockproxy.demo.store import HOST, Login, Sink, imap_store, submission_sink
from blockproxy.detect.rules import built_in
from blockproxy.eventlog import query
from blockproxy.eventlog.events import Delivery, Event
from blockproxy.eventlog.store import EventLog
from blockproxy.imap.proxy import ImapProxy
from blockproxy.model import Cleaned, Policy
from blockproxy.smtp.listener import SubmissionProxy

LOGIN = Login(READER, "demo")


class Notebook:
    """Takes what the proxies report, for the event log and for the screen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = EventLog(path)
        self._by_uid: defaultdict[str, list[Cleaned]] = defaultdict(list)

    def record(self, cleaned: Cleaned, delivery: Delivery) -> None:
        """What a proxy calls for every message that passed."""
        self._log.record(cleaned, delivery)
        if delivery.protocol == "imap":
            self._by_uid[delivery.message.rpartition("/")[2]].append(cleaned)

    def about(self, uid: int) -> list[Cleaned]:
        """What was found in the message with this UID, once for every time it was read."""
        return self._by_uid[str(uid)]

    def close(self) -> None:
        """Write everything down."""
        self._log.close()

    def events(self) -> list[Event]:
        """The lines of the event log, read back from its file, after `close`."""
        return list(query.events(self._path))


@dataclass(frozen=True, slots=True)
class Stage:
    """The ports of the mail server and of the proxy in front of it, all on loopback, and what can be observed."""

    server_imap: int
    server_smtp: int
    proxy_imap: int
    proxy_smtp: int
    sink: Sink
    notebook: Notebook


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Start everything; stop it again in the opposite order."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="blockproxy-demo-"))
        notebook = Notebook(Path(folder) / "events.sqlite")
        stack.callback(notebook.close)
        dated = [(message, sent_at(number)) for number, (_, message) in enumerate(messages(), 1)]
        server_imap = await stack.enter_async_context(imap_store(LOGIN, dated))
        server_smtp, sink = await stack.enter_async_context(submission_sink(LOGIN))
        rules = await asyncio.to_thread(built_in)
        imap = ImapProxy(
            _listen(),
            _to(server_imap),
            rules=rules,
            policy=Policy(),
            addresses=(READER,),
            record=notebook.record,
        )
        await imap.start()
        stack.push_async_callback(imap.close)
        smtp = SubmissionProxy(_listen(), _to(server_smtp), policy=Policy(), record=notebook.record)
        await smtp.start()
        stack.push_async_callback(smtp.close)
        yield Stage(server_imap, server_smtp, imap.port, smtp.port, sink, notebook)


def _listen() -> Listener:
    return Listener(host=HOST, port=0, tls="none")


def _to(port: int) -> Upstream:
    return Upstream(host=HOST, port=port, tls="none")
