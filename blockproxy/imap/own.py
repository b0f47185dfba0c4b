"""Commands that the proxy answers itself, at least in part: what they change is about one leg."""

from blockproxy.errors import PeerError, Side
from blockproxy.imap.capabilities import verdict
from blockproxy.imap.state import Command, State


def enable(state: State, command: Command, text: bytes) -> None:
    """What is hidden is not enabled either: mutt tries without having seen it offered (RFC 5161)."""
    words = text.split()
    names = [name for name in words[2:] if verdict(name.decode("latin-1")).offered]
    if len(words) > 2 and not names:
        state.reply(command.tag, b"OK nothing enabled")
        return
    state.expect(command)
    state.to_server.append(text if names == words[2:] else b" ".join([*words[:2], *names]) + b"\r\n")


def start_tls(state: State, command: Command, *, more: bool) -> None:
    """The client's leg becomes a TLS one. Raises `PeerError` where anything surrounds the command."""
    if not state.starttls:
        state.reply(command.tag, b"BAD TLS is active or not available")
        return
    command.reply = command.tag + b" OK begin TLS negotiation now\r\n"
    command.starts_tls = True
    state.expect(command)
    if more or not state.starting_tls:
        raise PeerError(Side.CLIENT, "nothing surrounds STARTTLS (RFC 9051, section 6.2.1)")


def compress(state: State, command: Command, text: bytes, *, more: bool) -> None:
    """The client's leg is compressed from the answer on. Raises `PeerError` where anything follows before it."""
    if text.upper().split()[2:] != [b"DEFLATE"] or not state.authenticated:
        state.reply(command.tag, b"BAD COMPRESS DEFLATE is available after the login")
    elif state.compressing:
        state.reply(command.tag, b"NO [COMPRESSIONACTIVE] it is compressed")
    else:
        command.reply, command.compresses = command.tag + b" OK deflated from here on\r\n", True
        state.compressing = True
        state.expect(command)
        if more:
            raise PeerError(Side.CLIENT, "nothing follows COMPRESS before its answer (RFC 4978, section 3)")
