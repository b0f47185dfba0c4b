"""The options of an adblock filter, what follows its `$`: which of them mean something where the page is a message.

A message has no site of its own, so everything in it is third-party. What mail programs never request (scripts that
fetch, sockets) and what holds on certain sites only can never happen. https://help.adblockplus.org and the wiki of
uBlock Origin describe the options; the short names are the latter's.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from blockproxy.detect.filters import BITS, EVERY_RESOURCE
from blockproxy.lists.draft import Reason
from blockproxy.model import Resource

NOTHING: tuple[Resource, ...] = ()
TYPES: dict[str, tuple[Resource, ...]] = {
    "image": (Resource.IMAGE,),
    "stylesheet": (Resource.STYLE,),
    "css": (Resource.STYLE,),
    "font": (Resource.FONT,),
    "media": (Resource.MEDIA,),
    "object": (Resource.DOCUMENT,),
    "subdocument": (Resource.DOCUMENT,),
    "frame": (Resource.DOCUMENT,),
    "script": (Resource.SCRIPT,),
    "ping": (Resource.HINT,),
    "beacon": (Resource.HINT,),
    "other": (Resource.OTHER, Resource.HINT),
    "xmlhttprequest": NOTHING,
    "xhr": NOTHING,
    "websocket": NOTHING,
    "webrtc": NOTHING,
    "object-subrequest": NOTHING,
}
PAGES = frozenset({"document", "doc", "popup", "popunder", "main_frame"})
THIRD_PARTY = frozenset({"third-party", "3p", "~first-party", "~1p", "strict3p"})
OWN_SITE = frozenset({"first-party", "1p", "~third-party", "~3p", "strict1p"})
# What says how hard a filter is to be taken, or concerns the browser's side of it.
WITHOUT_MEANING = frozenset({"important", "match-case", "all", "collapse", "~collapse"})
DOMAINS = ("domain=", "from=")
REMOVED = ("removeparam", "queryprune")

# Filters for these pages are filters for mail: a web mail's page is the message.
_WEBMAIL = """mail.google.com outlook.live.com outlook.office.com outlook.office365.com mail.yahoo.com mail.aol.com
mail.proton.me app.fastmail.com www.icloud.com mail.zoho.com mail.yandex.com e.mail.ru mail.gmx.net gmx.net web.de"""
WEBMAIL = frozenset(_WEBMAIL.split())


class Options(NamedTuple):
    """What a filter speaks about. `refused`: why it cannot be used.

    `resources` are `BITS` summed up; `pages` is true where it says that it is about whole pages. `sites` and
    `other_sites` are the pages on which it holds and does not hold. `parameter` is what it removes ("" for all),
    `skip` the steps of `urlskip=`.
    """

    resources: int = EVERY_RESOURCE
    pages: bool = False
    sites: frozenset[str] = frozenset()
    other_sites: frozenset[str] = frozenset()
    parameter: str | None = None
    skip: str | None = None
    refused: Reason | None = None

    @property
    def about_links(self) -> bool:
        """Whether it changes links instead of blocking."""
        return self.parameter is not None or self.skip is not None


@lru_cache(maxsize=4096)
def read_options(text: str) -> Options:
    """Read `image,third-party` and the like."""
    words = list(_words(text))
    unknown = [word for word in words if not _is_known(word)]
    positive = [word for word in words if word in TYPES]
    negative = [word[1:] for word in words if word[:1] == "~" and word[1:] in TYPES]
    pages = not PAGES.isdisjoint(words)
    sites, others = _sites(words)
    options = Options(
        _resources(positive, negative, pages=pages),
        pages,
        sites,
        others,
        next((word.partition("=")[2] for word in words if word.startswith(REMOVED)), None),
        next((word.partition("=")[2] for word in words if word.startswith("urlskip=")), None),
    )
    return options._replace(refused=_refusal(options, words, unknown))


def _refusal(options: Options, words: list[str], unknown: list[str]) -> Reason | None:
    if unknown:
        return Reason.OPTION
    if not OWN_SITE.isdisjoint(words):
        return Reason.OWN_SITE
    if options.about_links:
        return Reason.TYPE if options.resources != EVERY_RESOURCE and not options.pages else None
    if options.sites and options.sites.isdisjoint(WEBMAIL):
        return Reason.SITES
    if not options.resources:
        return Reason.LINK if options.pages else Reason.TYPE
    return None


def _words(text: str) -> Iterator[str]:
    """Split at commas, except those inside `removeparam=/.../` and behind a backslash."""
    rest = text
    while rest:
        name, equals, value = rest.partition("=")
        if equals and name in REMOVED and value.startswith("/") and value.rfind("/") > 0:
            end = len(name) + 1 + value.rfind("/") + 1
            yield rest[:end]
            rest = rest[end:].lstrip(",")
            continue
        word, _, rest = rest.partition(",")
        yield word.strip()


def _is_known(word: str) -> bool:
    name = word.removeprefix("~")
    return (
        name in TYPES
        or name in PAGES
        or word in THIRD_PARTY
        or word in OWN_SITE
        or name in WITHOUT_MEANING
        or word.startswith((*DOMAINS, "removeparam=", "queryprune=", "urlskip="))
        or word in REMOVED
    )


def _resources(positive: list[str], negative: list[str], *, pages: bool) -> int:
    if positive or pages:
        return _sum(positive)
    return EVERY_RESOURCE & ~_sum(negative)


def _sum(words: list[str]) -> int:
    bits = 0
    for word in words:
        for resource in TYPES[word]:
            bits |= BITS[resource]
    return bits


def _sites(words: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    names = [
        name.lower() for word in words if word.startswith(DOMAINS) for name in word.partition("=")[2].split("|") if name
    ]
    others = frozenset(name[1:] for name in names if name.startswith("~"))
    return frozenset(name for name in names if not name.startswith("~")), others
