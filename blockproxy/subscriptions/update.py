"""One round: ask the server of each list, read what it sends, and replace the copy only by a list that can be used."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from blockproxy.lists.draft import ListError, Reading
from blockproxy.rulesettings import ListSettings
from blockproxy.subscriptions.fetch import FetchError, fetch
from blockproxy.subscriptions.load import kept, parsed
from blockproxy.subscriptions.store import Store

LEAST_SHARE = 0.9  # of the entries of the last copy, for a list of which nobody knows whether it came whole


class Status(StrEnum):
    """What became of a list."""

    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one list.

    `message` says why it was refused, as the end of a sentence that begins with the list. `reading` is what is in use
    now: the new copy, or the last good one, if there is any.
    """

    settings: ListSettings
    status: Status
    message: str = ""
    reading: Reading | None = None

    def __str__(self) -> str:
        """One line for a person."""
        name, used = self.settings.id, str(self.reading) if self.reading else ""
        if self.status is Status.REFUSED:
            kept = f"the last good copy stays, with {used}" if used else "there is no earlier copy"
            return f"{name}: {self.message}; {kept}"
        left = self.reading.left if self.reading else 0
        lines = "line" if left == 1 else "lines"
        return f"{name}: {self.status.value}, {used}" + (f", {left:,} {lines} cannot be used" if left else "")


def update(lists: Iterable[ListSettings], store: Store) -> Iterator[Outcome]:
    """Bring every one of `lists` up to date."""
    for each in lists:
        yield _update(each, store)


def _update(each: ListSettings, store: Store) -> Outcome:
    try:
        etag, modified = store.validators(each.id, each.url)
        fetched = fetch(each.url, authority=each.ca_file, etag=etag, modified=modified)
        if fetched is None:
            store.touch(each.id, each.url)
            return Outcome(each, Status.UNCHANGED, reading=kept(each, store))
        reading = parsed(each, fetched.octets)
        if not fetched.whole:
            _compare(reading, kept(each, store))
        store.save(each.id, each.url, fetched.octets, etag=fetched.etag, modified=fetched.modified)
    except (FetchError, ListError) as error:
        return Outcome(each, Status.REFUSED, str(error), kept(each, store))
    except OSError as error:
        return Outcome(each, Status.REFUSED, f"it cannot be kept: {error.strerror or error}", kept(each, store))
    return Outcome(each, Status.UPDATED, reading=reading)


def _compare(reading: Reading, before: Reading | None) -> None:
    if before is not None and reading.usable < LEAST_SHARE * before.usable:
        raise ListError(
            f"it may have come half: it has {reading} instead of {before.usable:,}, "
            "and its server does not say how long it is"
        )
