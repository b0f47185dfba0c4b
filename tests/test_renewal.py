"""New rules for a running proxy: on a signal, by the clock, and never the end of it."""

import asyncio
import io
import logging
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blockproxy import renewal
from blockproxy.detect.rules import RuleSet
from blockproxy.rulesettings import Rules
from blockproxy.subscriptions.load import load
from blockproxy.subscriptions.store import Store

NOW = datetime.now(UTC)
URL = "https://lists.example.org/made-up.txt"
DAY = timedelta(days=1)


def rules(folder: Path, **more: object) -> Rules:
    lists = [{"url": URL, "format": "adblock"}]
    return Rules.model_validate({"lists": lists, "copies": folder, "update": "never", **more})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a line in a log has no event
            await asyncio.sleep(0.02)


async def test_a_signal_brings_what_is_on_the_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taken: list[RuleSet] = []
    caplog.set_level(logging.INFO)
    async with renewal.renewing(rules(tmp_path), taken.append):
        Store(tmp_path).save("made-up", URL, b"||tracker.example^\n")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(taken) == 1)
    assert [len(one) for one in taken[0].lists] == [1]
    assert caplog.text.count("the settings are not, a changed one needs a restart") == 1
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


async def test_an_error_of_our_own_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Rules) -> RuleSet:
        raise KeyError("made up")

    taken: list[RuleSet] = []
    async with renewal.renewing(rules(tmp_path), taken.append):
        monkeypatch.setattr(renewal, "load", broken)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: "an error of blockproxy itself" in caplog.text)
        monkeypatch.setattr(renewal, "load", load)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(taken) == 1)


async def test_an_error_of_our_own_does_not_stop_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bool:
        raise KeyError("made up")

    monkeypatch.setattr(renewal, "_update", broken)
    with caplog.at_level(logging.ERROR):
        async with renewal.renewing(rules(tmp_path, update="daily"), lambda _: None):
            await until(lambda: "the lists stay as they are: an error of blockproxy itself" in caplog.text)


async def test_on_a_terminal_the_signal_means_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    async with renewal.renewing(rules(tmp_path), lambda _: None):
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


@pytest.mark.parametrize(
    ("checked", "tried", "due"),
    [
        (None, None, timedelta.min),
        (NOW - timedelta(hours=2), None, timedelta(hours=22)),
        (NOW - timedelta(days=9), None, timedelta(days=-8)),
        (NOW + timedelta(days=9), None, timedelta.min),  # before somebody set the clock
        (None, NOW, timedelta(hours=1)),
        (NOW - timedelta(days=9), NOW - timedelta(minutes=30), timedelta(minutes=30)),
        (NOW, NOW, timedelta(days=1)),
    ],
)
def test_when_a_list_is_due(tmp_path: Path, checked: datetime | None, tried: datetime | None, due: timedelta) -> None:
    settings = rules(tmp_path)
    if checked is not None:
        Store(tmp_path, lambda: checked).save("made-up", URL, b"||tracker.example^\n")
    found = renewal._due(settings.lists[0], settings, DAY, {"made-up": tried} if tried else {})
    if due == timedelta.min:
        assert found == datetime.min.replace(tzinfo=UTC)
    else:
        assert abs(found - (NOW + due)) < timedelta(seconds=2)
