"""swaks, the Swiss army knife of SMTP: sends one message the way it is told to."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import machine
from tests.end_to_end.dovecot import PASSWORD

TIMEOUT_SECONDS = 30
TLS_OPTIONS = {"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}
AUTHENTICATION_FAILED = 28  # swaks' exit status


@dataclass(frozen=True)
class Sending:
    """How to send: `tls` is none, starttls or implicit, `mechanism` a SASL mechanism, or nothing: without a login."""

    port: int
    authority: Path
    tls: str = "none"
    mechanism: str = "PLAIN"
    account: str = "anna"
    password: str = PASSWORD

    def send(self, message: bytes, recipient: str, *, sender: str = "anna@example.org") -> "Conversation":
        """Send `message`, whose lines end in CRLF, octet for octet."""
        # Left to itself swaks would fill in tokens and correct line ends; so the dots are ours to stuff, and the last
        # CRLF is its.
        stuffed = message.replace(b"\r\n.", b"\r\n..") + b"."
        with tempfile.NamedTemporaryFile() as file:
            file.write(stuffed)
            file.flush()
            words = [machine.program("swaks"), "--server", machine.LOOPBACK, "--port", str(self.port)]
            words += ["--from", sender, "--to", recipient, "--data", f"@{file.name}", "--no-data-fixup"]
            if self.mechanism:
                words += ["--auth", self.mechanism, "--auth-user", self.account, "--auth-password", self.password]
            words += [*TLS_OPTIONS[self.tls], "--tls-verify", "--tls-ca-path", str(self.authority), "--suppress-data"]
            done = subprocess.run(words, check=False, timeout=TIMEOUT_SECONDS, capture_output=True, text=True)
        return Conversation(done.returncode, done.stdout + done.stderr)


@dataclass(frozen=True)
class Conversation:
    """The exit status, and what was said: `<` and `<~` lines are the server's."""

    status: int
    text: str

    def replies(self) -> list[str]:
        """The server's lines, in order."""
        lines = [line.strip() for line in self.text.splitlines()]
        return [line.lstrip("<~-* ") for line in lines if line.startswith(("<-", "<~", "<*"))]
