"""Whose mail is treated in another way: by sender and by account, from the settings or said to the running proxy.

IMAP changes nothing on the server, so that the original is back at the next fetch. A sender's name can be forged: what
is exempt for a sender is exempt for whoever writes that name.
"""

import json
import os
import re
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from blockproxy.endpoints import Section
from blockproxy.errors import InputError
from blockproxy.message import headers
from blockproxy.model import Word

MAX_ALLOWED = 10_000  # senders; more than somebody reads, and read through for each message
MAX_PAUSE = 24 * 60 * 60  # seconds; whoever wants more wants a setting
MAX_PAUSES = 10_000  # accounts

_SENDER = re.compile(r"<[^<>\s]{1,255}>|[^<>\s@]{1,64}@[^<>\s@]{1,255}|(?:[\w-]{1,63}\.)+[\w-]{1,63}")


class Treatment(Word):
    """What is done with a message: it is cleaned, only reported on, or left alone."""

    CLEAN = "clean"
    REPORT = "report"
    OFF = "off"


class Sender(NamedTuple):
    """Who sent a message, in lower case: the address in From, its domain, the List-Id."""

    address: str = ""
    domain: str = ""
    list_id: str = ""

    @classmethod
    def of(cls, header: bytes) -> "Sender":
        """The sender in a message's header, or in as much of it as there is."""
        origin = headers.context(header).origin
        return cls(headers.sender(header), origin.sender_domain, origin.list_id)


def sender_name(text: str) -> str:
    """The name of a sender in lower case; raises ValueError for what is none."""
    if not _SENDER.fullmatch(text):
        raise ValueError(f"{text!r} must be an address, a domain, or a List-Id in <>")
    return text.lower()


def _off(value: object) -> object:
    """YAML 1.1 takes a bare `off` for false."""
    return Treatment.OFF if value is False else value


class Exemption(Section):
    """Mail of a sender, of an account, or of both, and what is done with it."""

    sender: Annotated[str, AfterValidator(sender_name)] | None = Field(
        default=None, description="An address, a domain with all below it, or a List-Id in <>; everybody without it."
    )
    account: str | None = Field(default=None, description="The login name of whoever reads; everybody without it.")
    treatment: Annotated[Treatment, BeforeValidator(_off)] = Field(
        default=Treatment.OFF, description="`off`, `report`, or `clean` for what follows."
    )

    def holds(self, account: str, who: Sender) -> bool:
        """Whether it is about this reader's mail of this sender."""
        if self.account is not None and self.account.lower() != account.lower():
            return False
        return self.sender is None or _is(self.sender, who)


def _is(name: str, who: Sender) -> bool:
    if name.startswith("<"):
        return name[1:-1] == who.list_id
    if "@" in name:
        return name == who.address
    return name == who.domain or who.domain.endswith("." + name)


class Exemptions:
    """All of them. The first that holds counts: a pause, then what was said while it ran, then the settings' order.

    What was said is kept in the file `path`, if there is one; pauses are not. Raises InputError where that file cannot
    be read.
    """

    def __init__(
        self, settled: tuple[Exemption, ...] = (), path: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._settled = settled
        self._path = path
        self._clock = clock
        self._version = 0
        self._pauses: dict[str, float] = {}  # until when, by account
        self._allowed: dict[str, Exemption] = {} if path is None else _read(path)

    @property
    def allowed(self) -> list[str]:
        """The senders that were let through while it ran."""
        return sorted(self._allowed)

    def version(self, account: str) -> Hashable:
        """Changes whenever the treatment of an account's mail may change."""
        return self._version, self.paused(account)

    def paused(self, account: str) -> bool:
        """Whether the account has a pause now."""
        if not self._pauses:
            return False
        return self._pauses.get(account.lower(), 0) > self._clock()

    def asks_for_sender(self) -> bool:
        """Whether it matters who sent a message."""
        return bool(self._allowed or self._settled)

    def treatment(self, account: str, who: Sender) -> Treatment:
        """What is done with this reader's mail of this sender."""
        if self.paused(account):
            return Treatment.OFF
        for exemption in (*self._allowed.values(), *self._settled):
            if exemption.holds(account, who):
                return exemption.treatment
        return Treatment.CLEAN

    def allow(self, name: str) -> None:
        """Leave a sender's mail alone from now on. Raises ValueError for what is no sender, OSError from the file."""
        name = sender_name(name)
        if len(self._allowed) >= MAX_ALLOWED:
            raise ValueError(f"at most {MAX_ALLOWED} senders; name a domain, or put them into the settings")
        self._change({**self._allowed, name: Exemption(sender=name)})

    def disallow(self, name: str) -> None:
        """Take that back. Raises ValueError for whom was not allowed."""
        allowed = dict(self._allowed)
        if allowed.pop(sender_name(name), None) is None:
            raise ValueError(f"{name} was not allowed here; `blockproxy allow` without a name lists who is")
        self._change(allowed)

    def pause(self, account: str, seconds: float) -> None:
        """Leave all mail of an account alone for a while; 0 ends it. Raises ValueError for too long a while."""
        if not 0 <= seconds <= MAX_PAUSE:
            raise ValueError(f"a pause lasts at most {MAX_PAUSE // 3600} hours")
        now = self._clock()
        self._pauses = {name: until for name, until in self._pauses.items() if until > now and name != account.lower()}
        if len(self._pauses) >= MAX_PAUSES:
            raise ValueError(f"at most {MAX_PAUSES} accounts have a pause at the same time")
        self._pauses[account.lower()] = now + seconds
        self._version += 1

    def _change(self, allowed: dict[str, Exemption]) -> None:
        """What cannot be kept does not hold either: nobody would know of it after a restart."""
        if self._path is not None:
            _write(self._path, sorted(allowed))
        self._allowed = allowed
        self._version += 1


def _read(path: Path) -> dict[str, Exemption]:
    try:
        names = json.loads(path.read_text("utf-8"))["allowed"]
        return {sender_name(name): Exemption(sender=name) for name in names[:MAX_ALLOWED]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError([f"{path}: cannot be read ({error}); delete it to begin anew"]) from error


def _write(path: Path, names: list[str]) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"allowed": names}, file, indent=1)
    new.replace(path)
