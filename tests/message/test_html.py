"""The tokenizer against the conformance suite of html5lib, and what mail clients ask of it beyond the standard."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message.html import tokens
from blockproxy.message.token import Kind, StartTag, Token, attributes
from blockproxy.model import Span
from tests.corpus_path import corpus, needs_corpus

# A tokenizer test begins in a state that the tree builder would have set; markup in front of it sets it here.
_STATES = {
    "Data state": "",
    "PLAINTEXT state": "<plaintext>",
    "RCDATA state": "<{tag}>",
    "RAWTEXT state": "<{tag}>",
    "Script data state": "<{tag}>",  # one case closes an <xmp> here, which no tree builder would have opened
    "CDATA section state": "<svg><![CDATA[",
}
_RAW_FOR_STATE = {
    "RCDATA state": ("textarea", "title"),
    "RAWTEXT state": ("style", "xmp", "iframe"),
    "Script data state": ("script",),
}


def _cases() -> list[Any]:
    folder = corpus()
    assert folder is not None
    cases = []
    for path in sorted((folder / "conformance" / "html5lib-tokenizer").glob("tokenizer_*.test")):
        suite = json.loads(path.read_text("utf-8"))
        for test in suite.get("tests", []):
            cases += [(path.name, test, state) for state in test.get("initialStates", ["Data state"])]
    return cases


def _unescaped(test: dict[str, Any]) -> tuple[str, list[Any]]:
    if not test.get("doubleEscaped"):
        return test["input"], test["output"]
    decoded: tuple[str, list[Any]] = _decoded([test["input"], test["output"]])
    return decoded[0], decoded[1]


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), value)
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if isinstance(value, dict):
        return {_decoded(key): _decoded(one) for key, one in value.items()}
    return value


def _expected(output: list[Any]) -> list[Any]:
    kept = []
    for token in output:
        if token[0] == "StartTag":
            kept.append(["StartTag", token[1], token[2], len(token) > 3])
        elif token[0] == "EndTag":
            kept.append(["EndTag", token[1]])
        elif token[0] == "Comment":
            kept.append(["Comment", token[1]])
        elif token[0] == "DOCTYPE":
            kept.append(["DOCTYPE"])
    return kept


def _written(view: bytes, span: Span) -> str:
    raw = view[span.start : span.end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.decode("utf-8").replace("\0", "\ufffd")


def _start_tag(tag: StartTag) -> list[Any]:
    return ["StartTag", tag.name, {a.name: a.value for a in tag.attributes}, tag.self_closing]


def _as_suite(view: bytes, token: Token | StartTag) -> list[Any] | None:
    if isinstance(token, StartTag):
        return _start_tag(token) if token.closed else None
    match token.kind:
        case Kind.END if token.closed:
            return ["EndTag", token.name]
        case Kind.COMMENT | Kind.BOGUS:
            return ["Comment", _written(view, token.inside)]
        case Kind.DOCTYPE:
            return ["DOCTYPE"]
        case _:
            return None


def _read(text: str, state: str, tag: str | None) -> list[Any]:
    prefix = _STATES[state].format(tag=tag or _RAW_FOR_STATE.get(state, ("",))[0])
    view = (prefix + text).encode("utf-8")
    found = [_as_suite(view, token) for token in tokens(view) if token.span.start >= len(prefix.encode())]
    return [token for token in found if token is not None]


@needs_corpus
def test_the_tokenizer_reads_the_html5lib_suite_as_the_standard_does() -> None:
    failed = []
    cases = _cases()
    for name, test, state in cases:
        text, output = _unescaped(test)
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            continue  # a lone surrogate: octets cannot say that
        if _read(text, state, test.get("lastStartTag")) != _expected(output):
            failed.append(f"{name}: {test['description']} ({state})")
    assert len(cases) > 6500
    assert failed == []


def _start_tags(view: bytes) -> list[tuple[str, bool]]:
    return [(token.name, token.in_comment) for token in tokens(view) if token.kind is Kind.START]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (b"<!--[if gte mso 9]><v:fill src=a><![endif]--><p>", [("v:fill", True), ("p", False)]),
        (b"<!--[if !mso]><!--><img src=a><!--<![endif]-->", [("img", False)]),
        (b"<![if !mso]><img src=a><![endif]>", [("img", False)]),
        (b"<!-- [IF true]><b><!-- <i>--><u>", [("b", True), ("i", True), ("u", False)]),
        (b"<!-- [if only words] <b> --><u>", [("u", False)]),
        (b"<!--[if mso]><style>a{}</style><b>", [("style", True), ("b", True)]),
    ],
)
def test_the_inside_of_conditional_comments_is_read_and_marked(view: bytes, expected: list[tuple[str, bool]]) -> None:
    assert _start_tags(view) == expected


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (b"<style><img></style><b>", ["style", "b"]),
        (b"<svg><style><img></style><b>", ["svg", "style", "img", "b"]),
        (b"<svg><p><style><!--</style><img>-->", ["svg", "p", "style", "img"]),
        (b"<svg><foreignObject><style><!--</style><img>-->", ["svg", "foreignobject", "style", "img"]),
        (b"<svg><title><style><!--</style><img>-->", ["svg", "title", "style", "img"]),
        (b"<svg></svg><style><!--</style><img>-->", ["svg", "style", "img"]),
        (b"<svg/><style><!--</style><img>-->", ["svg", "style", "img"]),
        (b"<math><mi><style><!--</style><img>-->", ["math", "mi", "style", "img"]),
        (b"<svg><mi><style><img></style><b>", ["svg", "mi", "style", "img", "b"]),
        (b"<math><title><style><img></style>", ["math", "title", "style", "img"]),
        (b"<math><mi><mglyph><style><img></style>", ["math", "mi", "mglyph", "style", "img"]),
        (b"<math><annotation-xml><style><b></style>", ["math", "annotation-xml", "style", "b"]),
        (b"<math><annotation-xml encoding='Text/HTML'><style><b></style>", ["math", "annotation-xml", "style"]),
        (b"<math><annotation-xml><svg><title><style><b></style>", ["math", "annotation-xml", "svg", "title", "style"]),
        (b"<svg><font><style><b></style>", ["svg", "font", "style", "b"]),
        (b"<svg><font size=1><style><b></style>", ["svg", "font", "style"]),
        (b"<svg><title><![CDATA[><img>]]><b>", ["svg", "title", "b"]),
        (b"<svg><g></p><style><!--</style><img>-->", ["svg", "g", "style", "img"]),
        (b"<svg><![CDATA[><img>]]><b>", ["svg", "b"]),
        (b"<![CDATA[><img>]]><b>", ["img", "b"]),
        (b"<noscript><img></noscript>", ["noscript", "img"]),
        (b"<plaintext></plaintext><img>", ["plaintext"]),
        (b"<script><!--<script></script><img></script><b>", ["script", "b"]),
        (b"<script><!--><script></script><img>", ["script", "img"]),
    ],
)
def test_raw_text_is_raw_only_where_a_browser_takes_it_so(view: bytes, names: list[str]) -> None:
    assert [name for name, _ in _start_tags(view)] == names


def test_a_tag_that_the_end_cuts_off_still_has_its_attributes() -> None:
    view = b'<p><img alt=a src="https://example.com/x'
    *_, last = tokens(view)
    assert not last.closed
    assert [a.value for a in attributes(view[last.inside.start :])] == ["a", "https://example.com/x"]


def test_an_attribute_knows_where_it_and_its_value_stand() -> None:
    view = b"<a  HREF = 'x&amp;y' checked b=c>"
    tag = next(tokens(view))
    found = attributes(view, *tag.inside)
    spans = [(a.name, a.value, view[slice(*a.span)], view[slice(*a.whole)]) for a in found]
    assert spans == [
        ("href", "x&y", b"x&amp;y", b"HREF = 'x&amp;y'"),
        ("checked", "", b"", b"checked"),
        ("b", "c", b"c", b"b=c"),
    ]


TAG_PIECES = [
    b" ",
    b"\n",
    b"/",
    b"=",
    b'"',
    b"'",
    b"width",
    b"WIDTH",
    b"style",
    b"hidden",
    b"1",
    b"&amp;",
    b"\0",
    b"\r",
    b"\xff",
]


@given(st.lists(st.sampled_from(TAG_PIECES), max_size=30))
def test_a_value_is_the_same_with_its_place_and_without(pieces: list[bytes]) -> None:
    for tag in tokens(b"<img " + b"".join(pieces) + b">"):
        if isinstance(tag, StartTag):
            values = {attribute.name: attribute.value for attribute in reversed(tag.attributes)}
            assert {name: tag.get(name) for name in values} == values
            assert tag.get("alt") is None
