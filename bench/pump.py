"""What there is to beat: octets from one socket to the other, by asyncio, and nothing else.

    python -m bench.pump LISTENING_PORT SERVER_PORT

The same Protocol style, the same Python, the same TCP_NODELAY (asyncio sets it) and the same back-pressure as the
proxy has, so that what remains between the two is what reading IMAP and cleaning mail cost.
"""

import asyncio
import signal
import sys
from typing import cast

HOST = "127.0.0.1"


class Leg(asyncio.Protocol):
    """One side's socket; whatever arrives goes to `other`."""

    def __init__(self) -> None:
        self.other: Leg | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()


class Client(Leg):
    """The client's side: reads once the server is reached."""

    def __init__(self, server_port: int, tasks: set[asyncio.Task[None]]) -> None:
        super().__init__()
        self._server_port = server_port
        self._tasks = tasks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast("asyncio.Transport", transport).pause_reading()
        task = asyncio.get_running_loop().create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        server = Leg()
        server.other, self.other = self, server
        await asyncio.get_running_loop().create_connection(lambda: server, HOST, self._server_port)
        if self.transport is not None:
            self.transport.resume_reading()


async def pump(listening_port: int, server_port: int) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Client(server_port, tasks), HOST, listening_port)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(pump(int(sys.argv[1]), int(sys.argv[2])))
