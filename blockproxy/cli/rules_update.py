"""`blockproxy rules update`: fetch the lists that the settings subscribe to."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockproxy.cli.output import complain, plain

if TYPE_CHECKING:
    from blockproxy.subscriptions.update import Outcome

HELP = """Fetch the lists that the settings subscribe to (`rules.lists`), or only those called NAME.

Says for each list how much of it can be used, and why the rest cannot. A list that cannot be fetched whole, or is none,
is refused, and the last good copy stays; the exit code is then 1. A running proxy takes the new lists for new sessions
when it gets SIGHUP."""

EXAMPLE = "\b\nExample:\n  blockproxy rules update --config blockproxy.yaml"


def update(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", show_default=False)] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings; `check` names the places.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with all lists.")] = False,
) -> None:
    """See `HELP`."""
    from blockproxy import config as settings
    from blockproxy.errors import SettingsError
    from blockproxy.subscriptions import update as updating
    from blockproxy.subscriptions.store import Store

    rules = settings.load(config).rules
    known = [each.id for each in rules.lists]
    for name in names or ():
        if name not in known:
            raise SettingsError([f"no list is called {name!r}; there are: {', '.join(known) or 'none'}"])
    wanted = [each for each in rules.lists if not names or each.id in names]
    outcomes = []
    for outcome in updating.update(wanted, Store(rules.copies)):
        outcomes.append(outcome)
        if not as_json:
            _tell(outcome)
    if as_json:
        print(json.dumps({"lists": list(map(_fields, outcomes))}))
    elif not rules.lists:
        print("the settings subscribe to no list: name one under `rules: lists:`")
    if any(outcome.status is updating.Status.REFUSED for outcome in outcomes):
        raise typer.Exit(1)


def _tell(outcome: "Outcome") -> None:
    if outcome.message:
        complain(str(outcome))
        return
    print(plain(outcome))
    for refusal in outcome.reading.refused if outcome.reading else ():
        print(plain(f"  {refusal.reason.said(refusal.count)}; the first is line {refusal.line}: {refusal.text}"))


def _fields(outcome: "Outcome") -> dict[str, Any]:
    reading = outcome.reading
    refused = [
        {"reason": refusal.reason.name.lower(), "count": refusal.count, "line": refusal.line, "text": refusal.text}
        for refusal in (reading.refused if reading else ())
    ]
    return {
        "name": outcome.settings.id,
        "url": outcome.settings.url,
        "format": outcome.settings.format,
        "status": outcome.status.value,
        "message": outcome.message,
        "entries": reading.usable if reading else 0,
        "refused": refused,
    }
