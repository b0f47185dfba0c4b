"""What may stand in a rule file, field by field; `rules/schema.json` is made from these classes.

Only shape is checked here, so that loading is quick; whether the examples are true is the business of `checks`.
"""

import json
import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from blockproxy.detect.pattern import Pattern, compile_pattern
from blockproxy.detect.target import compile_pipeline
from blockproxy.model import Kind, Resource
from blockproxy.url import parse


def _web_address(text: str) -> str:
    parsed = parse(text)
    if parsed is None or parsed.scheme not in {"http", "https"}:
        raise ValueError("not an http or https address")
    return text


def _match(text: str) -> str:
    compile_pattern(text)
    return text


def _pipeline(text: str) -> str:
    compile_pipeline(text)
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower-case words with hyphens between")]
Sentence = Annotated[str, Field(min_length=3, max_length=400)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
MatchText = Annotated[str, AfterValidator(_match)]
TargetText = Annotated[str, AfterValidator(_pipeline)]
RegexText = Annotated[str, AfterValidator(_regex)]
ParameterName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.$~-]+\*?$", description="a name, or the beginning of names: `utm_*`")
]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]


HostPattern = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*(\.[a-z0-9-]+|\.\*)$",
        description="a host name; `google.*` is google.com, google.co.uk and so on",
    ),
]


class Strict(BaseModel):
    """Fields that nobody asked for are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Catch(Strict):
    """A URL that a rule knows; `becomes` is what is left when it has done its work."""

    url: WebAddress
    becomes: WebAddress | None = None


def _catch(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


Catches = Annotated[
    list[Annotated[Catch, BeforeValidator(_catch, json_schema_input_type=str | Catch)]], Field(min_length=1)
]
Spares = Annotated[list[WebAddress], Field(min_length=1)]


class Examples(Strict):
    """The proof: what the rule catches, and what looks similar and is left alone by every rule."""

    catches: Catches
    spares: Spares


class RuleSpec(Strict):
    """One way in which a vendor tracks."""

    id: Name
    technique: Literal["open-pixel", "remote-style", "remote-content", "link-redirect"]
    kind: Kind | None = Field(None, description="what the redirect is for; the vendor's kind if left out")
    match: MatchText | None = Field(None, description="network syntax of ad-block lists: ||host, ^, *, trailing |")
    matches: Annotated[list[MatchText], Field(min_length=1)] | None = Field(None, description="several of them")
    regex: RegexText | None = Field(None, description="must be found in path and query, beside the match")
    why: Sentence | None = Field(None, description="why no match is enough")
    resources: list[Resource] = Field(default=[], description="only these resources; all of them if left out")
    needs: Literal["invisible"] | None = Field(None, description="speaks only about an image that nobody sees")
    target: TargetText | None = Field(None, description="where the true address stands in a redirect")
    confidence: Annotated[float, Field(gt=0, le=1)] | None = None
    examples: Examples
    misses: list[WebAddress] = Field(default=[], description="should be caught and is not yet")

    @property
    def texts(self) -> list[str]:
        """Every pattern of the rule, as written."""
        return self.matches if self.matches is not None else [self.match or ""]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern of the rule, compiled."""
        return tuple(map(compile_pattern, self.texts))

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.match is None) == (self.matches is None):
            raise ValueError("a rule has either 'match' or 'matches'")
        if (self.regex is None) != (self.why is None):
            raise ValueError("'regex' and 'why' go together: a match is preferred")
        redirect = self.technique == "link-redirect"
        if self.target is not None and not redirect:
            raise ValueError("only a link-redirect has a 'target'")
        if self.kind is not None and not redirect:
            raise ValueError("only a link-redirect has a 'kind'")
        if redirect and self.needs is not None:
            raise ValueError("a link-redirect cannot need 'invisible': links are seen")
        if not redirect and self.needs is None and any(not pattern.host for pattern in self.patterns):
            raise ValueError("a match for any host of a resource needs 'needs: invisible'")
        if self.target is None and any(catch.becomes for catch in self.examples.catches):
            raise ValueError("an example has 'becomes', but the rule has no 'target'")
        if self.target is not None and not any(catch.becomes for catch in self.examples.catches):
            raise ValueError("with 'target', an example in 'catches' says what it 'becomes'")
        return self


class VendorFile(Strict):
    """rules/vendors/<id>.yaml: one company that tracks."""

    id: Name
    name: Sentence
    site: WebAddress
    operator: Sentence | None = Field(None, description="the company behind it, where its name is another one")
    evidence: Annotated[list[Sentence], Field(min_length=1)] = Field(description="where a reader can check")
    added: date
    kind: Kind = Field(
        Kind.TRACKING,
        description="what its redirects are for: tracking, a gateway that checks the click, an affiliate programme",
    )
    rules: Annotated[list[RuleSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_redirects(self) -> Self:
        if self.kind is not Kind.TRACKING and all(rule.technique != "link-redirect" for rule in self.rules):
            raise ValueError(f"'kind: {self.kind}' is said of redirects, and there is no link-redirect here")
        return self


class Hosts(Strict):
    """Where a parameter means what its family says; host names hold for their subdomains too."""

    only: list[HostPattern] = []
    never: list[HostPattern] = []


class ParameterSpec(Strict):
    """One parameter of a family."""

    name: ParameterName
    meaning: Literal["recipient", "click", "campaign", "affiliate"]
    hosts: Hosts = Hosts()
    caution: Sentence | None = None


class ParameterFile(Strict):
    """rules/parameters/<id>.yaml: parameters that one company's links carry."""

    id: Name
    name: Sentence
    evidence: Annotated[list[Sentence], Field(min_length=1)]
    added: date
    parameters: Annotated[list[ParameterSpec], Field(min_length=1)]
    examples: Examples


class SparedExamples(Strict):
    """URLs that the entry spares, and URLs that no entry does."""

    spares: Spares
    touches: Spares


class SparedSpec(Strict):
    """Why a URL is never touched, and how it is known."""

    id: Name
    reason: Sentence
    words: list[Annotated[str, Field(pattern=r"^[a-z0-9]+( [a-z0-9]+)*$")]] = Field(
        default=[],
        description="words of a path or of parameters' names; 'reset password' is found as reset-password too",
    )
    parameters: list[Annotated[str, Field(pattern=r"^[a-z0-9_.-]+$")]] = Field(
        default=[], description="whole names of parameters, in lower case"
    )
    hosts: list[HostName] = []
    wrapped: Literal["keep", "unwrap"] = Field(
        "keep", description="what becomes of a redirect to it: `unwrap` takes the redirect off and changes nothing else"
    )
    examples: SparedExamples

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.words or self.parameters or self.hosts):
            raise ValueError("an entry has 'words', 'parameters' or 'hosts'")
        return self


class SparedFile(Strict):
    """rules/spared.yaml: what is never touched."""

    spared: Annotated[list[SparedSpec], Field(min_length=1)]


def json_schema() -> str:
    """The text of `rules/schema.json`, which lets editors complete and underline."""
    schema = TypeAdapter[object](VendorFile | ParameterFile | SparedFile).json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"
