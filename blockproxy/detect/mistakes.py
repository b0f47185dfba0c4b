"""What is wrong with a rule file, in our words: pydantic's are about its own types.

Each sentence names the field, what stands there, and what may.
"""

from typing import Any

from pydantic_core import ErrorDetails

from blockproxy.detect.schema import Strict
from blockproxy.yamlfile import shown

_WANTED = {  # pydantic's type of an error: what is wanted
    "string_type": "a text",
    "list_type": "a list, such as [one, two]",
    "model_type": "a mapping, lines such as `name: value`",
    "float_type": "a number",
    "float_parsing": "a number",
    "date_type": "a day, such as 2026-01-15",
    "date_parsing": "a day, such as 2026-01-15",
    "date_from_datetime_parsing": "a day, such as 2026-01-15",
    "date_from_datetime_inexact": "a day, such as 2026-01-15",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "too_short": "a list with at least {min_length} entry",
    "greater_than": "a number above {gt:g}",
    "less_than_equal": "a number up to {le:g}",
}

# The pattern of a field: how a person would say it.
PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "lower-case words with hyphens between",
    r"^[a-z0-9]+( [a-z0-9]+)*$": "lower-case words with blanks between",
    r"^[a-z0-9_.-]+$": "the whole name of a parameter, in lower case",
    r"^[A-Za-z0-9_.$~-]+\*?$": "the name of a parameter, or the beginning of names: `utm_*`",
    r"^[a-z0-9-]+(\.[a-z0-9-]+)+$": "a host name, such as example.com",
    r"^[a-z0-9-]+(\.[a-z0-9-]+)*(\.[a-z0-9-]+|\.\*)$": "a host name, such as example.com or google.*",
}


def sentence(kind: type[Strict], fault: ErrorDetails) -> str:
    """What `fault` says about a file of `kind`."""
    where = ".".join(str(part) for part in fault["loc"] if isinstance(part, str) and "[" not in part)
    context, found = fault.get("ctx", {}), "an empty list" if fault["input"] == [] else shown(fault["input"])
    match fault["type"]:
        case "extra_forbidden":
            return f"{where!r} is no field of a rule file; allowed are {', '.join(_fields_at(kind, fault['loc']))}"
        case "missing":
            return f"{where!r} is missing"
        case "literal_error" | "enum":
            return f"{where!r} is {found}; allowed are {context['expected']}"
        case "value_error":
            return f"{where or 'rule'}: {context['error']}"
        case "string_pattern_mismatch":
            return f"{where!r} is {found}; it must be {PATTERNS[context['pattern']]}"
        case other:
            wanted = _WANTED[other].format(**context) if other in _WANTED else fault["msg"]
            return f"{where!r} is {found}; it must be {wanted}"


def _fields_at(kind: type[Strict], location: tuple[str | int, ...]) -> list[str]:
    """The fields that are allowed where the unknown one stands."""
    schema = kind.model_json_schema()
    place: Any = schema
    for part in location[:-1]:
        place = _inside(schema, place, part)
    return sorted(_inside(schema, place, None).get("properties", {}))


def _inside(schema: Any, place: Any, part: str | int | None) -> Any:
    # Where a text may stand too, or nothing, an unknown field is one of the mapping.
    choices = sorted(place.get("anyOf", ()), key=lambda choice: "$ref" not in choice)
    place = next((choice for choice in choices if choice.get("type") != "null"), place)
    if "$ref" in place:
        place = schema["$defs"][place["$ref"].rpartition("/")[2]]
    if isinstance(part, int):
        return place.get("items", {})
    return place if part is None else place.get("properties", {}).get(part, {})
