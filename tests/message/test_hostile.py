"""Nothing is quadratic: what was made to be slow is read in well under a second, and twice of it in twice the time."""

import gc
import time
from collections.abc import Callable

import pytest

import blockproxy
from blockproxy.message.references import in_css, in_html, in_text, read_fully
from blockproxy.message.transfer import decode
from blockproxy.model import Cleaned, Context, Patch, Policy, Reference, Span
from tests.message.hostile import MESSAGE_SHAPES, SHAPES, TEXT_SHAPES

Reader = Callable[[bytes], list[Reference] | Cleaned]

# Eight times the octets may take at most this many times as long: 8 is linear, 64 quadratic, the rest is for a busy
# machine and what does not grow.
_MAX_GROWTH = 30


def _seconds(read: Callable[[bytes], object], view: bytes) -> float:
    """Of processor time, without the collector: on a busy machine nothing else says how much work it is."""
    gc.disable()
    try:
        start = time.process_time()
        read(view)
        return time.process_time() - start
    finally:
        gc.enable()


def _grows_with_its_length(read: Callable[[bytes], object], build: Callable[[int], bytes], count: int) -> None:
    small = min(_seconds(read, build(count // 8)) for _ in range(2))
    large = min(_seconds(read, build(count)) for _ in range(2))
    assert large < max(_MAX_GROWTH * small, 0.3)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("read", [in_html, read_fully])
def test_hostile_html_is_read_in_linear_time(shape: str, read: Reader) -> None:
    _grows_with_its_length(read, *SHAPES[shape])


@pytest.mark.timeout(10)
@pytest.mark.parametrize("shape", [name for name in SHAPES if name.startswith("CSS") or name == "url("])
def test_hostile_css_is_read_in_linear_time(shape: str) -> None:
    build, count = SHAPES[shape]
    _grows_with_its_length(in_css, lambda n: build(n).removeprefix(b"<style>"), count)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("shape", TEXT_SHAPES)
def test_hostile_text_is_read_in_linear_time(shape: str) -> None:
    _grows_with_its_length(in_text, *TEXT_SHAPES[shape])


READER = Context(addresses=("reader@example.org",))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("shape", MESSAGE_SHAPES)
@pytest.mark.parametrize("policy", [Policy(), Policy(remote="block")], ids=["standard", "block"])
def test_hostile_messages_are_cleaned_in_linear_time(shape: str, policy: Policy) -> None:
    _grows_with_its_length(
        lambda message: blockproxy.clean(message, policy=policy, context=READER), *MESSAGE_SHAPES[shape]
    )


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ("documents", "too-many-documents"),
        ("srcdocs", "too-many-documents"),
        ("pages in a calendar", "too-many-documents"),
        ("messages in messages", "document-too-deep"),
        ("lines like a delimiter", "odd-boundary"),
    ],
)
def test_what_is_beyond_a_limit_is_told_once_and_by_its_name(shape: str, reason: str) -> None:
    build, count = MESSAGE_SHAPES[shape]
    cleaned = blockproxy.clean(build(count))
    assert [skip.reason for skip in cleaned.skipped] == [reason]


QUOTED_PRINTABLE = {
    "one long line": b"https://x.example/?a=3Db",
    "soft breaks between letters": b"x=\n",
    "soft breaks behind one another": b"https://x.example=\n=\n=\n=\n",
    "broken escapes": b"x=zz=  \n",
}


def _changed_everywhere(transmitted: bytes) -> None:
    decoded = decode(transmitted, "quoted-printable")
    patches = [Patch(Span(at, at + 1), decoded.octets[at : at + 1]) for at in range(0, len(decoded.octets), 16)]
    assert decoded.encode(patches) == transmitted
    assert not [at for at in range(0, len(decoded.octets), 16) if decoded.locate(Span(at, at + 9)).start < at]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("shape", QUOTED_PRINTABLE)
def test_hostile_quoted_printable_is_changed_in_linear_time(shape: str) -> None:
    piece = QUOTED_PRINTABLE[shape]
    _grows_with_its_length(_changed_everywhere, lambda n: piece * n, 500_000 // len(piece))
