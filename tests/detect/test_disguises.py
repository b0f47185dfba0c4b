"""Pixels in disguise: however it is written, what a mail program would fetch is found."""

from collections import Counter

import pytest

import blockproxy
from blockproxy.model import Finding
from blockproxy.url import join, parse
from tests.detect.disguises import DISGUISES, Disguise, Pixel, pixels

PIXELS = list(pixels())


def caught(pixel: Pixel, disguise: Disguise) -> bool:
    """Whether the URL is gone from the message, which kept its length."""
    message = disguise(pixel.url)
    cleaned = blockproxy.clean(message)
    assert len(cleaned.message) == len(message)
    return any(finding.blocked and _is(finding, pixel) for finding in cleaned.findings)


def _is(finding: Finding, pixel: Pixel) -> bool:
    found, meant = join("https://example.com/", finding.url), parse(pixel.url)
    return found is not None and meant is not None and found.host == meant.host and found.path == meant.path


def test_there_are_enough_of_both() -> None:
    assert len(DISGUISES) >= 40
    assert len({disguise.name for disguise in DISGUISES}) == len(DISGUISES)
    assert len([pixel for pixel in PIXELS if pixel.rule]) > 300


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.name for disguise in DISGUISES])
def test_every_pixel_is_found_in_every_disguise_that_leaves_something_to_know_it_by(disguise: Disguise) -> None:
    known = [pixel for pixel in PIXELS if disguise.invisible or not pixel.needs_invisible]
    missed = [pixel for pixel in known if not caught(pixel, disguise)]
    assert Counter(pixel.rule for pixel in missed) == Counter()


@pytest.mark.parametrize("disguise", DISGUISES, ids=[disguise.name for disguise in DISGUISES])
def test_a_disguise_is_taken_off_once(disguise: Disguise) -> None:
    for pixel in PIXELS[::100] + PIXELS[-3:]:
        cleaned = blockproxy.clean(disguise(pixel.url)).message
        again = blockproxy.clean(cleaned)
        assert again.message == cleaned
        assert not any(finding.blocked for finding in again.findings)


MISSED = {disguise.name for disguise in DISGUISES if not disguise.invisible}


def test_what_is_missed_is_known() -> None:
    """Without a vendor's rule, a pixel that looks like a picture is one. The day this fails, something got better."""
    nobodys = [pixel for pixel in PIXELS if not pixel.rule]
    assert {one.name for one in DISGUISES if not any(caught(pixel, one) for pixel in nobodys)} == MISSED


def test_what_can_hide_markup_from_us_is_not_read_and_said_to_be() -> None:
    page = f'+ADw-img src="{PIXELS[0].url}" width="1" height="1"+AD4-'
    message = f"Content-Type: text/html; charset=utf-7\r\n\r\n{page}\r\n".encode()
    cleaned = blockproxy.clean(message)
    assert cleaned.message == message
    assert [skip.reason for skip in cleaned.skipped] == ["charset"]
