"""A Postfix of our own: submission on two high ports of 127.0.0.1, passwords checked by our Dovecot, mail to our sink.

Postfix insists on starting as root and on a user called postfix; tests that need it are skipped elsewhere.
"""

import os
import pwd
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end import machine, sink
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import Dovecot

# A message leaves as it came: Postfix adds one Received field and corrects nothing.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.example.org
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
relayhost = [127.0.0.1]:{sink_port}
local_header_rewrite_clients =
message_drop_headers =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/chain.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_session_cache_database =
smtp_tls_security_level = none
smtp_line_length_limit = 0
message_size_limit = 52428800
smtpd_error_sleep_time = 0
in_flow_delay = 0
"""

MASTER = """\
127.0.0.1:{port}     inet  n - n - - smtpd
127.0.0.1:{tls_port} inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
FOR_GROUP = {"public": 0o710, "maildrop": 0o730}


@dataclass(frozen=True)
class Postfix:
    """A running server: `port` speaks plaintext and STARTTLS, `tls_port` implicit TLS; all mail goes to `sink`."""

    folder: Path
    port: int
    tls_port: int
    sink: sink.Sink

    def log(self) -> str:
        """What the server has to say about what happened."""
        return (self.folder / "log").read_text(errors="replace")


def _make_queue(folder: Path, owner: pwd.struct_passwd) -> None:
    """What `postfix check` would make, in a tenth of the time."""
    queue = folder / "queue"
    for path in (queue, queue / "pid"):
        path.mkdir()
    modes = dict.fromkeys(QUEUES, 0o700) | FOR_GROUP
    for path, mode in [(folder / "data", 0o700), *((queue / name, mode) for name, mode in modes.items())]:
        path.mkdir()
        path.chmod(mode)
        os.chown(path, owner.pw_uid, owner.pw_gid)


@contextmanager
def running(
    certificates: Certificates, dovecot: Dovecot, *, main: str = "", master: str = "", more: Sequence[int] = ()
) -> Iterator[Postfix]:
    """Start a Postfix and its sink, and end both after the block.

    `main` and `master` are added to the files of these names; `more` are the ports that they speak of.
    """
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    owner = pwd.getpwnam("postfix")
    with sink.running() as end, machine.server_folder(pwd.getpwuid(0)) as folder:
        ports = [machine.free_port(), machine.free_port()]
        shutil.copyfile(certificates.chain, folder / "chain.pem")
        shutil.copyfile(certificates.key, folder / "key.pem")
        values = {
            "folder": folder,
            "sink_port": end.port,
            "auth_socket": dovecot.auth_socket,
            "port": ports[0],
            "tls_port": ports[1],
        }
        (folder / "main.cf").write_text(MAIN.format(**values) + main)
        (folder / "master.cf").write_text(MASTER.format(**values) + master)
        _make_queue(folder, owner)
        daemons = machine.output_of("postconf", "-h", "daemon_directory")
        command = [f"{daemons}/master", "-c", str(folder), "-d"]
        with machine.started(command, [*ports, *more], folder / "printed"):
            yield Postfix(folder, ports[0], ports[1], end)
