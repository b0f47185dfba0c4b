"""`match:` of a rule file: the network syntax of ad-block lists, four signs of it.

    ||host     this host and every subdomain; `||*` any host. A `*` inside a label stands for letters, digits, hyphens;
               `google.*` is the name under every public suffix
    ^          a separator: anything but a letter, a digit, and `_ - . %`; or the end
    *          anything
    |          at the very end of the pattern: the end of the URL

A pattern without `||` is found anywhere in the path. What follows the host is compared, case and all, with path and
query. Written by hand because the published engines answer "blocked or not", and a rule has to say which one spoke.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from blockproxy.detect.hosts import ANY_SUFFIX, below
from blockproxy.url import registrable_domain

MAX_COMPARED = 16 * 1024  # characters of path and query; click links of several kilobytes are in use, longer ones not
MAX_PATTERN = 200  # characters; the longest of the shipped ones has 40
MIN_LITERAL = 5  # characters besides the signs that a pattern without a host needs: `/t/` would be anywhere
MIN_BRAND = 3  # characters of the name in `||bbc.*`
FRONT_PAGE = "/"  # stands for the path segment of URLs that have none; no segment is written like this
MIN_HOST_LITERAL = 4  # characters besides the `*` in a label that has one: `t*.com` would be everybody

_HOST = re.compile(r"[a-z0-9*-]+(?:\.[a-z0-9*-]+)+\Z")
_SEPARATOR = r"(?:[^\w\-.%]|\Z)"
_WHOLE_SEGMENT = re.compile(r"/([^/*^|?]+)(?=[/?^|])")
_FRONT_PAGE = re.compile(r"/\?[\w-]{3}")  # plug-ins of WordPress write `/?name=`; a shorter name is everybody's


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled `match`.

    `host` is empty for a pattern that holds on any host; `wild` is true where the host has a `*`. `segment` is a
    path segment that every URL it matches has, or `FRONT_PAGE`, the key of the index for patterns without a host.
    `prefix` is what path and query begin with, `needle` what is somewhere in them; either may be empty.
    `specificity` orders patterns: the greater one is the more special.
    """

    text: str
    host: str
    wild_host: re.Pattern[str] | None
    wild: bool
    prefix: str
    needle: str
    tail: re.Pattern[str] | None
    segment: str
    specificity: tuple[int, int]

    def fits(self, subject: str) -> bool:
        """Whether path and query, `/path?query`, match; the host has been compared before."""
        if not subject.startswith(self.prefix) or self.needle not in subject:
            return False
        return self.tail is None or self.tail.match(subject, 0, MAX_COMPARED) is not None

    def on_host(self, host: str) -> bool:
        """Whether `host`, lower case, is the pattern's or below it."""
        if self.wild_host is not None:
            return self.wild_host.fullmatch(host) is not None
        return not self.host or below(self.host, host)


@lru_cache(maxsize=4096)  # a rule file asks three times: to check it, to check its rule, to make the rule
def compile_pattern(text: str) -> Pattern:
    """Compile `text`. Raises ValueError with a sentence that says what is allowed."""
    if len(text) > MAX_PATTERN or not text.isascii() or re.search(r"\s", text):
        raise ValueError(f"a match is at most {MAX_PATTERN} ASCII characters without white space")
    if not text.startswith("||"):
        if not text.startswith("/"):
            raise ValueError("a match begins with '||host', '||*/' (any host) or '/' (anywhere in the path)")
        return _compile("", text, text, anywhere=True)
    host_length = re.search(r"[/^|?]|\Z", text[2:]).start()  # type: ignore[union-attr] # \Z always matches
    host, tail = text[2 : 2 + host_length], text[2 + host_length :]
    if not tail.startswith(("/", "^")):
        raise ValueError("the host of a match ends with '^' or '/', or it would be the beginning of other names too")
    if host == "*":
        return _compile("", tail, text)
    _check_host(host)
    return _compile(host, tail, text)


def _check_host(host: str) -> None:
    if not _HOST.match(host):
        raise ValueError(f"{host!r} is no host name: lower-case labels with dots between, '*' inside a label")
    if host.startswith("*."):
        raise ValueError("'||' already means every subdomain: leave out '*.'")
    if host.endswith(ANY_SUFFIX):
        _check_brand(host.removesuffix(ANY_SUFFIX))
        return
    starred = [label for label in host.split(".") if "*" in label]
    if any(len(label.replace("*", "")) < MIN_HOST_LITERAL for label in starred):
        raise ValueError(f"a host label with '*' needs {MIN_HOST_LITERAL} other characters, or it is everybody's")
    if registrable_domain("y.x." + host) == "x." + host or "*" in host.rsplit(".", 1)[1]:
        raise ValueError(f"{host!r} is a public suffix: everybody may have a name below it")


def _check_brand(brand: str) -> None:
    if len(brand.rpartition(".")[2]) < MIN_BRAND or "*" in brand:
        raise ValueError(f"a name under every suffix has {MIN_BRAND} characters and no other '*', as in '||google.*'")


def _compile(host: str, tail: str, text: str, *, anywhere: bool = False) -> Pattern:
    ends = tail.endswith("|")
    body = tail.removesuffix("|")
    if "|" in body:
        raise ValueError("'|' stands only at the end of a match")
    literal = len(re.sub(r"[*^|]", "", tail))
    segment = max(_WHOLE_SEGMENT.findall(tail), key=len, default="")
    if not segment and not anywhere and _FRONT_PAGE.match(tail):
        segment = FRONT_PAGE
    if not host:
        if literal < MIN_LITERAL:
            raise ValueError(f"a match for any host needs {MIN_LITERAL} characters besides the signs")
        if not segment:
            raise ValueError(
                "a match for any host needs one whole path segment, such as '/open/' or '/open.php?', "
                "or on the front page a name of three characters, such as '/?open='"
            )
    beginning = re.split(r"[*^]", body, maxsplit=1)[0]
    prefix, needle = ("", beginning) if anywhere else (beginning, "")
    plain = not anywhere and not ends and prefix == body
    return Pattern(
        text=text,
        host=host,
        wild_host=_wild_host(host) if "*" in host and not host.endswith(ANY_SUFFIX) else None,
        wild="*" in host,
        prefix=prefix,
        needle=needle,
        tail=None if plain else re.compile(glob(body, anywhere=anywhere, ends=ends), re.DOTALL),
        segment=segment,
        specificity=(1 if host else 0, len(host.replace("*", "").rstrip(".")) + literal),
    )


def _wild_host(host: str) -> re.Pattern[str]:
    return re.compile(r"(?:.*\.)?" + "[a-z0-9-]*".join(map(re.escape, host.split("*"))))


def glob(body: str, *, anywhere: bool, ends: bool) -> str:
    """A regular expression, for `match`, that never goes back: between two `*` the first fit is as good as any."""
    first, *rest = [_literal(piece) for piece in body.split("*")]
    if anywhere:
        first, rest = "", [first, *rest]
    if not ends:
        return first + "".join(f"(?>.*?{piece})" for piece in rest)
    if not rest:
        return first + r"\Z"
    return first + "".join(f"(?>.*?{piece})" for piece in rest[:-1]) + rf".*?{rest[-1]}\Z"


def _literal(piece: str) -> str:
    return _SEPARATOR.join(map(re.escape, piece.split("^")))
