"""Whether the mail servers can be reached, asked once when the proxy starts, so that its log says what is amiss.

One connection to each, in the background and without a word of mail: nothing waits for it, no message causes it, and
whatever comes of it, the proxy serves.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from blockproxy.endpoints import Upstream
from blockproxy.network import in_words

SECONDS = 10.0  # for name, connection and TLS; a server that needs longer makes every mail client give up
LAST_WORDS = 1.0  # seconds for the other side to end its TLS

log = logging.getLogger(__name__)


@asynccontextmanager
async def looking(upstreams: Iterable[tuple[str, Upstream]]) -> AsyncIterator[None]:
    """Ask each of `upstreams`, called by its setting's name, while the block runs; one that is named twice once."""
    places: dict[tuple[str, int], tuple[str, Upstream]] = {}
    for name, upstream in upstreams:
        places.setdefault((upstream.host, upstream.port), (name, upstream))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_look(name, upstream)) for name, upstream in places.values()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _look(name: str, upstream: Upstream) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            context = upstream.tls_context() if upstream.tls == "implicit" else None
            _, writer = await asyncio.open_connection(upstream.host, upstream.port, ssl=context)
    except (OSError, ValueError) as error:  # TimeoutError is one; ValueError: a name that no look-up takes
        place = f"{name}: {upstream.host}, port {upstream.port}"
        log.warning("%s cannot be used now: %s; `blockproxy check` asks again", place, in_words(error))
        return
    except Exception:
        log.exception("%s: an error of blockproxy itself", name)
        return
    writer.close()
    with suppress(OSError):
        async with asyncio.timeout(LAST_WORDS):
            await writer.wait_closed()
