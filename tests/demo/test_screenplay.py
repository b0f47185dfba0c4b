"""The demo's story, with its real servers, proxies and clients."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from blockproxy.demo.newsletters import MESSAGES
from blockproxy.demo.screenplay import Copy, Play, Sending, perform
from blockproxy.demo.stage import stage
from blockproxy.demo.tags import change
from blockproxy.eventlog.events import Delivery
from blockproxy.model import Action, Cleaned, Finding, Technique


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with stage() as on:
        yield await perform(on)


async def test_everything_the_demo_says_is_so(play: Play) -> None:
    assert play.broken_promises() == []
    assert [reading.name for reading in play.readings] == list(MESSAGES)
    assert [reading.direct.octets for reading in play.readings] == [message() for message in MESSAGES.values()]


async def test_the_receipt_is_held_back_and_the_letter_is_not(play: Play) -> None:
    assert (play.receipt.arrived, play.letter.arrived) == (False, True)
    assert [event.action for event in play.events if event.technique == "read-receipt"] == ["hold"]


async def test_the_event_log_has_a_line_for_every_finding(play: Play) -> None:
    findings = sum(len(reading.findings) for reading in play.readings)
    assert len(play.events) == findings + 1  # the receipt


async def test_a_tag_is_shown_as_it_was_and_as_it_is(play: Play) -> None:
    found = change(play.readings, Action.STRIP)
    assert found is not None
    assert found.before.startswith(
        '<a href="https://shop.fernleaf.example.com/spring-lot?mc_cid=fa4e000002&amp;mc_eid='
    )
    assert found.after == '<a href="https://shop.fernleaf.example.com/spring-lot" style="...">'
    assert change(play.readings, Action.HOLD) is None


async def test_the_demo_notices_when_something_is_not_so(play: Play) -> None:
    first, *others = play.readings
    pixel = Finding(Technique.OPEN_PIXEL, "made/up", "", 1.0, "", Action.REMOVE)
    shorter = Copy(first.proxied.octets[:-1], first.proxied.size)
    worse = {
        "sizes differ": replace(play, readings=(replace(first, proxied=shorter), *others)),
        "0 blocked": replace(play, readings=(replace(first, findings=()), *others)),
        "identical: True": replace(play, readings=(replace(others[-1], findings=(pixel,)), *others)),
        "receipt was sent on": replace(play, receipt=Sending("250", arrived=True)),
        "letter did not arrive": replace(play, letter=Sending("250", arrived=False)),
    }
    for words, wrong in worse.items():
        assert any(words in line for line in wrong.broken_promises()), words


async def test_a_report_about_an_unknown_message_is_only_logged() -> None:
    async with stage() as on:
        finding = Finding(Technique.OPEN_PIXEL, "made/up", "", 1.0, "made up", Action.REMOVE)
        on.notebook.record(Cleaned(b"", (finding,)), Delivery("imap", "somebody", "INBOX/1/None", "in"))
        on.notebook.close()
        assert [event.rule for event in on.notebook.events()] == ["made/up"]
