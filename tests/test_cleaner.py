"""The invariants I1 to I6 and I8 of a cleaned message, over generated mail and over real mail.

(I7, that nothing is ever fetched, is shown in a network namespace: `end_to_end/test_silence.py`.)
"""

from collections.abc import Iterable
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import blockproxy
from blockproxy import cleaner
from blockproxy.cleaner import SKIP_REASONS, Cleaner
from blockproxy.detect.rules import built_in
from blockproxy.message.mime import Kind, Piece, Scanner
from blockproxy.message.transfer import UndecodableError, decode
from blockproxy.model import Action, Cleaned, Context, Entity, Finding, Policy, Scope, Technique
from tests import generated
from tests.corpus_path import messages

BLOCK_ALL = Policy(remote="block")
READER = Context(addresses=("reader@example.org",))


def pieces_of(message: bytes) -> list[Piece]:
    scanner = Scanner()
    return scanner.feed(message) + scanner.close()


def bodies(pieces: Iterable[Piece]) -> list[tuple[Entity, bytes]]:
    """Entity and transmitted body of every leaf."""
    found: list[tuple[Entity, bytes]] = []
    body = b""
    for piece in pieces:
        if piece.kind is Kind.BODY:
            body += piece.octets
        elif piece.kind is Kind.END:
            found.append((piece.entity, body))
            body = b""
    return found


def line_ends(octets: bytes) -> list[tuple[int, int]]:
    return [(position, octet) for position, octet in enumerate(octets) if octet in b"\r\n"]


def decoded_length(entity: Entity, body: bytes) -> int:
    try:
        return len(decode(body, entity.encoding).octets)
    except UndecodableError:
        return -1


def in_pieces(message: bytes, chunk: int, policy: Policy = Policy(), context: Context = READER) -> Cleaned:  # noqa: B008
    machine = Cleaner(built_in(), policy, context)
    head = b"".join(machine.feed(message[start : start + chunk]) for start in range(0, len(message), chunk))
    cleaned = machine.close()
    return Cleaned(head + cleaned.message, cleaned.findings, cleaned.skipped, cleaned.origin)


def without(message: bytes, findings: Iterable[Finding]) -> bytes:
    """`message` with the spans blanked that were acted upon."""
    out = bytearray(message)
    for finding in findings:
        if finding.blocked:
            out[finding.span.start : finding.span.end] = bytes(finding.span.end - finding.span.start)
    return bytes(out)


def keeps_its_shape(message: bytes, policy: Policy = Policy()) -> Cleaned:  # noqa: B008
    """Assert I1 (same octets), I2 (nothing else), I4 (idempotent), I5 (total) and I8 (signed parts) of one message."""
    cleaned = blockproxy.clean(message, policy=policy, context=READER)
    after = cleaned.message
    assert len(after) == len(message)
    assert all(skip.reason in SKIP_REASONS and skip.reason != "error" for skip in cleaned.skipped)
    if after == message:
        assert not cleaned.changed
    else:
        assert cleaned.changed
        assert line_ends(after) == line_ends(message)
        assert without(after, cleaned.findings) == without(message, cleaned.findings)
        before_pieces, after_pieces = pieces_of(message), pieces_of(after)
        assert [p._replace(octets=b"") for p in after_pieces] == [p._replace(octets=b"") for p in before_pieces]
        assert [decoded_length(*leaf) for leaf in bodies(after_pieces)] == [
            decoded_length(*leaf) for leaf in bodies(before_pieces)
        ]
        for old, new in zip(before_pieces, after_pieces, strict=True):
            mime_header = old.kind is Kind.HEADER and not old.opens_message
            if old.kind is Kind.STRUCTURE or old.entity.protected or mime_header:
                assert new.octets == old.octets
        again = blockproxy.clean(after, policy=policy, context=READER)
        assert again.message == after
        assert not [finding for finding in again.findings if finding.blocked]
    return cleaned


@given(generated.messages)
def test_a_cleaned_message_keeps_its_shape(message: bytes) -> None:
    keeps_its_shape(message)


@given(generated.messages)
def test_so_does_one_whose_remote_content_is_all_blocked(message: bytes) -> None:
    keeps_its_shape(message, BLOCK_ALL)


@given(generated.messages, st.sampled_from([1, 7, 100, 10_000]))
def test_pieces_of_any_size_give_the_same_octets_and_findings(message: bytes, chunk: int) -> None:
    assert in_pieces(message, chunk) == blockproxy.clean(message, context=READER)


@given(st.binary(max_size=3000))
def test_any_octets_are_a_message(message: bytes) -> None:
    keeps_its_shape(message)


def sections(message: bytes) -> list[tuple[Scope, Entity | None, str, int, int]]:
    """(scope, entity, part, start, end) of the header, the text and every leaf of a message."""
    found: list[tuple[Scope, Entity | None, str, int, int]] = []
    position = leaf_start = 0
    for number, piece in enumerate(pieces_of(message)):
        end = position + len(piece.octets)
        if number == 0:
            found.append((Scope.HEADER, None, "", 0, end))
            found.append((Scope.BODY, piece.entity, "", end, len(message)))
        if piece.kind is Kind.HEADER:
            leaf_start = end
        elif piece.kind is Kind.END:
            found.append((Scope.BODY, piece.entity, piece.part, leaf_start, end))
        position = end
    return found


def agrees_by_section(message: bytes) -> None:
    """Assert I6: a section cleaned alone equals that section of the cleaned message."""
    whole = blockproxy.clean(message, context=READER).message
    for scope, entity, part, start, end in sections(message):
        machine = Cleaner(built_in(), Policy(), READER, scope=scope, entity=entity, part=part)
        alone = machine.feed(message[start:end])
        assert alone + machine.close().message == whole[start:end], (scope, entity, part)


@given(generated.messages)
def test_a_section_cleaned_alone_is_that_section_of_the_whole(message: bytes) -> None:
    agrees_by_section(message)


FOLDERS = [
    "ham-2002", "labelled", "list-a", "list-b", "mime", "newsletters", "newsletters-2002", "phishing", "spam",
]  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.timeout(600)
def test_real_mail_keeps_its_shape(folder: str) -> None:
    for path, message in messages(folder):
        try:
            keeps_its_shape(message)
            keeps_its_shape(message, BLOCK_ALL)
            agrees_by_section(message)
            if b"\r\n" not in message:
                keeps_its_shape(message.replace(b"\n", b"\r\n"))
            if len(message) < 20_000:
                assert in_pieces(message, 7) == blockproxy.clean(message, context=READER)
            assert in_pieces(message, 10_000) == blockproxy.clean(message, context=READER)
        except AssertionError as error:
            raise AssertionError(f"{path.name}: {error}") from error


PIXEL = (
    b'Content-Type: text/html\r\n\r\n<p>Hello</p><img width="1" height="1" '
    b'src="https://example.us1.list-manage.com/track/open.php?u=fake0001&id=fake0002">\r\n'
)


def test_an_error_of_our_own_lets_the_original_pass_and_says_so() -> None:
    with mock.patch("blockproxy.message.patch.patches", side_effect=ZeroDivisionError):
        cleaned = blockproxy.clean(PIXEL)
    assert cleaned.message == PIXEL
    assert [(skip.part, skip.reason, skip.detail) for skip in cleaned.skipped] == [("1", "error", "ZeroDivisionError")]
    assert cleaned.findings == ()


@pytest.mark.parametrize("cut", [0, 20, 40, 80])
def test_an_error_elsewhere_lets_everything_pass_that_was_not_sent_yet(cut: int) -> None:
    machine = Cleaner(built_in())
    head = machine.feed(PIXEL[:cut])
    with mock.patch.object(Cleaner, "_piece", side_effect=RuntimeError):
        head += machine.feed(PIXEL[cut:])
        rest = machine.close()
    assert head + rest.message == PIXEL
    assert [skip.detail for skip in rest.skipped] == ["RuntimeError"]


def test_a_part_that_nobody_looks_into_is_not_held() -> None:
    machine = Cleaner(built_in())
    header = b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert machine.feed(header) == header
    assert machine.feed(b"UEsDBA" * 1000) == b"UEsDBA" * 1000
    assert machine.held == 0


def test_a_leaf_that_is_too_long_passes_and_is_reported() -> None:
    with mock.patch.object(cleaner, "MAX_INSPECTED", 1000):
        cleaned = in_pieces(PIXEL + b"x" * 2000, 100)
    assert cleaned.message == PIXEL + b"x" * 2000
    assert [skip.reason for skip in cleaned.skipped] == ["too-large"]


def test_a_policy_may_report_only() -> None:
    policy = Policy(actions={Technique.OPEN_PIXEL: Action.REPORT, Technique.RECEIPT_REQUEST: Action.REPORT})
    message = b"Return-Receipt-To: a@example.com\r\n" + PIXEL
    cleaned = blockproxy.clean(message, policy=policy)
    assert cleaned.message == message
    assert [finding.action for finding in cleaned.findings] == [Action.REPORT, Action.REPORT]


def test_the_span_of_a_finding_is_where_it_stands_in_the_message() -> None:
    for finding in blockproxy.clean(PIXEL).findings:
        assert PIXEL[finding.span.start : finding.span.end].startswith(b'<img width="1"')
        assert PIXEL[finding.span.start : finding.span.end].endswith(b'fake0002">')
        assert finding.part == "1"


LYING = [
    (b"utf-8", b"<p>hi\x1b$B</p>"),
    (b"us-ascii", b"\x1b.\x0e"),
    (b"iso-2022-jp", b"\x0e"),
    (b"iso-2022-jp", b"\x1b$Z"),
    (b"hz", b"~{</p>"),
    (b"gbk", b"\x81"),
    (b"big5", b"\x81"),
    (b"gb18030", b"\x81"),
    (b"euc-kr", b"\x81"),
    (b"utf-16", b""),
    (b"x-unknown", b"<meta charset=utf-16>\xe9"),
]


@pytest.mark.parametrize(("charset", "before"), LYING)
def test_no_charset_hides_a_tracker(charset: bytes, before: bytes) -> None:
    head, _, page = PIXEL.partition(b"\r\n\r\n")
    message = head + b"; charset=" + charset + b"\r\n\r\n" + before + page
    cleaned = keeps_its_shape(message)
    assert b"list-manage" not in cleaned.message
    assert [finding.action for finding in cleaned.findings] == [Action.REMOVE]


@pytest.mark.parametrize(
    "media_type", [b"multipart/signed", b"multipart/encrypted"], ids=lambda media_type: media_type.decode()
)
@pytest.mark.parametrize("enclosed", [b"", b"Content-Type: message/rfc822\r\n\r\n"], ids=["a part", "a message in it"])
def test_what_is_signed_or_encrypted_stays_octet_for_octet(media_type: bytes, enclosed: bytes) -> None:
    message = b"Content-Type: %s; boundary=b\r\n\r\n--b\r\n%s%s\r\n--b--\r\n" % (media_type, enclosed, PIXEL)
    cleaned = blockproxy.clean(message)
    assert cleaned.message == message
    assert [skip.reason for skip in cleaned.skipped] == ["signed"]


def test_a_pgp_block_in_text_is_left_alone_wherever_it_stands_and_html_has_none() -> None:
    marker = b"-----BEGIN PGP MESSAGE-----\r\n"
    text = b"Content-Type: text/plain\r\n\r\nhello\r\n" + marker + b"https://example.com/?utm_source=x&a=1\r\n"
    assert blockproxy.clean(text).message == text
    page = PIXEL.replace(b"<p>Hello", b"-----BEGIN PGP MESSAGE-----<p>Hello")
    assert blockproxy.clean(page).message != page


@pytest.mark.timeout(20)
def test_a_header_is_read_in_linear_time() -> None:
    """Quadratic, this would take minutes: every connection would stand still."""
    message = b"Return-Receipt-To: x\r\nFrom: " + b"a" * 400_000 + b"\r\nTo: " + b"b" * 400_000 + b"\r\n\r\n"
    assert len(blockproxy.clean(message).findings) == 1
