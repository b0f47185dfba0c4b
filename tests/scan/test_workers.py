"""Messages are read on all cores, in their order, and never many at once."""

from collections.abc import Iterator

from blockproxy.model import Policy
from blockproxy.rulesettings import Rules
from blockproxy.scan import pool, workers
from blockproxy.scan.report import Report, Row, Task
from blockproxy.scan.sources import Letter
from blockproxy.scan.tally import MAX_NAMES, OTHERS, By, Tally

MESSAGE = (
    b"From: News <news@example.org>\r\nTo: reader@example.com\r\nDate: Mon, 05 Jan 2026 10:00:00 +0100\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p>Hello</p><img src="https://news.example.org/o?to=reader@example.com" width="1" height="1">\r\n'
)
TASK = Task(Policy())


def many(count: int, taken: list[int]) -> Iterator[Letter]:
    for number in range(count):
        taken.append(number)
        yield Letter(str(number), octets=MESSAGE)


def test_reports_come_in_order_from_every_number_of_processes() -> None:
    for jobs in (0, 1, 2):
        names = [report.name for report in workers.read_all(many(300, []), Rules(), TASK, jobs)]
        assert names == [str(number) for number in range(300)]


def test_no_more_than_a_few_messages_are_on_the_way() -> None:
    taken: list[int] = []
    reports = workers.read_all(many(5_000, taken), Rules(), TASK, 2)
    next(reports)
    assert len(taken) <= (2 * pool.AHEAD + 1) * pool.CHUNK
    reports.close()


def test_a_report_knows_the_month_the_sender_and_the_readers_address_from_the_header() -> None:
    (report,) = workers.read_all(many(1, []), Rules(), TASK)
    (row,) = report.rows
    assert (row.month, row.sender, row.technique, row.host) == ("2026-01", "example.org", "address-leak", "example.org")
    assert "reader" not in row.url + row.evidence.replace("the reader's own address", "")


def test_the_address_of_a_list_is_not_the_readers() -> None:
    letter = Letter("a", octets=b"List-Post: <mailto:reader@example.com>\r\n" + MESSAGE)
    (report,) = workers.read_all([letter], Rules(), TASK)
    assert not [row for row in report.rows if row.technique == "address-leak"]


def test_counts_can_be_written_down_and_taken_up_again() -> None:
    tally = Tally()
    for report in workers.read_all(many(3, []), Rules(), TASK):
        tally.add(report)
    tally.add(Report("b", problem="b: cannot be read"))
    again = Tally(tally.counts())
    for each in (tally, again):
        assert (each.messages, each.tracked, each.findings, each.skipped, each.unread) == (3, 3, 3, 0, 1)
    assert list(again.rows(By.SENDER)) == [("example.org", 3, 3)]


def test_the_memory_of_a_tally_is_bounded() -> None:
    tally = Tally()
    for number in range(MAX_NAMES + 10):
        tally.add(Report("m", 1, (Row("m", "2026-01", f"{number}.example", "1", "open-pixel"),)))
    assert len(list(tally.rows(By.SENDER))) == MAX_NAMES + 1
    assert (OTHERS, 10, 10) in list(tally.rows(By.SENDER))
