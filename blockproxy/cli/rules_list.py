"""`blockproxy rules list`: what is known by name."""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockproxy.cli import chosen
from blockproxy.cli.output import complain, table

if TYPE_CHECKING:
    from blockproxy.detect.rules import RuleSet

HELP = """List the rules: what vendors do, which parameters say what, and what is never touched.

With WORD only what has it in its id, its vendor's name or its patterns; the exit code is 1 where nothing has."""

EXAMPLE = "\b\nExample:\n  blockproxy rules list mailchimp"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, parameter or entry; `does` is what happens to what it knows, unless the settings say otherwise."""

    rule: str
    vendor: str
    what: str
    does: str
    knows: tuple[str, ...]


def list_rules(
    word: Annotated[str, typer.Argument(metavar="WORD", show_default=False)] = "",
    config: chosen.Config = None,
    rules: chosen.Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with counts and all rows.")] = False,
) -> None:
    """See `HELP`."""
    from blockproxy.subscriptions.load import load

    known = load(chosen.rules(config, rules))
    everything = [*_of_vendors(known), *_of_parameters(known), *_of_spared(known)]
    rows = [row for row in everything if _has(row, word)]
    if as_json:
        print(json.dumps({"digest": known.digest, "counts": _counts(rows), "rows": [asdict(row) for row in rows]}))
    if not rows:  # as grep does
        complain(f"nothing is known by the name {word!r}{_similar(word, everything)}")
        raise typer.Exit(1)
    if as_json:
        return
    table(("rule", "vendor", "what", "does", "knows"), map(_cells, rows))
    print(f"\n{', '.join(f'{name}: {count}' for name, count in _counts(rows).items())}")


def _has(row: Row, word: str) -> bool:
    return any(word.lower() in text.lower() for text in (row.rule, row.vendor, *row.knows))


def _similar(word: str, rows: Iterable[Row]) -> str:
    names = {name.lower() for row in rows for name in (row.rule.partition("/")[0], row.vendor) if name}
    near = difflib.get_close_matches(word.lower(), sorted(names), n=3)
    return f"; did you mean {', '.join(near)}?" if near else ""


def _cells(row: Row) -> Sequence[Any]:
    more = f" and {len(row.knows) - 1} more" if len(row.knows) > 1 else ""
    return row.rule, row.vendor, row.what, row.does, row.knows[0] + more if row.knows else ""


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    found = {"vendors": len({row.vendor for row in rows if row.what in _TECHNIQUES})}
    found["rules"] = sum(row.what in _TECHNIQUES for row in rows)
    found["parameters"] = sum(row.what in _MEANINGS for row in rows)
    found["reasons to leave a URL alone"] = sum(row.what == "spared" for row in rows)
    return found


_TECHNIQUES = ("open-pixel", "remote-style", "remote-content", "link-redirect", "gateway", "affiliate")
_MEANINGS = {"recipient": "strip", "click": "strip", "campaign": "strip", "affiliate link": "report"}


def _of_vendors(rules: "RuleSet") -> Iterable[Row]:
    from blockproxy.model import Kind, Policy, Technique

    unwrapped = Policy().unwrapped
    for vendor, known in rules.vendors.items():
        for rule in known:
            what, does = rule.technique.value, "remove"
            if rule.technique is Technique.LINK_REDIRECT:
                what = what if rule.kind is Kind.TRACKING else rule.kind.value
                does = "unwrap" if rule.target and rule.kind in unwrapped else "report"
            yield Row(f"{vendor.id}/{rule.id}", vendor.name, what, does, tuple(one.text for one in rule.patterns))


def _of_parameters(rules: "RuleSet") -> Iterable[Row]:
    for known in rules.known_parameters:
        what = "affiliate link" if known.meaning == "affiliate" else known.meaning.value
        hosts = (*known.only, *(f"not {host}" for host in known.never)) or ("any host",)
        yield Row(f"{known.family}/{known.name}", known.vendor, what, _MEANINGS[what], hosts)


def _of_spared(rules: "RuleSet") -> Iterable[Row]:
    for reason in rules.reasons:
        yield Row(reason.id, "", "spared", "keep", (*reason.words, *reason.parameters, *reason.hosts))
