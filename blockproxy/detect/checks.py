"""The proof of the rule files: every example of every file is tried, and no researcher writes code for it.

- what a rule `catches` is caught by it and by no other (a rule with a host goes before one without);
- what it `spares` is caught by no rule that has the same trigger;
- what it `misses` is still missed;
- `becomes` is exact, and not longer than the URL was;
- no example has an address or a token that could be somebody's; what stands outside the examples is the vendor's.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from blockproxy.detect.fakes import real_looking
from blockproxy.detect.index import Match
from blockproxy.detect.links import optional, strip
from blockproxy.detect.loading import Loaded, load_folders
from blockproxy.detect.pattern import Pattern
from blockproxy.detect.rulefile import Location, Problem, RuleFile
from blockproxy.detect.rules import RuleSet, built_in_folder, rule_set
from blockproxy.detect.schema import Catch, ParameterFile, SparedFile, VendorFile
from blockproxy.detect.target import MAX_URL, Pipeline
from blockproxy.detect.vendor import TRIGGERS, Rule
from blockproxy.model import Resource, Technique, Trigger
from blockproxy.url import Url, parse, registrable_domain

MAX_SECONDS = 0.05  # for one search; a regular expression that needs more on these strings has no upper limit
HOSTILE = ("a", "/a", "aA0", "=&", "/-", "%2F", "00000000-")
HOSTILE_TARGETS = (*HOSTILE, "/v3/__", "http://a/", "&u=http", "%2525", "eJ", "/L0/https:%2F%2F")
COUNTS = (8, 12, 16, 20, 24, 28, 32, 40, 100, 400, 4000)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a file claims; `run` returns what is wrong about it, or None."""

    file: RuleFile
    location: Location
    text: str
    run: Callable[[], str | None]

    def problem(self) -> Problem | None:
        """The complaint, with its place in the file."""
        message = self.run()
        return None if message is None else Problem(self.file.name, self.file.line(self.location), message)


def check(paths: Sequence[Path] = (), beside: Sequence[Path] = ()) -> list[Problem]:
    """Everything that is wrong with the shipped rules and the folders in `paths`; of single files, with these alone.

    `beside` are folders that are read between the two.
    """
    loaded = load_folders([built_in_folder(), *beside, *paths])
    if loaded.problems:
        return sorted(loaded.problems)
    single = {str(path) for path in paths} if paths and all(path.is_file() for path in paths) else None
    wanted = (case for case in cases(loaded) if single is None or case.file.name in single)
    return sorted(filter(None, (case.problem() for case in wanted)))


def cases(loaded: Loaded) -> Iterator[Case]:
    """Every claim of every file."""
    rules = rule_set(loaded)
    for file, spec in loaded.specs:
        match spec:
            case VendorFile():
                yield from _of_vendor(rules, loaded, file, spec)
            case ParameterFile():
                yield from _of_parameters(rules, file, spec)
            case SparedFile():
                yield from _of_spared(rules, file, spec)
        constants = " ".join(text for place, text in _texts(file.data, ()) if not _is_example(place))
        for place, text in _texts(file.data, ()):
            if _is_example(place):
                yield Case(file, place, f"no real token in {text}", partial(_no_token, text, constants))


def _of_vendor(rules: RuleSet, loaded: Loaded, file: RuleFile, spec: VendorFile) -> Iterator[Case]:
    vendor, own = loaded.vendors[spec.id]
    for index, (written, rule) in enumerate(zip(spec.rules, own, strict=False)):
        place: Location = ("rules", index)
        trigger = TRIGGERS[Technique(written.technique)]
        for number, catch in enumerate(written.examples.catches):
            run = partial(_caught, rules, Match(vendor, rule), catch)
            yield Case(file, (*place, "examples", "catches", number), f"{spec.id}/{rule.id} catches {catch.url}", run)
        for number, url in enumerate(written.examples.spares):
            run = partial(_left_alone, rules, trigger, url)
            yield Case(file, (*place, "examples", "spares", number), f"{spec.id}/{rule.id} spares {url}", run)
        for number, url in enumerate(written.misses):
            run = partial(_missed, rules, trigger, url)
            yield Case(file, (*place, "misses", number), f"{spec.id}/{rule.id} misses {url}", run)
        yield Case(file, (*place, "regex"), f"{spec.id}/{rule.id} is quick", partial(_quick, rule))
        if rule.target is not None and rule.target.steps[0][0] == "regex":
            run = partial(_quick_target, rule, rule.target)
            yield Case(file, (*place, "target"), f"{spec.id}/{rule.id} is unwrapped quickly", run)


def _caught(rules: RuleSet, expected: Match, catch: Catch) -> str | None:
    url = _parsed(catch.url)
    found = rules.match(url, expected.rule.trigger, _resource(expected.rule))
    if found is None:
        return f"{catch.url} is not caught"
    if found != expected:
        return f"{catch.url} is caught by {found.name}"
    rivals = [other.name for other in _rivals(rules, expected, url)]
    if rivals:
        return f"{catch.url} is caught by {', '.join(rivals)} too: make one of the rules narrower"
    # Of a resource only the host is spared: a picture that is gone needs no signature.
    touched = url if expected.rule.trigger is Trigger.CLICK else _parsed(f"{url.scheme}://{url.host}/")
    reason = rules.spared(touched)
    if reason is not None:
        return f"{catch.url} is caught and never touched: it is spared as {reason}"
    return _becomes(catch, rules.target(found, url)) if expected.rule.target else None


def _rivals(rules: RuleSet, expected: Match, url: Url) -> Iterator[Match]:
    """Others that speak about `url` and do not give way: those for any host do, to one that knows the host."""
    for other in rules.matches(url, expected.rule.trigger, _resource(expected.rule)):
        if other != expected and _on_own_host(other.rule, url) == _on_own_host(expected.rule, url):
            yield other


def _resource(rule: Rule) -> Resource | None:
    return min(rule.resources, default=None)


def _on_own_host(rule: Rule, url: Url) -> bool:
    return any(pattern.host and pattern.on_host(url.host) for pattern in rule.patterns)


def _becomes(catch: Catch, found: str | None) -> str | None:
    if catch.becomes is not None and len(catch.becomes) > len(catch.url):
        return f"{catch.becomes} is longer than {catch.url}"
    return None if found == catch.becomes else f"{catch.url} becomes {found}, and not {catch.becomes}"


def _left_alone(rules: RuleSet, trigger: Trigger, text: str) -> str | None:
    found = rules.match(_parsed(text), trigger)
    return None if found is None else f"{text} is caught by {found.name}"


def _missed(rules: RuleSet, trigger: Trigger, text: str) -> str | None:
    found = rules.match(_parsed(text), trigger)
    return None if found is None else f"{text} is caught now, by {found.name}: move it to 'catches'"


def _quick(rule: Rule) -> str | None:
    """Strings grow until one takes too long, so that an exponential search ends early."""
    beginnings = {pattern.prefix or "/" for pattern in rule.patterns} if rule.regex is not None else set()
    for beginning, piece, count in product(sorted(beginnings), HOSTILE, COUNTS):
        start = time.process_time()
        rule.found(beginning + piece * count + "!")
        if time.process_time() - start > MAX_SECONDS:
            return f"the regex needs more than {MAX_SECONDS} seconds for {count} times {piece!r}"
    return None


def _quick_target(rule: Rule, target: Pipeline) -> str | None:
    """The same of a regex that finds the address, within the length that is read; the other steps have no way back."""
    beginnings = {f"https://{_some_host(pattern)}{pattern.prefix or '/'}" for pattern in rule.patterns}
    for beginning, piece, count in product(sorted(beginnings), HOSTILE_TARGETS, COUNTS):
        url = parse((beginning + piece * count)[:MAX_URL])
        start = time.process_time()
        if url is not None:
            target.read(url)
        if time.process_time() - start > MAX_SECONDS:
            return f"the target needs more than {MAX_SECONDS} seconds for {count} times {piece!r}"
    return None


def _some_host(pattern: Pattern) -> str:
    return pattern.host.replace(".*", ".com").replace("*", "7") or "any.example"


def _of_parameters(rules: RuleSet, file: RuleFile, spec: ParameterFile) -> Iterator[Case]:
    for number, catch in enumerate(spec.examples.catches):
        run = partial(_stripped, rules, spec.id, catch)
        yield Case(file, ("examples", "catches", number), f"{spec.id} catches {catch.url}", run)
    for number, url in enumerate(spec.examples.spares):
        run = partial(_without_parameters, rules, url)
        yield Case(file, ("examples", "spares", number), f"{spec.id} spares {url}", run)
    for index, parameter in enumerate(spec.parameters):
        run = partial(_has_example, parameter.name, [catch.url for catch in spec.examples.catches])
        yield Case(file, ("parameters", index), f"{spec.id} shows {parameter.name}", run)


def _stripped(rules: RuleSet, family: str, catch: Catch) -> str | None:
    url = _parsed(catch.url)
    hits = rules.parameters(url)
    others = sorted({hit.family for hit in hits} - {family})
    if others or not hits:
        return f"{catch.url} has parameters of {', '.join(others) or 'no family'}"
    return _becomes(catch, strip(url.href, url, optional(hits)))


def _without_parameters(rules: RuleSet, text: str) -> str | None:
    hits = rules.parameters(_parsed(text))
    return f"{text} has {hits[0].name}, of {hits[0].family}" if hits else None


def _has_example(name: str, urls: list[str]) -> str | None:
    wanted = re.compile(r"[?&]" + re.escape(name.removesuffix("*")))
    return None if any(map(wanted.search, urls)) else f"no example under 'catches' has {name}"


def _of_spared(rules: RuleSet, file: RuleFile, spec: SparedFile) -> Iterator[Case]:
    for index, entry in enumerate(spec.spared):
        place: Location = ("spared", index, "examples")
        for number, url in enumerate(entry.examples.spares):
            run = partial(_spared_for, rules, url, entry.reason)
            yield Case(file, (*place, "spares", number), f"{entry.id} spares {url}", run)
        for number, url in enumerate(entry.examples.touches):
            run = partial(_spared_for, rules, url, None)
            yield Case(file, (*place, "touches", number), f"{entry.id} lets {url} be touched", run)


def _spared_for(rules: RuleSet, text: str, reason: str | None) -> str | None:
    found = rules.spared(_parsed(text))
    return None if found == reason else f"{text} is spared for {found!r}, and not for {reason!r}"


def _texts(piece: object, location: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(piece, dict):
        for name, value in piece.items():
            yield from _texts(value, (*location, name))
    elif isinstance(piece, list):
        for index, value in enumerate(piece):
            yield from _texts(value, (*location, index))
    elif isinstance(piece, str):
        yield location, piece


def _is_example(location: Location) -> bool:
    return bool({"examples", "misses"} & set(location))


def _no_token(text: str, constants: str) -> str | None:
    # A domain that somebody registered is a company's.
    token = real_looking(text, f"{constants} {registrable_domain(_parsed(text).host)}")
    if token is None:
        return None
    return (
        f"{token!r} could be somebody's: write 'fake' in it, 0000 or reader@example.com; a constant stands in the match"
    )


def _parsed(text: str) -> Url:
    url = parse(text)
    if url is None:
        raise ValueError(f"{text} is no URL")  # the schema has refused it before
    return url
