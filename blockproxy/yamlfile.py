"""YAML files that a person wrote, read into pydantic models: every mistake at once, each with its file and line.

PyYAML composes the file to nodes that know their lines; pydantic says where in the data a mistake is; this module
brings the two together and says it in words for somebody who does not know what pydantic is.
"""

import difflib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from blockproxy.errors import SettingsError

M = TypeVar("M", bound=BaseModel)
Location = tuple[int | str, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is there in every wheel, not in every build


def read(path: Path, model: type[M]) -> M:
    """The contents of the file at `path` as a `model`; relative paths inside it start at its folder.

    Raises SettingsError with one problem a mistake, in the order of the file.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
    data, root = _parse(path, text)
    problems = [(_line(root, ()), text) for text in _not_a_mapping(data)]
    problems += [] if root is None else [(line, problem) for line, problem in _duplicates(root)]
    try:
        result = model.model_validate({} if problems and not isinstance(data, dict) else data, context=path.parent)
    except ValidationError as error:
        if isinstance(data, dict):
            for details in error.errors(include_url=False):
                details["loc"] = _as_written(root, details["loc"])
                problems.append((_line(root, details["loc"]), _in_words(details, model)))
        result = None
    if problems or result is None:
        raise SettingsError([f"{path}:{line}: {problem}" for line, problem in sorted(problems)])
    return result


def _parse(path: Path, text: bytes) -> tuple[object, yaml.Node | None]:
    """The data, and the nodes that know its lines; an empty file is an empty mapping."""
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            return ({} if root is None else loader.construct_document(root)), root
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError([f"{path}:{line}: this is not YAML: {error.problem}"]) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-99-99
        raise SettingsError([f"{path}:1: this is not YAML: {' '.join(str(error).split())}"]) from error


def _not_a_mapping(data: object) -> Iterator[str]:
    if not isinstance(data, dict):
        yield "must be a mapping, lines such as `name: value`"


def _duplicates(root: yaml.Node) -> Iterator[tuple[int, str]]:
    """Names that stand twice in one mapping: YAML takes the last one without a word."""
    todo, seen = [root], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += node.value
        elif isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in first and isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    yield line, f"`{key.value}` stands twice, first in line {first[key.value]}"
                if isinstance(key, yaml.ScalarNode):
                    first.setdefault(key.value, line)
                todo.append(value)


def _line(root: yaml.Node | None, location: Location) -> int:
    """The line of the setting at `location`, or of the innermost thing around it that is written in the file."""
    node, line = root, 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _as_written(root: yaml.Node | None, location: Location) -> Location:
    """`location` without the number of a mapping that stands alone where a list may stand."""
    node, steps = root, list[int | str]()
    for step in location:
        if isinstance(step, int) and not isinstance(node, yaml.SequenceNode):
            continue
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step] if step < len(node.value) else None
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        steps.append(step)
    return tuple(steps)


def _in_words(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong, and what is allowed there."""
    location, context, value = error["loc"], error.get("ctx", {}), error["input"]
    name = _dotted(location)
    match error["type"]:
        case "extra_forbidden":
            return _unknown(location, _names_at(model, location[:-1]))
        case "missing":
            return f"`{name}` is missing"
        case "literal_error" | "enum":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return f"`{name}` is {shown(value)}; allowed: {allowed}"
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            return f"`{name}` is {shown(value)}; it must be {error['msg'].removeprefix('Input should be ')}"
        case "value_error":
            text = str(context["error"])
            return f"`{name}`{' ' if text.startswith('is missing') else ': '}{text}"
        case kind:
            wanted = _WANTED.get(kind) or error["msg"].removeprefix("Input should be ")
            return f"`{name}` is {shown(value)}; it must be {wanted}"


_WANTED = {  # pydantic's type of an error: what a person would call what is wanted
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list, such as [one, two]",
    "model_type": "a mapping, lines such as `name: value`",
    "path_type": "a path",
}


def _unknown(location: Location, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(location[-1]), allowed, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"`{_dotted(location)}` is not a setting; {hint}allowed here: {', '.join(allowed)}"


def _names_at(model: type[BaseModel], location: Location) -> list[str]:
    """The names that may stand in the mapping at `location`."""
    for step in (step for step in location if isinstance(step, str)):
        fields = names(model)
        inner = submodel(fields[step]) if step in fields else None
        if inner is None:
            break
        model = inner
    return list(names(model))


def names(model: type[BaseModel]) -> Mapping[str, Any]:
    """The fields of `model` under the names that stand in a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def submodel(field: Any) -> type[BaseModel] | None:
    """The model that a field holds, maybe optionally, or None for a plain value."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _dotted(location: Location) -> str:
    """`("imap", "listen", "port")` to `imap.listen.port`, `("addresses", 0)` to `addresses[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def shown(value: object) -> str:
    """A value as it can be named in one line."""
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "empty" if value is None else str(value).lower() if isinstance(value, bool) else f"{value!r}"
    return text if len(text) <= 60 else text[:57] + "..."


def example(model: type[BaseModel], given: Mapping[str, Any] | None = None, indent: str = "") -> str:
    """A commented file that `read` takes for `model`: `given` values first, then each field's example or default.

    A setting whose default is nothing, or depends on the machine, is commented out.
    """
    given, lines = given or {}, []
    for name, field in names(model).items():
        value = given.get(name, field.examples[0] if field.examples else field.default)
        inner = submodel(field)
        lines += [None if indent else "", *_comment(field, indent)]
        if inner is None or value == ():
            off = value is None or field.default_factory is not None
            lines.append(f"{indent}{'# ' if off else ''}{name}:{'' if off else ' ' + _yaml(value)}")
            continue
        value = value[0] if isinstance(value, tuple) else value
        below = value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value
        lines += [f"{indent}{name}:", example(inner, below, indent + "  ").rstrip("\n")]
    return "\n".join(line for line in lines if line is not None) + "\n"


def _comment(field: Any, indent: str) -> list[str]:
    allowed = [str(value) for value in get_args(field.annotation) if isinstance(value, str)]
    text = field.description + (f" One of: {', '.join(allowed)}." if allowed else "")
    return textwrap.wrap(text, 110, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _yaml(value: object) -> str:
    plain = list(value) if isinstance(value, tuple) else value
    return str(yaml.safe_dump(plain, default_flow_style=True)).removesuffix("...\n").strip()
