"""`blockproxy rules explain`: what the rules say about a URL, and what would become of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockproxy.cli import chosen
from blockproxy.cli.output import complain, plain, table

if TYPE_CHECKING:
    from blockproxy.detect.judge import Judge
    from blockproxy.model import Policy
    from blockproxy.rulesettings import Rules

HELP = """Say what each rule, each parameter and each entry of what is never touched has to say about URL.

Then what would become of it as a link, as an invisible picture and as a picture that is seen, and why. URL is read as a
browser reads it. Nothing is fetched. The exit code is 2 where URL is none."""

EXAMPLE = "\b\nExample:\n  blockproxy rules explain 'https://shop.example/?utm_source=news&id=42'"

# The places that a URL is judged in.
PLACES = {
    "a link": '<a href="{}">x</a>',
    "an invisible picture": '<img src="{}" width="1" height="1" alt="">',
    "a picture": '<img src="{}" width="600" height="200" alt="x">',
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of the URL in one place; `becomes` is empty where it goes, and None where it stays."""

    place: str
    action: str
    becomes: str | None
    rule: str
    why: str


def explain(
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False)],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings, for their policy, rules and addresses.")
    ] = None,
    rules: chosen.Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with all there is to say.")] = False,
) -> None:
    """See `HELP`."""
    from blockproxy.detect import about
    from blockproxy.detect.judge import Judge
    from blockproxy.model import Context
    from blockproxy.subscriptions.load import load
    from blockproxy.url import parse

    parsed = parse(url)
    if parsed is None:
        complain(f"{url!r} is no address that a browser would open: it begins with https:// and names a host")
        raise typer.Exit(2)
    policy, addresses, wanted = _settings(config)
    known = load(wanted.model_copy(update={"folders": (*wanted.folders, *(rules or ()))}))
    said: dict[str, Sequence[Any]] = {
        "rules": about.rules_about(known, parsed),
        "parameters": about.parameters_about(known, parsed),
        "lists": about.lists_about(known, parsed),
        "spared": about.spared_about(known, parsed),
        "outcome": _outcomes(Judge(known, policy, Context(tuple(addresses))), url, known.spared(parsed)),
    }
    if as_json:
        values = {name: [asdict(one) for one in some] for name, some in said.items()}
        print(json.dumps({"url": url, "read_as": parsed._asdict(), **values}, indent=2))
        return
    print(plain(url) if parsed.href == url else f"{plain(url)}\n  is read as {plain(parsed.href)}")
    for name, some in said.items():
        _print_part(name, some)


def _settings(path: Path | None) -> tuple["Policy", Sequence[str], "Rules"]:
    from blockproxy import config
    from blockproxy.model import Policy
    from blockproxy.rulesettings import Rules

    if path is None:
        return Policy(), (), Rules()
    settings = config.load(path)
    return settings.policy.to_policy(), settings.addresses, settings.rules


def _outcomes(judge: "Judge", url: str, spared: str | None) -> list[Outcome]:
    from blockproxy.message.references import in_html

    outcomes = []
    for place, markup in PLACES.items():
        view = markup.format(escape(url)).encode()
        found = judge.judge(in_html(view), view)
        if not found:
            # Of a picture only the host is ever spared.
            link = place == "a link" and spared
            why = f"never touched: {spared}" if link else "nothing that speaks about it acts on it in this place"
            outcomes.append(Outcome(place, "keep", None, "", why))
        for finding in found:
            becomes = finding.replacement if finding.blocked else None
            outcomes.append(Outcome(place, finding.action.value, becomes, finding.rule, finding.evidence))
    return outcomes


# What is printed of each part: its title, its columns, and what it says where it is empty.
PARTS = {
    "rules": ("Rules", ("rule", "on", "match", "says"), "no rule knows the host or the path"),
    "parameters": ("Parameters", ("name", "meaning", "family", "says"), "no parameter is known by name"),
    "lists": ("Lists", ("list", "line", "says"), "no list that the settings subscribe to names it"),
    "spared": ("Never touched", ("id", "reason"), "nothing keeps it from being touched"),
    "outcome": ("What would become of it", ("place", "action", "becomes", "rule", "why"), ""),
}


def _print_part(name: str, said: Sequence[Any]) -> None:
    title, columns, empty = PARTS[name]
    print(f"\n{title}")
    if said:
        table(columns, [[_cell(getattr(one, column)) for column in columns] for one in said])
    else:
        print(empty)


def _cell(value: object) -> object:
    return "" if value is None else value
