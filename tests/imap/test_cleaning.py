"""Between the machine and the cleaner: whatever goes wrong, the reader gets the octets."""

from dataclasses import dataclass, field

import pytest

from blockproxy.detect.rules import built_in
from blockproxy.errors import Side
from blockproxy.eventlog.events import Delivery
from blockproxy.exemptions import Exemption, Exemptions, Sender
from blockproxy.imap import cleaning
from blockproxy.imap.cleaning import Cleaning
from blockproxy.imap.sections import Late, Section
from blockproxy.imap.session import Session
from blockproxy.model import Cleaned, Context, Entity, Origin, Policy, Scope

PIXEL = (
    b"<p>hello</p><img width=1 height=1"
    b' src="http://gazette.us1.list-manage.com/track/open.php?u=fa4e00000001&id=fa4e0001&e=fa4e">'
)
HTML = Section(Scope.BODY, Entity("text/html"), "1", 5, b"INBOX", 7, b"From: News <news@mail.example.org>\r\n\r\n")


@dataclass
class Recorder:
    told: list[tuple[Cleaned, Delivery]] = field(default_factory=list)

    def __call__(self, cleaned: Cleaned, delivery: Delivery) -> None:
        self.told.append((cleaned, delivery))


def opened(recorder: Recorder) -> Cleaning:
    return Cleaning(built_in(), Policy(), Context(), lambda: "anna", recorder)


def passed(filters: Cleaning, section: Section, data: bytes, piece: int) -> bytes:
    """What comes out of a section that is fed in pieces."""
    section_filter = filters.open(section)
    assert section_filter is not None
    out = b"".join(section_filter.feed(data[start : start + piece]) for start in range(0, len(data), piece))
    return out + section_filter.close()


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_what_was_found_is_recorded_with_the_sender_and_the_message(piece: int) -> None:
    recorder = Recorder()
    filters = opened(recorder)
    cleaned = passed(filters, HTML, PIXEL, piece)
    assert len(cleaned) == len(PIXEL)
    assert b"list-manage" not in cleaned
    assert not recorder.told
    filters.flush()
    ((found, delivery),) = recorder.told
    assert found.origin == Origin("mail.example.org")
    assert delivery == Delivery("imap", "anna", "INBOX/7/5", "in")


def test_an_event_log_that_fails_is_no_reason_to_stop(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise OSError("somebody's mail")

    filters = Cleaning(built_in(), Policy(), Context(), lambda: "anna", broken)
    passed(filters, HTML, PIXEL, 100)
    filters.flush()
    assert "the event log has lost a message: OSError" in caplog.text
    assert "mail" not in caplog.text


def test_a_sender_that_cannot_be_read_is_a_stranger(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: bytes) -> Sender:
        raise ValueError("somebody's mail")

    monkeypatch.setattr(Sender, "of", broken)
    exemptions = Exemptions((Exemption(sender="mail.example.org"),))
    filters = Cleaning(built_in(), Policy(), Context(), lambda: "anna", Recorder(), exemptions)
    section_filter = filters.open(Section(Scope.MESSAGE))
    assert section_filter is not None
    octets = b"From: a@mail.example.org\r\n\r\nhello\r\n"
    assert section_filter.feed(octets) + section_filter.close() == octets
    assert "ValueError" in caplog.text
    assert "mail" not in caplog.text


def test_nothing_found_is_nothing_recorded() -> None:
    recorder = Recorder()
    filters = opened(recorder)
    assert passed(filters, HTML, b"<p>hello</p>", 5) == b"<p>hello</p>"
    filters.flush()
    assert recorder.told == []


def test_a_body_of_unknown_kind_passes_and_that_is_recorded() -> None:
    recorder = Recorder()
    filters = opened(recorder)
    assert filters.open(Section(Scope.BODY, None, "2")) is None
    filters.flush()
    assert [skip.reason for cleaned, _ in recorder.told for skip in cleaned.skipped] == ["no-context"]


class Broken:
    """A cleaner with a bug, at the `turn`-th octets it is fed; with None, when it is closed."""

    def __init__(self, turn: int | None) -> None:
        self._turn = turn
        self._fed = 0
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        self._fed += 1
        if self._fed == self._turn:
            raise ZeroDivisionError
        out, self._held = self._held[:-1], self._held[-1:] + data
        return out

    def close(self) -> Cleaned:
        raise ZeroDivisionError


@pytest.mark.parametrize("turn", [1, 2, 5, None])
@pytest.mark.parametrize("piece", [1, 3, 40])
def test_a_bug_lets_the_original_pass_and_is_recorded(
    monkeypatch: pytest.MonkeyPatch, turn: int | None, piece: int
) -> None:
    monkeypatch.setattr(cleaning, "Cleaner", lambda *_, **__: Broken(turn))
    recorder = Recorder()
    filters = opened(recorder)
    octets = b"0123456789abcdefghijklmnopqrstuvwxyz"
    assert passed(filters, Section(Scope.MESSAGE), octets, piece) == octets
    filters.flush()
    assert [(skip.reason, skip.detail) for told, _ in recorder.told for skip in told.skipped] == [
        ("error", "ZeroDivisionError")
    ]


def test_a_bug_in_opening_lets_the_original_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(cleaning, "Cleaner", broken)
    assert opened(Recorder()).open(Section(Scope.MESSAGE)) is None


@pytest.mark.parametrize(("end", "message"), [(b" UID 5)\r\n", "INBOX/7/5"), (b" FLAGS ())\r\n", "INBOX/7/None")])
def test_a_uid_behind_the_body_is_waited_for(end: bytes, message: str) -> None:
    recorder = Recorder()
    filters = opened(recorder)
    session = Session(filters.open)
    session.receive(Side.CLIENT, b"1 SELECT INBOX\r\n")
    session.receive(Side.SERVER, b"* OK [UIDVALIDITY 7] valid\r\n1 OK selected\r\n")
    session.receive(Side.CLIENT, b"2 UID FETCH 5 (BODY.PEEK[])\r\n")
    mail = b"Content-Type: text/html\r\n\r\n" + PIXEL
    session.receive(Side.SERVER, b"* 1 FETCH (BODY[] {%d}\r\n%b" % (len(mail), mail))
    filters.flush()
    assert not recorder.told
    session.receive(Side.SERVER, end)
    filters.flush()
    assert [delivery.message for _, delivery in recorder.told] == [message]


def test_at_the_end_of_a_connection_nothing_waits_any_more() -> None:
    recorder = Recorder()
    filters = opened(recorder)
    passed(filters, HTML._replace(uid=None, late=Late()), PIXEL, 100)
    filters.flush()
    assert not recorder.told
    filters.flush(last=True)
    assert [delivery.message for _, delivery in recorder.told] == ["INBOX/7/None"]


def test_mail_of_the_readers_own_keeps_its_receipt_requests_and_loses_its_trackers() -> None:
    header = b"Disposition-Notification-To: anna@example.org\r\nContent-Type: text/html\r\n\r\n"
    for own in (True, False):
        recorder = Recorder()
        filters = opened(recorder)
        cleaned = passed(filters, Section(Scope.MESSAGE, own=own), header + PIXEL, 1_000)
        assert cleaned.startswith(header) is own
        assert b"list-manage" not in cleaned
        filters.flush()
        ((found, _),) = recorder.told
        assert ("receipt-request" in [finding.technique for finding in found.findings]) is not own
