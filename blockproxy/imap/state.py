"""What both legs of a session know: the commands in flight, the login, the selected mailbox."""

from collections import deque
from dataclasses import dataclass

from blockproxy.errors import PeerError, Side
from blockproxy.imap import special_use
from blockproxy.imap.compression import Deflated
from blockproxy.imap.fetch import Request
from blockproxy.imap.mailbox import Mailbox, Version
from blockproxy.imap.memory import MAX_CACHED, Memory
from blockproxy.imap.sections import OpenSection, Passes

MAX_PENDING = 4096  # commands in flight; mbsync was seen with 34


@dataclass(slots=True)
class Command:
    """A command that has not been answered with its tag yet.

    `reply` is set when the proxy itself answers, in its turn. `standing` is what NOTIFY asks for, `name` the mailbox
    of SELECT, `account` who logs in, and `login` the same where no two could be taken for one.
    """

    tag: bytes
    verb: bytes = b""
    request: Request | None = None
    standing: tuple[Request, ...] = ()
    reply: bytes | None = None
    name: bytes = b""
    account: str = ""
    login: bytes | None = None
    opened: bool = False
    compresses: bool = False
    promised: int = 0
    starts_tls: bool = False


class State:
    """Shared by the legs of one session. `starttls` says that the client still has to start TLS before it logs in."""

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        open_section: OpenSection,
        passes: Passes,
        *,
        starttls: bool,
        memory: Memory,
        version: Version,
        compress: frozenset[Side],
        passed: frozenset[bytes],
    ) -> None:
        self.passed = passed  # names of data items that nobody understands and that pass all the same
        self.open_section = open_section
        self.passes = passes
        self.starttls = starttls
        self.starting_tls = False
        self.authenticated = False
        self.account = ""
        self.memory = memory
        self.own: set[bytes] = set()  # names of the mailboxes with the reader's own mail
        self._login: bytes | None = None
        self._version = version
        self.mailbox = Mailbox()
        self.standing: tuple[Request, ...] = ()  # what the server pushes of new messages
        self.notifying = False  # whether anything was ever asked to be pushed
        self.pending: deque[Command] = deque()
        self.to_client: list[bytes] = []
        self.to_server: list[bytes] = []
        self.inside_response = False
        self._promised = 0
        self.compress = compress  # the legs that may be compressed
        self.compressing = False  # the client may say nothing until it has heard that it may
        self.server_compresses = False  # the server says that it can
        self.deflated: dict[Side, Deflated] = {}
        self.ready = {Side.CLIENT: 0, Side.SERVER: 0}  # pieces that go as they are

    def expect(self, command: Command) -> None:
        """A command is on its way to the server, or waits for its turn to be answered here."""
        if len(self.pending) >= MAX_PENDING:
            raise PeerError(Side.CLIENT, f"at most {MAX_PENDING} commands are in flight")
        self.pending.append(command)
        if command.reply is not None:
            self.flush_replies()

    def promise(self, command: Command, octets: int) -> bool:
        """Whether the answer to a command may have so many octets out of what is kept.

        They come at no pace of the server's: a client that has many commands in flight could ask for any number.
        """
        if self._promised + octets > MAX_CACHED:
            return False
        command.promised = octets
        self._promised += octets
        return True

    def reply(self, tag: bytes, text: bytes) -> None:
        """Answer a command in its turn: after those before it, and not in the middle of a response."""
        self.expect(Command(tag, reply=b"%b %b\r\n" % (tag, text)))

    def flush_replies(self) -> None:
        """Give the client the replies whose turn has come."""
        while self.pending and self.pending[0].reply is not None and not self.inside_response:
            command = self.pending.popleft()
            self.to_client.append(command.reply or b"")
            self.starting_tls |= command.starts_tls
            if command.compresses:
                self.start_compression(Side.CLIENT)

    def start_compression(self, side: Side) -> None:
        """What is said from now on is deflated, and what is heard."""
        self.deflated[side] = Deflated(side)
        self.ready[side] = len(self.to_client if side is Side.CLIENT else self.to_server)

    def complete(self, tag: bytes, *, ok: bool) -> Command | None:
        """The server has answered `tag`; None for a tag that nobody sent."""
        pending = self.pending
        if pending and pending[0].tag == tag and pending[0].reply is None:
            command = pending.popleft()
        else:
            found = next((command for command in pending if command.tag == tag and command.reply is None), None)
            if found is None:
                return None
            pending.remove(found)
            command = found
        self._promised -= command.promised
        after = _AFTER.get(command.verb)
        if after is not None:
            after(self, command, ok)
        return command

    def selecting(self) -> Command | None:
        """The SELECT or EXAMINE that the server works on, if any."""
        return next((command for command in self.pending if command.verb in {b"SELECT", b"EXAMINE"}), None)

    def open_mailbox(self, command: Command) -> None:
        """The server speaks of the mailbox that `command` selects."""
        if not command.opened:
            command.opened = True
            name = command.name
            self.mailbox = Mailbox(
                name, self.memory, self._login, self._version, own=special_use.is_own(name, self.own)
            )

    def log_in(self, command: Command) -> None:
        """The server has accepted a login."""
        self.authenticated = True
        self.account, self._login = command.account, command.login
        if self._login is not None:
            self.own = self.memory.names(self._login)


def _logged_in(state: State, command: Command, ok: bool) -> None:
    if ok:
        state.log_in(command)


def _selected(state: State, command: Command, ok: bool) -> None:
    if ok:
        state.open_mailbox(command)
    else:
        state.mailbox = Mailbox()


def _closed(state: State, _: Command, ok: bool) -> None:
    if ok:
        state.mailbox = Mailbox()


def _notified(state: State, command: Command, ok: bool) -> None:
    if ok:
        state.standing = command.standing


_AFTER = {
    b"LOGIN": _logged_in,
    b"AUTHENTICATE": _logged_in,
    b"SELECT": _selected,
    b"EXAMINE": _selected,
    b"CLOSE": _closed,
    b"UNSELECT": _closed,
    b"NOTIFY": _notified,
}
