"""A rule file as data, and the line on which each piece of it stands.

YAML 1.1 through PyYAML's `compose`, which keeps positions; what it would forgive is refused here: a key twice in one
mapping, aliases, and a file that is a list or a word.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_FILE = 1024 * 1024  # octets; the longest shipped file has a hundredth of it, and what comes after is not read
MAX_DEPTH = 12  # collections in one another; the format needs five

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with a rule file, and where."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(slots=True)
class RuleFile:
    """One file: its `data`, the line of every piece, and what is wrong with it so far."""

    name: str
    content: bytes = b""
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, location: Location) -> int:
        """The line of the innermost piece of `location` that the file has."""
        known = [part for part in location if not isinstance(part, str) or "[" not in part]
        while known and tuple(known) not in self.lines:
            known.pop()
        return self.lines.get(tuple(known), 1)

    def complain(self, location: Location, message: str) -> None:
        """Note a problem at `location`."""
        self.problems.append(Problem(self.name, self.line(location), message))


def read(path: Path, name: str) -> RuleFile:
    """Read `path`; `name` is what its problems call it."""
    file = RuleFile(name)
    try:
        file.content = path.read_bytes()
        node = yaml.compose(file.content[:MAX_FILE].decode(), Loader=yaml.CSafeLoader)
    except (OSError, ValueError) as error:
        file.problems.append(Problem(name, 1, f"cannot be read: {error}"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        file.problems.append(Problem(name, mark.line + 1 if mark else 1, f"no valid YAML: {problem}"))
    else:
        if isinstance(node, yaml.MappingNode):
            file.data = _Reader(file).plain(node, ())
        else:
            file.problems.append(Problem(name, 1, "a rule file is a mapping, `key: value`"))
    return file


class _Reader:
    def __init__(self, file: RuleFile) -> None:
        self._file = file
        self._seen: set[int] = set()

    def plain(self, node: yaml.Node, location: Location) -> Any:
        """Scalars, lists and dictionaries out of `node`."""
        self._file.lines[location] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._seen or len(location) > MAX_DEPTH:
            self._file.complain(location, f"no aliases, and no more than {MAX_DEPTH} collections in one another")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(child, (*location, index)) for index, child in enumerate(node.value)]
        return self._mapping(node, location)

    def _mapping(self, node: yaml.Node, location: Location) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            read = self.plain(value, (*location, name))
            self._file.lines[*location, name] = key.start_mark.line + 1
            if name in plain:
                self._file.complain((*location, name), f"{name!r} stands here for the second time")
            plain[name] = read
        return plain


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """Dates and the like stay text; the schema knows where it wants one."""
    match node.tag.rpartition(":")[2]:
        case "int" if node.value.lstrip("-").isdecimal():
            return int(node.value)
        case "float" if node.value.replace(".", "", 1).isdecimal():
            return float(node.value)
        case "bool":
            return str(node.value).lower() in {"true", "yes", "on"}
        case "null":
            return None
        case _:
            return str(node.value)
