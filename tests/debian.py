"""The Debian packages that the tests need: installs them where that is allowed, otherwise names them and fails."""

import os
import shutil
import subprocess
import sys

PACKAGES = {  # the program that proves that it is there: the package that brings it
    "dovecot": "dovecot-imapd",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "postfix": "postfix",
    "mbsync": "isync",
    "swaks": "swaks",
    "msmtp": "msmtp",
    "miltertest": "miltertest",
    "chromium": "chromium",
    "pg_ctlcluster": "postgresql",
    "ip": "iproute2",
}
# swaks speaks TLS through libnet-ssleay-perl, which it only recommends.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing() -> list[str]:
    """The packages whose program or file is not on this machine."""
    return [package for program, package in PACKAGES.items() if shutil.which(program, path=PATH) is None]


def main() -> int:
    """Install what is missing; 0 when nothing is missing any more."""
    wanted = missing()
    if not wanted:
        return 0
    print(f"missing Debian packages: {' '.join(wanted)}", file=sys.stderr)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted, "libnet-ssleay-perl"]
        subprocess.run(install, env=environment, check=True)
        wanted = missing()
    if wanted:
        print(f"install them and try again:\n    sudo apt-get install {' '.join(wanted)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
