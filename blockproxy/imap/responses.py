"""The server's leg: responses on their way to the client. RFC 9051, section 7.

FETCH answers are read by what they contain, capabilities are filtered wherever they appear, referrals lose their
address; everything else passes as it comes.
"""

import re

from blockproxy.errors import PeerError, Side
from blockproxy.imap import special_use
from blockproxy.imap.answer import CONTENT, HEAD, Answer
from blockproxy.imap.capabilities import only_offered
from blockproxy.imap.commands import COMPRESS_TAG, LOGIN, ClientLeg
from blockproxy.imap.content import filtered
from blockproxy.imap.fetch import Request
from blockproxy.imap.framing import Framer, Line
from blockproxy.imap.relay import WHOLE, Held, Whole, relay, whole
from blockproxy.imap.sections import named
from blockproxy.imap.state import State
from blockproxy.imap.syntax import CODE, TAGGED, UNTAGGED

_CONTENT_NAME = re.compile(
    rb"(?<=[ (])(?:(?:BODY|BINARY)\[[^\]\[]*+\]|RFC822(?:\.HEADER|\.TEXT)?)(?=[ <])", re.IGNORECASE
)
_END = re.compile(rb"\)\r\n([^ \n]+) OK (?!\[)[^\n]*\r\n\Z")
_UID = re.compile(rb"\* \d+ FETCH \(UID (\d+)", re.IGNORECASE)


class ServerLeg:
    """Takes what the server sends."""

    def __init__(self, state: State, client: ClientLeg) -> None:
        self._state = state
        self._client = client
        self._framer = Framer(Side.SERVER)
        self._answer: Answer | Held | Whole | None = None

    @property
    def inside(self) -> bool:
        """Whether the server is in the middle of a response."""
        return not self._framer.idle

    @property
    def held(self) -> int:
        """Octets of bodies that wait for the BODYSTRUCTURE behind them."""
        return self._answer.size if isinstance(self._answer, Held) else 0

    def feed(self, data: bytes) -> None:
        """Take octets in any pieces. Raises `PeerError`."""
        framer, state = self._framer, self._state
        if framer.idle and self._usual(data):
            return
        framer.feed(data)
        while (piece := framer.next()) is not None:
            if not isinstance(piece, Line):
                self._octets(piece)
                continue
            state.inside_response = piece.literal is not None
            if piece.first:
                self._first(piece)
            elif self._answer is not None:
                self._give(self._answer.line(piece.raw, piece.literal))
            else:
                state.to_client.append(piece.raw)
            if piece.literal is None:
                self._answer = None
                state.flush_replies()
        if self._client.waiting:
            self._client.run()

    def _usual(self, data: bytes) -> bool:
        """What most octets come in: one whole message, and the end of the only command in flight, in one piece."""
        state = self._state
        pending = state.pending
        if len(pending) != 1:
            return False
        match, request = WHOLE.match(data), pending[0].request
        if match is None or request is None or request.plan.changed:
            return False
        start = match.end()
        stop = start + int(match[3])
        end = _END.match(data, stop)
        if end is None or end[1] != pending[0].tag:
            return False
        if not state.passes(data, start, stop):
            uid = int(match[2]) if match[2] is not None else state.mailbox.uids.get(int(match[1]))
            octets = filtered(data[start:stop], state.open_section(whole(uid, state.mailbox)))
            data = b"".join((data[:start], octets, data[stop:]))
        state.to_client.append(data)
        pending.popleft()
        return True

    def _give(self, data: bytes) -> None:
        if data:
            self._state.to_client.append(data)

    def _octets(self, data: bytes) -> None:
        if self._answer is None:
            self._give(data)
        else:
            self._give(self._answer.data(data, last=not self._framer.remaining))

    def _first(self, line: Line) -> None:
        raw = line.raw
        if raw.startswith(b"+"):
            self._state.to_client.append(raw)
            self._client.encouraged()
        elif raw.startswith(b"* "):
            self._untagged(line)
        else:
            self._tagged(raw)

    def _tagged(self, raw: bytes) -> None:
        match = TAGGED.match(raw)
        if match is not None and match[1] == COMPRESS_TAG and self._state.compress:
            self._compressed(ok=match[2].upper() == b"OK")
            return
        self._state.to_client.append(self._status(raw) if b"[" in raw else raw)
        if match is None:
            return
        command = self._state.complete(match[1], ok=match[2].upper() == b"OK")
        if command is not None:
            self._client.answered(command)
        if self._state.compress and Side.SERVER in self._state.compress:
            self._client.compress_server()

    def _compressed(self, *, ok: bool) -> None:
        """The server has answered the proxy's own COMPRESS: what it has said behind that is deflated already."""
        command = self._state.complete(COMPRESS_TAG, ok=ok)
        if command is None:
            return
        if ok:
            self._state.start_compression(Side.SERVER)
            for piece in self._state.deflated[Side.SERVER].inflate(self._framer.take_rest()):
                self._framer.feed(piece)
        self._client.answered(command)

    def _untagged(self, line: Line) -> None:
        raw = line.raw
        head = HEAD.match(raw)
        if head is not None:
            if line.literal is None and not CONTENT.search(raw):
                self._state.to_client.append(raw)
            else:
                self._fetch(int(head[1]), line)
            return
        match = UNTAGGED.match(raw)
        keyword = match[2].upper() if match else b""
        match keyword:
            case b"CAPABILITY":
                raw = b"* CAPABILITY " + self._capabilities(raw.split()[2:]) + b"\r\n"
            case b"ENABLED":  # more than was asked for would change what follows without the machine's knowledge
                raw = b" ".join([b"* ENABLED", *only_offered(raw.split()[2:]).split()]) + b"\r\n"
            case b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH":
                raw = self._untagged_status(keyword, raw)
            case b"LIST" | b"XLIST" | b"LSUB":
                special_use.learn(raw, self._state.own)
            case b"EXPUNGE" | b"VANISHED":
                self._state.mailbox.uids.clear()
        self._state.to_client.append(raw)

    def _fetch(self, sequence: int, line: Line) -> None:
        state = self._state
        self._answer = relay(
            line.raw, state.mailbox, self._request(sequence, line.raw), state.open_section, state.passes
        )
        self._give(self._answer.line(line.raw, line.literal))

    def _request(self, sequence: int, raw: bytes) -> Request | None:
        """Whose answer it is: the first command in flight that waits for these sections of this message.

        Dovecot answers several commands before it completes the first one.
        """
        requests = [command.request for command in self._state.pending if command.request is not None]
        requests += self._pushed()
        request = requests[0] if requests else None
        if len(requests) > 1 or (request is not None and request.plan.changed):
            request = _likeliest(requests, sequence, raw)
        if request is not None and not request.standing:
            request.answered.add(sequence)
        return request

    def _pushed(self) -> list[Request]:
        """What the server may push by itself: as NOTIFY has it, and as it will have it in a moment."""
        state = self._state
        if not state.notifying:
            return []
        return [*state.standing, *(one for command in state.pending for one in command.standing)]

    def _untagged_status(self, keyword: bytes, raw: bytes) -> bytes:
        if keyword == b"PREAUTH":
            if self._state.starttls:
                raise PeerError(Side.SERVER, "no PREAUTH where TLS is required (RFC 9051, section 7.1.4)")
            self._state.authenticated = True
        return self._status(raw)

    def _status(self, raw: bytes) -> bytes:
        """A status response as the client may see it."""
        match = CODE.match(raw)
        if match is None:
            return raw
        head, value = match["head"], match["value"]
        match match["name"].upper():
            case b"CAPABILITY":
                end = raw.index(b"]", match.start("value"))
                return head + b"[CAPABILITY " + self._capabilities(value.split()) + raw[end:]
            case b"REFERRAL":  # RFC 2221 and 2193: would lead the client past the proxy
                return head + raw[match.end() :]
            case b"UIDVALIDITY":
                self._uidvalidity(value)
        return raw

    def _uidvalidity(self, value: bytes) -> None:
        state = self._state
        command = state.selecting()
        if command is not None:
            state.open_mailbox(command)
            state.mailbox.uidvalidity = int(value) if value.isdigit() else None

    def _capabilities(self, names: list[bytes]) -> bytes:
        state = self._state
        state.server_compresses = b"COMPRESS=DEFLATE" in {name.upper() for name in names}
        if not state.starttls:
            logs_in = state.authenticated or any(command.verb in LOGIN for command in state.pending)
            offers = logs_in and Side.CLIENT in state.compress and not state.compressing
            return only_offered(names, (b"COMPRESS=DEFLATE",) if offers else ())
        return only_offered(names, (b"STARTTLS", b"LOGINDISABLED"), login=False)


def _likeliest(requests: list[Request], sequence: int, raw: bytes) -> Request | None:
    """The request for the message that an answer begins with, by the sections in its first line."""
    found = _UID.match(raw)
    uid = None if found is None else int(found[1])
    keys = {named(name).key for name in _CONTENT_NAME.findall(raw)}
    waiting = [one for one in requests if sequence not in one.answered and one.covers(sequence, uid)]
    if not keys and raw.endswith(b")\r\n"):
        # An answer without a section is not for who waits for one: Dovecot may be quicker with a later command.
        waiting.sort(key=lambda one: bool(one.plan.keys))
    for one in waiting:
        if keys <= one.plan.keys:
            return one
    # Not all of the names need be sections: some may be words of a subject.
    return max(
        (one for one in requests if one.covers(sequence, uid)),
        key=lambda one: (keys <= one.plan.keys, bool(keys & one.plan.keys), sequence not in one.answered),
        default=None,
    )
