"""How `blockproxy demo` looks: five short scenes, 100 columns wide; without colours and frames where nobody looks."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from blockproxy.cli.output import plain
from blockproxy.demo.screenplay import Play, Reading, Sending
from blockproxy.demo.stage import LOGIN, Stage
from blockproxy.demo.store import HOST
from blockproxy.demo.tags import Change, change
from blockproxy.eventlog.events import Event
from blockproxy.model import Action, Finding

WIDTH = 100  # columns
STYLES = {  # of an action
    Action.REMOVE: "red",
    Action.UNWRAP: "green",
    Action.STRIP: "yellow",
    Action.RENAME: "magenta",
    Action.HOLD: "magenta",
    Action.REPORT: "dim",
}
SHOWN = {  # the tags that are worth seeing, and what happened to them
    Action.REMOVE: "the picture that reports the opening is gone",
    Action.STRIP: "the link no longer says who clicked",
    Action.UNWRAP: "the link leads where it would have led, without a detour",
}

SIZES = "RFC822.SIZE and the octets received are the same on both ways, message by message."
LEFT_ALONE = "Left alone: redirects whose destination only the vendor knows; to ask for it would be the click."


def show(play: Play) -> None:
    """Print what came of the demo."""
    with _page() as console:
        _scenes(console, play)


def _scenes(console: Console, play: Play) -> None:
    trackers = sum(len(reading.blocked) for reading in play.readings)
    _scene(console, f"{len(play.readings)} messages, read from the server and through blockproxy")
    console.print(_messages(console, play.readings))
    console.print(Text(f"\n{trackers} trackers blocked.", "bold"), SIZES, LEFT_ALONE, sep="\n")
    _scene(console, "Three tags, before and after")
    console.print(Group(*_tags(play.readings)))
    _scene(console, "Two messages, sent through blockproxy")
    console.print(_sent(console, play))
    _scene(console, f"The event log, one of each kind of its {len(play.events)} lines")
    console.print(_events(console, play.events))
    _scene(console, "Now with a mail client of your own")
    console.print(_next_steps())


def show_addresses(on: Stage) -> None:
    """Print what a mail client must be set to, for as long as the servers run."""
    with _page() as console:
        _scene(console, "The demo's mail server is running, with blockproxy in front of it")
        console.print(_addresses(on))
        console.print("\nCtrl-C stops it; everything is forgotten then.")


def _addresses(on: Stage) -> Table:
    grid = _grid(("what", "bold"), ("IMAP", ""), ("SMTP", ""))
    grid.add_row("", "Incoming, IMAP", "Outgoing, SMTP", style="bold")
    grid.add_row("Host", HOST, HOST)
    grid.add_row("Port", str(on.proxy_imap), str(on.proxy_smtp))
    grid.add_row("Port without blockproxy", str(on.server_imap), str(on.server_smtp), style="dim")
    grid.add_row("Security", "none", "none")
    grid.add_row("Authentication", "normal password", "normal password")
    grid.add_row("User", LOGIN.user, LOGIN.user)
    grid.add_row("Password", LOGIN.password, LOGIN.password)
    return grid


@contextmanager
def _page() -> Iterator[Console]:
    """A console whose lines go out together at the end, without the spaces that tables leave behind them."""
    console = Console(highlight=False)
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    with console.capture() as written:
        yield console
    print("\n".join(line.rstrip() for line in written.get().splitlines()), flush=True)


def _scene(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold cyan"))
    console.print("" if console.is_terminal else "-" * len(title))


def _messages(console: Console, readings: Iterable[Reading]) -> Table:
    table = _table(console, "From", "Blocked", "Seen, left alone", "Octets")
    table.columns[3].justify = "right"
    for reading in readings:
        table.add_row(
            plain(reading.sender),
            _kinds(reading.blocked) if reading.blocked else Text("nothing, not an octet changed", "green"),
            _kinds(finding for finding in reading.findings if not finding.blocked) or _skips(reading),
            f"{len(reading.direct.octets):,} = {len(reading.proxied.octets):,}",
        )
    return table


def _kinds(findings: Iterable[Finding]) -> Text:
    """One line for each technique and vendor, with how many of them."""
    counts = Counter((finding.technique, finding.vendor, finding.action) for finding in findings)
    lines = [
        Text.assemble(
            (technique, STYLES[action]), f" {plain(vendor)}".rstrip(), (f" x{count}" if count > 1 else "", "dim")
        )
        for (technique, vendor, action), count in counts.items()
    ]
    return Text("\n").join(lines)


def _skips(reading: Reading) -> Text:
    return Text("\n".join(skip.reason for skip in reading.skipped), "dim")


def _tags(readings: tuple[Reading, ...]) -> Iterator[RenderableType]:
    changes = {action: change(readings, action) for action in SHOWN}
    for number, (action, found) in enumerate(changes.items()):
        if number:
            yield ""
        if found is not None:
            yield _tag(found, SHOWN[action])


def _tag(found: Change, meaning: str) -> RenderableType:
    grid = _grid(("when", "dim"), ("tag", ""))
    grid.add_row("", Text(f"{plain(found.sender)}: {meaning}", "bold"))
    grid.add_row("before", Text(_folded(found.before), "red"))
    grid.add_row("after", Text(_folded(found.after), "green"))
    grid.add_row("", Text(f"{found.octets} octets, before and after", "dim"))
    return grid


def _folded(tag: str) -> str:
    """Cut at the edge: a line that is broken at spaces would tear a tag apart."""
    text = plain(tag)
    return "\n".join(text[start : start + WIDTH - 10] for start in range(0, len(text), WIDTH - 10))


def _sent(console: Console, play: Play) -> Table:
    table = _table(console, "Sent", "What the mail client was told", "What the mail server got")
    table.add_row("an automatic read receipt", plain(play.receipt.reply), _arrival(play.receipt))
    table.add_row("a letter", plain(play.letter.reply), _arrival(play.letter))
    return table


def _arrival(sending: Sending) -> str:
    return "the message, octet for octet" if sending.arrived else "nothing"


def _events(console: Console, events: Sequence[Event]) -> Table:
    kinds: dict[tuple[str, str], Event] = {}
    for event in events:
        kinds.setdefault((event.technique, event.action), event)
    table = _table(console, "Day", "Technique", "Action", "Vendor", "Where, without what identifies")
    for event in kinds.values():
        style = STYLES[Action(event.action)]
        where = event.skeleton or event.evidence
        table.add_row(event.day, Text(event.technique, style), event.action, plain(event.vendor), plain(where))
    return table


def _next_steps() -> Table:
    program = _program()
    grid = _grid(("what", ""), ("command", "bold"))
    grid.add_row("With these messages", f"{program} demo --keep-running")
    grid.add_row("With your mail server", f"{program} check --example > blockproxy.yaml")
    grid.add_row("", f"{program} run --config blockproxy.yaml")
    grid.add_row("With a folder of messages", f"{program} clean --out cleaned/ FOLDER")
    return grid


def _program() -> str:
    """What a person has to type: `make demo` starts the program from a folder that is not on the PATH."""
    started = Path(sys.argv[0])
    if started.name != "blockproxy" or shutil.which("blockproxy"):
        return "blockproxy"
    return str(started.relative_to(Path.cwd())) if started.is_relative_to(Path.cwd()) else str(started)


def _table(console: Console, *columns: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD if console.is_terminal else None,
        show_edge=False,
        pad_edge=False,
        header_style="bold",
        padding=(0, 1 if console.is_terminal else 2, 0, 0),
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _grid(*columns: tuple[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for _, style in columns:
        grid.add_column(style=style, overflow="fold")
    return grid
