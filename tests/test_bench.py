"""The benchmarks' pieces run on small sizes. How long anything takes is never asserted."""

import asyncio
import socket

import pytest

import blockproxy
from bench import cleaning, events, hostile, imap, lists, memory, messages, rules
from bench.__main__ import BENCHMARKS, arguments, table
from bench.measure import Row, interleaved, median_row, ratios
from bench.stage import pumped, server, three_ways
from blockproxy.detect.rules import built_in


def test_jobs_take_turns_and_the_first_round_does_not_count() -> None:
    ran: list[str] = []
    ticks = iter(range(100))
    jobs = [lambda n: ran.append(f"a{n}"), lambda n: ran.append(f"b{n}")]
    seconds = interleaved(jobs, 2, clock=lambda: float(next(ticks)))
    assert ran == ["b0", "a0", "a1", "b1", "b2", "a2"]
    assert seconds == [[1.0, 1.0], [1.0, 1.0]]


def test_a_row_knows_whether_its_target_is_met() -> None:
    rows = [
        median_row("fast", ratios([1.0, 3.0, 2.0], [1.0, 1.0, 1.0]), "x", 2.0, "three rounds"),
        Row("slow", 2.1, "x", 2.0, "once"),
        Row("known", 7.0, "us", None, "once"),
    ]
    assert [row.verdict for row in rows] == ["within", "OVER", "information"]
    assert rows[0].spread == (1.0, 3.0)
    assert table(rows).splitlines()[2].split("  ")[0] == "slow"


def test_an_unknown_name_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["speed"])
    said = capsys.readouterr().err
    assert all(name in said for name in BENCHMARKS)


@pytest.mark.parametrize("name", messages.DRESSES)
def test_every_kind_of_newsletter_is_what_it_says(name: str) -> None:
    message = messages.html_message(messages.remote_letter(15_000, messages.DRESSES[name], 1))
    actions = {finding.action.value for finding in cleaning.clean(built_in(), message).findings}
    expected = {"parameters to strip in every link": "strip", "redirects to unwrap in every link": "unwrap"}
    assert expected.get(name, "remove") in actions


@pytest.mark.parametrize("number", range(3))
def test_a_quiet_message_has_about_its_size_and_nothing_in_it(number: int) -> None:
    message = messages.quiet(number)
    assert 8_000 < len(message) < 12_000
    assert blockproxy.clean(message).findings == ()
    assert blockproxy.clean(message).skipped == ()


def test_cleaning_is_measured_beside_lxml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "SIZE", 12_000)
    rows = [*cleaning.newsletters(True), *cleaning.quiet(True)]
    assert len(rows) == len(messages.DRESSES) + 4
    assert all(row.value > 0 and row.target for row in rows)


def test_hostile_shapes_and_rules_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "SHAPES", {"some": (lambda n: b"<b>" * n, 64), "more": (lambda n: b"<i>" * n, 64)})
    monkeypatch.setattr(rules, "URLS", 20)
    assert [row.unit for row in hostile.hostile(True)] == ["x", "s", "s"]
    assert {row.name for row in rules.rules(True)} >= {"rules, loading", "rules, match"}


def test_lists_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (("RULES", 500), ("SIZE", 16_000), ("LINKS", 30), ("URLS", 20)):
        monkeypatch.setattr(lists, name, small)
    rows = list(lists.lists(True))
    assert [row.unit for row in rows] == ["ms", "us", "x", "x", "x"]
    assert "30 links" in rows[3].how


def test_what_takes_too_long_is_not_tried_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "MAX_SECONDS", 0.0)
    assert hostile.timing(lambda n: b"<b>" * n, 64, rounds=1).part == hostile.PARTS[1]


async def test_the_pump_brings_every_octet_and_the_end() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(200_000))[::-1])
        writer.close()

    echoing = await asyncio.start_server(echo, "127.0.0.1", 0)
    sent = bytes(range(200)) * 1_000
    async with echoing:
        port = echoing.sockets[0].getsockname()[1]
        came = await asyncio.to_thread(_through_a_pump, port, sent)
    assert came == sent[::-1]


def _through_a_pump(port: int, sent: bytes) -> bytes:
    with pumped(port) as way, socket.create_connection(("127.0.0.1", way.port), 10) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as answer:
            return answer.read()


def test_every_way_to_the_server_gives_the_messages() -> None:
    letters = [messages.quiet(number) for number in range(4)]
    with server(imap.ACCOUNT, letters) as dovecot, three_ways(dovecot.port) as ways:
        for way in ways:
            with imap.Client(way.port) as client:
                assert client.fetch(range(1, 5)) > sum(map(len, letters))
        assert [way.pid is None for way in ways] == [False, False, True]
        assert ways[0].status("VmHWM") >= ways[0].status("VmRSS") > 0


def test_half_of_a_message_is_here_before_the_rest_has_left() -> None:
    assert next(memory.streaming(messages.attachment(1_000_000))).within


def test_the_event_log_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (("FINDINGS", 40_000), ("MESSAGES", 100)):
        monkeypatch.setattr(events, name, small)
    assert [row.unit for row in events.events(True)] == ["us", "ms", "ms", "ms", "ms", "ms", "ms"]
