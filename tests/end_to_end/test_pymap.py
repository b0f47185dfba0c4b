"""pymap, a server with ways of its own: UIDs behind the content, names of header fields sorted, a section once."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.end_to_end import mailbox, proxy
from tests.end_to_end.wire import Wire, literals, split

store = pytest.importorskip("blockproxy.demo.store", reason="pymap comes with the demo's extra")

USER, PASSWORD = "anna", "correct-horse"
NAMES = ["html quoted-printable", "everything nested", "alternative"]
DAY = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE_SECONDS = 20.0
FORMS = Path(__file__).parent / "fetches.txt"
# What pymap takes for a mistake, or does not survive.
REFUSED = ("<0.0>", "<5.0>", "SAVEDATE", "BINARY", "4294967296")


@contextmanager
def servers(count: int) -> Iterator[list[int]]:
    """The ports of so many servers with the same three messages."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="pymap")
    thread.start()
    stack = AsyncExitStack()
    login = store.Login(USER, PASSWORD)

    async def start() -> list[int]:
        messages = [(mailbox.messages()[name], DAY) for name in NAMES]
        return [await stack.enter_async_context(store.imap_store(login, messages)) for _ in range(count)]

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_SECONDS)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()


def shape(responses: list[bytes]) -> list[tuple[list[bytes], list[int]]]:
    """All but the literals, and how long those are."""
    parts = [split(one) for one in responses]
    return [(lines, [len(literal) for literal in octets]) for lines, octets in parts]


def test_every_form_of_fetch_is_answered_in_the_servers_shape() -> None:
    forms = [line for line in FORMS.read_text().splitlines() if not line.startswith("#")]
    with servers(2) as ports, proxy.imap(proxy.upstream(ports[1])) as between:
        with Wire(ports[0]) as direct, Wire(between.port) as proxied:
            for wire in (direct, proxied):
                wire.login(USER, PASSWORD)
            for form in forms:
                if any(word in form for word in REFUSED):
                    continue
                told, expected = (wire.command(f"a {form}".encode()) for wire in (proxied, direct))
                if "BODY.PEEK[1]<0.5> BODY.PEEK[1]" not in form and "BODY.PEEK[]<0.5> BODY[]" not in form:
                    assert shape(told) == shape(expected), form
                assert mailbox.TRACKER_HOST not in b"".join(told), form
        assert all(delivery.message.rpartition("/")[2].isdigit() for _, delivery in between.recorder.told)


def test_all_the_substrings_come_that_were_asked_for() -> None:
    with servers(1) as [port], proxy.imap(proxy.upstream(port)) as between, Wire(between.port) as wire:
        wire.login(USER, PASSWORD)
        [answer, _] = wire.command(b"a FETCH 1 (BODY.PEEK[1]<0.50> BODY.PEEK[1]<50.50> BODY.PEEK[1])")
        first, second, whole = literals(answer)
        assert (first, second) == (whole[:50], whole[50:100])
