"""The event log on a real PostgreSQL: several proxies, one set of numbers, and nothing lost while it is away."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from blockproxy.errors import SettingsError
from blockproxy.eventlog import chain, database, keys, rollup
from blockproxy.eventlog.account import forget, pseudonyms, show
from blockproxy.eventlog.events import Numbers
from blockproxy.eventlog.evidence import evidence
from blockproxy.eventlog.postgres import Server
from blockproxy.eventlog.query import BY, Filters, counts, events, newer, skips
from blockproxy.eventlog.research import Export, rows
from blockproxy.eventlog.store import EventLog
from blockproxy.eventlog.summary import summary
from blockproxy.model import Cleaned, Origin
from tests.cli.command import blockproxy
from tests.end_to_end import machine
from tests.eventlog.test_store import CLEANED, DELIVERY, PIXEL, wait_until

START = date(2026, 1, 1)
needs_driver = pytest.mark.skipif(find_spec("psycopg") is None, reason="psycopg is not installed")
pytestmark = needs_driver


class Cluster:
    """A PostgreSQL that can be stopped and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._stack = ExitStack()

    def start(self) -> None:
        data, port = str(self.folder / "data"), str(self.port)
        command = [machine.program("postgres"), "-D", data, "-p", port, "-h", machine.LOOPBACK, "-k", str(self.folder)]
        output = self.folder.parent / f"{self.folder.name}.log"
        self._server = self._stack.enter_context(
            machine.started(command, [self.port], output, user=machine.server_user())
        )
        wait_until(self._answers)

    def _answers(self) -> bool:
        """It listens before it is ready."""
        import psycopg  # type: ignore[import-not-found,unused-ignore]

        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        self._server.process.send_signal(signal.SIGINT)  # SIGTERM would wait for its clients
        self._stack.close()

    @property
    def url(self) -> str:
        return f"postgresql://keeper@{machine.LOOPBACK}:{self.port}/postgres"


@contextmanager
def cluster() -> Iterator[Cluster]:
    owner = machine.server_user()
    try:
        initdb = machine.program("initdb")
    except FileNotFoundError:
        pytest.skip("PostgreSQL is not installed")
    with machine.server_folder(owner) as folder:
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner.pw_uid else {}
        made = [initdb, "-D", str(folder / "data"), "-U", "keeper", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload]
        running = Cluster(folder, machine.free_port())
        running.start()
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def server(running: Cluster, tmp_path: Path) -> Server:
    """An empty database of its own."""
    import psycopg  # type: ignore[import-not-found,unused-ignore]

    name = f"log{time.monotonic_ns()}"
    with psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return Server(running.url.replace("/postgres", f"/{name}"), tmp_path / "log")


def record(place: Path | Server, days: int = 3) -> None:
    """The same mail wherever it is kept, with numbers of sessions, all days but the last counted."""
    for number in range(days):
        today = START + timedelta(number)
        log = EventLog(place, b"k" * 32, today=lambda today=today: today, retention_days=3650)  # type: ignore[misc]
        for message in range(6):
            sender = ("news.example.org", "100%.example.com")[message % 2]
            found = [PIXEL, PIXEL._replace(part="2", url=f"https://t.example.net/{'open/' * 2000}?u=FAKE")]
            cleaned = Cleaned(b"", tuple(found[: 1 + message % 2]), CLEANED.skipped, Origin(sender, f"<a.{sender}>"))
            for _ in range(2):  # reading it again counts once
                log.record(cleaned, replace(DELIVERY, account=f"user{message}", message=f"{number}/{message}", size=9))
        log.count(Numbers("imap", "in", 1, 6, 60))
        log.close()
    with closing(database.open_for_writing(place)) as connection:
        for _ in rollup.steps(connection, START + timedelta(days - 1)):
            pass


def test_the_tables_are_those_of_the_file(server: Server, tmp_path: Path) -> None:
    with (
        closing(database.open_for_writing(server)) as there,
        closing(database.open_for_writing(tmp_path / "here.sqlite3")) as here,
    ):
        tables = here.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        for (table,) in tables:
            ours = sorted(row[1] for row in here.execute(f"PRAGMA table_info({table})"))
            sql = "SELECT column_name FROM information_schema.columns WHERE table_name = ?"
            assert sorted(name for (name,) in there.execute(sql, (table,))) == ours, table


def test_every_question_has_the_same_answer_as_from_the_file(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "here.sqlite3"
    for place in (server, file):
        record(place)
    assert list(events(server)) == list(events(file))
    assert list(skips(server)) == list(skips(file))
    for filters in (Filters(), Filters(vendor="example-mailer", since=date(2026, 1, 2)), Filters(sender="example.org")):
        for by in BY:
            assert counts(server, [by], filters) == counts(file, [by], filters), by
        assert summary(server, filters, date(2026, 1, 3)) == summary(file, filters, date(2026, 1, 3))
        here, there = (evidence(place, filters, date(2026, 1, 3)) for place in (file, server))
        assert replace(there, verdict=here.verdict) == here
        assert there.verdict.problems == ()
        assert there.verdict.days == here.verdict.days == 2
    exported = []
    for place in (file, server):
        with database.reading(place) as connection:
            exported.append(sorted(rows(connection, Filters(), 2, Export())))
    assert exported[0] == exported[1] != []
    assert newer(server, Filters(), 0)[0] == list(events(server))


def test_the_commands_read_from_the_server_that_the_settings_name(server: Server, tmp_path: Path) -> None:
    record(server)
    settings = tmp_path / "blockproxy.yaml"
    imap = "imap: {upstream: {host: imap.example.org, port: 993}}"
    settings.write_text(f"{imap}\neventlog: {{server: '{server.url}', path: {server.path}}}\n")
    named = ["--config", settings]
    assert blockproxy("events", *named, "--by", "day", "--format", "csv").out.splitlines()[1] == "2026-01-01,9,9,6"
    assert blockproxy("events", "verify", *named).code == 0
    assert "27 trackers in 18 messages" in blockproxy("report", *named, "--since", "2026-01-01").out
    settings.write_text(f"{imap}\neventlog: {{server: 'mysql://somewhere'}}\n")
    assert "must look like postgresql://USER@HOST/DATABASE" in blockproxy("events", *named).err


def test_two_proxies_and_one_server_count_what_was_sent(server: Server) -> None:
    logs = [EventLog(server, today=lambda: START) for _ in range(2)]
    for number in range(300):
        logs[number % 2].record(CLEANED, replace(DELIVERY, message=f"{number}"))
    for log in logs:
        log.close()
    assert len(list(events(server))) == 300
    assert len({event.account for event in events(server)}) == 1
    assert show(server, DELIVERY.account) == {"findings": 300, "skips": 600, "messages": 300}
    assert forget(server, DELIVERY.account) == 1200
    assert list(events(server)) == []


def test_a_machine_with_another_key_is_refused(server: Server, tmp_path: Path) -> None:
    EventLog(server).close()
    other = replace(server, path=tmp_path / "other" / "log")
    with pytest.raises(SettingsError, match="copy their file to here"):
        EventLog(other)
    keys.place(other).write_bytes(keys.place(server).read_bytes())
    EventLog(other).close()
    assert pseudonyms(other, "me") == pseudonyms(server, "me")


def test_whoever_changes_something_is_found_out(server: Server) -> None:
    record(server)
    with closing(database.open_for_writing(server)) as connection:
        connection.execute("UPDATE findings SET vendor = 'Nobody' WHERE day = '2026-01-01'")
        assert [problem[:10] for problem in chain.verify(connection).problems] == ["2026-01-01"]


def test_while_the_server_is_away_events_wait_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster() as own:
        server = Server(own.url, tmp_path / "log")
        log = EventLog(server, today=lambda: START)
        log.record(CLEANED, DELIVERY)
        wait_until(lambda: len(list(events(server))) == 1)
        own.stop()
        for number in range(50):
            log.record(CLEANED, replace(DELIVERY, message=f"away{number}"))
        wait_until(lambda: "takes no events" in caplog.text)
        own.start()
        wait_until(lambda: "takes events again" in caplog.text, 30)
        log.close()
        assert log.dropped == 0
        assert len(list(events(server))) == 51


def test_a_server_that_is_not_there_is_a_plain_error_without_the_password(tmp_path: Path) -> None:
    server = Server(f"postgresql://me:fakesecret@{machine.LOOPBACK}:{machine.free_port()}/log", tmp_path / "log")
    with pytest.raises(SettingsError, match=r"postgresql://127\.0\.0\.1/log: the event log cannot be opened") as caught:
        EventLog(server)
    assert "fakesecret" not in str(caught.value)
