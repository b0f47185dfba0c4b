"""`blockproxy demo`: the main job, on messages and servers of its own."""

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from blockproxy.cli.output import complain

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
    except BrokenPipeError:  # whoever read our lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python writes at its end
    except (PlayError, StoreError, OSError) as error:
        complain(f"the demo failed: {error}")
        raise typer.Exit(1) from error


async def _show() -> None:
    from blockproxy.cli import demo_screen
    from blockproxy.demo.screenplay import PlayError, perform
    from blockproxy.demo.stage import stage

    async with stage() as on:
        play = await perform(on)
    demo_screen.show(play)
    if wrong := play.broken_promises():
        raise PlayError("; ".join(wrong))


async def _stay() -> None:
    from blockproxy.cli import demo_screen
    from blockproxy.demo.stage import stage

    async with stage() as on:
        demo_screen.show_addresses(on)
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
