"""The work behind `blockproxy clean`: which messages, under which names, one after the other or on all cores."""

import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blockproxy.cleaner import clean
from blockproxy.cli.output import STDIN, complain, counted, from_stdin
from blockproxy.errors import InputError
from blockproxy.model import Context, Finding, Policy, Skip
from blockproxy.rulesettings import Rules
from blockproxy.scan import pool
from blockproxy.scan.kept import kept
from blockproxy.scan.sources import MANY, MAX_MESSAGE, TOO_LONG, is_mail, is_mbox
from blockproxy.subscriptions.load import load


@dataclass(frozen=True, slots=True)
class Source:
    """A message on disk, and the relative name that its output and its findings get; or one in hand, with `octets`."""

    path: Path
    name: str
    octets: bytes | None = None

    def read(self) -> bytes:
        """The message. Raises OSError."""
        return self.path.read_bytes() if self.octets is None else self.octets


@dataclass(frozen=True, slots=True)
class Work:
    """How every message is cleaned; `out` is the folder for the results, or None."""

    rules: Rules
    policy: Policy
    context: Context
    out: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: what was found, or why it could not be read or written.

    `mail` is false for a file that is no message, which is left where it is.
    """

    source: Source
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skip, ...] = ()
    problem: str = ""
    mail: bool = True


def sources(paths: Sequence[Path], out: Path | None = None) -> list[Source]:
    """Every message in `paths`, each path's sorted by name.

    A message in a folder is named relative to the folder, another one by its file name; where two messages would have
    the same name, all are named relative to the innermost folder that holds all of `paths`. `out` and hidden files are
    left out; with `out`, links that lead out of their folder are too, which is told. Raises InputError where a result
    would take the place of a message.
    """
    if Path("-") in paths:
        return [_from_stdin(paths, out)]
    found = [(path, file) for path in paths for file in _messages(path, out)]
    found = list({file: (path, file) for path, file in found}.values())
    if out is not None:
        found = _without_links_out(found)
    names = [str(file.relative_to(path)) if file != path else file.name for path, file in found]
    if len(set(names)) < len(names):
        common = os.path.commonpath([file.absolute().parent for _, file in found])
        names = [os.path.relpath(file.absolute(), common) for _, file in found]
    messages = [Source(file, name) for (_, file), name in zip(found, names, strict=True)]
    if out is not None:
        _refuse_to_overwrite(messages, out)
        if out.exists() and not out.is_dir():
            raise InputError([f"--out {out} is not a folder"])
    return messages


def _from_stdin(paths: Sequence[Path], out: Path | None) -> Source:
    if len(paths) > 1:
        raise InputError(["-: standard input is cleaned alone; name nothing beside it"])
    if out is not None:
        raise InputError(["--out: standard input has no name to be written under; name a file"])
    octets = from_stdin(MAX_MESSAGE + 1)
    if len(octets) > MAX_MESSAGE:
        raise InputError([f"{STDIN}: {TOO_LONG}"])
    return Source(Path(STDIN), STDIN, octets)


def _without_links_out(found: Sequence[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """What a link shows of other places is not copied with a folder: it may be anything."""
    leading = {(path, file): path for path, file in found if file != path and _leads_out(file, path)}
    for path, count in Counter(leading.values()).items():
        complain(f"{path}: {counted(count, 'link')} out of the folder not followed")
    return [each for each in found if each not in leading]


def _leads_out(file: Path, folder: Path) -> bool:
    return file.is_symlink() and file.exists() and not file.resolve().is_relative_to(folder.resolve())


def _messages(path: Path, out: Path | None) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    avoided = out.resolve() if out is not None else None
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(
            name for name in folders if not _is_hidden(Path(folder, name)) and Path(folder, name).resolve() != avoided
        )
        if avoided is not None:  # links to folders are never followed; those that lead out are told
            yield from (link for name in folders if _leads_out(link := Path(folder, name), path))
        found = (Path(folder, name) for name in sorted(files) if not name.startswith("."))
        # Mail stores have sockets and pipes too; reading one waits for ever. A dangling link is left in, to be named.
        yield from (file for file in found if file.is_file() or not file.exists())


def _is_hidden(folder: Path) -> bool:
    """`.git` is, `.Archive` of a Maildir++ is not."""
    return folder.name.startswith(".") and not (folder / "cur").is_dir()


def _refuse_to_overwrite(messages: Sequence[Source], out: Path) -> None:
    originals = {message.path.resolve() for message in messages}
    for message in messages:
        target = out / message.name
        if target.resolve() in originals:
            raise InputError([f"--out {out} would overwrite {message.path}; name a folder of its own"])
        if target.is_file() and message.path.is_file() and target.stat().st_size != message.path.stat().st_size:
            # What an earlier run wrote of this message is exactly as long as it.
            raise InputError([f"--out {out} would overwrite {target}, another message; name a folder of its own"])


def clean_all(messages: Sequence[Source], work: Work, jobs: int) -> Generator[Outcome, None, None]:
    """Clean `messages` in `jobs` processes (0: as many as pay), and tell what became of each, in their order."""
    return pool.in_order(messages, _Worker, work, jobs)


class _Worker:
    def __init__(self, work: Work) -> None:
        with kept():
            self._rules = load(work.rules)
        self._work = work

    def __call__(self, source: Source) -> Outcome:
        if source.octets is None and source.path.exists() and not source.path.is_file():
            return Outcome(source, problem=f"{source.path}: is not a file")  # a pipe would be waited for
        try:
            message = source.read()
        except OSError as error:
            return Outcome(source, problem=f"{source.path}: cannot be read: {error.strerror}")
        if is_mbox(message):
            return Outcome(source, problem=f"{source.path}: {MANY}")
        if not is_mail(message):
            return Outcome(source, mail=False)
        cleaned = clean(message, self._rules, self._work.policy, self._work.context)
        if self._work.out is not None:
            target = self._work.out / source.name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_private(target, cleaned.message)
            except OSError as error:
                return Outcome(source, problem=f"{target}: cannot be written: {error.strerror}")
        # A reference leads to its element and from there to the whole leaf, which nobody wants sent between processes.
        findings = tuple(finding._replace(reference=None) for finding in cleaned.findings)
        return Outcome(source, findings, cleaned.skipped)


def write_private(path: Path, octets: bytes) -> None:
    """Write a file that only its owner may read: it holds mail."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(octets)
