"""NOTIFY: a client asks once, and the server pushes sections of every new message. RFC 5465, section 5.2.

The data items of MessageNew are widened as those of FETCH are, and stand until another NOTIFY takes their place.
"""

import re

from blockproxy.imap import fetch
from blockproxy.imap.fetch import Asked, Request

_NEW = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?<=[ (])MessageNew *+(\()', re.IGNORECASE | re.DOTALL)
"""A quoted string (a mailbox may be called anything), or what stands in front of the list of data items."""

_UNQUOTABLE = re.compile(rb"[\x00\r\n]")


def widened(text: bytes, passed: frozenset[bytes] = frozenset()) -> tuple[bytes, tuple[Request, ...]] | None:
    """The command as the server gets it, and what its pushes will be; None for what the machine does not understand.

    `text` is the whole command, with quoted strings in place of literals; `passed` as in `fetch.asked`.
    """
    if _UNQUOTABLE.search(text, 0, len(text) - 2):
        return None  # a literal that is no quoted string would end the command
    pieces: list[bytes] = []
    requests: list[Request] = []
    position = 0
    for match in _NEW.finditer(text):
        if match[1] is None:
            continue
        read = fetch.listed(text, match.start(1), passed)
        if read is None:
            return None
        plan = fetch.widen(Asked(read[0], b""), False, {})
        pieces += [text[position : match.start(1)], plan.arguments if plan.changed else text[match.start(1) : read[1]]]
        position = read[1]
        requests.append(Request(plan, standing=True))
    return b"".join([*pieces, text[position:]]), tuple(requests)
