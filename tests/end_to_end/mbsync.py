"""mbsync (isync), which keeps a Maildir the same as an IMAP mailbox: pipelined, by UID, whole messages."""

import re
import subprocess
from pathlib import Path

from tests.end_to_end import machine
from tests.end_to_end.dovecot import PASSWORD

TIMEOUT_SECONDS = 60

CONFIGURATION = """\
IMAPAccount server
Host 127.0.0.1
Port {port}
User {account}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account server

MaildirStore near
Inbox {folder}/INBOX

Channel pull
Far :far:
Near :near:
Sync Pull
SyncState *
"""

_OWN_FIELD = re.compile(rb"^X-TUID: [^\n]{12}\n", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \n]*(<[^>]*>)", re.MULTILINE | re.IGNORECASE)


def pull(port: int, account: str, folder: Path) -> None:
    """Bring the Maildir at `folder`/INBOX up to date; raises where mbsync complains."""
    folder.mkdir(exist_ok=True)
    file = folder / "mbsyncrc"
    file.write_text(CONFIGURATION.format(port=port, account=account, password=PASSWORD, folder=folder))
    words = [machine.program("mbsync"), "-c", str(file), "-a"]
    subprocess.run(words, check=True, timeout=TIMEOUT_SECONDS, capture_output=True)


def identity(message: bytes) -> bytes:
    """The Message-ID of a message."""
    found = _MESSAGE_ID.search(message)
    assert found, message[:1_000]
    return found[1]


def pulled(folder: Path) -> dict[bytes, bytes]:
    """The messages of the Maildir by their `identity`, with LF line ends as mbsync keeps them."""
    messages = [_OWN_FIELD.sub(b"", file.read_bytes(), count=1) for file in _files(folder)]
    return {identity(message): message for message in messages}


def state(folder: Path) -> dict[str, int]:
    """Every message file, and when it was written in nanoseconds: the same again means that nothing was transferred."""
    return {str(file): file.stat().st_mtime_ns for file in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "INBOX").glob("[cn]*/*"))
