"""A web server on loopback that serves lists, well and badly."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

LIST = b"! made up\n||tracker.example^\n/track/fake-open?\nshop.example##.banner\n"
HUGE = 300_000_000


@dataclass
class Page:
    """What is served under a path. `cut` octets of the body are promised and not sent, or nothing is (`open_ended`)."""

    body: bytes = LIST
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    chunked: bool = False
    endless: bool = False
    open_ended: bool = False


class Handler(BaseHTTPRequestHandler):
    """Serves `pages`, and writes down what it was asked."""

    protocol_version = "HTTP/1.1"
    pages: dict[str, Page]
    asked: list[tuple[str, Mapping[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers.items())))
        page = self.pages.get(self.path, Page(b"nothing here", 404))
        etag = page.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            page = Page(b"", 304, page.headers)
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.close_connection = True
        if page.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in page.headers and page.status != 304 and not (page.endless or page.open_ended):
            self.send_header("Content-Length", str(len(page.body) + page.cut))
        self.end_headers()
        with suppress(ConnectionError):
            self._send(page)

    def _send(self, page: Page) -> None:
        if page.chunked:
            end = b"" if page.cut else b"0\r\n\r\n"
            self.wfile.write(b"%x\r\n%s\r\n%s" % (len(page.body), page.body, end))
        elif page.endless:
            for _ in range(HUGE // 1_000_000):
                self.wfile.write(b"||tracker.example^\n".ljust(1_000_000, b"!"))
        else:
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so it is called there
        """Quiet."""


@dataclass
class Web:
    """A running server: `pages` by path, and what it was `asked`."""

    port: int
    pages: dict[str, Page]
    asked: list[tuple[str, Mapping[str, str]]]
    scheme: str = "http"

    def url(self, path: str = "/list.txt") -> str:
        return f"{self.scheme}://localhost:{self.port}{path}"


@contextmanager
def serving(tls: SSLContext | None = None, **pages: Page) -> Iterator[Web]:
    """Serve `pages`; `list` is `/list.txt`."""
    by_path = {f"/{name}.txt": page for name, page in pages.items()}
    asked: list[tuple[str, Mapping[str, str]]] = []
    handler = type("OwnHandler", (Handler,), {"pages": by_path, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Web(server.server_address[1], by_path, asked, "https" if tls else "http")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def zipped(octets: bytes) -> Page:
    """As gzip."""
    return Page(gzip.compress(octets), headers={"Content-Encoding": "gzip"})
