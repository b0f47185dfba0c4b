"""Recall: every pixel that the rules know, and some that none knows, in every disguise."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from blockproxy.cleaner import clean
from blockproxy.url import join, parse
from tests.detect.disguises import DISGUISES, Disguise, Pixel, pixels


class Recall(NamedTuple):
    """How many pixels were caught in one disguise: `known` by a rule, `unknown` ones by their shape."""

    disguise: str
    invisible: bool
    known: tuple[int, int]  # caught, of
    unknown: tuple[int, int]


def recall(limit: int | None = None) -> Iterator[Recall]:
    """Try each disguise on every pixel, or on the first `limit` of each kind."""
    everything = list(pixels())
    known = [pixel for pixel in everything if pixel.rule][:limit]
    unknown = [pixel for pixel in everything if not pixel.rule][:limit]
    for disguise in DISGUISES:
        # A rule for any host speaks only about what nobody sees.
        fair = [pixel for pixel in known if disguise.invisible or not pixel.needs_invisible]
        yield Recall(disguise.name, disguise.invisible, _caught(fair, disguise), _caught(unknown, disguise))


def _caught(tried: Sequence[Pixel], disguise: Disguise) -> tuple[int, int]:
    return sum(_is_gone(pixel, disguise) for pixel in tried), len(tried)


def _is_gone(pixel: Pixel, disguise: Disguise) -> bool:
    meant = parse(pixel.url)
    for finding in clean(disguise(pixel.url)).findings:
        found = join("https://example.com/", finding.url)
        if finding.blocked and found and meant and (found.host, found.path) == (meant.host, meant.path):
            return True
    return False
