"""Hosts files and lists of one domain a line.

0.0.0.0 tracker.example other.example    # comment
tracker.example
"""

import re
from ipaddress import ip_address

from blockproxy.detect.filters import EVERY_RESOURCE
from blockproxy.lists.draft import Draft, Reason

# What every hosts file says about the machine itself.
_OWN = """localhost localhost.localdomain local broadcasthost ip6-localhost ip6-loopback ip6-localnet ip6-mcastprefix
ip6-allnodes ip6-allrouters ip6-allhosts 0.0.0.0"""
OWN_NAMES = frozenset(_OWN.split())
_USUAL = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]")


def read(draft: Draft, text: str) -> None:
    """Read the lines of `text` into `draft`."""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.partition("#")[0].strip()
        if not line or line[0] == "!":
            continue
        first, *names = line.split()
        if not names:
            names = [first]
        elif not _USUAL.match(line) and not _is_address(first):
            draft.refuse(Reason.NO_ENTRY, number, line)
            continue
        for name in names:
            if name.lower() not in OWN_NAMES:
                draft.host(name, number, EVERY_RESOURCE)


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
