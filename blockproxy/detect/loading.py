"""From folders of rule files to values, with every mistake of every file collected on the way.

A folder holds `vendors/*.yaml`, `parameters/*.yaml` and `spared.yaml`; vendor files may lie in the folder itself too.
A single file is read as what the folder around it says.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from blockproxy.detect.mistakes import sentence
from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.pattern import compile_pattern
from blockproxy.detect.rulefile import Problem, RuleFile, read
from blockproxy.detect.schema import ParameterFile, ParameterSpec, RuleSpec, SparedFile, Strict, VendorFile
from blockproxy.detect.spared import Reason
from blockproxy.detect.target import compile_pipeline
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.model import Kind, Technique

CONFIDENCE_OF_HOST = 0.95  # the host is the vendor's own
CONFIDENCE_OF_SHAPE = 0.85  # a path that others could use too; beside it the image is invisible, or the address decodes

Specs = TypeVar("Specs", bound=Strict)


@dataclass(slots=True)
class Loaded:
    """Everything that was read; the keys are ids. `specs` keeps each file's fields for the checks of its examples."""

    files: list[RuleFile] = field(default_factory=list)
    vendors: dict[str, tuple[Vendor, tuple[Rule, ...]]] = field(default_factory=dict)
    parameters: dict[str, tuple[Parameter, ...]] = field(default_factory=dict)
    spared: dict[str, Reason] = field(default_factory=dict)
    specs: list[tuple[RuleFile, VendorFile | ParameterFile | SparedFile]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def load_folders(folders: Sequence[Path]) -> Loaded:
    """Read `folders`, or single files; of two files with one id the later one counts."""
    loaded = Loaded()
    for folder in folders:
        if not folder.exists():
            loaded.problems.append(Problem(str(folder), 1, "no folder of rules, and no rule file"))
        for path, take in _files(folder):
            name = str(path) if folder is not folders[0] else f"rules/{path.relative_to(folder).as_posix()}"
            file = read(path, name)
            loaded.files.append(file)
            if not file.problems:
                take(loaded, file, path)
            loaded.problems += file.problems
    return loaded


def files(folder: Path) -> list[Path]:
    """The files of `folder` that are read."""
    return [path for path, _ in _files(folder)]


def _files(folder: Path) -> Iterator[tuple[Path, Callable[[Loaded, RuleFile, Path], None]]]:
    if folder.is_file():
        of_parameters = _take_parameters if folder.parent.name == "parameters" else _take_vendor
        yield folder, _take_spared if folder.name == "spared.yaml" else of_parameters
        return
    for path in (*_yaml(folder), *_yaml(folder / "vendors")):
        if path.name != "spared.yaml":
            yield path, _take_vendor
    for path in _yaml(folder / "parameters"):
        yield path, _take_parameters
    if (folder / "spared.yaml").is_file():
        yield folder / "spared.yaml", _take_spared


def _yaml(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _take_vendor(loaded: Loaded, file: RuleFile, path: Path) -> None:
    spec = _valid(VendorFile, file)
    if spec is None or not _named_after(file, spec.id, path):
        return
    _unique(file, "rules", [rule.id for rule in spec.rules])
    if spec.id in loaded.vendors:
        _forget(loaded, spec)
    vendor = Vendor(spec.id, spec.name, spec.site, spec.operator or "", tuple(spec.evidence))
    loaded.vendors[spec.id] = vendor, tuple(_rule(rule, spec.kind) for rule in spec.rules)
    loaded.specs.append((file, spec))


def _forget(loaded: Loaded, spec: VendorFile | ParameterFile) -> None:
    """Of two files with one id the earlier one claims nothing any more."""
    loaded.specs = [
        (file, other) for file, other in loaded.specs if type(other) is not type(spec) or other.id != spec.id
    ]


def _rule(spec: RuleSpec, kind: Kind) -> Rule:
    patterns = tuple(map(compile_pattern, spec.texts))
    usual = CONFIDENCE_OF_HOST if all(pattern.host for pattern in patterns) else CONFIDENCE_OF_SHAPE
    return Rule(
        spec.id,
        Technique(spec.technique),
        patterns,
        spec.confidence or usual,
        re.compile(spec.regex) if spec.regex else None,
        compile_pipeline(spec.target) if spec.target else None,
        frozenset(spec.resources),
        spec.needs == "invisible",
        spec.kind or kind,
    )


def _take_parameters(loaded: Loaded, file: RuleFile, path: Path) -> None:
    spec = _valid(ParameterFile, file)
    if spec is None or not _named_after(file, spec.id, path):
        return
    _unique(file, "parameters", [parameter.name for parameter in spec.parameters], "name")
    if spec.id in loaded.parameters:
        _forget(loaded, spec)
    loaded.parameters[spec.id] = tuple(_parameter(spec, parameter) for parameter in spec.parameters)
    loaded.specs.append((file, spec))


def _parameter(family: ParameterFile, spec: ParameterSpec) -> Parameter:
    return Parameter(
        spec.name,
        Meaning(spec.meaning),
        family.id,
        family.name,
        tuple(spec.hosts.only),
        tuple(spec.hosts.never),
        spec.caution or "",
    )


def _take_spared(loaded: Loaded, file: RuleFile, _: Path) -> None:
    spec = _valid(SparedFile, file)
    if spec is None:
        return
    _unique(file, "spared", [entry.id for entry in spec.spared])
    for entry in spec.spared:
        loaded.spared[entry.id] = Reason(
            entry.id,
            entry.reason,
            tuple(entry.words),
            tuple(entry.parameters),
            tuple(entry.hosts),
            entry.wrapped == "unwrap",
        )
    loaded.specs.append((file, spec))


def _valid(kind: type[Specs], file: RuleFile) -> Specs | None:
    try:
        return kind.model_validate(file.data)
    except ValidationError as error:
        for fault in error.errors():
            file.complain(fault["loc"], sentence(kind, fault))
        return None


def _named_after(file: RuleFile, identifier: str, path: Path) -> bool:
    if identifier == path.stem:
        return True
    file.complain(("id",), f"id is {identifier!r}, the file is {path.name}: they must agree")
    return False


def _unique(file: RuleFile, place: str, identifiers: list[str], key: str = "id") -> None:
    for index, identifier in enumerate(identifiers):
        if identifier in identifiers[:index]:
            file.complain((place, index, key), f"{identifier!r} stands here for the second time")
