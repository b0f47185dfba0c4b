"""The header of a demo message: who writes to whom, and when. The reader is always the same made-up person."""

from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

from blockproxy.demo.compose import Fields

READER = "reader@example.org"
FIRST_DAY = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)  # a Monday; message n arrives n days and n minutes later


def letterhead(number: int, sender: str, address: str, subject: str, *more: tuple[str, str]) -> Fields:
    """The fields of message `number` from `sender` <`address`>; `more` follow in their order."""
    local, _, domain = address.partition("@")
    written = format_datetime(sent_at(number))
    name = sender if sender.isascii() else Header(sender, "utf-8").encode()
    return [
        ("Return-Path", f"<bounce-{number:04d}@{domain}>"),
        ("Received", f"from mta.{domain} by mx.example.org with ESMTPS id fake-{number:04d};\r\n {written}"),
        ("Date", written),
        ("From", f'"{name}" <{address}>' if sender.isascii() else f"{name} <{address}>"),
        ("To", f"Robin Reader <{READER}>"),
        ("Subject", subject),
        ("Message-ID", f"<fake-{number:04d}.{local}@{domain}>"),
        *more,
    ]


def bulk(list_name: str, domain: str, unsubscribe: str) -> tuple[tuple[str, str], ...]:
    """What a mailing list adds: RFC 2919, RFC 2369, RFC 8058."""
    return (
        ("List-Id", f"{list_name} <{list_name}.{domain}>"),
        ("List-Unsubscribe", f"<{unsubscribe}>,\r\n <mailto:leave@{domain}?subject=fake-recipient-token-0001>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Precedence", "bulk"),
    )


def sent_at(number: int) -> datetime:
    """When message `number` was sent."""
    return FIRST_DAY + timedelta(days=number, minutes=number)
