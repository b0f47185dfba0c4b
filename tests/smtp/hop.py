"""A next hop that answers by a script, and keeps every octet that it is sent: a real server on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

HANG_UP = b""  # instead of a reply
SILENCE = b" "  # neither the one nor the other
FINAL_DOT = b"."  # the key of the reply to it

ANSWERS: Mapping[bytes, bytes] = {
    b"EHLO": b"250-hop.example.org at your service\r\n250-8BITMIME\r\n250-DSN\r\n250-CHUNKING\r\n250 SIZE 40000000",
    b"MAIL": b"250 2.1.0 sender noted",
    b"RCPT": b"250 2.1.5 recipient noted",
    b"DATA": b"354 go on",
    FINAL_DOT: b"250 2.0.0 kept as 4711",
    b"RSET": b"250 2.0.0 forgotten",
    b"NOOP": b"250 2.0.0 still here",
    b"VRFY": b"252 2.5.0 perhaps",
    b"QUIT": b"221 2.0.0 farewell",
}


@dataclass
class ScriptedHop:
    """`commands` are the lines received, `messages` the octets of each DATA phase with its final dot."""

    answers: Mapping[bytes, bytes]
    greeting: bytes
    port: int = 0
    commands: list[bytes] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    open_connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)  # the last connection is closed
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  # a message is complete
    silent: asyncio.Event = field(default_factory=asyncio.Event)  # a command was left without an answer
    gate: asyncio.Event = field(default_factory=asyncio.Event)  # closed, it holds back the reply to the final dot

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.left.clear()
        try:
            writer.write(self.greeting + b"\r\n")
            while line := await reader.readline():
                self.commands.append(line.rstrip(b"\r\n"))
                if not await self._answer(line.split()[0].upper(), reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side left, which is what some tests are about
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.open_connections -= 1
            if not self.open_connections:
                self.left.set()

    async def _answer(self, verb: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        answer = self.answers.get(verb, b"500 5.5.1 what?")
        if answer == HANG_UP:
            return False
        if answer == SILENCE:
            self.silent.set()
            return True
        writer.write(answer + b"\r\n")
        if verb == b"DATA" and answer.startswith(b"354"):
            # The line end of the command counts as that of the line before the dot.
            self.messages.append(await _message(reader))
            self.arrived.set()
            await self.gate.wait()
            return await self._answer(FINAL_DOT, reader, writer)
        return verb != b"QUIT"


async def _message(reader: asyncio.StreamReader) -> bytes:
    lines = [await reader.readuntil(b"\r\n")]
    while lines[-1] != b".\r\n":
        lines.append(await reader.readuntil(b"\r\n"))
    return b"".join(lines)


@asynccontextmanager
async def scripted(
    answers: Mapping[bytes, bytes] | None = None, greeting: bytes = b"220 hop.example.org ESMTP"
) -> AsyncIterator[ScriptedHop]:
    """Serve on a free port of loopback; `answers` replace those of `ANSWERS`."""
    hop = ScriptedHop({**ANSWERS, **(answers or {})}, greeting)
    hop.gate.set()
    hop.left.set()
    server = await asyncio.start_server(hop.serve, "127.0.0.1", 0, limit=64 * 1024 * 1024)
    hop.port = server.sockets[0].getsockname()[1]
    try:
        yield hop
    finally:
        server.close()
        async with asyncio.timeout(5):
            await hop.left.wait()
        await server.wait_closed()
