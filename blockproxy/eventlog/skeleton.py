"""The skeleton of a URL: enough to recognise a tracker by, nothing to recognise a reader by.

`https://u123.ct.example.com/ls/click?upn=aGVsbG8` becomes `https://*.ct.example.com/ls/click?upn=*`. What is kept is
listed; everything else is taken for an identifier, because random letters can look like any word of a language that
nobody thought of. Masking a harmless word costs a researcher little, keeping a token costs the reader everything.
"""

import re
from functools import lru_cache
from importlib import resources
from ipaddress import ip_address

from blockproxy import url as urls

MASK = "*"
MAX_SEGMENTS = (
    6  # path segments; trackers show their kind in the first two, the short pieces of many could spell a token
)
SHORT_IN_PATH = 3  # letters of an unlisted piece that is kept: `ls`, `wf`, `trk`; too few to tell readers apart
SHORT_IN_NAME = 4  # letters, in names of query parameters: `upn`, `hsmi`

WORDS = frozenset(
    word
    for line in (resources.files("blockproxy.eventlog") / "words.txt").read_text(encoding="ascii").splitlines()
    if not line.startswith("#")
    for word in line.split()
)

_PIECES = re.compile(r"[-_.~:,;+!\[\]()]+")
_LETTERS = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+")
_WORD_AS_WRITTEN = re.compile(r"[a-z0-9]+|[A-Z][a-z0-9]*|[A-Z0-9]+")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://|\\\\)\S+", re.IGNORECASE)
_PLAIN = re.compile(r"[(\"'`]*(?:[a-z]{1,20}|[A-Z][a-z]{0,19}|[A-Z]{1,5}|\d{1,4}|\d{1,4}x\d{1,4})(?:'s)?[)\"'`.,;:!?]*")
_KNOWN = "\ue000"  # of the private use area: stands for the name that is known
_STANDS_ALONE = re.compile(rf"{_KNOWN}(?:'s)?[,.;:]*")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.[A-Za-z]{2,24}")


def of_url(url: str) -> str:
    """The skeleton of `url`; an empty string where it is none that a browser would follow.

    Kept: scheme, registrable domain, known words in the other labels and in the path, known names of query parameters.
    User, port and fragment are dropped.
    """
    parts = urls.parse(url)
    if parts is None:
        return ""
    query = "&".join(map(_parameter, parts.query.split("&"))) if parts.query else ""
    return f"{parts.scheme}://{of_host(parts.host)}{_path(parts.path)}{'?' if query else ''}{query}"


@lru_cache(maxsize=4096)
def domain(skeleton: str) -> str:
    """The registrable domain in the skeleton of a URL; an empty string in an empty one."""
    return registrable(skeleton.partition("://")[2].partition("/")[0]) if skeleton else ""


def of_host(host: str) -> str:
    """`host` with every label masked that could be an identifier; the registrable domain stays, an IP address too."""
    host = host.lower().strip(".")
    if _is_address(host):
        return host
    domain = registrable(host)
    labels = host.removesuffix(domain).strip(".")
    masked = [label if _kept(label, SHORT_IN_PATH) else MASK for label in labels.split(".") if label]
    return ".".join([*masked, *([domain] if domain else [])])


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The domain that somebody registered, such as `example.co.uk`; an IP address itself; else an empty string."""
    host = host.lower().strip(".")
    if _is_address(host):
        return host
    domain = urls.registrable_domain(host)
    # Without a public suffix (`token.localdomain`) the whole host comes back, and nobody registered that.
    return domain if urls.registrable_domain(f"x.{domain}") == domain else ""


def of_text(text: str, url: str = "", known: str = "") -> str:
    """A sentence for a person, masked where something looks like a URL, an address or a token, or is part of `url`.

    Ordinary words and small numbers stay, unless they are eight letters or longer, unlisted, and stand in `url`.
    `known` stays wherever it stands alone: the name of a vendor, which is our word and says nothing about a reader.
    """
    text = text.replace(_KNOWN, MASK)
    if known:
        text = re.sub(rf"(?<!\S){re.escape(known)}(?![^\s,.;:'])", _KNOWN, text)
    masked = _URL.sub(lambda found: of_url(found[0]) or MASK, text).split()
    return " ".join(_word(word, url.lower()) for word in masked).replace(_KNOWN, known)


def _word(word: str, url: str) -> str:
    if "://" in word or _STANDS_ALONE.fullmatch(word):
        return word  # a skeleton already, or a name that is known
    bare = word.strip("()\"'`.,;:!?")
    if _PLAIN.fullmatch(word):
        repeats = len(bare) > 7 and bare.lower() in url and bare.lower() not in WORDS
        return MASK if repeats else word
    if _HOST.fullmatch(bare):
        return of_host(bare)
    return word if all(_kept(part, SHORT_IN_NAME) for part in bare.split("/", 1)) else MASK


def _path(path: str) -> str:
    segments = path.removeprefix("/").split("/")
    kept = [segment if not segment or _kept(segment, SHORT_IN_PATH) else MASK for segment in segments[:MAX_SEGMENTS]]
    return "/" + "/".join(kept + [MASK] * (len(segments) > MAX_SEGMENTS))


def _parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return (name if equals and _kept(name, SHORT_IN_NAME) else MASK) + (f"={MASK}" if equals else "")


def _kept(text: str, short: int) -> bool:
    """Whether all pieces of `text` are listed words, but for at most one short run of letters."""
    pieces = [piece for piece in _PIECES.split(text) if piece]
    unlisted = [p for p in pieces if p.lower() not in WORDS or not _WORD_AS_WRITTEN.fullmatch(p)]
    return len(unlisted) <= 1 and all(len(p) <= short and _LETTERS.fullmatch(p) for p in unlisted)


def _is_address(host: str) -> bool:
    if ":" not in host and not host[-1:].isdigit():
        return False  # as nearly always, and reading it costs ten times as much
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
