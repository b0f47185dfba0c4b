"""COMPRESS=DEFLATE on either leg, with mbsync, which takes it where it is offered, and Dovecot's imap_zlib."""

from collections.abc import Callable
from pathlib import Path

import pytest

import blockproxy
from blockproxy.errors import Side
from blockproxy.imap import state
from blockproxy.imap.compression import Deflated
from tests.end_to_end import mailbox, mbsync, proxy
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire, literals

LEGS = {"none": set(), "client": {Side.CLIENT}, "server": {Side.SERVER}, "both": set(Side)}
NAMES = ["many trackers", "html base64", "large attachment", "plain ascii", "everything nested", "signed pgp"]


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> set[Side]:
    """The legs on which compression began."""
    began: set[Side] = set()

    def begin(side: Side) -> Deflated:
        began.add(side)
        return Deflated(side)

    monkeypatch.setattr(state, "Deflated", begin)
    return began


@pytest.mark.parametrize("compress", LEGS)
def test_mbsync_gets_the_cleaned_messages(
    dovecot: Dovecot, account: Callable[[], str], tmp_path: Path, compress: str, compressed: set[Side]
) -> None:
    reader = account()
    dovecot.deliver(reader, [mailbox.messages()[name] for name in NAMES])
    with proxy.imap(proxy.upstream(dovecot.port), compress=compress) as between:
        mbsync.pull(between.port, reader, tmp_path / "pulled")
    assert compressed == LEGS[compress]
    pulled = mbsync.pulled(tmp_path / "pulled")
    for name in NAMES:
        message = mailbox.messages()[name]
        assert pulled[mbsync.identity(message)] == blockproxy.clean(message).message.replace(b"\r\n", b"\n"), name


def test_what_is_sent_in_one_write_with_the_login_is_answered_too(
    dovecot: Dovecot, account: Callable[[], str], compressed: set[Side]
) -> None:
    reader = account()
    dovecot.deliver(reader, [mailbox.messages()["html base64"]])
    with proxy.imap(proxy.upstream(dovecot.port), compress="server") as between, Wire(between.port) as wire:
        said = f"1 LOGIN {reader} {PASSWORD}\r\n2 SELECT INBOX\r\n3 FETCH 1 BODY.PEEK[1]\r\n4 NOOP\r\n"
        wire.send(said.encode())
        told = [wire.answers(tag) for tag in (b"1", b"2", b"3", b"4")]
    assert compressed == {Side.SERVER}
    assert mailbox.TRACKER_HOST not in literals(told[2][0])[0]
    assert all(b" OK " in answers[-1] for answers in told)
