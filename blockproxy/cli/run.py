"""`blockproxy run`: the proxy."""

import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

HELP = """Run the proxy until it is told to stop (Ctrl-C, SIGTERM).

Prints what listens where, and what a mail client must be set to. A wrong setting, rule or certificate is named with its
file and line, the exit code is 2, and nothing is started."""

EXAMPLE = "\b\nExample:\n  blockproxy run --config blockproxy.yaml"


def run(
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings; `check` names the places.")] = None,
) -> None:
    """See `HELP`."""
    import asyncio

    from blockproxy import config as settings
    from blockproxy import server

    chosen = settings.load(config)
    logging.basicConfig(
        level=chosen.log.level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    stopped_by = asyncio.run(server.serve(chosen, announce=lambda text: print(text, file=sys.stderr, flush=True)))
    if stopped_by is signal.SIGINT:
        raise typer.Exit(130)
