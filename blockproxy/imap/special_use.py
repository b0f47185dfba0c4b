"""Mailboxes that hold the reader's own mail: drafts, sent mail, templates. RFC 6154.

A receipt that is asked for in there is the reader's own wish, and must survive when a draft is opened again.
"""

import re

from blockproxy.imap.syntax import first_astring

MAX_NAMES = 100  # mailboxes of one login; a handful is usual

_LIST = re.compile(rb'\* (?:XLIST|LIST|LSUB) \(([^)\r\n]*)\) (?:NIL|"(?:[^"\\]|\\.)") ', re.IGNORECASE)
_ATTRIBUTES = frozenset({rb"\drafts", rb"\sent", rb"\templates"})
# Where a server has no attributes; clients create these by name.
_NAMES = frozenset({b"drafts", b"sent", b"sent items", b"sent mail", b"sent messages", b"templates"})
_SEPARATOR = re.compile(rb"[./\\]")


def learn(raw: bytes, names: set[bytes]) -> None:
    """Of a LIST answer, take up a mailbox with such an attribute, and forget one that has lost it."""
    match = _LIST.match(raw)
    name = None if match is None else first_astring(raw, match.end())
    if match is None or name is None:
        return
    if _ATTRIBUTES.isdisjoint(match[1].lower().split()):
        names.discard(name)
    elif len(names) < MAX_NAMES:
        names.add(name)


def is_own(name: bytes, names: set[bytes]) -> bool:
    """Whether the mailbox holds the reader's own mail, as the server said or by its name."""
    return name in names or _SEPARATOR.split(name)[-1].lower() in _NAMES
