"""Servers that say what a test wrote down: a greeting, then an answer to each command, with or without TLS."""

import asyncio
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Script:
    """Answers by the second word of an IMAP command or the first of an SMTP one; `%` in an answer is the IMAP tag."""

    def __init__(self, greeting: str, answers: Mapping[str, str], tls: ssl.SSLContext | None) -> None:
        self._greeting = greeting
        self._answers = answers
        self._tls = tls

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it leaves."""
        writer.write(f"{self._greeting}\r\n".encode())
        try:
            while line := (await reader.readline()).decode().split():
                word = next((word for word in line[:2] if word.upper() in self._answers), "")
                answer = self._answers.get(word.upper(), "% BAD what?").replace("%", line[0])
                writer.write(answer.encode() + b"\r\n")
                await writer.drain()
                if word.upper() == "STARTTLS" and self._tls:
                    await writer.start_tls(self._tls)
        except OSError:
            pass
        finally:
            writer.transport.abort()


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve `script` in a thread; yields the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(script, "127.0.0.1", 0, ssl=tls), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    ours = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not ours]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
