"""`blockproxy scan`: who tracks in a whole archive or account."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, astuple, fields
from enum import StrEnum
from getpass import getpass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from blockproxy.cli import chosen
from blockproxy.cli.output import STDIN, check_addresses, complain, counted, from_stdin, plain, repeated, table
from blockproxy.cli.progress import progress
from blockproxy.errors import InputError
from blockproxy.scan.kept import kept

if TYPE_CHECKING:
    from blockproxy.scan.account import Account
    from blockproxy.scan.report import Report
    from blockproxy.scan.sources import Letter
    from blockproxy.scan.tally import Tally

HELP = """Show who tracks, in whole mailboxes. Nothing is changed, nothing is fetched.

SOURCE is a message, a folder of messages, a Maildir, an mbox, - for a message on standard input, or an account:
imaps://USER@HOST/MAILBOX (without MAILBOX: all but drafts, sent mail and virtual mailboxes). An account is read without
marking anything as read; its password is asked for, or taken from BLOCKPROXY_PASSWORD or --password-file.

The exit code is 0 whatever was found, 1 when something could not be read."""

EXAMPLE = (
    "\b\nExamples:\n  blockproxy scan --summary vendor --summary month ~/Mail"
    "\n  blockproxy scan --format jsonl archive.mbox > findings.jsonl"
    "\n  blockproxy scan --summary sender --resume scan.json imaps://me%40example.org@imap.example.org"
)


WHO = 2  # the column of the table that says how often a row comes


class Format(StrEnum):
    """How findings are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


class Summary(StrEnum):
    """What findings are counted by; the same names as in `blockproxy.scan.tally.By`."""

    VENDOR = "vendor"
    TECHNIQUE = "technique"
    SENDER = "sender"
    MONTH = "month"


def scan(  # noqa: PLR0913, PLR0917 - an option is an argument
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", show_default=False)],
    summary: Annotated[
        list[Summary] | None, typer.Option(help="Print counts instead of findings; may be repeated.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How findings or counts are printed.")] = Format.TABLE,
    address: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="The reader's own address, beside those the messages are addressed to."),
    ] = None,
    whole_urls: Annotated[bool, typer.Option("--urls", help="Whole URLs; else identifiers are masked.")] = False,
    rules: chosen.Folders = None,
    config: chosen.Config = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For an account: go on where FILE says, and keep it up to date.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Its first line is the password.")] = None,
    ca_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Who may sign the server's certificate.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core where that pays.")] = 0,
) -> None:
    """See `HELP`."""
    with kept(for_good=False):
        from blockproxy.model import Policy
        from blockproxy.scan import workers
        from blockproxy.scan.connection import AccountError
        from blockproxy.scan.report import Task

    check_addresses(address or ())
    tell: Callable[[Report], None] = _TELLERS[form]() if not summary else lambda _: None
    account = _account(sources, resume)
    own = (account.user,) if account is not None and "@" in account.user else ()
    wanted = chosen.rules(config, rules)
    task = Task(Policy(), (*(address or ()), *own), whole_urls)
    code = 0
    with ExitStack() as stack:
        if account is None:
            mail = stack.enter_context(_files([Path(source) for source in sources]))
        else:
            mail = stack.enter_context(_mailboxes(account, _password(password_file), resume, ca_file))
        try:
            for report in stack.enter_context(closing(workers.read_all(mail.letters, wanted, task, jobs))):
                mail.tally.add(report)
                if report.problem:
                    code = 1
                    complain(report.problem)
                tell(report)
                mail.told(report)
        except AccountError as error:
            code = 1
            complain(str(error))
        except KeyboardInterrupt:
            code = 130
            complain("interrupted; this is what was read until then")
    for by in summary or ():
        _print_counts(by, form, mail.tally)
    print(_total(mail.tally), file=sys.stderr)
    raise typer.Exit(code)


def _total(tally: "Tally") -> str:
    tracked = f"{tally.tracked} of them with findings, {counted(tally.findings, 'finding')}"
    rest = f", {tally.unread} not readable" if tally.unread else ""
    rest += f", {counted(tally.others, 'file')} not a message" if tally.others else ""
    return f"{counted(tally.messages, 'message')}, {tracked}; {counted(tally.skipped, 'part')} skipped{rest}"


class _Mail(NamedTuple):
    """Messages to read, the counts so far, and whom to tell that one is done."""

    letters: "Iterable[Letter]"
    tally: "Tally"
    told: "Callable[[Report], None]"


def _account(sources: list[str], resume: Path | None) -> "Account | None":
    """The account to read, or None where `sources` are files."""
    from blockproxy.scan.account import parse

    accounts = [source for source in sources if "://" in source]
    if accounts and len(sources) > 1:
        raise InputError(["an account is scanned alone; name one source"])
    if resume is not None and not accounts:
        raise InputError(["--resume is for accounts; files are read from the beginning"])
    return parse(accounts[0]) if accounts else None


@contextmanager
def _files(paths: list[Path]) -> "Iterator[_Mail]":
    from blockproxy.scan.sources import letters, octets
    from blockproxy.scan.tally import Tally

    with progress() as bar:
        files = [path for path in paths if str(path) != "-"]
        total = octets(files) if bar.shown else 0
        given = _from_stdin() if len(files) < len(paths) else ()
        yield _Mail(chain(given, letters(files)), Tally(), lambda report: bar.advance(report.size, total))


def _from_stdin() -> "Iterator[Letter]":
    from blockproxy.scan.sources import MAX_MESSAGE, TOO_LONG, Letter, is_mbox

    message = from_stdin(MAX_MESSAGE + 1)
    if len(message) > MAX_MESSAGE:
        yield Letter(STDIN, problem=TOO_LONG)
    elif is_mbox(message):
        yield Letter(STDIN, problem="many messages (mbox); name the file instead")
    else:
        yield Letter(STDIN, octets=message)


@contextmanager
def _mailboxes(account: "Account", password: str, resume: Path | None, ca_file: Path | None) -> "Iterator[_Mail]":
    from blockproxy.scan.account import Reader
    from blockproxy.scan.resume import Checkpoint, Progress, load

    before = load(resume, account) if resume is not None else Progress()
    reader = Reader(account, password, before.seen, ca_file)
    checkpoint = Checkpoint(resume, account, before, reader.uidvalidity) if resume is not None else None

    with progress() as bar:

        def told(report: "Report") -> None:
            bar.advance(1, reader.total)
            if checkpoint is not None:
                checkpoint.note(report)

        try:
            yield _Mail(reader.letters(), before.tally, told)
        finally:
            if checkpoint is not None:
                checkpoint.save()


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0]
        except OSError as error:
            raise InputError([f"{file}: cannot be read: {error.strerror}"]) from error
    if (given := os.environ.get("BLOCKPROXY_PASSWORD")) is not None:
        return given
    if not sys.stdin.isatty():
        raise InputError(["no password: set BLOCKPROXY_PASSWORD, or name a --password-file"])
    return getpass("Password: ", sys.stderr)


# How findings are told. Each function begins an output and gives what tells about one message.


def _as_tables() -> "Callable[[Report], None]":
    def tell(report: "Report") -> None:
        if not report.rows:
            return
        print(plain(report.name))
        rows: list[tuple[str, ...]] = [
            (r.action, r.technique, r.vendor or r.rule, f"{r.confidence:.2f}", r.part, r.host, r.evidence)
            if not r.skipped
            else ("skip", r.skipped, "", "", r.part, "", r.evidence)
            for r in report.rows
        ]
        table(["action", "technique", "who", "sure", "part", "where", "why"], repeated(rows, WHO))
        print()

    return tell


def _as_jsonl() -> "Callable[[Report], None]":
    return lambda report: sys.stdout.writelines(f"{json.dumps(asdict(row))}\n" for row in report.rows)


def _as_csv() -> "Callable[[Report], None]":
    from blockproxy.scan.report import Row

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([field.name for field in fields(Row)])
    return lambda report: writer.writerows(map(astuple, report.rows))


_TELLERS = {Format.TABLE: _as_tables, Format.JSONL: _as_jsonl, Format.CSV: _as_csv}


def _print_counts(by: Summary, form: Format, tally: "Tally") -> None:
    from blockproxy.scan.tally import By

    rows = list(tally.rows(By(by.value)))
    columns = [by.value, "findings", "messages"]
    if form is Format.TABLE:
        table(columns, rows)
        print()
    elif form is Format.CSV:
        csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *rows])
    else:
        sys.stdout.writelines(f"{json.dumps(dict(zip(columns, row, strict=True)))}\n" for row in rows)
