"""Which capabilities a client gets to see."""

from pathlib import Path

import pytest

from blockproxy.imap.capabilities import HIDDEN, OFFERED, only_offered, verdict


def test_every_row_has_a_reason() -> None:
    assert all(reason for reason in (*OFFERED.values(), *HIDDEN.values()))
    assert not OFFERED.keys() & HIDDEN.keys()
    assert all(name == name.upper() for name in (*OFFERED, *HIDDEN))


REGISTRY = [
    line.split() for line in (Path(__file__).parent / "registry.txt").read_text().splitlines() if line[0] != "#"
]


@pytest.mark.parametrize(("name", "document"), REGISTRY)
def test_every_registered_name_has_a_verdict_and_a_reason(name: str, document: str) -> None:
    reason = verdict(name).reason
    assert reason != "not known here"
    assert name.startswith("IMAP4") or document.replace("RFC", "RFC ") in reason.replace("RFC 3501", "RFC 9051"), (
        reason,
        document,
    )


@pytest.mark.parametrize(
    "name",
    [
        "COMPRESS=DEFLATE",
        "compress=deflate",
        "IMAP4rev2",
        "URLAUTH",
        "URLAUTH=BINARY",
        "JMAPACCESS",
        "UIDONLY",
        "CONVERT",
        "STARTTLS",
        "LOGINDISABLED",
        "AUTH=EXTERNAL",
        "AUTH=GSSAPI",
        "AUTH=SCRAM-SHA-1-PLUS",
        "AUTH=UNHEARD-OF",
        "UNAUTHENTICATE",
        "X-NEW",
        "MOVE2",
    ],
)
def test_what_leads_past_the_proxy_or_is_unknown_is_hidden(name: str) -> None:
    assert not verdict(name).offered


@pytest.mark.parametrize(
    "name",
    [
        "IMAP4rev1",
        "imap4rev1",
        "IDLE",
        "NOTIFY",
        "LITERAL+",
        "literal-",
        "AUTH=PLAIN",
        "THREAD=REFERENCES",
        "SORT=DISPLAY",
        "QUOTA=RES-STORAGE",
        "UTF8=ACCEPT",
        "UTF8=ONLY",
        "APPENDLIMIT=100",
        "CONTEXT=SEARCH",
        "X-GM-EXT-1",
        "PREVIEW=FUZZY",
        "STATUS=SIZE",
    ],
)
def test_what_carries_no_content_is_offered(name: str) -> None:
    assert verdict(name).offered


def test_the_servers_order_stays_and_the_proxys_own_come_last() -> None:
    names = b"IMAP4rev1 COMPRESS=DEFLATE AUTH=PLAIN IDLE".split()
    assert only_offered(names) == b"IMAP4rev1 AUTH=PLAIN IDLE"
    assert only_offered(names, (b"STARTTLS",), login=False) == b"IMAP4rev1 IDLE STARTTLS"
