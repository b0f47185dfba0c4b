"""What is no mistake in a rule file and does no good: entries that never speak, hide each other, or are too wide.

The proof (`checks`) says that examples come out right; this says what no example tells. A pattern is tried on URLs that
are made of itself: what it does not match there, or what another rule takes before it, it does not match in mail.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from blockproxy.detect.index import Match
from blockproxy.detect.loading import Loaded, load_folders
from blockproxy.detect.parameters import Parameter
from blockproxy.detect.pattern import Pattern
from blockproxy.detect.percent import plain
from blockproxy.detect.rulefile import Location, Problem
from blockproxy.detect.rules import RuleSet, built_in_folder, rule_set
from blockproxy.detect.schema import ParameterFile, ParameterSpec, RuleSpec, SparedFile, VendorFile
from blockproxy.detect.vendor import Rule
from blockproxy.url import Url, parse

MIN_LETTERS = 3  # in the name of a parameter; a shorter one needs hosts, or a caution that says somebody looked
MIN_PREFIX = 4  # characters in front of the `*` of a parameter
MIN_SHAPE = 6  # characters of a pattern for any host whose rule has no other condition: `/open/` is everybody's

# Names that every second site uses for something of its own.
EVERYBODYS = frozenset(
    {
        *(
            "action",
            "campaign",
            "category",
            "cid",
            "code",
            "content",
            "data",
            "email",
            "from",
            "hash",
            "id",
            "key",
            "lang",
        ),
        *(
            "language",
            "link",
            "medium",
            "name",
            "origin",
            "page",
            "path",
            "product",
            "q",
            "query",
            "ref",
            "refer",
            "referer",
        ),
        *(
            "referrer",
            "search",
            "session",
            "sid",
            "source",
            "src",
            "sub",
            "tag",
            "target",
            "term",
            "token",
            "type",
            "uid",
        ),
        *("url", "user", "user_id"),
    }
)


def lint(paths: Sequence[Path] = (), beside: Sequence[Path] = ()) -> list[Problem]:
    """What does no good in the shipped rules, those of `beside` and `paths`; or what is wrong there, if any is."""
    loaded = load_folders([built_in_folder(), *beside, *paths])
    if loaded.problems:
        return sorted(loaded.problems)
    rules = rule_set(loaded)
    return sorted(
        Problem(file.name, file.line(location), message)
        for file, spec in loaded.specs
        for location, message in _of(rules, loaded, spec)
    )


Remarks = Iterator[tuple[Location, str]]


def _of(rules: RuleSet, loaded: Loaded, spec: VendorFile | ParameterFile | SparedFile) -> Remarks:
    match spec:
        case VendorFile():
            vendor, own = loaded.vendors[spec.id]
            for index, (written, rule) in enumerate(zip(spec.rules, own, strict=True)):
                for place, remark in _of_rule(rules, Match(vendor, rule), written):
                    yield ("rules", index, *place), remark
        case ParameterFile():
            for index, parameter in enumerate(spec.parameters):
                for remark in _of_parameter(rules, spec, parameter):
                    yield ("parameters", index), remark
        case SparedFile():
            for index, entry in enumerate(spec.spared):
                for word in (*_repeated(entry.words), *_repeated(entry.parameters), *_repeated(entry.hosts)):
                    yield ("spared", index), f"{word!r} stands here for the second time"


def _of_rule(rules: RuleSet, match: Match, spec: RuleSpec) -> Remarks:
    shown = [url for url in (parse(catch.url) for catch in spec.examples.catches) if url is not None]
    for number, pattern in enumerate(match.rule.patterns):
        place: Location = ("match",) if spec.match is not None else ("matches", number)
        # Of several hosts with one path, one may stand for all.
        if not any(pattern.fits(_subject(url)) and (pattern.host or _takes(pattern, url)) for url in shown):
            yield place, f"no example under 'catches' has what {pattern.text} matches"
        remark = _of_pattern(rules, match, pattern)
        if remark is not None:
            yield place, remark


def _of_pattern(rules: RuleSet, match: Match, pattern: Pattern) -> str | None:
    made = _made_of(pattern)
    if made is None or not _takes(pattern, made):
        return f"{pattern.text} can never match: a browser writes such an address in another way"
    wider = next((other for other in match.rule.patterns if other is not pattern and _covers(other, pattern)), None)
    if wider is not None:
        return f"{pattern.text} is never needed: {wider.text} matches all of it"
    first = rules.match(made, match.rule.trigger, min(match.rule.resources, default=None))
    if first is not None and first != match and _always_takes(first.rule, made):
        return f"{pattern.text} never speaks: {first.name} takes what it matches"
    bare = not match.rule.needs_invisible and match.rule.regex is None and match.rule.target is None
    if not pattern.host and bare and pattern.specificity[1] < MIN_SHAPE:
        return f"{pattern.text} is too wide: it holds on any host, and nothing else is asked"
    return None


def _made_of(pattern: Pattern) -> Url | None:
    """A URL that is nothing but the pattern."""
    host = pattern.host.replace(".*", ".com").replace("*", "7") or "any.example"
    tail = pattern.text.removeprefix("||").removeprefix(pattern.host or "*")
    tail = tail.removesuffix("|").replace("*", "x")
    path = tail.replace("^", "/", 1) if tail.startswith("^") else tail
    # A question mark with nothing behind it is none.
    return parse(f"https://{host}{path.removesuffix('^').replace('^', '/')}{'x' * path.endswith('?')}")


def _takes(pattern: Pattern, url: Url) -> bool:
    return pattern.on_host(url.host) and pattern.fits(_subject(url))


def _subject(url: Url) -> str:
    return plain(f"{url.path}?{url.query}" if url.query else url.path)


def _covers(wider: Pattern, pattern: Pattern) -> bool:
    """Whether all that `pattern` matches is matched by `wider`, for patterns without `*` and `|` behind the host."""
    if wider.tail is not None or wider.wild or not wider.on_host(pattern.host or "*"):
        return False
    return pattern.prefix.startswith(wider.prefix) and bool(wider.host or not pattern.host)


def _always_takes(rule: Rule, url: Url) -> bool:
    """Whether a rule that took the URL made of a pattern takes everything that the pattern matches."""
    return rule.regex is None and any(pattern.tail is None and _takes(pattern, url) for pattern in rule.patterns)


def _of_parameter(rules: RuleSet, family: ParameterFile, spec: ParameterSpec) -> Iterator[str]:
    name, anywhere = spec.name.removesuffix("*"), not spec.hosts.only
    if anywhere and spec.name in EVERYBODYS:
        yield f"{spec.name} is too wide: other sites call something of their own so; say on which hosts"
    if anywhere and sum(map(str.isalnum, name)) < MIN_LETTERS and spec.caution is None:
        yield f"{spec.name} is short: say on which hosts, or in a 'caution' what else is called so"
    if spec.name.endswith("*") and len(name) < MIN_PREFIX:
        yield f"{spec.name} is too wide: {MIN_PREFIX} characters in front of the '*'"
    if set(spec.hosts.only) & set(spec.hosts.never):
        yield f"{spec.name} never speaks on a host that is both in 'only' and in 'never'"
    spared = next((one.id for one in rules.reasons if spec.name.lower() in one.parameters), None)
    if spared is not None:
        yield f"{spec.name} is never taken off: a URL that has it is left alone, see {spared!r} in spared.yaml"
    yield from _hidden(rules.known_parameters, family, spec)


def _hidden(known: Iterable[Parameter], family: ParameterFile, spec: ParameterSpec) -> Iterator[str]:
    """Others of the same name that hold on the same hosts, and a beginning of names that says the same."""
    for other in known:
        same_hosts = set(other.only) == set(spec.hosts.only)
        if other.name == spec.name and other.family != family.id and same_hosts:
            yield f"{spec.name} is {other.family}'s too, on the same hosts: only one of them is ever named"
        begins = other.name.endswith("*") and spec.name != other.name and spec.name.startswith(other.name[:-1])
        if begins and other.family == family.id and other.meaning == spec.meaning and same_hosts:
            yield f"{spec.name} is never needed: {other.name} says the same"


def _repeated(words: Sequence[str]) -> list[str]:
    return [word for index, word in enumerate(words) if word in words[:index]]
