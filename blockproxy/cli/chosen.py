"""How a command judges: by the rules of the settings that are named and of folders beside them, and for whom."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from blockproxy.rulesettings import Rules

Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Settings, for their folders of rules and the lists they name.")
]

Folders = Annotated[
    list[Path] | None, typer.Option(metavar="DIR", help="A folder with rules of your own; may be repeated.")
]
Addresses = Annotated[
    list[str] | None, typer.Option(metavar="ADDRESS", help="The reader's own address; may be repeated.")
]


def rules(config: Path | None, folders: Sequence[Path] | None) -> "Rules":
    """The rules of `config`, none of its own without one, and `folders` after them; raises SettingsError."""
    from blockproxy.rulesettings import Rules

    named = _named(config) if config is not None else Rules()
    return named.model_copy(update={"folders": (*named.folders, *(folders or ()))})


def _named(config: Path) -> "Rules":
    from blockproxy.config import load

    return load(config).rules
