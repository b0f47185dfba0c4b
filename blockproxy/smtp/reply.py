"""SMTP replies: RFC 5321, section 4.2. Those of the next hop travel as they are; ours carry RFC 3463 codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A three-digit `code` and one or more lines of text, without line ends."""

    code: int
    lines: tuple[str, ...]

    @classmethod
    def of(cls, code: int, text: str) -> "Reply":
        """A reply from its text, lines separated by LF."""
        return cls(code, tuple(line.replace("\r", " ") for line in text.split("\n")))

    @property
    def positive(self) -> bool:
        """Whether the command was carried out."""
        return 200 <= self.code < 300

    @property
    def octets(self) -> bytes:
        """As transmitted, without the last CRLF. The space after the code stays even where no text follows."""
        last = len(self.lines) - 1
        lines = (f"{self.code}{' ' if index == last else '-'}{line}" for index, line in enumerate(self.lines))
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def temporarily(answer: Reply) -> Reply:
    """The same as the reply to a message that is not delivered for now: 451 instead of a 421 that ends the session."""
    return Reply(451, answer.lines) if answer.code == 421 else answer


HELLO_FIRST = Reply.of(503, "5.5.1 Send EHLO first")
LOGIN_FIRST = Reply.of(530, "5.7.0 Authentication required")
NO_LOGIN_THERE = Reply.of(530, "5.7.0 The next hop asks for no login, so only this machine may send")
TOO_SOON = Reply.of(554, "5.5.0 The message came before it was asked for, closing the connection")
RECIPIENT_FIRST = Reply.of(503, "5.5.1 No valid recipient yet")
LOGGED_IN_ALREADY = Reply.of(503, "5.5.1 Already authenticated")
NO_LOGIN_HERE = Reply.of(502, "5.5.1 Authentication is not offered")
TLS_ALREADY = Reply.of(503, "5.5.1 TLS has begun already")
BAD_PATH = Reply.of(501, "5.1.7 An address in angle brackets is needed")
NESTED_MAIL = Reply.of(503, "5.5.1 Nested MAIL command")
SENDER_FIRST = Reply.of(503, "5.5.1 Need MAIL first")
NO_RELAY = Reply.of(554, "5.7.1 Relay access denied")
ANOTHER_POLICY = Reply.of(452, "4.5.3 Another policy is for this recipient, send the message once more")
ONE_AT_A_TIME = Reply.of(452, "4.5.3 One recipient at a time, the next hop answers for each")
TOO_MANY = Reply.of(452, "4.5.3 Too many recipients")
NOT_BELIEVED = Reply.of(550, "5.7.0 Not believed from your address")
BAD_ATTRIBUTES = Reply.of(501, "5.5.4 Malformed or unknown attributes")
CANNOT_VERIFY = Reply.of(252, "2.0.0 Cannot verify, will try to deliver")
NO_QUARANTINE = Reply.of(451, "4.3.5 The message cannot be put into quarantine now")
NO_SUCH_MECHANISM = Reply.of(504, "5.5.4 Authentication mechanism not offered")
NO_SUCH_EXTENSION = Reply.of(421, "4.5.1 CHUNKING is not offered, closing the connection")
NO_PARAMETERS = Reply.of(501, "5.5.4 No parameters allowed")
BAD_NAME = Reply.of(501, "5.5.4 A host name or an address literal is needed")
BAD_OCTETS = Reply.of(501, "5.5.2 Control characters in a command")
LINE_TOO_LONG = Reply.of(421, "4.5.6 Line too long, closing the connection")
OUR_FAULT = Reply.of(421, "4.3.0 Internal error, nothing was sent, closing the connection")
TOO_MANY_SESSIONS = Reply.of(421, "4.3.2 Too many connections, come again later")
SHUTTING_DOWN = Reply.of(421, "4.3.2 Shutting down")

DONE = Reply.of(250, "2.0.0 OK")
BYE = Reply.of(221, "2.0.0 Bye")
START_DATA = Reply.of(354, "End data with <CR><LF>.<CR><LF>")
HELD_BACK = Reply.of(250, "2.0.0 Automatic read receipt held back, not sent on")

BARE_LINE_END = Reply.of(550, "5.6.11 Bare CR or LF in the message (RFC 5321, section 2.3.8)")
NO_ROOM = Reply.of(452, "4.3.1 No room on the disk for the message, nothing was sent")
TOO_LARGE = Reply.of(552, "5.3.4 Message too large")
