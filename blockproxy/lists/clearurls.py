"""ClearURLs' rules: sites with the parameters that their links carry, and their redirects.

    {"providers": {"site": {"urlPattern": "^https?:\\/\\/(?:[a-z0-9-]+\\.)*?site\\.com", "rules": ["utm_[a-z]*"],
                            "exceptions": [...], "redirections": ["...\\/go\\?.*?url=([^&]*)"]}}}

Everything in it is a regular expression. None is run: they are written by one pattern, and what it says is read off
(`names`). An exception that cannot be read takes with it what it is about.
"""

import json
import re
from typing import Any

from blockproxy.detect.filters import EVERY_RESOURCE
from blockproxy.lists.draft import Draft, ListError, Reason, host_name
from blockproxy.lists.names import OPEN, parameter_names, words_of

SUFFIX = "\x00"  # stands for `(?:\.[a-z]{2,}){1,}`, any public suffix

_START = re.compile(r"\^?https\?:(?:\\/|/){2}(?:\(\?:\[a-z0-9-\]\+\\\.\)\*\??|\(\[a-z0-9-\\\.\]\)\*)?")
_SUFFIX = re.compile(r"\(\?:\\\.\[a-z\]\{2,\}\)(?:\{1,\}|\+)")
_DOT = re.compile(r"(?<=[a-z])\.(?=[a-z%])")
_ADDRESS = re.compile(r"(?P<name>[\w~-]+|\(\?:[\w|~-]+\))=\((?:https?\??)?(?:\[\^&\][*+]|\.[*+]\??)\)\Z")
_CONDITION = re.compile(r"(\w[\w?]*(?:\[[a-z_]+\]\*)?)=(?:\.|\[\^[^\]]*\]\*?|\.\*\??)?\Z")


def read(draft: Draft, text: str) -> None:
    """Read the providers in `text`; the number of an entry is that of its provider. Raises ListError."""
    try:
        providers = json.loads(text)["providers"]
        everything = list(providers.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ListError("it is no JSON with `providers`") from None
    for number, (name, provider) in enumerate(everything, 1):
        if isinstance(provider, dict):
            _Provider(draft, provider, number).read()
        else:
            draft.refuse(Reason.NO_ENTRY, number, str(name))


class _Provider:
    """One site."""

    def __init__(self, draft: Draft, provider: dict[str, Any], number: int) -> None:
        self._draft, self._number = draft, number
        self._pattern = str(provider.get("urlPattern", ""))
        self._complete = provider.get("completeProvider") is True
        self._rules, self._exceptions, self._redirections = (
            [str(each) for each in provider.get(key) or ()] for key in ("rules", "exceptions", "redirections")
        )

    def read(self) -> None:
        """Into the draft."""
        for expression in self._redirections:
            self._redirect(expression)
        hosts = set() if self._pattern == ".*" else _hosts(self._pattern, whole=True)
        if self._complete:
            for host in hosts or ():
                self._draft.host(host, self._number, EVERY_RESOURCE)
        if self._rules:
            self._strip(hosts)

    def _strip(self, hosts: set[str] | None) -> None:
        """Take parameters off links to `hosts`; None: it cannot be said which."""
        kept = self._kept()
        # An exception for some pages of the site is one for all of it: what stays is decided by host.
        if hosts is None or kept is None or (hosts and hosts <= kept[0]):
            reason = Reason.REGEX if hosts is None else Reason.EXCEPTION
            for expression in self._rules:
                self._draft.refuse(reason, self._number, f"{self._pattern} {expression}")
            return
        never, unclear = kept
        for expression in self._rules:
            names = parameter_names(expression.removeprefix("(?:%3F)?"))
            if not names or any(_overlap(name, other) for name in names for other in unclear):
                self._draft.refuse(Reason.EXCEPTION if names else Reason.REGEX, self._number, expression)
                continue
            for name in names:
                self._draft.parameter(name, hosts, never, self._number)

    def _kept(self) -> tuple[set[str], set[str]] | None:
        """The hosts of the exceptions, and the parameters that others are about; None if one may be about all."""
        hosts: set[str] = set()
        names: set[str] = set()
        for expression in self._exceptions:
            found = _hosts(expression, whole=False)
            condition = _CONDITION.search(expression)
            if found is not None:
                hosts |= found
            elif condition is not None and (words := words_of(condition[1])):
                names.update(words)
            elif not expression.startswith("^ws"):
                return None
        return hosts, names

    def _redirect(self, expression: str) -> None:
        address = _ADDRESS.search(expression)
        places = _words(expression[: address.start()], whole=True) if address else []
        names = words_of(address["name"]) if address else None
        if not places or not names:
            self._draft.refuse(Reason.REGEX, self._number, expression)
            return
        for place in places:
            for name in names:
                pattern = f"||{place.replace(SUFFIX, '.*').rstrip(OPEN)}*{name}="
                self._draft.redirect(pattern, f"query:{name}", self._number, expression)


def _overlap(one: str, two: str) -> bool:
    """Whether two names, or beginnings of names, can mean the same."""
    if OPEN not in one + two:
        return one == two
    shorter, longer = sorted((one.rstrip(OPEN), two.rstrip(OPEN)), key=len)
    return longer.startswith(shorter)


def _hosts(expression: str, *, whole: bool) -> set[str] | None:
    """The hosts of an address; `whole`: only if it means all of their pages."""
    hosts: set[str] = set()
    for word in _words(expression, whole=whole):
        host, path = re.match(r"([^/?]*)(.*)", word, re.DOTALL).groups()  # type: ignore[union-attr] # always matches
        name = host.replace(SUFFIX, ".*")
        if (whole and path.strip("/")) or OPEN in host or host_name(host.replace(SUFFIX, ".com")) is None:
            return None
        hosts.add(name)
    return hosts or None


def _words(expression: str, *, whole: bool) -> list[str]:
    """What follows `https://` in addresses that `expression` matches; none where that cannot be said."""
    start = _START.match(expression)
    if start is None:
        return []
    # An unescaped dot between letters is meant as a dot.
    rest = _DOT.sub(r"\.", _SUFFIX.sub("%", expression[start.end() :].rstrip("$")))
    words = words_of(rest)
    if words is None and not whole:  # to know the host its path need not be read
        words = words_of(rest.partition(r"\/")[0])
    return [word.replace("%", SUFFIX) for word in words or ()]
