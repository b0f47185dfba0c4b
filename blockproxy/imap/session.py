"""One IMAP connection through the proxy, without any I/O: octets in, octets out.

    session = Session(open_section)
    session.receive(Side.SERVER, data)   # whatever a socket gave
    write(session.take(Side.CLIENT))     # whatever became of it
    write(session.take(Side.SERVER))

Knows framing, FETCH, capabilities, the selected mailbox and the login; everything else is forwarded as it was
received, the server's own octets in the server's order. Who changes content is none of its business: `open_section` is
asked for a filter whenever content is about to pass; before that `passes` may say that a whole message needs none.
"""

from blockproxy.errors import PeerError, Side
from blockproxy.imap.commands import ClientLeg
from blockproxy.imap.mailbox import Version
from blockproxy.imap.memory import Memory
from blockproxy.imap.responses import ServerLeg
from blockproxy.imap.sections import OpenSection, Passes
from blockproxy.imap.state import State


class Session:
    """The machine between a client and a server that has just accepted a connection.

    With `starttls` the client is offered STARTTLS and cannot log in before it. When `starting_tls` becomes true, the
    shell writes what there is for the client, makes the connection a TLS one and calls `tls_started`. `memory` is
    shared with the other connections to the server, as far as their filters are of the same `version`. The legs in
    `compress` may be compressed. Data items of FETCH in `passed` go to the server unread, and so do their answers to
    the client.
    """

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        open_section: OpenSection,
        passes: Passes = lambda *_: False,
        *,
        starttls: bool = False,
        memory: Memory | None = None,
        version: Version = lambda: 0,
        compress: frozenset[Side] = frozenset(),
        passed: frozenset[bytes] = frozenset(),
    ) -> None:
        self._state = State(
            open_section,
            passes,
            starttls=starttls,
            memory=memory or Memory(),
            version=version,
            compress=compress,
            passed=passed,
        )
        self._client = ClientLeg(self._state)
        self._server = ServerLeg(self._state, self._client)
        self.to_client = self._state.to_client  # pieces that wait to be taken
        self.to_server = self._state.to_server

    @property
    def authenticated(self) -> bool:
        """Whether the server accepted a login."""
        return self._state.authenticated

    @property
    def account(self) -> str:
        """Who logged in; "" where the mechanism does not tell."""
        return self._state.account

    @property
    def starting_tls(self) -> bool:
        """Whether the client's next octet belongs to a TLS handshake."""
        return self._state.starting_tls

    @property
    def inside_response(self) -> bool:
        """Whether the server is in the middle of a response."""
        return self._server.inside

    @property
    def inside(self) -> bool:
        """Whether either side is in the middle of something."""
        return self._server.inside or self._client.inside

    @property
    def busy(self) -> bool:
        """Whether a goodbye would cut something: a command, an answer, or the wait for one. IDLE waits for nothing."""
        return self.inside or any(command.verb != b"IDLE" for command in self._state.pending)

    @property
    def waiting_for_answers(self) -> bool:
        """Whether commands are in flight."""
        return bool(self._state.pending)

    @property
    def held(self) -> int:
        """Octets that wait in here, and may all pass through their filters at once."""
        return self._server.held

    @property
    def expansion(self) -> int:
        """How many octets one of the server's may become, usually."""
        return 8 if self._state.deflated else 1

    @property
    def sent_ahead(self) -> bool:
        """Whether octets of the client have to wait for the server's `+`."""
        return self._client.sent_ahead

    def tls_started(self) -> None:
        """The client's leg is a TLS connection now."""
        self._state.starttls = self._state.starting_tls = False

    def receive(self, side: Side, data: bytes) -> None:
        """Take what `side` sent, in any pieces.

        Raises `PeerError` when it broke the protocol and `content.LengthError` when a filter did; in both cases what
        `take` still has may be sent, and nothing more may follow.
        """
        try:
            if not self._state.deflated:
                self._heard(side, data)
            else:
                self._inflated(side, data)
        finally:  # what came before a mistake still goes
            if self._state.deflated:
                self._deflate()

    def _heard(self, side: Side, data: bytes) -> None:
        if side is Side.SERVER:
            self._server.feed(data)
            return
        if self._state.starting_tls:
            raise PeerError(Side.CLIENT, "nothing follows STARTTLS before TLS (RFC 9051, section 6.2.1)")
        if self._state.compressing and Side.CLIENT not in self._state.deflated:
            raise PeerError(Side.CLIENT, "nothing follows COMPRESS before its answer (RFC 4978, section 3)")
        self._client.feed(data)

    def _inflated(self, side: Side, data: bytes) -> None:
        deflated = self._state.deflated.get(side)
        for piece in (data,) if deflated is None else deflated.inflate(data):
            self._heard(side, piece)

    def _deflate(self) -> None:
        """Make octets of the wire out of what is new for a compressed leg."""
        for side, deflated in self._state.deflated.items():
            pieces, ready = self.to_client if side is Side.CLIENT else self.to_server, self._state.ready
            if len(pieces) > ready[side]:
                pieces[ready[side] :] = [deflated.deflate(b"".join(pieces[ready[side] :]))]
                ready[side] = len(pieces)

    def encoded(self, text: bytes) -> bytes:
        """Something that the shell says to the client by itself, as it goes over the wire."""
        deflated = self._state.deflated.get(Side.CLIENT)
        return text if deflated is None else deflated.deflate(text)

    def take(self, side: Side) -> bytes:
        """What is to be sent to `side` now."""
        pieces = self._state.to_client if side is Side.CLIENT else self._state.to_server
        if not pieces:
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if self._state.deflated:
            self._state.ready[side] = 0
        return data
