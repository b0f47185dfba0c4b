"""What stands inside a notation is found, and written back in as many octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.message import layers
from blockproxy.message.layers import AS_IT_IS, CHARACTER_REFERENCES, ESCAPED, FOLDED, PERCENT, Inside, Layer, Notation
from blockproxy.message.transfer import Base64, Decoded, UndecodableError
from blockproxy.model import Patch, Span

NOTATIONS = {
    "as it is": AS_IT_IS,
    "references": CHARACTER_REFERENCES,
    "percent": PERCENT,
    "folds": FOLDED,
    "escapes": ESCAPED,
}


def written(layer: Decoded, old: bytes, new: bytes) -> bytes:
    """The source, once `new` stands in the place of `old`."""
    start = layer.octets.index(old)
    return layer.encode([Patch(Span(start, start + len(old)), new)])


@pytest.mark.parametrize(
    ("notation", "source", "reads", "becomes"),
    [
        ("as it is", b"a http: b", b"a http: b", b"a xxxxx b"),
        ("references", b"a &#104;ttp&colon; b", b"a http: b", b"a &#120;xxx&#0120; b"),
        ("percent", b"a%20%68ttp\n%3A b", b"a http: b", b"a%20%78xxx\n%78 b"),
        ("folds", b"a ht\r\n tp:\n\t b", b"a http: b", b"a xx\r\n xxx\n\t b"),
        ("escapes", b"a\\, http: b", b"a, http: b", b"a\\, xxxxx b"),
    ],
)
def test_each_octet_is_written_as_wide_as_the_one_it_replaces(
    notation: str, source: bytes, reads: bytes, becomes: bytes
) -> None:
    layer = Layer(source, NOTATIONS[notation])
    assert layer.octets == reads
    assert written(layer, b"http:", b"xxxxx") == becomes
    start, end = layer.locate(Span(reads.index(b"http"), reads.index(b":") + 1))
    assert Layer(source[start:end], NOTATIONS[notation]).octets == b"http:"
    assert layer.encode(()) == source


@pytest.mark.parametrize(
    ("notation", "source", "old", "new"),
    [
        ("references", b"&lt;", b"<", b"x"),  # no number is that short
        ("references", b"&fjlig;", b"fj", b"xx"),  # one reference for two characters
        ("escapes", b"a\\,b", b",", b"x"),
        ("references", b"a&bt;", b"b", b"l"),  # would be a reference
        ("percent", b"a%b", b"b", b"\n"),  # line ends are taken out of a URL
        ("folds", b"ab\r\n c", b"b", b" "),  # a blank at the end of a line is lost on the way
    ],
)
def test_what_cannot_be_written_is_not(notation: str, source: bytes, old: bytes, new: bytes) -> None:
    layer = Layer(source, NOTATIONS[notation])
    start = layer.octets.index(old)
    with pytest.raises(UndecodableError):
        layer.encode([Patch(Span(start, start + len(old)), new)])


def test_no_octet_is_written_that_ends_the_value_around_it() -> None:
    layer = Layer(b"a&#x000022;b", CHARACTER_REFERENCES, b'"')
    assert layer.octets == b'a"b'
    assert written(layer, b'"', b"x") == b"a&#0000120;b"
    with pytest.raises(UndecodableError):
        written(layer, b"b", b'"')


def test_layers_stand_inside_one_another() -> None:
    source = b"data:text/html;base64,PGI&#0043;PGk&gt;"
    outer = Layer(source, CHARACTER_REFERENCES)
    assert outer.octets == b"data:text/html;base64,PGI+PGk>"
    percent = Layer(outer.octets[22:29], PERCENT)
    inner = Inside(Inside(outer, 22, percent), 0, Base64(percent.octets))
    assert inner.octets == b"<b><i"
    changed = written(inner, b"b", b"a")
    assert len(changed) == len(source)
    assert Base64(Layer(changed, CHARACTER_REFERENCES).octets[22:29]).octets == b"<a><i"
    assert inner.locate(Span(3, 4)) == Span(32, 35)


SOURCES = st.lists(
    st.sampled_from(
        [
            b"&",
            b"#38;",
            b"&amp;",
            b"&#x41;",
            b"%",
            b"41",
            b"%2f",
            b"\\",
            b",",
            b"n",
            b"\r\n ",
            b"\n",
            b" ",
            b"a",
            b"\xe9",
        ]
    )
).map(b"".join)


@given(st.sampled_from(sorted(NOTATIONS)), SOURCES, st.data())
def test_what_is_written_reads_as_what_was_meant(name: str, source: bytes, data: st.DataObject) -> None:
    notation: Notation = NOTATIONS[name]
    layer = Layer(source, notation)
    start = data.draw(st.integers(0, len(layer.octets)))
    end = data.draw(st.integers(start, len(layer.octets)))
    new = data.draw(st.binary(min_size=end - start, max_size=end - start))
    located = layer.locate(Span(start, end))
    assert 0 <= located.start <= located.end <= len(source)
    try:
        changed = layer.encode([Patch(Span(start, end), new)])
    except UndecodableError:
        return
    assert len(changed) == len(source)
    assert Layer(changed, notation).octets == layer.octets[:start] + new + layer.octets[end:]
    assert (changed[: located.start], changed[located.end :]) == (source[: located.start], source[located.end :])


@given(st.binary(max_size=300), st.data())
def test_differences_make_the_one_of_the_other(before: bytes, data: st.DataObject) -> None:
    after = bytearray(before)
    for _ in range(data.draw(st.integers(0, 5)) if before else 0):
        after[data.draw(st.integers(0, len(before) - 1))] ^= 1
    found = layers.differences(before, bytes(after), 7)
    out = bytearray(7) + bytearray(before)
    for patch in found:
        out[patch.span.start : patch.span.end] = patch.replacement
    assert out[7:] == after
    assert sum(len(patch.replacement) for patch in found) == sum(a != b for a, b in zip(before, after, strict=True))
