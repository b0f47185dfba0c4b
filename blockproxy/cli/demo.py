"""`blockproxy demo`: the main job, on messages and servers of its own."""

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from blockproxy.cli.output import complain

if TYPE_CHECKING:
    from blockproxy.demo.screenplay import Play
    from blockproxy.demo.stage import Stage

HELP = """Show what blockproxy does, on sixteen newsletters of its own.

Starts a mail server inside this process and the proxy in front of it, reads every message directly and through the
proxy, sends a read receipt and a letter, and shows what came of it. Nothing outside this machine is reached."""

EXAMPLE = "\b\nExample:\n  blockproxy demo --keep-running"

MISSING = (
    "the demo needs pymap, a small IMAP server, which is not installed",
    'install it with: pip install "blockproxy[demo]" (in a checkout: pip install --editable ".[demo]")',
)


def demo(
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Only start the servers, for a mail client of your own; end: Ctrl-C.")
    ] = False,
) -> None:
    """See `HELP`."""
    import asyncio

    if find_spec("pymap") is None:
        complain(*MISSING)
        raise typer.Exit(2)
    from blockproxy.demo.screenplay import PlayError
    from blockproxy.demo.store import StoreError

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # newsletters in three scripts, and terminals that know one
    try:
        asyncio.run(_stay() if keep_running else _show())
    except (PlayError, StoreError, OSError) as error:
        complain(f"the demo failed: {error}")
        raise typer.Exit(1) from error


async def _show() -> None:
    from blockproxy.cli import demo_screen as screen
    from blockproxy.demo.screenplay import perform
    from blockproxy.demo.stage import stage

    async with stage() as on:
        play = await perform(on)
    screen.show(play)
    _check(play)


def _check(play: "Play") -> None:
    """The demo is a promise: it fails when one of the things it shows is not so."""
    from blockproxy.demo.screenplay import PlayError

    wrong = [f"{reading.name}: sizes differ" for reading in play.readings if not reading.same_size]
    wrong += [
        f"{reading.name}: was changed"
        for reading in play.readings
        if reading.name in ("innocent", "signed") and not reading.untouched
    ]
    wrong += [
        f"{reading.name}: nothing was blocked"
        for reading in play.readings
        if reading.name not in ("innocent", "signed") and not any(finding.blocked for finding in reading.findings)
    ]
    if play.receipt.arrived:
        wrong.append("the read receipt was sent on")
    if not play.letter.arrived:
        wrong.append("the letter did not arrive as it was sent")
    if wrong:
        raise PlayError("; ".join(wrong))


async def _stay() -> None:
    from blockproxy.cli import demo_screen as screen
    from blockproxy.demo.stage import stage

    async with stage() as on:
        screen.addresses(on)
        await _interrupted()


async def _interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    import asyncio
    import signal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
