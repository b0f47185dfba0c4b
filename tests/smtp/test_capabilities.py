"""What of a next hop's EHLO reply a client gets to see."""

import pytest

from blockproxy.smtp import sasl
from blockproxy.smtp.capabilities import CARRIED, HIDDEN, MAX_MESSAGE, before_tls, offer


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("PIPELINING", ("PIPELINING",)),
        ("8bitmime", ("8bitmime",)),
        ("LIMITS RCPTMAX=100", ("LIMITS RCPTMAX=100",)),
        ("SIZE 35882577", ("SIZE 35882577",)),
        ("SIZE", (f"SIZE {MAX_MESSAGE}",)),
        ("SIZE 0", (f"SIZE {MAX_MESSAGE}",)),
        ("SIZE 999999999999", (f"SIZE {MAX_MESSAGE}",)),
        ("SIZE much", (f"SIZE {MAX_MESSAGE}",)),
        ("AUTH PLAIN LOGIN SCRAM-SHA-256-PLUS SCRAM-SHA-256 EXTERNAL", ("AUTH PLAIN LOGIN",)),
        ("AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-256", ("AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-256",)),
        ("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256", ("AUTH SCRAM-SHA-256",)),
        ("AUTH XOAUTH2 OAUTHBEARER CRAM-MD5", ("AUTH XOAUTH2 OAUTHBEARER CRAM-MD5",)),
        ("REQUIRETLS", ("REQUIRETLS",)),
        ("DELIVERBY 120", ("DELIVERBY 120",)),
        ("AUTH GSSAPI", ()),
        ("AUTH=LOGIN PLAIN", ()),
        ("CHUNKING", ()),
        ("BINARYMIME", ()),
        ("BURL imap", ()),
        ("STARTTLS", ()),
        ("X-NEWS-TO-US", ()),
    ],
)
def test_a_keyword_is_offered_as_the_table_says(line: str, offered: tuple[str, ...]) -> None:
    assert offer([line]).keywords == offered


@pytest.mark.parametrize("line", ["AUTH PLAIN", "AUTH GSSAPI", "auth=login"])
def test_a_next_hop_that_knows_logins_demands_one(line: str) -> None:
    assert offer(["SIZE 10", line]).login
    assert not offer(["SIZE 10"]).login


def test_before_tls_no_password_is_asked_for() -> None:
    assert before_tls(["SIZE 10", "AUTH PLAIN", "auth login", "REQUIRETLS", "DSN"]) == ("SIZE 10", "DSN")


def test_nothing_is_both_carried_and_hidden() -> None:
    assert not CARRIED.keys() & HIDDEN.keys()
    assert not sasl.MECHANISMS.keys() & sasl.HIDDEN.keys()
