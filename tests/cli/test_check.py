"""`blockproxy check` against servers on loopback."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from blockproxy import config
from tests.cli.command import blockproxy
from tests.cli.servers import Script, serving

IMAP = ("* OK ready", {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 IDLE COMPRESS=DEFLATE XSECRET\r\n% OK done",
    "STARTTLS": "% OK begin",
    "LOGOUT": "* BYE\r\n% OK bye",
})  # fmt: skip
SMTP = ("220-mx.example.org\r\n220 ready", {
    "EHLO": "250-mx.example.org\r\n250-SIZE 1000\r\n250-CHUNKING\r\n250 8BITMIME",
    "STARTTLS": "220 begin",
    "QUIT": "221 bye",
})  # fmt: skip


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path


def settings(folder: Path, **sections: Any) -> Path:
    path = folder / "blockproxy.yaml"
    path.write_text(yaml.safe_dump({"eventlog": {"path": "events.sqlite3"}, **sections}))
    return path


def section(port: int, tls: str = "none", **more: Any) -> dict[str, Any]:
    return {"listen": {"port": 1}, "upstream": {"host": "localhost", "port": port, "tls": tls, **more}}


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_a_server_that_answers_is_good_and_what_it_hides_is_told(
    folder: Path, server_tls: ssl.SSLContext, tls: str
) -> None:
    implicit = server_tls if tls == "implicit" else None
    more = {} if tls == "none" else {"ca_file": "ca.pem"}
    with serving(Script(*IMAP, server_tls), implicit) as imap, serving(Script(*SMTP, server_tls), implicit) as smtp:
        smtp_section = {**section(smtp, tls, **more), "listen": {"port": 2}}
        ended = blockproxy("check", "--config", settings(folder, imap=section(imap, tls, **more), smtp=smtp_section))
    assert ended.code == 0, ended.out
    assert f"ok      imap server localhost, port {imap}, tls {tls}" in ended.out
    assert "hidden from the client: COMPRESS=DEFLATE (RFC 4978" in ended.out
    assert "hidden from the client: XSECRET (not known here)" in ended.out
    assert "hidden from the client: IDLE" not in ended.out
    assert "hidden from the client: CHUNKING" in ended.out
    assert "hidden from the client: SIZE" not in ended.out
    assert "incoming (IMAP): server 127.0.0.1, port 1, security none" in ended.out


def test_a_certificate_of_an_unknown_authority_is_refused(folder: Path, server_tls: ssl.SSLContext) -> None:
    with serving(Script(*IMAP, server_tls), server_tls) as port:
        ended = blockproxy("check", "--config", settings(folder, imap=section(port, "implicit")))
    assert ended.code == 1
    assert f"FAILED  imap server localhost, port {port}, tls implicit: its certificate is refused: " in ended.out
    assert "In your mail client" not in ended.out


def test_a_certificate_for_another_name_is_refused(folder: Path, authority: trustme.CA) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("imap.example.org").configure_cert(context)
    with serving(Script(*IMAP, context), context) as port:
        ended = blockproxy("check", "--config", settings(folder, imap=section(port, "implicit", ca_file="ca.pem")))
    assert ended.code == 1
    assert "certificate is refused: Hostname mismatch" in ended.out


def test_tls_to_a_plaintext_port_is_told_as_what_it_is(folder: Path) -> None:
    with serving(Script(*SMTP, None)) as port:
        ended = blockproxy("check", "--config", settings(folder, smtp=section(port, "implicit")))
    assert ended.code == 1
    assert "it does not speak TLS on that port; is `tls` right for this port?" in ended.out


def test_a_server_without_starttls_is_told(folder: Path) -> None:
    with serving(Script(IMAP[0], {"STARTTLS": "% NO never"}, None)) as port:
        ended = blockproxy("check", "--config", settings(folder, imap=section(port, "starttls")))
    assert ended.code == 1
    assert "expected 'p OK', the server said 'p NO never'" in ended.out


def test_a_port_where_nobody_listens_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ended = blockproxy("check", "--config", settings(folder, smtp=section(port)))
    assert ended.code == 1
    assert "it refuses the connection: nothing listens on that port" in ended.out


def test_local_asks_nobody_and_leaves_nothing_behind(folder: Path) -> None:
    ended = blockproxy("check", "--local", "--config", settings(folder, imap=section(9)))
    assert ended.code == 0
    assert [line.split()[1] for line in ended.out.splitlines()] == ["settings:", "rules:", "event"]
    assert sorted(path.name for path in folder.iterdir()) == ["blockproxy.yaml", "ca.pem"]


def test_running_looks_whether_the_proxy_takes_connections(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        here = {**section(9), "listen": {"port": proxy.getsockname()[1]}}
        assert blockproxy("check", "--local", "--running", "--config", settings(folder, imap=here)).code == 0
    ended = blockproxy("check", "--local", "--running", "--config", settings(folder, imap=here))
    assert ended.code == 1
    assert "it refuses the connection: nothing listens on that port" in ended.out


def test_an_event_log_that_is_none_is_told(folder: Path) -> None:
    (folder / "events.sqlite3").write_bytes(b"not a database" * 100)
    ended = blockproxy("check", "--local", "--config", settings(folder, imap=section(9)))
    assert ended.code == 1
    assert "file is not a database" in ended.out


def test_a_wrong_setting_ends_with_2(folder: Path) -> None:
    ended = blockproxy("check", "--config", settings(folder, imap=section(9), colour="red"))
    assert ended.code == 2
    assert "blockproxy.yaml:1: `colour` is not a setting" in ended.err


def test_the_example_can_be_checked_as_it_is(folder: Path) -> None:
    path = folder / "example.yaml"
    path.write_text(blockproxy("check", "--example").out)
    assert path.read_text() == config.example()
    assert blockproxy("check", "--local", "--config", path).code == 0
