"""The whole internet on one loopback: every name leads here, and whatever is asked for is written down.

    unshare --net --mount python -m tests.end_to_end.recorder FOLDER PROGRAM ARGUMENT...

runs the program in a network namespace without a way out, and takes its place with descriptors 3 and 4, over which
Playwright speaks with a browser. `FOLDER/log` gets a line `dns NAME`, `connect PORT` or `get URL` for each attempt;
pages are `FOLDER/pages/*`, and the certificate lies in `FOLDER/chain.pem` and `FOLDER/key.pem`.
"""

import fcntl
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = "message.example"  # the host whose pages are served
PIPES = (3, 4)
TYPES = {".html": "text/html; charset=utf-8", ".svg": "image/svg+xml", ".xhtml": "application/xhtml+xml"}
LOOPBACK = "127.0.0.1"
_UP = 1  # IFF_UP of <net/if.h>
_SET_FLAGS = 0x8914  # SIOCSIFFLAGS of <linux/sockios.h>
_A = 1  # RFC 1035, section 3.2.2


def loopback_up() -> None:
    """A new namespace has a loopback that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", _UP))


def ask_here(folder: Path) -> None:
    """Names are asked for at the loopback; the file that says so is mounted in this namespace only."""
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {LOOPBACK}\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf")], check=True)


class Log:
    """A file to which threads add lines."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()

    def add(self, line: str) -> None:
        with self._lock:
            self._file.write(line + "\n")


def question(query: bytes) -> tuple[str, int, int]:
    """Name, type, and where the question ends (RFC 1035, section 4.1.2)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels).lower(), int.from_bytes(query[at + 1 : at + 3]), at + 5


def answer_names(log: Log) -> None:
    """A name server that knows one address."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((LOOPBACK, 53))
    while True:
        query, client = server.recvfrom(4096)
        name, kind, end = question(query)
        log.add(f"dns {name}")
        count = 1 if kind == _A else 0
        header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, count, 0, 0)
        record = struct.pack(">HHHIH4s", 0xC00C, _A, 1, 60, 4, socket.inet_aton(LOOPBACK)) if count else b""
        server.sendto(header + query[12:end] + record, client)


def serve(folder: Path, log: Log, port: int, context: ssl.SSLContext | None) -> None:
    """A web server for every host there is."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host = self.headers.get("Host", "")
            page = folder / "pages" / self.path.strip("/")
            if host == PAGES and page.is_file():
                self._answer(page.read_bytes(), TYPES[page.suffix])
                return
            log.add(f"get {'http' if context is None else 'https'}://{host}{self.path}")
            self._answer(b"", "text/css")

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the names that http.server looks for

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            connection, address = super().get_request()
            return (connection if context is None else self._secured(connection)), address

        def _secured(self, connection: socket.socket) -> socket.socket:
            assert context is not None
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

        def handle_error(self, *arguments: object) -> None:
            log.add(f"connect {port}")

    Server((LOOPBACK, port), Handler).serve_forever()


def main() -> int:
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    loopback_up()
    ask_here(folder)
    log = Log(folder / "log")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    threading.Thread(target=answer_names, args=(log,), daemon=True).start()
    threading.Thread(target=serve, args=(folder, log, 80, None), daemon=True).start()
    threading.Thread(target=serve, args=(folder, log, 443, context), daemon=True).start()
    # The program gets the descriptors under the numbers that it expects, and ends with this process.
    return subprocess.run(command, check=False, pass_fds=PIPES).returncode


if __name__ == "__main__":
    sys.exit(main())
