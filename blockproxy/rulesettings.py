"""What the settings say about rules: folders of one's own, lists of others, where their copies are kept."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, Field, field_validator

from blockproxy.endpoints import CaFile, File, Section, absolute, is_loopback


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder")
    return path


def _list_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError(f"{url!r} must begin with https:// (plain http is allowed on this machine only)")
    if not parts.hostname:
        raise ValueError(f"{url!r} names no server")
    return url


_NO_NAME = re.compile("[^a-z0-9]+")


def _list_name(name: str) -> str:
    if not re.fullmatch("[a-z0-9]+(?:-[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} must be lower-case words with hyphens between, such as mail-trackers")
    return name


Folder = Annotated[Path, AfterValidator(absolute), AfterValidator(_folder)]


class ListSettings(Section):
    """A list that others keep: who tracks, which parameters a link works without, where redirects lead."""

    url: Annotated[str, AfterValidator(_list_url)] = Field(description="Its address, https.")
    format: Literal["adblock", "hosts", "clearurls", "disconnect"] = Field(description="How it is written.")
    name: Annotated[str, AfterValidator(_list_name)] | None = Field(
        default=None, description="What findings call it; the name of its file without this."
    )
    visible: Literal["keep", "remove"] = Field(
        default="keep", description="Pictures, styles and fonts of a listed host that somebody may be looking at."
    )
    categories: tuple[str, ...] = Field(
        default=("Email", "EmailAggressive"), description="Of a Disconnect list, what is taken."
    )
    ca_file: CaFile | None = Field(
        default=None, description="PEM file with the authority to trust; the system's by default."
    )

    @property
    def id(self) -> str:
        """Its name, as it stands in findings and in the names of files."""
        return self.name or _NO_NAME.sub("-", PurePosixPath(urlsplit(self.url).path).stem.lower()).strip("-") or "list"


def default_copies() -> Path:
    """Where lists are kept unless the settings say otherwise."""
    return platformdirs.user_data_path("blockproxy") / "lists"


class Rules(Section):
    """The rules that name the trackers."""

    folders: tuple[Folder, ...] = Field(
        default=(),
        description="Folders with rules of your own, read after the shipped ones; a later one wins by its id.",
    )
    lists: tuple[ListSettings, ...] = Field(
        default=(),
        description="Lists that others keep, each with its `url` and its `format` (adblock, hosts, clearurls, "
        "disconnect), maybe a `name`, `visible: remove`, `categories`, `ca_file`.",
    )
    update: Literal["daily", "weekly", "never"] = Field(
        default="daily",
        description="How often the running proxy asks for new lists; `never`: only `blockproxy rules update` does.",
    )
    copies: File = Field(default_factory=default_copies, description="The folder with the last good copy of each list.")

    @field_validator("lists")
    @classmethod
    def _told_apart(cls, lists: tuple[ListSettings, ...]) -> tuple[ListSettings, ...]:
        names = [each.id for each in lists]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two lists are called {twice!r}: give one of them another `name`")
        return lists
