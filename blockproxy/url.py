"""URLs as browsers read them (WHATWG URL Standard), through Ada.

The one place where an own parser would be a hole: `http://t.co\\@evil.com/` leads to t.co in every browser and to
evil.com in `urllib.parse`. Never resolves a name: the public suffix list is the one that tldextract carries.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import ada_url
import tldextract

from blockproxy.remember import remember

LONGEST = 1024  # characters of a URL that is remembered; most have fewer than 300
MAX_HOST = 253  # characters of a host name (RFC 1035, section 2.3.4): nobody can look up a longer one

# Without these two arguments tldextract would fetch the list on first use.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@cache
def _public_suffixes() -> frozenset[str]:
    return frozenset(_suffixes.tlds)


# A URL in this shape reads the same to Ada as to this pattern, at a tenth of the price: lower-case scheme and host
# of at least two labels, the last one not a number; then a path or query without anything that Ada would rewrite.
_PLAIN = re.compile(
    r"(https?)://((?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++[a-z]++)"
    r"(/[A-Za-z0-9_~,;=+@!$*()/-]*+(?:\.[A-Za-z0-9_~,;=+@!$*()-][A-Za-z0-9_~,;=+@!$*()/-]*+)*+)?+"
    r"(?:\?([A-Za-z0-9._~,;=+@!$*()/:?&%-]*+))?+(?:#([A-Za-z0-9._~,;=+@!$*()/:?&%-]*+))?+\Z"
)


class Url(NamedTuple):
    """An http, https, ftp or file URL that names a host.

    `host` is in lower case and ASCII, `path` begins with `/`, `query` has no `?` in front, `fragment` no `#`.
    """

    href: str
    scheme: str
    host: str
    path: str
    query: str
    fragment: str


# `Url(*six)` without a step through Python.
_url_of: Callable[[tuple[str, str, str, str, str, str]], Url] = partial(tuple.__new__, Url)


@remember(4096, LONGEST)
def parse(url: str) -> Url | None:
    """Read `url` as a browser would, or None where a browser would refuse it or would reach no network.

    A trailing dot of the host name is dropped: `t.co.` and `t.co` are the same host.
    """
    plain = _PLAIN.match(url)
    if plain is not None:
        scheme, host, path, query, fragment = plain.groups("")
        if len(host) > MAX_HOST:
            return None
        return _url_of((url if path else _with_path(url), scheme, host, path or "/", query, fragment))
    try:
        parts = ada_url.parse_url(url)
    except ValueError:
        return None
    scheme = parts["protocol"].removesuffix(":")
    host = parts["hostname"].removesuffix(".")
    if scheme not in {"http", "https", "ftp", "file"} or not 0 < len(host) <= MAX_HOST:
        return None
    return Url(
        parts["href"],
        scheme,
        host,
        parts["pathname"],
        parts["search"].removeprefix("?"),
        parts["hash"].removeprefix("#"),
    )


def join(base: str, url: str) -> Url | None:
    """As `parse`, with `url` relative to `base`."""
    try:
        return parse(ada_url.join_url(base, url))
    except ValueError:
        return None


def _with_path(url: str) -> str:
    """Ada writes `http://host?q` as `http://host/?q`."""
    return str(ada_url.parse_url(url)["href"])


@remember(4096, 255)
def registrable_domain(host: str) -> str:
    """`a.b.example.co.uk` to `example.co.uk`; the host itself where there is none (an address, a bare suffix)."""
    return _suffixes(host).top_domain_under_public_suffix or host


def is_public_suffix(host: str) -> bool:
    """Whether everybody may have a name below `host`: `com`, `co.uk`, `kawasaki.jp`."""
    suffixes = _public_suffixes()
    return host in suffixes or f"*.{host.partition('.')[2]}" in suffixes or f"*.{host}" in suffixes
