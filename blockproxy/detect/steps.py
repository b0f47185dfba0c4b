"""The steps of a redirect's `target:`: each takes a piece of a URL, or turns octets into others.

A step answers None where it finds nothing, and raises ValueError, binascii.Error or zlib.error for what it cannot
read. What is unpacked is bounded: a redirect of a kilobyte can hold a gigabyte of zeros.
"""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from blockproxy.detect import percent
from blockproxy.detect.payload import proofpoint_v3, protobuf_url
from blockproxy.url import Url

MAX_VALUE = 64 * 1024  # octets between two steps; a URL in mail is shorter by a factor of ten
MAX_JSON_BRACKETS = 64  # known payloads have five; deeper ones would only cost time

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


def _query_all(url: Url, _: str) -> bytes | None:
    """The whole query, undecoded, and the fragment: `https://redirect.example/?https://example.com/#part`."""
    return (url.query + (f"#{url.fragment}" if url.fragment else "")).encode() or None


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
    """Both alphabets, with `=` or `~` for padding or without it: links mix them."""
    core = value.rstrip(b"=~").translate(bytes.maketrans(b"-_", b"+/"))
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


def _tr(value: bytes, argument: str) -> bytes:
    """`tr:a>b,c>d`: every a becomes b and every c becomes d, at once; nothing after `>` takes a away."""
    pairs = dict(pair.encode().split(b">", 1) for pair in argument.split(","))
    return re.sub(b"|".join(map(re.escape, pairs)), lambda found: pairs[found.group()], value)


def _protobuf_url(value: bytes, _: str) -> bytes | None:
    return protobuf_url(value)


def _proofpoint_v3(url: Url, _: str) -> bytes | None:
    return proofpoint_v3(url.href)


def _prepend(value: bytes, text: str) -> bytes:
    return text.encode() + value


SOURCES: dict[str, Callable[[Url, str], bytes | None]] = {
    "query": _query,
    "query-rest": _query_rest,
    "query-all": _query_all,
    "path": _path,
    "path-rest": _path_rest,
    "regex": _regex,
    "proofpoint-v3": _proofpoint_v3,
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
    "tr": _tr,
    "counted": _counted,
    "protobuf-url": _protobuf_url,
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
    "tr": r"[^,>\s]+>[^,>\s]*(?:,[^,>\s]+>[^,>\s]*)*",
    "counted": r"[A-Za-z]",
    "prepend": r"\S+",
}


def _parameter(query: str, name: str) -> bytes | None:
    """A link that was escaped for HTML twice still has `&amp;` between its parameters."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key.removeprefix("amp;") == name:
            return percent.unquote_to_bytes(value)
    return None
