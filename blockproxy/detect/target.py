"""`target:` of a redirect rule: where in its URL the true address stands, as steps from left to right.

    path:2 | base64url | json:href

The first step takes a piece of the URL, the others turn it into what it was made from. The address comes out octet
for octet as the sender gave it to the redirect, but for what a browser escapes before it asks for it; anything else
that could not be written into a message is refused: better a link that is still tracked than one that leads somewhere
else. Nothing is ever fetched.
"""

import binascii
import re
import zlib
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from blockproxy.detect.steps import ARGUMENTS, MAX_VALUE, SOURCES, STEPS
from blockproxy.url import Url, parse

MAX_URL = 16 * 1024  # characters of a redirect that is read, as many as a pattern compares
MAX_STEPS = 8  # the longest known redirect takes five

# Beside white space and controls: what a browser would rewrite, or what would end an attribute.
_ALLOWED = re.compile(rb"[!#-;=?-\[\]^_a-z{|}~]+\Z")
# What browsers escape in path, query and fragment alike (WHATWG URL Standard, section 1.3).
_ESCAPED = re.compile(r"[ \"<>\x80-\U0010ffff]")
# Browsers drop some of these and read some of them as others, and not every mail program does what they do.
_UNCLEAR = re.compile(r"[\x00-\x1f\x7f\\`]")
_PARTS = re.compile(r"(https?://)([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[\w.-]+")


class Obstacle(Enum):
    """Why there is no address to lead to; it ends a sentence that begins with the redirect."""

    UNTOLD = "which alone knows where it leads"
    ABSENT = "which does not say where it leads in the place where others of its kind do"
    TOO_LONG = "which is longer than a link that is read"
    NO_WEB = "which leads to no web address"
    UNCLEAR = "whose true address programs would read in different ways"
    LONGER = "whose true address is longer than the link, which must not grow"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A compiled `target`: steps of name and argument."""

    steps: tuple[tuple[str, str], ...]

    def __call__(self, url: Url) -> str | None:
        """The address inside `url`, or None where it is not there, not http(s), or longer than `url` itself."""
        address = self.read(url)
        return None if isinstance(address, Obstacle) else address

    def read(self, url: Url) -> str | Obstacle:
        """The address inside `url`, or why there is none."""
        if len(url.href) > MAX_URL:
            return Obstacle.TOO_LONG
        try:
            value = self._run(url)
        except (ValueError, binascii.Error, zlib.error, RecursionError):
            value = None
        if not value:
            return Obstacle.ABSENT
        found = value.decode("ascii") if _ALLOWED.match(value) else _escaped(value)
        if isinstance(found, Obstacle):
            return found
        parsed = parse(found) if found[:4].lower() == "http" else None
        if parsed is None or parsed.scheme not in {"http", "https"}:
            return Obstacle.NO_WEB
        return found if len(found) <= len(url.href) else Obstacle.LONGER

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
        if name == "regex":
            _check_regex(argument)
    return Pipeline(tuple(steps))


def _check_regex(expression: str) -> None:
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    if groups != 1:
        raise ValueError("step 'regex' of a target needs one group, which is the address")


def _escaped(value: bytes) -> str | Obstacle:
    """What a browser would ask for that is led to `value`: blanks around it gone, blanks and letters in it escaped."""
    try:
        text = value.strip().decode()
    except ValueError:
        return Obstacle.UNCLEAR
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return Obstacle.NO_WEB
    if _UNCLEAR.search(text):
        return Obstacle.UNCLEAR
    scheme, host, rest = parts.groups()
    if not host.isascii():
        parsed = parse(text) if _HOST.fullmatch(host) else None
        if parsed is None:
            return Obstacle.UNCLEAR
        host = parsed.host
    return scheme + host + _ESCAPED.sub(lambda found: quote(found.group()), rest)
