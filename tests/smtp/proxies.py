"""Proxies in front of a next hop, and a client that speaks line by line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from blockproxy.config import Listener, Upstream
from blockproxy.detect.rules import built_in
from blockproxy.eventlog.events import Delivery, Numbers
from blockproxy.exemptions import Exemptions
from blockproxy.model import Cleaned, Policy
from blockproxy.sending import Gateway, NextHopSettings, Outgoing, Receipts
from blockproxy.smtp.listener import GatewayProxy, SmtpListener, SubmissionProxy
from blockproxy.smtp.outbox import AS_IT_IS


@dataclass
class Events:
    """What the event log would have been told."""

    recorded: list[tuple[Cleaned, Delivery]] = field(default_factory=list)
    counted: list[Numbers] = field(default_factory=list)

    def record(self, cleaned: Cleaned, delivery: Delivery) -> None:
        self.recorded.append((cleaned, delivery))


@dataclass
class Running:
    proxy: SmtpListener
    events: Events

    @property
    def port(self) -> int:
        return self.proxy.port


@asynccontextmanager
async def proxy_to(
    upstream: Upstream | int,
    listener: Listener | None = None,
    *,
    hold: bool = True,
    policy: Policy | None = None,
    line_ends: str = "refuse",
    receipts: Receipts | None = None,
    outgoing: dict[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A proxy on a free port; `upstream` may be a port of loopback without TLS."""
    if isinstance(upstream, int):
        upstream = Upstream(host="127.0.0.1", port=upstream, tls="none")
    events = Events()
    proxy = SubmissionProxy(
        listener or Listener(port=0),
        upstream,
        policy=policy or Policy(),
        record=events.record,
        receipts=receipts or Receipts(automatic="hold" if hold else "pass"),
        outgoing=Outgoing.model_validate(outgoing) if outgoing is not None else AS_IT_IS,
        rules=built_in(),
        addresses=("reader@example.org",),
        count=events.counted.append,
        mend=line_ends == "normalise",
    )
    await proxy.start()
    try:
        yield Running(proxy, events)
    finally:
        await proxy.close()


@asynccontextmanager
async def gateway_to(
    *upstreams: int | dict[str, object],
    policy: Policy | None = None,
    line_ends: str = "refuse",
    outgoing: dict[str, str] | None = None,
    receipts: Receipts | None = None,
    exemptions: Exemptions | None = None,
    listener: Listener | None = None,
    **settings: object,
) -> AsyncIterator[Running]:
    """A gateway on a free port in front of ports of loopback, or what is said about them, with `settings`."""
    hops = [upstream if isinstance(upstream, dict) else {"port": upstream} for upstream in upstreams]
    events = Events()
    proxy = GatewayProxy(
        listener or Listener(port=0),
        [NextHopSettings.model_validate({"host": "127.0.0.1", "tls": "none", **hop}) for hop in hops],
        Gateway.model_validate({name.replace("_", "-"): value for name, value in settings.items()}),
        rules=built_in(),
        policy=policy or Policy(),
        record=events.record,
        receipts=receipts or Receipts(),
        outgoing=Outgoing.model_validate(outgoing) if outgoing is not None else AS_IT_IS,
        exemptions=exemptions,
        mend=line_ends == "normalise",
        count=events.counted.append,
    )
    await proxy.start()
    try:
        yield Running(proxy, events)
    finally:
        await proxy.close()


class Client:
    """A client on a socket: `say` sends a line, or more, and returns the reply."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> bytes:
        """One reply, its lines joined by LF; empty where the connection is closed."""
        lines = []
        async with asyncio.timeout(10):
            while line := await self.reader.readline():
                lines.append(line.rstrip(b"\r\n"))
                if line[3:4] != b"-":
                    break
        return b"\n".join(lines)

    async def say(self, octets: bytes) -> bytes:
        self.writer.write(octets + b"\r\n")
        return await self.reply()

    async def begin(self) -> None:
        """Everything up to the 354."""
        await self.say(b"EHLO client.example.org")
        await self.say(b"MAIL FROM:<reader@example.org>")
        await self.say(b"RCPT TO:<nina@example.com>")
        assert (await self.say(b"DATA")).startswith(b"354")


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    """Connect, and read the greeting."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connected = Client(reader, writer)
    try:
        assert (await connected.reply()).startswith(b"220 ")
        yield connected
    finally:
        writer.transport.abort()
