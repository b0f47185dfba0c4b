"""Everything that the settings call rules, as one rule set: shipped ones, the user's own, the copies of the lists."""

from collections.abc import Iterable

from blockproxy.detect.rules import RuleSet
from blockproxy.detect.rules import load as load_folders
from blockproxy.lists.draft import Reading
from blockproxy.rulesettings import ListSettings, Rules
from blockproxy.subscriptions.store import Store
from blockproxy.subscriptions.update import kept


def load(rules: Rules) -> RuleSet:
    """The rule set of `rules`; a list without a good copy is left out. Raises RuleError for files of rules."""
    readings = (reading for _, reading in copies(rules) if reading is not None)
    return load_folders(rules.folders).subscribing([reading.entries for reading in readings])


def copies(rules: Rules) -> Iterable[tuple[ListSettings, Reading | None]]:
    """Each list with what its last good copy says; None where there is none yet."""
    store = Store(rules.copies)
    return [(each, kept(each, store)) for each in rules.lists]
