"""The demo's messages are proper messages, and what they are meant to have in them is there."""

import re
from email import message_from_bytes, policy

import pytest

from blockproxy.demo.newsletters import MESSAGES, as_page, messages

ORIGINALS = dict(messages())
HTML = [name for name, message in ORIGINALS.items() if as_page(message)]
every_message = pytest.mark.parametrize("name", MESSAGES)


@every_message
def test_every_line_ends_in_crlf_and_is_within_the_limit_of_rfc_5322(name: str) -> None:
    lines = ORIGINALS[name].split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998


@every_message
def test_the_parser_of_the_standard_library_finds_no_defect(name: str) -> None:
    message = message_from_bytes(ORIGINALS[name], policy=policy.default)
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message["Subject"]
    assert message["Message-ID"]
    assert message["Date"].datetime.year == 2026
    assert all(
        address.domain.endswith(("example.com", "example.net", "example.org")) for address in message["From"].addresses
    )


@every_message
def test_a_message_is_the_same_every_time(name: str) -> None:
    assert MESSAGES[name]() == ORIGINALS[name]


@pytest.mark.parametrize("name", HTML)
def test_a_page_needs_nothing_from_the_message_any_more(name: str) -> None:
    page = as_page(ORIGINALS[name])
    assert "cid:" not in page
    assert page.count("data:image/png;base64,iVBOR") == ORIGINALS[name].count(b"\r\nContent-ID:")


def test_soft_line_breaks_stand_inside_urls() -> None:
    assert re.search(rb'src=3D"http[^" ]*=\r\n', ORIGINALS["mailchimp"])


def test_second_octets_of_shift_jis_look_like_backslashes() -> None:
    assert "能力".encode("shift_jis") in ORIGINALS["campaign-monitor"]
    assert b"\\" in "能".encode("shift_jis")


def test_there_is_every_transfer_encoding_and_more_than_one_charset() -> None:
    parts = [
        part for message in ORIGINALS.values() for part in message_from_bytes(message, policy=policy.default).walk()
    ]
    texts = [part for part in parts if part.get_content_maintype() == "text"]
    assert {part["Content-Transfer-Encoding"] for part in texts} == {"7bit", "8bit", "quoted-printable", "base64"}
    assert {part.get_content_charset() for part in texts} == {"utf-8", "us-ascii", "iso-8859-1", "koi8-r", "shift_jis"}
