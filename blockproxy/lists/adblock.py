"""Adblock network syntax: EasyPrivacy, AdGuard's and uBlock's filters, as far as it means something in mail.

||host^  ||host/path*x^  /path/open?  |https://...|      block what would be fetched
@@...                                                    an exception
$image,third-party,domain=~a.example                     what it is about
||host^$removeparam=name                                 take a parameter off links
||host/go?*url=$urlskip=?url                             lead a link to where it says it leads
"""

import re
from collections.abc import Iterator, Sequence

from blockproxy.detect.filters import EVERY_RESOURCE
from blockproxy.lists.draft import MAX_LINE, MAX_PATTERN, Draft, Reason, host_name
from blockproxy.lists.names import names_in
from blockproxy.lists.options import Options, read_options

# Most lines of most lists: a host and nothing that would need a closer look.
_WHOLE_HOST = re.compile(r"\|\|([a-z0-9.-]+)\^(?:\$third-party)?\Z")
_HOST = re.compile(r"\|\|([^/^|?:*]+)(.*)\Z")
_COSMETIC = re.compile(r"#@?[?$%]{0,2}#|\$@?\$|#@?%")
_OPTIONS = re.compile(r"\$(?=~?[a-z][a-z0-9_-]*(?:[,=]|\Z))")
_WHOLE = frozenset({"", "^", "/", "*", "^*", "/*", "|", "^|", "/|"})
_SKIPPED = {"-base64": " | base64url", "-safebase64": " | base64url", "-uricomponent": " | percent"}
_NEEDLESS = frozenset({"+https", "-blocked"})  # addresses without http(s) are refused anyway; nothing here is blocked


def read(draft: Draft, text: str) -> None:
    """Read the lines of `text` into `draft`."""
    for number, line in _lines(draft, text):
        whole = _WHOLE_HOST.match(line)
        if whole is not None:
            draft.host(whole[1], number, EVERY_RESOURCE)
        elif len(line) > MAX_LINE:
            draft.refuse(Reason.LONG, number, line)
        elif _COSMETIC.search(line):
            draft.refuse(Reason.COSMETIC, number, line)
        else:
            _filter(draft, line, number)


def _lines(draft: Draft, text: str) -> Iterator[tuple[int, str]]:
    """The filters, without comments, headers and what stands under `!#if`."""
    depth = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line.startswith("!#"):
            word = line[2:].partition(" ")[0]
            depth = max(0, depth + (word == "if") - (word == "endif"))
            if word in {"if", "include"}:
                draft.refuse(Reason.CONDITION, number, line)
        elif not line or line[0] == "!" or (line[0] == "[" and line[-1] == "]") or line.startswith("# "):
            continue
        elif depth:
            draft.refuse(Reason.CONDITION, number, line)
        else:
            yield number, line


def _filter(draft: Draft, line: str, number: int) -> None:
    excepts = line.startswith("@@")
    body = line[2:] if excepts else line
    found = _OPTIONS.search(body)
    pattern = body[: found.start()] if found else body
    options = read_options(body[found.end() :]) if found else Options()
    if options.refused is not None:
        draft.refuse(options.refused, number, line)
    elif len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        draft.refuse(Reason.REGEX, number, line)
    elif " " in pattern or len(pattern) > MAX_PATTERN:
        draft.refuse(Reason.NO_ENTRY if " " in pattern else Reason.LONG, number, line)
    elif options.parameter is not None:
        _parameter(draft, pattern, options, excepts=excepts, line=(number, line))
    elif options.skip is not None:
        _redirect(draft, pattern, options.skip, excepts=excepts, line=(number, line))
    else:
        _block(draft, pattern.lower(), options.resources, excepts=excepts, line=(number, line))


def _block(draft: Draft, pattern: str, resources: int, *, excepts: bool, line: tuple[int, str]) -> None:
    number, text = line
    if not pattern.startswith("||"):
        draft.free(pattern.strip("*"), number, resources, excepts=excepts)
        return
    found = _HOST.match(pattern)
    if found is None or not (found[2] in _WHOLE or found[2][0] in "/^"):
        draft.refuse(Reason.HOST, number, text)
    elif found[2] in _WHOLE:
        draft.host(found[1], number, resources, excepts=excepts)
    else:
        draft.path(found[1], found[2], number, resources, excepts=excepts)


def _parameter(draft: Draft, pattern: str, options: Options, *, excepts: bool, line: tuple[int, str]) -> None:
    number, text = line
    hosts = _hosts(pattern.lower())
    names = names_in(options.parameter or "")
    if excepts:
        # What cannot be told exactly is excepted whole: better a parameter too many than a link that breaks.
        _keep(draft, names, hosts or _hosts_of_path(pattern.lower()) | set(filter(None, map(_site, options.sites))))
        return
    if hosts is None or not names:
        is_regex = options.parameter and options.parameter.startswith("/")
        draft.refuse(Reason.REGEX if is_regex and hosts is not None else Reason.PARAMETER, number, text)
        return
    sites = {name for name in map(_site, options.sites) if name}
    if options.sites and not sites:
        draft.refuse(Reason.HOST, number, text)
        return
    never = {name for name in map(_site, options.other_sites) if name}
    for name in names:
        draft.parameter(name, hosts or sites, never, number)


def _keep(draft: Draft, names: Sequence[str], hosts: set[str]) -> None:
    """An exception: on `hosts`, or without them nowhere, take these parameters off; without names, none at all."""
    if not hosts:
        for name in names:
            draft.drop_parameter(name)
    for host in hosts:
        for name in names:
            draft.keep_parameter(name, host)
        if not names:
            draft.keep_parameter(None, host)


def _hosts(pattern: str) -> set[str] | None:
    """The hosts that a pattern means: none for every host, None where it means only some of their pages."""
    if pattern in {"", "*"}:
        return set()
    found = _HOST.match(pattern)
    if found is None:
        return None
    host, rest = found.groups()
    if host.endswith(".") and rest.startswith("*"):
        host, rest = host + "*", rest[1:]
    name = _site(host)
    return {name} if name and rest in _WHOLE else None


def _hosts_of_path(pattern: str) -> set[str]:
    found = _HOST.match(pattern)
    host = _site(found[1].rstrip(".")) if found else None
    return {host} if host else set()


def _site(text: str) -> str | None:
    """A host name, or `name.*`."""
    if text.endswith(".*"):
        brand = text[:-2]
        return text if host_name(f"{brand}.com") else None
    return host_name(text)


def _redirect(draft: Draft, pattern: str, skip: str, *, excepts: bool, line: tuple[int, str]) -> None:
    number, text = line
    first, *rest = [step for step in skip.split(" ") if step and step not in _NEEDLESS] or [""]
    if excepts or not first.startswith("?") or any(step not in _SKIPPED for step in rest):
        draft.refuse(Reason.EXCEPTION if excepts else Reason.REDIRECT, number, text)
        return
    host, slash, path = pattern.partition("/")
    target = f"query:{first[1:]}" + "".join(_SKIPPED[step] for step in rest)
    draft.redirect(host.lower() + slash + path, target, number, text)
