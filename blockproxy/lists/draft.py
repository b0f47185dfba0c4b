"""A list while it is being read: entries on one side, refusals with their reasons on the other."""

import hashlib
import re
from dataclasses import dataclass, field
from enum import Enum

from blockproxy.detect.filters import Entry, Filters
from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.pattern import compile_pattern
from blockproxy.detect.subscribed import CONFIDENCE, Subscribed
from blockproxy.detect.target import compile_pipeline
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.model import Technique
from blockproxy.url import is_public_suffix, parse

MAX_LINE = 2048  # characters of a line that is read; filters with hundreds of sites in `domain=` are longer, and no use
MAX_PATTERN = 300  # characters of a pattern
MAX_ENTRIES = 500_000  # of one list; the largest in wide use has 300,000, and takes 60 MB
SHOWN = 80  # characters of a refused line that are shown

_NEEDED = """action article code content data date document email event file filter format from hash id item key keyword
lang language link locale message method mode name next node number order page path post product q query redirect return
route search section session share sig signature size slug sort state status step tab target text thread time title to
token topic type uri url user username uuid version video view"""
NEEDED = frozenset(_NEEDED.split())  # names that on most sites say which page is meant; a list means them by mistake


class Reason(Enum):
    """Why a line cannot be used: the end of a sentence that begins with "1", and of one with more."""

    COSMETIC = (
        "hides elements or changes pages, which mail has not",
        "hide elements or change pages, which mail has not",
    )
    OWN_SITE = (
        "is about requests to a site's own pages",
        "are about requests to a site's own pages",
    )
    SITES = (
        "holds on certain sites only",
        "hold on certain sites only",
    )
    TYPE = (
        "is about requests that mail never makes",
        "are about requests that mail never makes",
    )
    LINK = (
        "blocks whole pages, and a link is never broken by a list",
        "block whole pages, and a link is never broken by a list",
    )
    OPTION = (
        "has an option that is not known here",
        "have an option that is not known here",
    )
    REGEX = (
        "is a regular expression, which could be made to stall",
        "are regular expressions, which could be made to stall",
    )
    HOST = (
        "has a host name that is no whole one",
        "have a host name that is no whole one",
    )
    SUFFIX = (
        "names a public suffix, below which everybody may have a name",
        "name a public suffix, below which everybody may have a name",
    )
    WIDE = (
        "is so general that every address would have to be tried",
        "are so general that every address would have to be tried",
    )
    CROWDED = (
        "is one more on its host, or around its word, than is kept",
        "are more on one host, or around one word, than are kept",
    )
    LONG = (
        "is longer than any useful one",
        "are longer than any useful one",
    )
    NO_ENTRY = (
        "is no entry of this format",
        "are no entry of this format",
    )
    CONDITION = (
        "stands under a condition about browsers, or includes another file",
        "stand under a condition about browsers, or include other files",
    )
    PARAMETER = (
        "names a parameter on certain pages only, or all parameters at once",
        "name a parameter on certain pages only, or all parameters at once",
    )
    NEEDED = (
        "names a parameter by which pages are found, and would take it off everywhere",
        "name a parameter by which pages are found, and would take it off everywhere",
    )
    REDIRECT = (
        "leads to an address in a way that is not known here",
        "lead to an address in a way that is not known here",
    )
    EXCEPTION = (
        "is an exception that cannot be told by host",
        "are exceptions that cannot be told by host",
    )

    def said(self, count: int) -> str:
        """`3 are longer than any useful one`."""
        return f"{count:,} {self.value[count != 1]}"


@dataclass(slots=True)
class Refusal:
    """How many lines were refused for a reason, and the first of them: `line` and what stands there."""

    reason: Reason
    count: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a list: what can be used, and why the rest cannot."""

    entries: Subscribed
    refused: tuple[Refusal, ...]

    @property
    def usable(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    @property
    def left(self) -> int:
        """How many lines were refused."""
        return sum(refusal.count for refusal in self.refused)

    def __str__(self) -> str:
        """`3 entries`, `1 entry`."""
        return f"{self.usable:,} {'entry' if self.usable == 1 else 'entries'}"


class ListError(ValueError):
    """A text that is no list of the expected format; the message says why."""


@dataclass(slots=True)
class _Limits:
    """Where a parameter is taken off, and where never."""

    anywhere: bool = False
    only: set[str] = field(default_factory=set)
    never: set[str] = field(default_factory=set)


class Draft:
    """What has been read so far of the list called `name`."""

    def __init__(self, name: str, site: str = "") -> None:
        self.vendor = Vendor(name, name, site)
        self.blocks, self.excepts = Filters(), Filters()
        self._free: dict[bool, list[Entry]] = {False: [], True: []}
        self._redirects: list[Rule] = []
        self._parameters: dict[str, _Limits] = {}
        self._never: set[str] = set()
        self._dropped: set[str] = set()
        self._refused: dict[Reason, Refusal] = {}

    def refuse(self, reason: Reason, line: int, text: str) -> None:
        """Count what cannot be used."""
        known = self._refused.get(reason)
        if known is None:
            self._refused[reason] = Refusal(reason, 1, line, text[:SHOWN])
        else:
            known.count += 1

    def host(self, host: str, line: int, resources: int, *, excepts: bool = False) -> None:
        """Block, or except, a whole host."""
        name = host_name(host)
        if name is None or is_public_suffix(name):
            self.refuse(Reason.HOST if name is None else Reason.SUFFIX, line, host)
        else:
            (self.excepts if excepts else self.blocks).add_host(name, line, resources)

    def path(self, host: str, pattern: str, line: int, resources: int, *, excepts: bool = False) -> None:
        """Block, or except, a pattern on a host."""
        name = host_name(host)
        if name is None or is_public_suffix(name):
            self.refuse(Reason.HOST if name is None else Reason.SUFFIX, line, host + pattern)
        elif not (self.excepts if excepts else self.blocks).add_path(name, Entry(line, resources, pattern)):
            self.refuse(Reason.CROWDED, line, host + pattern)

    def free(self, pattern: str, line: int, resources: int, *, excepts: bool = False) -> None:
        """Block, or except, a pattern anywhere in a URL."""
        self._free[excepts].append(Entry(line, resources, pattern))

    def redirect(self, pattern: str, target: str, line: int, text: str) -> None:
        """A link through `pattern`, in the syntax of rule files, leads where `target` reads."""
        try:
            compiled, pipeline = compile_pattern(pattern), compile_pipeline(target)
        except ValueError:
            self.refuse(Reason.REDIRECT, line, text)
            return
        if compiled.host:
            rule = Rule(f"line-{line}", Technique.LINK_REDIRECT, (compiled,), CONFIDENCE, target=pipeline)
            self._redirects.append(rule)
        else:
            self.refuse(Reason.WIDE, line, text)

    def parameter(self, name: str, only: set[str], never: set[str], line: int) -> None:
        """Take `name` off links, on the hosts in `only` (empty: everywhere) and never on those in `never`."""
        if not only and (name.lower() in NEEDED or len(name) == 1):
            self.refuse(Reason.NEEDED, line, name)
            return
        limits = self._parameters.setdefault(name, _Limits())
        limits.anywhere |= not only
        limits.only |= only
        limits.never |= never

    def keep_parameter(self, name: str | None, host: str) -> None:
        """Never take `name`, or any parameter, off links to `host`."""
        if name is None:
            self._never.add(host)
        else:
            self._parameters.setdefault(name, _Limits()).never.add(host)

    def drop_parameter(self, name: str) -> None:
        """Take `name` out again: when it would have to stay cannot be told."""
        self._dropped.add(name)

    def finish(self, text: str, *, visible: bool) -> Reading:
        """Everything that was read. Raises ListError where that is nothing, or more than any list has."""
        for excepts, patterns in self._free.items():
            for entry in (self.excepts if excepts else self.blocks).add_free(patterns):
                reason = Reason.WIDE if len(entry.pattern) < MAX_PATTERN else Reason.LONG
                self.refuse(reason, entry.line, entry.pattern)
        parameters = tuple(self._finished_parameters())
        digest = hashlib.sha256(text.encode()).hexdigest()
        entries = Subscribed(
            self.vendor, digest, self.blocks, self.excepts, tuple(self._redirects), parameters, visible
        )
        if not len(entries) or len(entries) > MAX_ENTRIES:
            raise ListError(
                f"it has more than {MAX_ENTRIES:,} entries" if len(entries) else "it has no entry that can be used"
            )
        return Reading(entries, tuple(sorted(self._refused.values(), key=lambda refusal: -refusal.count)))

    def _finished_parameters(self) -> list[Parameter]:
        made = []
        common = frozenset(self._never)
        for name, limits in self._parameters.items():
            if (limits.anywhere or limits.only) and name not in self._dropped:
                only = () if limits.anywhere else tuple(sorted(limits.only))
                never = tuple(sorted(limits.never | common))
                made.append(Parameter(name, Meaning.LISTED, self.vendor.id, self.vendor.name, only, never))
        return made


def host_name(text: str) -> str | None:
    """A host name as URLs have it, or None: lower case, ASCII, at least two labels."""
    if _PLAIN.match(text):
        return text
    if text.endswith("."):  # the beginning of several names
        return None
    parsed = parse(f"http://{text}/") if _NAME.match(text) else None
    return parsed.host if parsed is not None and "." in parsed.host else None


_PLAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z0-9]\Z")
_NAME = re.compile(r"[\w.-]+\Z")
