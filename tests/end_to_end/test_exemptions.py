"""Who is exempt gets the original at the next fetch, in the session that is open, however the client asks for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

import blockproxy
from blockproxy.exemptions import Exemption, Exemptions, Treatment
from tests.end_to_end import mailbox, proxy
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire, literals

SENDER = "news@example.net"
NAMES = ["html quoted-printable", "alternative", "receipt header 1", "many trackers"]
ITEMS = [
    "BODY.PEEK[]",
    "BODY.PEEK[]<0.100000>",
    "RFC822",
    "BODY.PEEK[HEADER]",
    "BODY.PEEK[TEXT]",
    "BODY.PEEK[TEXT]<100.200000>",
    "BODY.PEEK[1]",
    "BINARY.PEEK[1]",
]


@dataclass(frozen=True)
class Reader:
    """A reader's two ways to the same mailbox."""

    direct: Wire
    proxied: Wire
    told: proxy.Recorder

    def same(self, item: str) -> list[bool]:
        """Of each message, whether the reader gets the original."""
        return [
            self._literals(self.proxied, item, n) == self._literals(self.direct, item, n) for n in range(len(NAMES))
        ]

    @staticmethod
    def _literals(wire: Wire, item: str, index: int) -> list[bytes]:
        return literals(b"".join(wire.command(f"a UID FETCH {index + 1} ({item})".encode())))


@pytest.fixture
def exemptions(request: pytest.FixtureRequest) -> Exemptions:
    return Exemptions(*getattr(request, "param", ()))


@pytest.fixture
def reader(dovecot: Dovecot, account: Callable[[], str], exemptions: Exemptions) -> Iterator[Reader]:
    name = account()
    dovecot.deliver(name, [mailbox.messages()[one] for one in NAMES])
    with (
        proxy.imap(proxy.upstream(dovecot.port), exemptions=exemptions) as between,
        Wire(dovecot.port) as direct,
        Wire(between.port) as proxied,
    ):
        for wire in (direct, proxied):
            wire.login(name, PASSWORD)
        yield Reader(direct, proxied, between.recorder)


@pytest.mark.parametrize("item", ITEMS)
def test_who_is_allowed_is_let_through_at_once_and_until_it_is_taken_back(
    reader: Reader, exemptions: Exemptions, item: str
) -> None:
    before = reader.same(item)
    assert not all(before)
    exemptions.allow("other@example.net")
    assert reader.same(item) == before
    exemptions.allow(SENDER)
    assert all(reader.same(item))
    exemptions.disallow(SENDER)
    assert reader.same(item) == before


def test_a_pause_is_for_one_account(reader: Reader, exemptions: Exemptions) -> None:
    exemptions.pause("somebody", 600)
    assert not all(reader.same("BODY.PEEK[]"))
    exemptions.pause(account_of(reader), 600)
    assert all(reader.same("BODY.PEEK[]"))
    assert all(reader.same("BODY.PEEK[TEXT]<0.100>"))
    exemptions.pause(account_of(reader), 0)
    assert not all(reader.same("BODY.PEEK[]"))


def account_of(reader: Reader) -> str:
    return reader.told.told[0][1].account


@pytest.mark.parametrize(
    "exemptions", [[(Exemption(sender="example.net", treatment=Treatment.REPORT),)]], indirect=True
)
def test_what_is_only_reported_stays_and_is_recorded(reader: Reader) -> None:
    assert all(reader.same("BODY.PEEK[]"))
    findings = [finding for cleaned, _ in reader.told.told for finding in cleaned.findings]
    assert findings
    assert not any(finding.blocked for finding in findings)
    found = blockproxy.clean(mailbox.messages()[NAMES[0]]).findings
    assert {finding.rule for finding in found} <= {finding.rule for finding in findings}
