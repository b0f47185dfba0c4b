"""`blockproxy explain`: everything about one message, also what was left alone and why."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockproxy.cli import chosen
from blockproxy.cli.clean import STRICT, Remote
from blockproxy.cli.output import STDIN, check_addresses, check_target, complain, from_stdin
from blockproxy.errors import InputError
from blockproxy.scan.kept import kept

if TYPE_CHECKING:
    from blockproxy.cli.explaining import Explanation, Note

HELP = """Show everything about one message: what was found where, by which rule, on what evidence, each tag before and
after, and what was left alone and why.

FILE is a message (.eml); - is standard input. Nothing is changed, nothing is fetched. The exit code is 0 whatever was
found, 1 when the file could not be read."""

EXAMPLE = "\b\nExample:\n  blockproxy explain --address me@example.org --html letter.html letter.eml"


def explain(  # noqa: PLR0913, PLR0917 - an option is an argument
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    address: chosen.Addresses = None,
    remote: Annotated[Remote, typer.Option(help="block: no remote content at all.")] = Remote.KEEP,
    strict: Annotated[bool, typer.Option("--strict", help=STRICT)] = False,
    rules: chosen.Folders = None,
    config: chosen.Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with everything.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with the source before and after.")
    ] = None,
) -> None:
    """See `HELP`."""
    check_addresses(address or ())
    with kept():
        from blockproxy.cli import explain_text
        from blockproxy.cli.explaining import explain
        from blockproxy.model import Context, Policy
        from blockproxy.subscriptions.load import load

        rule_set = load(chosen.rules(config, rules))
    policy = Policy(remote=remote.value, threshold=0.0 if strict else Policy().threshold)
    message = _read(file)
    if message is None:
        raise typer.Exit(1)
    name = STDIN if str(file) == "-" else file.name
    explanation = explain(message, rule_set, policy, Context(tuple(address or ())))
    if html is not None:
        _write_page(html, file, name, explanation)
    if as_json:
        json.dump(_object(name, explanation), sys.stdout, indent=1)
        print()
    elif html is None:
        explain_text.tell(name, explanation)


def _read(file: Path) -> bytes | None:
    """The message, or None where it cannot be read, which is told."""
    from blockproxy.scan.sources import MANY, MAX_MESSAGE, TOO_LONG, is_mail, is_mbox

    try:
        if str(file) == "-":
            message = from_stdin(MAX_MESSAGE + 1)
        elif file.exists() and not file.is_file():
            complain(f"{file}: not a file; explain tells about one message")
            return None
        else:
            with file.open("rb") as opened:
                message = opened.read(MAX_MESSAGE + 1)
    except OSError as error:
        complain(f"{file}: cannot be read: {error.strerror}")
        return None
    refused = (
        (len(message) > MAX_MESSAGE, TOO_LONG),
        (is_mbox(message), MANY),
        (not is_mail(message), "not a message"),
    )
    for problem in (text for holds, text in refused if holds):
        complain(f"{file}: {problem}")
        return None
    return message


def _write_page(path: Path, source: Path, name: str, explanation: "Explanation") -> None:
    from blockproxy.cli.explain_page import page
    from blockproxy.cli.explain_text import counts

    check_target("--html", path, (source,), _is_page)
    try:
        path.write_text(page(name, explanation), encoding="utf-8")
    except OSError as error:
        raise InputError([f"{path}: cannot be written: {error.strerror}"]) from error
    print(f"{name}: {counts(explanation)}; see {path}", file=sys.stderr)


def _is_page(beginning: bytes) -> bool:
    return beginning.startswith(b"<!DOCTYPE html>\n") and b", explained</title>" in beginning


def _object(name: str, explanation: "Explanation") -> dict[str, Any]:
    from blockproxy.detect.explain import why_left

    notes = list(explanation.notes())
    return {
        "file": name,
        "octets": explanation.octets,
        "changed": any(note.finding.blocked for note in notes),
        "findings": [_finding(note) for note in notes if not note.left],
        "left": [
            {"why": why_left(note.finding), "reason": note.finding.evidence, **_place(note)}
            for note in notes
            if note.left
        ],
        "skipped": [{"part": skip.part, "reason": skip.reason, "detail": skip.detail} for skip in explanation.skipped],
        "not_read": [{"part": one.part, "type": one.what, "octets": one.octets} for one in explanation.passed],
    }


def _finding(note: "Note") -> dict[str, Any]:
    finding = note.finding
    return {
        "technique": finding.technique.value,
        "action": finding.action.value,
        "rule": finding.rule,
        "vendor": finding.vendor,
        "confidence": finding.confidence,
        "evidence": finding.evidence,
        "why_not": note.why,
        **_place(note),
        "replacement": finding.replacement,
        "before": note.before,
        "after": note.after,
    }


def _place(note: "Note") -> dict[str, Any]:
    return {
        "place": note.place,
        "url": note.finding.url,
        "part": note.source.part,
        "in": note.source.what,
        "line": note.line,
        "octets": list(note.finding.span),
        "decoded_octets": list(note.span),
    }
