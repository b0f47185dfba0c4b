"""Tables on terminals of any width."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

from tests.cli.command import environment

PRINTING = "from blockproxy.cli.output import table; table({columns!r}, {rows!r})"
COLUMNS = ["technique", "vendor", "rule", "confidence", "evidence"]
ROWS = [["link-decoration", "Mailchimp", "mailchimp/mc_eid", "0.95", "parameters that say who reads and which mail"]]


def printed(width: int) -> str:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    code = PRINTING.format(columns=COLUMNS, rows=ROWS)
    plain = {name: value for name, value in environment().items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, env=plain) as process:
        os.close(theirs)
        process.wait(timeout=30)
    text = os.read(ours, 100_000).decode()
    os.close(ours)
    return text


def test_a_wide_terminal_gets_a_line_a_row() -> None:
    line = next(line for line in printed(140).splitlines() if "Mailchimp" in line)
    for cell in ROWS[0]:
        assert cell in line


def test_on_a_narrow_terminal_no_word_is_cut() -> None:
    text = printed(60)
    for column, cell in zip(COLUMNS, ROWS[0], strict=True):
        assert f"{column.rjust(10)}  {cell}" in text.replace("\r", "").splitlines()


def test_a_long_cell_is_folded_where_the_others_fit() -> None:
    lines = printed(90).splitlines()
    row = next(line for line in lines if "Mailchimp" in line)
    assert all(cell in row for cell in ROWS[0][:4])
