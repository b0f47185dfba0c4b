"""`target:` of a redirect rule: where in its URL the true address stands, as steps from left to right.

    path:2 | base64url | json:href

The first step takes a piece of the URL, the others turn it into what it was made from. The address comes out octet
for octet as the sender gave it to the redirect; what could not be written into a message as it is, is refused: better
a link that is still tracked than one that leads somewhere else. Nothing is ever fetched.
"""

import binascii
import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from blockproxy.url import Url, parse

MAX_VALUE = 64 * 1024  # octets between two steps; a URL in mail is shorter by a factor of ten
MAX_STEPS = 8  # the longest known redirect takes five
MAX_JSON_BRACKETS = 64  # known payloads have five; deeper ones would only cost time

# Beside white space and controls: what a browser would rewrite, or what would end an attribute.
_ALLOWED = re.compile(rb"[!#-;=?-\[\]^_a-z{|}~]+\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+\Z")


def _query(url: Url, name: str) -> bytes | None:
    """Value of parameter `name`, percent-decoded once; `+` stays `+`."""
    return _parameter(url.query, name)


def _query_rest(url: Url, name: str) -> bytes | None:
    """Everything after `name=`, undecoded: for senders who put the address last and do not escape it."""
    found = re.search(rf"(?:^|&)(?:amp;)?{re.escape(name)}=", url.query)
    if found is None:
        return None
    return (url.query[found.end() :] + (f"#{url.fragment}" if url.fragment else "")).encode()


def _path(url: Url, number: str) -> bytes | None:
    """Path segment `number`, counted from 1 or, negative, from the end; empty ones do not count."""
    segments = [segment for segment in url.path.split("/") if segment]
    index = int(number)
    index -= index > 0
    return segments[index].encode() if -len(segments) <= index < len(segments) else None


def _path_rest(url: Url, number: str) -> bytes | None:
    """From path segment `number` to the end of the URL, query and fragment included."""
    found = re.match(rf"(?:/+[^/]+){{{int(number) - 1}}}/+", url.path)
    if found is None:
        return None
    query = f"?{url.query}" if url.query else ""
    fragment = f"#{url.fragment}" if url.fragment else ""
    return (url.path[found.end() :] + query + fragment).encode()


def _regex(url: Url, expression: str) -> bytes | None:
    found = re.search(expression, url.href)
    return found.group(1).encode() if found else None


def _percent(value: bytes, _: str) -> bytes:
    return unquote_to_bytes(value)


def _base64(value: bytes, _: str) -> bytes | None:
    """Both alphabets, with or without padding: links mix them."""
    core = value.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if not _BASE64.match(core) or len(core) % 4 == 1:
        return None
    return b64decode(core + b"=" * (-len(core) % 4))


def _zlib(value: bytes, _: str) -> bytes | None:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(value, MAX_VALUE)
    return inflated if inflater.eof else None


def _json(value: bytes, members: str) -> bytes | None:
    if value.count(b"{") + value.count(b"[") > MAX_JSON_BRACKETS:
        return None
    found = json.loads(value)
    for member in members.split("."):
        found = found.get(member) if isinstance(found, dict) else None
    return found.encode() if isinstance(found, str) else None


def _qs(value: bytes, name: str) -> bytes | None:
    return _parameter(value.decode(), name)


def _jwt_payload(value: bytes, _: str) -> bytes | None:
    parts = value.split(b".")
    return _base64(parts[1], "") if len(parts) > 1 else None


def _skip(value: bytes, count: str) -> bytes:
    return value[int(count) :]


def _split(value: bytes, argument: str) -> bytes | None:
    """`split:C:N`: the N-th piece, counted from 1, between the characters C."""
    separator, _, number = argument.rpartition(":")
    pieces = value.split(separator.encode())
    return pieces[int(number) - 1] if int(number) <= len(pieces) else None


def _counted(value: bytes, letter: str) -> bytes | None:
    """`counted:C`: the address that follows the octet C and one octet with its length, as in tagged binary records."""
    for found in re.finditer(re.escape(letter.encode()) + rb"(.)(?=http)", value, re.DOTALL):
        end = found.end() + found.group(1)[0]
        if end <= len(value):
            return value[found.end() : end]
    return None


def _prepend(value: bytes, text: str) -> bytes:
    return text.encode() + value


SOURCES: dict[str, Callable[[Url, str], bytes | None]] = {
    "query": _query,
    "query-rest": _query_rest,
    "path": _path,
    "path-rest": _path_rest,
    "regex": _regex,
}
STEPS: dict[str, Callable[[bytes, str], bytes | None]] = {
    "percent": _percent,
    "base64": _base64,
    "base64url": _base64,
    "zlib": _zlib,
    "json": _json,
    "qs": _qs,
    "jwt-payload": _jwt_payload,
    "skip": _skip,
    "split": _split,
    "counted": _counted,
    "prepend": _prepend,
}
# What an argument looks like; a step that is not here takes none.
ARGUMENTS = {
    "query": r"\S+",
    "query-rest": r"\S+",
    "path": r"-?[1-9]\d?",
    "path-rest": r"[1-9]\d?",
    "regex": r".+",
    "json": r"[^.\s]+(?:\.[^.\s]+)*",
    "qs": r"\S+",
    "skip": r"[1-9]\d{0,3}",
    "split": r".+:[1-9]\d?",
    "counted": r"[A-Za-z]",
    "prepend": r"\S+",
}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A compiled `target`: steps of name and argument."""

    steps: tuple[tuple[str, str], ...]

    def __call__(self, url: Url) -> str | None:
        """The address inside `url`, or None where it is not there, not http(s), or longer than `url` itself."""
        try:
            value = self._run(url)
        except (ValueError, binascii.Error, zlib.error, RecursionError):
            return None
        if value is None or len(value) > len(url.href) or not _ALLOWED.match(value):
            return None
        found = value.decode("ascii")
        parsed = parse(found) if found[:4].lower() == "http" else None
        return found if parsed is not None and parsed.scheme in {"http", "https"} else None

    def _run(self, url: Url) -> bytes | None:
        (source, argument), *rest = self.steps
        value = SOURCES[source](url, argument)
        for name, argument in rest:
            if not value or len(value) > MAX_VALUE:
                return None
            value = STEPS[name](value, argument)
        return value


def compile_pipeline(text: str) -> Pipeline:
    """Compile `text`. Raises ValueError with a sentence that says what is allowed."""
    steps = [(name, argument) for name, _, argument in (step.strip().partition(":") for step in text.split(" | "))]
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a target has at most {MAX_STEPS} steps")
    for position, (name, argument) in enumerate(steps):
        known = STEPS if position else SOURCES
        if name not in known:
            place = "a later" if position else "the first"
            raise ValueError(f"{name!r} is not {place} step of a target; allowed are {', '.join(known)}")
        if not re.fullmatch(ARGUMENTS.get(name, ""), argument):
            raise ValueError(f"step {name!r} of a target cannot take {argument!r}")
        if name == "regex" and re.compile(argument).groups != 1:
            raise ValueError("step 'regex' of a target needs one group, which is the address")
    return Pipeline(tuple(steps))


def _parameter(query: str, name: str) -> bytes | None:
    """A link that was escaped for HTML twice still has `&amp;` between its parameters."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key.removeprefix("amp;") == name:
            return unquote_to_bytes(value)
    return None
