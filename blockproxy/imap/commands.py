"""The client's leg: commands on their way to the server. RFC 9051, section 6.

Widens FETCH, refuses what would by-pass the proxy, waits with the client for `+`, and passes everything else as it
comes. LOGIN and AUTHENTICATE are never kept; of a login, only the account's name is.
"""

import re
from collections.abc import Iterable

from blockproxy.errors import PeerError, Side
from blockproxy.imap import fetch, notify, own
from blockproxy.imap.capabilities import REFUSED
from blockproxy.imap.framing import MAX_LINE, MAX_WAITING, Framer, Line
from blockproxy.imap.state import Command, State
from blockproxy.imap.syntax import ANNOUNCING, COMMAND, account, first_argument, quote, sasl, sasl_account, sasl_login

MAX_LITERAL = 8 * 1024  # octets, before the login and inside the commands that are read; RFC 9051 section 4.3 has 4,096
COMPRESS_TAG = b"PROXY-COMPRESS"  # of the only command that is the proxy's own
MAX_USUAL = 1024  # octets; a shorter FETCH that came alone and in one line is not framed at all

# Lines that are no commands, before and after the login, as Dovecot has it: a browser that is led here sends no more.
MAX_BAD = {False: 3, True: 20}

_HELD = frozenset({b"FETCH", b"NOTIFY", b"ENABLE", b"STARTTLS", b"COMPRESS"})  # answered here, or changed when complete
_READ = frozenset({b"LOGIN", b"AUTHENTICATE", b"SELECT", b"EXAMINE"})  # passed as they come
_REFUSED = {verb.encode(): reason for verb, reason in REFUSED.items()}
LOGIN = frozenset({b"LOGIN", b"AUTHENTICATE"})


class ClientLeg:
    """Takes what the client sends."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._framer = Framer(Side.CLIENT)
        self._command: Command | None = None  # the one whose lines and literals arrive
        self._text = bytearray()  # of it, with quoted strings in place of literals
        self._literal = bytearray()
        self._by_uid = False
        self._asked_to_compress = False
        self._bad = 0  # lines that are no commands
        self._sasl: Command | None = None
        self._mechanism = b""
        self._named = False  # whether this exchange has had the response that may hold the account's name
        self._waits_for: bytes | None = None  # the tag of the command that the server has to encourage with `+`

    @property
    def inside(self) -> bool:
        """Whether the client is in the middle of a command."""
        return not self._framer.idle and (self._framer.inside or self._framer.waiting > 0)

    @property
    def waiting(self) -> int:
        """Octets that the client sent ahead."""
        return self._framer.waiting

    @property
    def sent_ahead(self) -> bool:
        """Whether the client sent something that has to wait for the server's `+`."""
        return self._waits_for is not None and self._framer.waiting > 0

    def feed(self, data: bytes) -> None:
        """Take octets in any pieces. Raises `PeerError`."""
        if self._framer.idle and self._waits_for is None and self._sasl is None and len(data) <= MAX_USUAL:
            usual = fetch.SIMPLE.match(data)
            if usual is not None:
                self._simple(usual)
                return
        self._framer.feed(data)
        self.run()

    def run(self) -> None:
        """Go on with what has arrived, as far as the client need not wait for the server."""
        while self._waits_for is None and (piece := self._framer.next()) is not None:
            if self._state.starting_tls:
                raise PeerError(Side.CLIENT, "nothing follows STARTTLS before TLS (RFC 9051, section 6.2.1)")
            if not isinstance(piece, Line):
                self._octets(piece)
            elif piece.first:
                self._first(piece)
            else:
                self._more(piece)
        if self._framer.waiting > MAX_WAITING:
            raise PeerError(Side.CLIENT, f"a client that has to wait sends at most {MAX_WAITING} octets ahead")

    def encouraged(self) -> None:
        """The server said `+`."""
        pending = self._state.pending
        if self._waits_for == COMPRESS_TAG:
            return  # that is answered with a tag, and nothing goes before it
        if pending and pending[0].verb == b"IDLE" and pending[0].tag != self._waits_for:
            return
        self._waits_for = None
        self.run()

    def answered(self, command: Command) -> None:
        """The server has answered a command with its tag."""
        if command.tag == COMPRESS_TAG:
            self._waits_for = None
            self.run()
        elif command is self._sasl:
            self._sasl = self._waits_for = None
            self._framer.literals = True
        elif command.tag == self._waits_for and command is self._command:
            # Without a `+` the literal will not come (RFC 9051, section 4.3).
            self._waits_for = self._command = None
            self._text.clear()  # or it would be read as the beginning of the next command: as another's login
            self._framer.cancel_literal()

    # Lines and literals

    def _first(self, line: Line) -> None:
        if self._sasl is not None:
            self._respond(line.raw)
            return
        if line.raw.upper() == b"DONE\r\n":  # the end of IDLE (RFC 2177)
            self._state.to_server.append(line.raw)
            return
        fetching = fetch.SIMPLE.match(line.raw)
        if fetching is not None:
            self._simple(fetching)
            return
        match = COMMAND.match(line.raw)
        if match is None:
            self._nonsense(line)
            return
        tag, uid, verb = match.groups()
        verb = verb.upper()
        refusal = self._refusal(verb)
        if refusal is not None:
            self._refuse(line, tag, refusal)
            return
        self._by_uid = uid is not None
        self._command = Command(tag, verb)
        if verb not in _HELD:
            self._state.expect(self._command)
        self._more(line)

    def _more(self, line: Line) -> None:
        """A line of the current command, up to a literal or to its end."""
        command = self._command
        if command is None:
            return  # it was refused, and what belongs to it goes nowhere
        held = command.verb in _HELD
        if not held:
            self._state.to_server.append(line.raw)
        if held or command.verb in _READ:
            if len(self._text) > MAX_LINE[Side.CLIENT]:
                raise PeerError(Side.CLIENT, f"a command has at most {MAX_LINE[Side.CLIENT]} octets here")
            self._text += line.raw if line.literal is None else line.raw[: line.raw.rindex(b"{")].rstrip(b"~")
        if line.literal is not None:
            self._announced(line, line.literal, held)
            return
        text = bytes(self._text)
        self._text.clear()
        self._command = None
        self._complete(command, text)

    def _announced(self, line: Line, length: int, held: bool) -> None:
        command = self._command
        if command is None:
            return
        read = held or command.verb in _READ or not self._state.authenticated
        if length > MAX_LITERAL and read:
            raise PeerError(Side.CLIENT, f"a literal has at most {MAX_LITERAL} octets here")
        if not self._state.authenticated and (len(line.raw) > MAX_USUAL or not ANNOUNCING.match(line.raw)):
            # Dovecot passes over the line and hears the literal as commands: as a login that is not the one seen here.
            raise PeerError(Side.CLIENT, "before the login a literal stands behind nothing that is wrong")
        if line.synchronising and held:
            self._state.reply(b"+", b"go on")
        elif line.synchronising:
            self._waits_for = command.tag

    def _octets(self, data: bytes) -> None:
        command = self._command
        if command is None:
            return
        if command.verb not in _HELD:
            self._state.to_server.append(data)
        if command.verb in _HELD or command.verb in _READ:
            self._literal += data
            if not self._framer.remaining:
                self._text += quote(bytes(self._literal))
                self._literal.clear()

    def _nonsense(self, line: Line) -> None:
        self._bad += 1
        if self._bad >= MAX_BAD[self._state.authenticated]:
            raise PeerError(Side.CLIENT, "it speaks no IMAP")
        self._refuse(line, b"*", b"BAD a command is a tag and a verb")

    def _refusal(self, verb: bytes) -> bytes | None:
        if verb in _REFUSED and not (verb == b"COMPRESS" and Side.CLIENT in self._state.compress):
            return b"BAD not available through this proxy"
        if self._state.starttls and verb in LOGIN:
            return b"NO [PRIVACYREQUIRED] start TLS first"
        return None

    def _refuse(self, line: Line, tag: bytes, text: bytes) -> None:
        self._command = None
        if line.literal is not None and line.synchronising:
            self._framer.cancel_literal()
        self._state.reply(tag, text)

    # Complete commands

    def _complete(self, command: Command, text: bytes) -> None:
        match command.verb:
            case b"FETCH":
                self._fetch(command, text, fetch.arguments(text), self._by_uid)
            case b"NOTIFY":
                self._notify(command, text)
            case b"SELECT" | b"EXAMINE":
                command.name = first_argument(text)
            case b"LOGIN":
                name = first_argument(text)
                command.account, command.login = account(name), name or None
            case b"AUTHENTICATE":
                self._authenticate(command, text)
            case b"ENABLE":
                own.enable(self._state, command, text)
            case b"STARTTLS":
                own.start_tls(self._state, command, more=self._framer.waiting > 0)
            case b"COMPRESS":
                own.compress(self._state, command, text, more=self._framer.waiting > 0)

    def _simple(self, match: re.Match[bytes]) -> None:
        tag, uid, messages, items = match.groups()
        raw = match[0]
        self._fetch(Command(tag, b"FETCH"), raw, (raw[: match.start(4)], messages, items), uid is not None)

    def _fetch(self, command: Command, text: bytes, parts: tuple[bytes, bytes, bytes] | None, by_uid: bool) -> None:
        state = self._state
        plan = None if parts is None else fetch.plan(parts[2], by_uid, state.passed)
        if parts is None or plan is None:
            if fetch.asks_nothing(text):
                state.expect(command)
                state.to_server.append(text)
            else:
                state.reply(command.tag, b"BAD FETCH with something that this proxy does not know")
            return
        head, messages, items = parts
        request = fetch.Request(plan, messages, by_uid)
        if plan.windows and messages.isdigit() and state.selecting() is None:
            self._remember(command, request, items)
            plan = request.plan
        command.request = request
        state.expect(command)
        state.to_server.append(head + plan.arguments + b"\r\n" if plan.changed else text)

    def _remember(self, command: Command, request: fetch.Request, items: bytes) -> None:
        """Of a request for substrings of one message, do not ask for the sections that are here already."""
        mailbox, number = self._state.mailbox, int(request.messages)
        uid = number if request.by_uid else mailbox.uids.get(number)
        wanted = fetch.asked(items, self._state.passed)
        if uid is None or wanted is None or (mailbox.late and uid not in mailbox.uids.values()):
            return  # nobody could tell whose answer it is
        kept = {key: mailbox.kept(uid, key) for key in request.plan.windows}
        known = {key: found[0] for key, found in kept.items() if found is not None}
        octets = sum(_promised(request.plan.windows[key], section) for key, section in known.items())
        if known and self._state.promise(command, octets):
            request.plan = fetch.widen(wanted, request.by_uid, known)
            request.uid, request.known = uid, known

    def _notify(self, command: Command, text: bytes) -> None:
        wide = notify.widened(text, self._state.passed)
        if wide is None:
            self._state.reply(command.tag, b"BAD NOTIFY with something that this proxy does not know")
            return
        text, command.standing = wide
        self._state.notifying = True
        self._state.expect(command)
        self._state.to_server.append(text)

    def _authenticate(self, command: Command, text: bytes) -> None:
        self._mechanism, response = sasl(text)
        self._named = response is not None
        if response is not None:
            command.account = sasl_account(self._mechanism, response)
            command.login = sasl_login(self._mechanism, response)
        self._sasl = command
        self._framer.literals = False
        self._waits_for = command.tag

    def _respond(self, raw: bytes) -> None:
        """A line of the SASL exchange: passed as it is, one for each `+`."""
        command = self._sasl
        if command is not None:
            # Only the first response can hold a name; what comes behind it is the secret.
            if not self._named:
                command.account, self._named = sasl_account(self._mechanism, raw), True
                command.login = sasl_login(self._mechanism, raw)
            self._waits_for = command.tag
        self._state.to_server.append(raw)

    def compress_server(self) -> None:
        """Ask the server to compress its leg, once it can, where the client is in the middle of nothing."""
        state = self._state
        if not (state.authenticated and state.server_compresses) or self._asked_to_compress or self._waits_for:
            return
        if self._framer.inside or any(command.verb == b"IDLE" for command in state.pending):
            return  # the server waits for the rest, or for DONE
        self._asked_to_compress = True
        self._waits_for = COMPRESS_TAG
        state.expect(Command(COMPRESS_TAG, b"COMPRESS"))
        state.to_server.append(COMPRESS_TAG + b" COMPRESS DEFLATE\r\n")


def _promised(windows: Iterable[fetch.Window | None], section: bytearray | None) -> int:
    """How many octets of a section that is here will be given for the few that the server sends in their place."""
    length = len(section or b"")
    return sum(length if window is None else min(window.octets, length) for window in windows)
