"""The invariants of a cleaned message, each as a question that one message answers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from blockproxy.cleaner import Cleaner, clean
from blockproxy.detect.rules import built_in
from blockproxy.model import Cleaned, Context, Policy
from tests.test_cleaner import in_pieces, line_ends, sections, without

CHUNK = 1000  # octets; a message in pieces of this size is cut inside of tags, headers and encoded groups

Check = Callable[[bytes, Cleaned, Context], bool]
"""Whether it holds for a message, what became of it, and the context in which."""


def _length(message: bytes, cleaned: Cleaned, _context: Context) -> bool:
    return len(cleaned.message) == len(message)


def _line_ends(message: bytes, cleaned: Cleaned, _context: Context) -> bool:
    return cleaned.message == message or line_ends(cleaned.message) == line_ends(message)


def _outside(message: bytes, cleaned: Cleaned, _context: Context) -> bool:
    return without(cleaned.message, cleaned.findings) == without(message, cleaned.findings)


def _idempotent(_message: bytes, cleaned: Cleaned, context: Context) -> bool:
    again = clean(cleaned.message, context=context)
    return again.message == cleaned.message and not again.changed


def _deterministic(message: bytes, cleaned: Cleaned, context: Context) -> bool:
    return in_pieces(message, CHUNK, context=context) == cleaned


def _total(_message: bytes, cleaned: Cleaned, _context: Context) -> bool:
    return all(skip.reason != "error" for skip in cleaned.skipped)


def _sections(message: bytes, cleaned: Cleaned, context: Context) -> bool:
    for scope, entity, part, start, end in sections(message):
        machine = Cleaner(built_in(), Policy(), context, scope=scope, entity=entity, part=part)
        alone = machine.feed(message[start:end])
        if alone + machine.close().message != cleaned.message[start:end]:
            return False
    return True


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "as many octets": _length,
        "line ends where they were": _line_ends,
        "nothing changed outside of findings": _outside,
        "the same however it is cut": _deterministic,
        "cleaned again, nothing changes": _idempotent,
        "no error of our own": _total,
        "each section alone is a slice of the whole": _sections,
    }
)
