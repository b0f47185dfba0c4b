"""The little of IMAP's grammar that the machine reads: RFC 9051, section 9.

Commands by tag and verb, astrings, the account in a login, status responses with their codes. What is not matched here
is passed on as it came.
"""

import base64
import binascii
import re

COMMAND = re.compile(rb'([^\x00-\x20(){%*"\\+\x7f]+) (UID ++)?([A-Za-z][A-Za-z0-9-]*)(?=[ \r])', re.IGNORECASE)
"""Tag, `UID `, verb."""

TAGGED = re.compile(rb"([^ ]+) (OK|NO|BAD)\b", re.IGNORECASE)
UNTAGGED = re.compile(rb"\* (?:(\d+) )?([A-Za-z]+)", re.IGNORECASE)
"""Number, keyword."""

CODE = re.compile(
    rb"(?P<head>[^ ]+ (?:OK|NO|BAD|BYE|PREAUTH) )\[(?P<name>[A-Z-]+) ?(?P<value>[^\]\r\n]*)\] ?", re.IGNORECASE
)
"""A status response up to the end of its response code."""

ANNOUNCING = re.compile(
    rb'(?:[^\x00-\x20(){%*"\\+\x7f]++ [A-Za-z]++)?'
    rb'(?: \(?(?:"(?:[^"\\\x00\r\n]|\\["\\])*+"|[^\x00-\x20(){%*"\\\x7f-\xff]++))*+ \(?\{\d++\+?\}\r\n\Z'
)
"""A line that ends in a literal, and in which nobody can find a mistake."""

_ASTRING = re.compile(rb' *(?:"((?:[^"\\]|\\.)*+)"|([^\x00-\x20(){"]+))', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SPECIAL = re.compile(rb'["\\]')
_SASL_NAME = re.compile(rb'(?:\Auser=|\bn=|\ba=|username=")([^\x01,"]+)')  # XOAUTH2, SCRAM, OAUTHBEARER, DIGEST-MD5
MAX_ACCOUNT = 320  # octets; the longest address (RFC 5321, section 4.5.3.1) and some


def unquote(inner: bytes) -> bytes:
    """The octets that a quoted string stands for, given what is between its quotes."""
    return _ESCAPED.sub(rb"\1", inner) if b"\\" in inner else inner


def quote(octets: bytes) -> bytes:
    """A quoted string; the caller makes sure that there is no CR, LF or NUL."""
    return b'"' + _SPECIAL.sub(rb"\\\g<0>", octets) + b'"'


def first_argument(raw: bytes) -> bytes:
    """The first astring after a command's verb: the mailbox of SELECT, the name in LOGIN; empty when there is none.

    Literals in the command were replaced by quoted strings.
    """
    command = COMMAND.match(raw)
    return (first_astring(raw, command.end()) if command else None) or b""


def first_astring(raw: bytes, position: int) -> bytes | None:
    """The astring at `position`, quoted or not; None for a literal or where there is none."""
    match = _ASTRING.match(raw, position)
    if match is None:
        return None
    return unquote(match[1]) if match[1] is not None else bytes(match[2])


def sasl(raw: bytes) -> tuple[bytes, bytes | None]:
    """Mechanism and initial response (RFC 4959) of an AUTHENTICATE command."""
    words = raw.split()[2:]
    return words[0].upper() if words else b"", words[1] if len(words) > 1 else None


def sasl_account(mechanism: bytes, response: bytes) -> str:
    """Who logs in, as far as a first response in base64 says so; "" where it does not. Keeps no secret."""
    try:
        plain = base64.b64decode(response.strip())
    except binascii.Error:
        return ""
    if mechanism == b"PLAIN":  # RFC 4616: authzid NUL authcid NUL password
        fields = plain.split(b"\0")
        return account(fields[1]) if len(fields) == 3 else ""
    if mechanism == b"LOGIN":
        return account(plain)
    if mechanism == b"CRAM-MD5":  # RFC 2195: name SP digest
        return account(plain.rpartition(b" ")[0])
    found = _SASL_NAME.search(plain)
    return account(found[1]) if found else ""


def sasl_login(mechanism: bytes, response: bytes) -> bytes | None:
    """Who logs in, where that is beyond doubt: nobody else can have the same name. None where it is not."""
    if mechanism != b"PLAIN":
        return None
    try:
        fields = base64.b64decode(response.strip()).split(b"\0")
    except binascii.Error:
        return None
    if len(fields) != 3:
        return None
    # Who logs in as somebody else sees that one's mailboxes.
    return fields[1] if fields[0] in {b"", fields[1]} else b"\0".join(fields[:2])


def account(name: bytes) -> str:
    """A login name as text."""
    return name[:MAX_ACCOUNT].decode("utf-8", "replace")
