"""`target:` of a redirect rule: where in its URL the true address stands, as steps from left to right.

    path:2 | base64url | json:href

The first step takes a piece of the URL, the others turn it into what it was made from. The address comes out octet
for octet as the sender gave it to the redirect; what could not be written into a message as it is, is refused: better
a link that is still tracked than one that leads somewhere else. Nothing is ever fetched.
"""

import binascii
import re
import zlib
from dataclasses import dataclass

from blockproxy.detect.steps import ARGUMENTS, MAX_VALUE, SOURCES, STEPS
from blockproxy.url import Url, parse

MAX_URL = 16 * 1024  # characters of a redirect that is read, as many as a pattern compares
MAX_STEPS = 8  # the longest known redirect takes five

# Beside white space and controls: what a browser would rewrite, or what would end an attribute.
_ALLOWED = re.compile(rb"[!#-;=?-\[\]^_a-z{|}~]+\Z")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A compiled `target`: steps of name and argument."""

    steps: tuple[tuple[str, str], ...]

    def __call__(self, url: Url) -> str | None:
        """The address inside `url`, or None where it is not there, not http(s), or longer than `url` itself."""
        if len(url.href) > MAX_URL:
            return None
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
