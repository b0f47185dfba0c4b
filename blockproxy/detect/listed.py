"""What a subscribed list names: taken away where nobody looks at it, and left where somebody might.

Lists are made for pages, whose broken picture one reloads without the blocker; mail has no such button. Whole company
sites are on them, with logos and photographs. So a list decides who tracks, and the message decides what is missed.
"""

from blockproxy.detect.appearance import Look, Sight
from blockproxy.detect.filters import Listed
from blockproxy.detect.individual import Strength, identify, is_picture, layout_name, readable_name, stored
from blockproxy.detect.shape import CERTAINTY, MAX_SHARED, NEVER_CONTENT, NOT_SHOWN, TECHNIQUES, Leaf
from blockproxy.detect.subscribed import CONFIDENCE
from blockproxy.model import Action, Finding, Reference, Resource, Technique
from blockproxy.url import Url

# Resources without a place on the page: taking them away changes nothing that anybody sees.
UNSEEN_KINDS = frozenset({Resource.HINT, Resource.SCRIPT})


def judge_listed(reference: Reference, url: Url, leaf: Leaf, listed: Listed) -> Finding | None:
    """A finding for what the list names, unless it may be content."""
    place = f"on the list {listed.vendor.name}, line {listed.line}"
    resource, element = reference.place.resource, reference.element
    technique = TECHNIQUES.get(resource, Technique.REMOTE_STYLE)
    # A script's own text may hold links that it would write.
    if resource not in UNSEEN_KINDS or element is None:
        has_look = element is not None and resource in TECHNIQUES and element.name not in NOT_SHOWN
        seen = leaf.look(element) if element is not None and has_look else Look(Sight.VISIBLE)
        if _may_be_content(reference, url, leaf, seen, listed):
            if not listed.visible:
                return None
            technique = Technique.REMOTE_CONTENT
        elif seen.evidence:
            place = f"{place}, {seen.evidence}"
    return Finding(
        technique, listed.name, listed.vendor.name, CONFIDENCE, place, Action.REMOVE, reference.url, "", reference
    )


def _may_be_content(reference: Reference, url: Url, leaf: Leaf, seen: Look, listed: Listed) -> bool:
    """Whether somebody might miss it: a picture, a line, a spacer, what is shown on telephones only."""
    element = reference.element
    if element is None or seen.sight is Sight.VISIBLE or leaf.counts[reference.url] > MAX_SHARED:
        return True
    token = identify(url)
    individual = token is not None and token.strength >= Strength.TOKEN
    if seen.sight in NEVER_CONTENT:
        return layout_name(url) and not individual
    if not individual or readable_name(url) or is_picture(url) or stored(url):
        return True
    # It may be a photograph, shown on telephones only, or without a size: then a list has to know more than the host,
    # and a number that names a file is an article's.
    doubtful = seen.sight not in CERTAINTY or seen.sight in {Sight.LAST, Sight.INSIDE}
    return doubtful and (listed.whole or bool(element.get("alt")) or _is_file(url))


def _is_file(url: Url) -> bool:
    return not url.query and "." in url.path.rpartition("/")[2]
