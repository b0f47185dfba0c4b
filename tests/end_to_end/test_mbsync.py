"""mbsync pulls the mailbox through the proxy and directly: the Maildirs differ where the cleaner says, only there."""

from collections.abc import Callable, Sequence
from pathlib import Path

import blockproxy
from blockproxy.demo import newsletters
from blockproxy.model import Span
from tests.end_to_end import machine, mailbox, mbsync, proxy
from tests.end_to_end.dovecot import Dovecot

# mbsync refuses a message whose header has no end, directly as through the proxy.
REFUSED = {"header only"}
TRACKED = {"many trackers", "alternative soft broken", "html base64", "receipt header 1", "large attachment"}
UNTOUCHED = {"signed pgp", "signed smime", "encrypted pgp", "encrypted smime", "plain ascii", "long text"}


def without(message: bytes, spans: Sequence[Span]) -> bytes:
    """The message with `spans` blackened."""
    octets = bytearray(message)
    for start, end in spans:
        octets[start:end] = bytes(end - start)
    return bytes(octets)


def test_the_maildirs_differ_in_the_spans_that_the_cleaner_names(
    dovecot: Dovecot, account: Callable[[], str], tmp_path: Path
) -> None:
    reader, port = account(), machine.free_port()
    messages = {**mailbox.messages(), **dict(newsletters.messages())}
    dovecot.deliver(reader, list(messages.values()))
    settings = {
        "imap": {"listen": {"port": port}, "upstream": {"host": "127.0.0.1", "port": dovecot.port, "tls": "none"}}
    }
    with proxy.command(settings, tmp_path):
        mbsync.pull(dovecot.port, reader, tmp_path / "direct")
        mbsync.pull(port, reader, tmp_path / "proxied")
        before = mbsync.state(tmp_path / "proxied")
        mbsync.pull(port, reader, tmp_path / "proxied")
        assert mbsync.state(tmp_path / "proxied") == before
    direct, proxied = mbsync.pulled(tmp_path / "direct"), mbsync.pulled(tmp_path / "proxied")
    identities = {name: mbsync.identity(message) for name, message in messages.items() if name not in REFUSED}
    assert direct.keys() == proxied.keys() == set(identities.values())
    changed = set()
    for name, identity in identities.items():
        assert direct[identity] == messages[name].replace(b"\r\n", b"\n"), name
        cleaned = blockproxy.clean(messages[name])
        assert proxied[identity] == cleaned.message.replace(b"\r\n", b"\n"), name
        spans = [finding.span for finding in cleaned.findings if finding.blocked]
        assert without(cleaned.message, spans) == without(messages[name], spans), name
        if proxied[identity] != direct[identity]:
            changed.add(name)
    assert changed >= TRACKED
    assert not changed & UNTOUCHED
