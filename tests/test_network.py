"""Why a server cannot be reached, as a person is told it, from the exceptions that asyncio and OpenSSL really raise."""

import asyncio
import socket
import ssl

import pytest

from blockproxy.network import in_words
from tests.cli.servers import Script, serving


@pytest.fixture
def closed() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def failure(host: str, port: int, context: ssl.SSLContext | None = None) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one differs by Python and by system
        await asyncio.open_connection(host, port, ssl=context)
    return in_words(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_port_where_nobody_listens(host: str, closed: int) -> None:
    assert await failure(host, closed) == "it refuses the connection: nothing listens on that port"


async def test_a_port_that_does_not_speak_tls() -> None:
    with serving(Script("220 ready", {}, None)) as port:
        said = await failure("127.0.0.1", port, ssl.create_default_context())
    assert said == "it does not speak TLS on that port"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no host of that name"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "its name cannot be looked up just now"),
        (TimeoutError(), "it does not answer"),
        (TimeoutError(110, "Connection timed out"), "it does not answer"),
        (
            OSError("Multiple exceptions: [Errno 101] Connect call failed ('::1', 1), [Errno 111] Connect call failed"),
            "it refuses the connection: nothing listens on that port",
        ),
        (OSError(113, "No route to host"), "there is no way to it from this machine"),
        (asyncio.IncompleteReadError(b"", 1), "it closed the connection"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (ValueError(""), "ValueError"),
    ],
)
def test_each_failure_is_a_sentence(error: Exception, said: str) -> None:
    assert in_words(error) == said
