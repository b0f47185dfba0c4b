"""Reading a long message in substrings costs the server the message once, whoever of a login's connections reads."""

from collections.abc import Callable

import pytest

import blockproxy
from blockproxy.errors import Side
from blockproxy.imap.session import Session
from tests.end_to_end import mailbox, proxy
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.wire import Wire, literals

CHUNK = 64 * 1024
OVERHEAD = 1.02  # beside the message's octets: the lines around them, and one octet a chunk


@pytest.mark.parametrize("section", ["", "TEXT", "2"])
def test_the_server_sends_a_message_once(
    dovecot: Dovecot, account: Callable[[], str], monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    reader, message = account(), mailbox.messages()["large attachment"]
    dovecot.deliver(reader, [message])
    sent = 0
    receive = Session.receive

    def counted(self: Session, side: Side, data: bytes) -> None:
        nonlocal sent
        sent += len(data) * (side is Side.SERVER)
        receive(self, side, data)

    monkeypatch.setattr(Session, "receive", counted)
    octets = b""
    with proxy.imap(proxy.upstream(dovecot.port)) as between, Wire(between.port) as one, Wire(between.port) as other:
        for wire in (one, other):
            wire.login(reader, PASSWORD)
        sent = 0
        while True:
            wire = (one, other)[len(octets) // CHUNK % 2]
            item = f"BODY.PEEK[{section}]<{len(octets)}.{CHUNK}>"
            [chunk] = literals(wire.command(f"a UID FETCH 1 ({item})".encode())[0])
            octets += chunk
            if len(chunk) < CHUNK:
                break
    assert octets in blockproxy.clean(message).message
    assert len(octets) > 50 * CHUNK
    assert sent <= OVERHEAD * len(octets)
