"""A Dovecot of our own: IMAP and LMTP on three high ports of 127.0.0.1, and the password check that Postfix asks.

It runs as one ordinary user, whoever starts the tests. Every login name has the same password and a mailbox of its
own, so that tests which share the server never meet.
"""

import grp
import os
import pwd
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end import machine
from tests.end_to_end.certificates import Certificates

PASSWORD = "correct-horse"  # for every login name
FIRST_DELIVERY = 1_700_000_000  # seconds since 1970; Dovecot takes INTERNALDATE from the file's time

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
mail_plugins = zlib
protocol imap {{
  # COMPRESS=DEFLATE is what a proxy must hide.
  mail_plugins = zlib imap_zlib
}}
ssl = yes
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service lmtp {{
  user = {user}
  chroot =
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archive {{
    auto = create
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server: `port` speaks plaintext and STARTTLS, `tls_port` implicit TLS, `lmtp_port` LMTP."""

    folder: Path
    port: int
    tls_port: int
    lmtp_port: int
    process: machine.Server
    user: pwd.struct_passwd

    @property
    def auth_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.folder / "run" / "auth-postfix"

    def log(self) -> str:
        """What the server has to say about what happened."""
        return (self.folder / "log").read_text(errors="replace")

    def deliver(self, account: str, messages: Sequence[bytes], *, mailbox: str = "INBOX") -> None:
        """Put `messages` into a mailbox of `account`, read, octet for octet; they get UIDs in this order."""
        maildir = self.folder / "mail" / account
        folders = [maildir] if mailbox == "INBOX" else [maildir, maildir / f".{mailbox}"]
        for folder in folders:
            for name in ("cur", "new", "tmp"):
                (folder / name).mkdir(parents=True, exist_ok=True)
        cur = folders[-1] / "cur"
        first = FIRST_DELIVERY + len(list(cur.iterdir()))
        for when, message in enumerate(messages, start=first):
            file = cur / f"{when}.M1P1.localhost,S={len(message)}:2,S"
            file.write_bytes(message)
            os.utime(file, (when, when))
        self._give_to_the_server(maildir)

    def forget(self, account: str) -> None:
        """Remove every mailbox of `account`."""
        shutil.rmtree(self.folder / "mail" / account, ignore_errors=True)

    def _give_to_the_server(self, folder: Path) -> None:
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)


def _write_configuration(
    folder: Path, certificates: Certificates, user: pwd.struct_passwd, ports: Sequence[int]
) -> Path:
    """Everything the server reads, readable by `user`; the path of its dovecot.conf."""
    for source, name in ((certificates.chain, "chain.pem"), (certificates.key, "key.pem")):
        copy = folder / name
        shutil.copyfile(source, copy)
    for name in ("mail", "run", "state"):
        (folder / name).mkdir()
    file = folder / "dovecot.conf"
    values = {
        "folder": folder,
        "user": user.pw_name,
        "group": _group_name(user),
        "uid": user.pw_uid,
        "gid": user.pw_gid,
        "port": ports[0],
        "tls_port": ports[1],
        "lmtp_port": ports[2],
        "password": PASSWORD,
    }
    file.write_text(CONFIGURATION.format(**values))
    if os.geteuid() == 0:
        for path in folder.iterdir():
            os.chown(path, user.pw_uid, user.pw_gid)
    return file


def _group_name(user: pwd.struct_passwd) -> str:
    return grp.getgrgid(user.pw_gid).gr_name


@contextmanager
def running(certificates: Certificates) -> Iterator[Dovecot]:
    """Start a Dovecot, and end it after the block."""
    user = machine.server_user()
    with machine.server_folder(user) as folder:
        ports = [machine.free_port() for _ in range(3)]
        configuration = _write_configuration(folder, certificates, user, ports)
        command = [machine.program("dovecot"), "-F", "-c", str(configuration)]
        with machine.started(command, ports, folder / "printed", user=user) as process:
            yield Dovecot(folder, ports[0], ports[1], ports[2], process, user)
