"""What there is to beat: aiosmtpd in front, aiosmtplib behind, and nothing in between.

    python -m bench.smtp_pair LISTENING_PORT SERVER_PORT

A connection to the next hop for each message, as aiosmtplib's own documentation sends one.
"""

import asyncio
import signal
import sys

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class Relay:
    """Sends every message on, and answers what the next hop answers."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        client = aiosmtplib.SMTP(hostname=HOST, port=self._port, use_tls=False, start_tls=False)
        async with client:
            content = envelope.content
            assert isinstance(content, bytes)
            _, answer = await client.sendmail(envelope.mail_from or "", envelope.rcpt_tos, content)
        return f"250 {answer}"


async def main(listening: int, server: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    relay = Relay(server)
    accepting = await loop.create_server(lambda: SMTP(relay, data_size_limit=None, loop=loop), HOST, listening)
    await stopped.wait()
    accepting.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
