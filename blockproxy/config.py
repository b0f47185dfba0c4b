"""The settings: one YAML file, every field documented where it is declared.

`load` finds the file, reads it and checks everything that can be checked without the network: names, values, that
certificates exist and fit their keys. What it returns is frozen and can be relied upon; nothing is checked again later.
Passwords are never a setting: the client's LOGIN and AUTH pass through to the server.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from blockproxy import yamlfile
from blockproxy.endpoints import File, Listener, Section, Upstream, is_loopback
from blockproxy.errors import SettingsError
from blockproxy.eventlog.database import Place
from blockproxy.eventlog.postgres import Server
from blockproxy.exemptions import Exemption
from blockproxy.model import Action, Kind, Policy, Technique
from blockproxy.rulesettings import Rules
from blockproxy.sending import Listeners, Smtp, address

__all__ = ["Listener", "Settings", "Upstream", "example", "find", "load", "places"]

FILE_NAME = "blockproxy.yaml"

EXAMPLE_TITLE = """\
# Settings of blockproxy: change the servers and the addresses, leave out what you do not change.
# The file is looked for in your own configuration folder (~/.config/blockproxy on Linux), then in /etc/blockproxy.
"""


def _item(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]{0,63}", name):
        raise ValueError(f"{name!r} must be the name of a data item alone, such as X-SCORE")
    return name.upper()


class Imap(Section):
    """Reading mail."""

    listen: Listener = Field(default=Listener(port=1143), description="Where the mail client reads mail.")
    upstream: Upstream = Field(
        examples=[{"host": "imap.example.org", "port": 993}], description="The IMAP server with the mailboxes."
    )
    compress: Literal["none", "client", "server", "both"] = Field(
        default="none",
        description="Which connections may be compressed (COMPRESS=DEFLATE): worth its time on slow lines only.",
    )
    pass_items: tuple[Annotated[str, AfterValidator(_item)], ...] = Field(
        default=(),
        alias="pass-items",
        description="FETCH data items of your server's own, such as X-SCORE, that pass unread; what is in them is not "
        "cleaned. Others that blockproxy does not know are refused.",
    )


class PolicySettings(Section):
    """What is done about what is found; `report` only logs it."""

    remote: Literal["keep", "block"] = Field(
        default="keep", description="`block` takes out every remote picture, font and style, known tracker or not."
    )
    threshold: float = Field(
        default=0.7, ge=0, le=1, description="Act from this confidence on, 0 to 1; what is less certain is reported."
    )
    open_pixel: Literal["remove", "report"] = Field(
        default="remove", alias="open-pixel", description="Invisible pictures that tell the sender when you read."
    )
    address_leak: Literal["remove", "report"] = Field(
        default="remove", alias="address-leak", description="Your own address inside a URL, plain, hashed or encoded."
    )
    link_redirect: Literal["unwrap", "report"] = Field(
        default="unwrap", alias="link-redirect", description="Links through a click counter; led straight to their end."
    )
    link_decoration: Literal["strip", "report"] = Field(
        default="strip",
        alias="link-decoration",
        description="Query parameters that name you, your click or the campaign.",
    )
    remote_style: Literal["remove", "report"] = Field(
        default="remove", alias="remote-style", description="Styles, fonts and frames that are loaded from a tracker."
    )
    receipt_request: Literal["rename", "report"] = Field(
        default="rename",
        alias="receipt-request",
        description="Header fields that ask your mail client for a read receipt.",
    )

    gateways: Literal["report", "unwrap"] = Field(
        default="report",
        description="Links through a security gateway (Safe Links, URL Defense ...); unwrapped, its check is lost.",
    )
    affiliates: Literal["report", "unwrap"] = Field(
        default="report", description="Links that pay whoever recommends; unwrapped, the sender earns nothing."
    )

    def to_policy(self) -> Policy:
        """The same as the cleaner wants it."""
        actions = {
            Technique(name): Action(getattr(self, field))
            for field, name in ((field, field.replace("_", "-")) for field in type(self).model_fields)
            if name in set(Technique)
        }
        wanted = {Kind.TRACKING: "unwrap", Kind.GATEWAY: self.gateways, Kind.AFFILIATE: self.affiliates}
        unwrapped = frozenset(kind for kind, action in wanted.items() if action == "unwrap")
        return Policy(actions=actions, remote=self.remote, threshold=self.threshold, unwrapped=unwrapped)


def default_eventlog() -> Path:
    """Where the event log is unless the settings say otherwise."""
    return platformdirs.user_data_path("blockproxy") / "events.sqlite3"


class EventLogSettings(Section):
    """The history of what was blocked: never a text, a subject, a full URL or the time of reading."""

    path: File = Field(
        default_factory=default_eventlog,
        description="The SQLite file. The key of the pseudonyms in it stands beside it.",
    )
    retention_days: int = Field(default=90, ge=1, le=3650, description="Older events are deleted.")
    key_days: int = Field(
        default=90, ge=1, le=3650, description="After these, accounts and messages get new pseudonyms, by a new key."
    )
    server: str = Field(
        default="",
        description="A PostgreSQL in place of the file, for proxies on several machines; the key file stays by `path`.",
    )

    @field_validator("server")
    @classmethod
    def _a_server(cls, server: str) -> str:
        if server and not server.startswith("postgresql://"):
            raise ValueError("must look like postgresql://USER@HOST/DATABASE")
        return server

    @property
    def place(self) -> Place:
        """Where events are kept."""
        return Server(self.server, self.path) if self.server else self.path


class Log(Section):
    """What the operator sees on stderr; never anything out of a message."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much.")


class Settings(Section):
    """The whole file."""

    imap: Imap | None = Field(default=None, description="Reading mail. Leave it out to proxy only sending.")
    smtp: Listeners = Field(
        default=(),
        examples=[{}],
        description="Sending mail. Leave it out to proxy only reading. May be a list of such sections.",
    )
    addresses: tuple[Annotated[str, AfterValidator(address)], ...] = Field(
        default=(),
        examples=[["me@example.org"]],
        description="Your own mail addresses, to recognise them inside tracking URLs.",
    )
    policy: PolicySettings = Field(default=PolicySettings(), description="What is done about what is found.")
    rules: Rules = Field(default=Rules(), description="The rules that name the trackers.")
    eventlog: EventLogSettings = Field(default=EventLogSettings(), description="The history of what was blocked.")
    exemptions: tuple[Exemption, ...] = Field(
        default=(),
        description="Mail that is left alone: each a `sender` (address, domain, List-Id in <>), an `account`, or both, "
        "and a `treatment`: `off`, `report` or `clean`. The first that holds counts.",
    )
    log: Log = Field(default=Log(), description="What is printed while it runs.")

    @property
    def control(self) -> Path:
        """The socket at which the running proxy takes orders."""
        return self.eventlog.path.with_name("control.sock")

    @property
    def allowed(self) -> Path:
        """The file with the senders that were allowed while it ran."""
        return self.eventlog.path.with_name("allowed.json")

    @field_validator("smtp")
    @classmethod
    def _not_in_the_way(cls, smtp: tuple[Smtp, ...], info: ValidationInfo) -> tuple[Smtp, ...]:
        imap = info.data.get("imap")
        if not smtp and "imap" in info.data and imap is None:
            raise ValueError("is missing, and so is `imap`: name the server of at least one of them")
        taken = {imap.listen.port: "`imap`"} if imap else {}
        for number, section in enumerate(smtp, start=1):
            port = section.listen.port
            if port and port in taken:
                raise ValueError(f"{taken[port]} listens on port {port} already")
            taken[port] = f"number {number} of the list"
            for upstream in section.upstream:
                _not_itself(section.listen, upstream)
        return smtp

    @field_validator("imap")
    @classmethod
    def _leads_elsewhere(cls, imap: Imap | None) -> Imap | None:
        if imap:
            _not_itself(imap.listen, imap.upstream)
        return imap


def _not_itself(listen: Listener, upstream: Upstream) -> None:
    if listen.port == upstream.port and is_loopback(upstream.host):
        hosts = {listen.host, upstream.host}
        if len(hosts) == 1 or hosts & {"localhost", "0.0.0.0", "::"}:  # noqa: S104
            raise ValueError(f"`upstream` on port {upstream.port} would be blockproxy itself")


def places() -> list[Path]:
    """Where the settings file is looked for, in this order."""
    return [platformdirs.user_config_path("blockproxy") / FILE_NAME, Path("/etc/blockproxy") / FILE_NAME]


def find(candidates: Sequence[Path] | None = None) -> Path:
    """The first settings file that is there; raises SettingsError that names all places where none is."""
    candidates = places() if candidates is None else candidates
    for path in candidates:
        if path.is_file():
            return path
    looked = ", ".join(map(str, candidates))
    begin = f"blockproxy check --example > {FILE_NAME}, change it there, and name it: --config {FILE_NAME}"
    raise SettingsError([f"no settings file; looked at {looked}. To begin: {begin}"])


def load(path: Path | None = None) -> Settings:
    """The settings in `path`, or in the first of `places()`; raises SettingsError with every mistake in it."""
    return yamlfile.read(find() if path is None else path, Settings)


def example() -> str:
    """A settings file to begin with: every setting with its description, its default, and made-up servers."""
    return EXAMPLE_TITLE + yamlfile.example(Settings)
