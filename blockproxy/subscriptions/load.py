"""Everything that the settings call rules, as one rule set: shipped ones, the user's own, the copies of the lists."""

import logging

from blockproxy.detect.rules import RuleSet
from blockproxy.detect.rules import load as load_folders
from blockproxy.lists.draft import ListError, Reading
from blockproxy.lists.reading import decoded, read
from blockproxy.rulesettings import ListSettings, Rules
from blockproxy.subscriptions.store import Store

log = logging.getLogger(__name__)


def load(rules: Rules) -> RuleSet:
    """The rule set of `rules`; a list without a good copy is left out. Raises RuleError for files of rules."""
    store, readings = Store(rules.copies), list[Reading]()
    for each in rules.lists:
        reading = kept(each, store)
        if reading is not None:
            readings.append(reading)
        else:
            log.warning("list %s: there is no good copy yet; `blockproxy rules update` fetches one", each.id)
    return load_folders(rules.folders).subscribing([reading.entries for reading in readings])


def kept(each: ListSettings, store: Store) -> Reading | None:
    """What the last good copy says, or None where there is none or it cannot be read any more."""
    octets = store.read(each.id, each.url)
    try:
        return parsed(each, octets) if octets is not None else None
    except ListError:
        return None


def parsed(each: ListSettings, octets: bytes) -> Reading:
    """What `octets` say in the format of the list. Raises ListError."""
    return read(
        decoded(octets),
        each.format,
        each.id,
        site=each.url,
        categories=each.categories,
        visible=each.visible == "remove",
    )
