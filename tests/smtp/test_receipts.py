"""What is an automatic read receipt, on the shapes that clients send; `receipts/expected.tsv` says what is expected."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockproxy.smtp.receipts import automatic_receipt

FOLDER = Path(__file__).with_name("receipts")
ROWS = [
    line.split("\t")[:2]
    for line in (FOLDER / "expected.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]
THUNDERBIRD = (FOLDER / "thunderbird-automatic.eml").read_bytes()


def crlf(message: bytes) -> bytes:
    return message.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("ends", ["lf", "crlf"])
@pytest.mark.parametrize(("name", "expected"), ROWS, ids=[name for name, _ in ROWS])
def test_a_shape_is_read_as_the_table_says(name: str, expected: str, ends: str) -> None:
    message = (FOLDER / name).read_bytes()
    receipt = automatic_receipt(crlf(message) if ends == "crlf" else message)
    said = f"{receipt.action_mode} {receipt.disposition}".strip() or "unstated" if receipt else "no"
    assert said == expected


def test_every_file_stands_in_the_table() -> None:
    assert sorted(name for name, _ in ROWS) == sorted(path.name for path in FOLDER.glob("*.eml"))


def test_a_receipt_says_which_message_it_is_about() -> None:
    receipt = automatic_receipt(THUNDERBIRD)
    assert receipt is not None
    assert receipt.message_id == "<receipt-1@example.org>"
    assert receipt.original_message_id == "<spring-17@news.example.com>"
    assert receipt.final_recipient == "rfc822;reader@example.org"


@given(st.binary(max_size=2000))
def test_no_octets_raise(message: bytes) -> None:
    assert automatic_receipt(message) is None


@given(
    st.integers(0, len(THUNDERBIRD)),
    st.integers(0, 200),
    st.one_of(st.binary(max_size=8), st.text(alphabet='()";=*0\\\r\n\t -:', max_size=60).map(str.encode)),
)
def test_no_damage_to_a_receipt_raises(start: int, length: int, patch: bytes) -> None:
    automatic_receipt(THUNDERBIRD[:start] + patch + THUNDERBIRD[start + length :])


@given(st.lists(st.sampled_from([*THUNDERBIRD.splitlines(keepends=True), b"\r\n", b"--", b"x: y\r\n"]), max_size=60))
def test_a_message_without_the_marker_never_matches(lines: list[bytes]) -> None:
    message = b"".join(lines).replace(b"sent-automatically", b"sent-manually")
    assert automatic_receipt(message) is None


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(b"Content-Type: multipart/report;" + b"(" * 100_000, id="comments that never close"),
        pytest.param(b"Content-Type: multipart/report;" + b'a="' * 100_000, id="quotes that never close"),
        pytest.param(b"Content-Type: multipart/report;\r\n" + b" a=b;\r\n" * 100_000, id="a long fold"),
        pytest.param(b"a\r\n" * 500_000, id="a header that never ends"),
        pytest.param(
            THUNDERBIRD.replace(b"FAKE0001--", b"") + b"--------------mdn0000000000000000FAKE0001\n\n" * 50_000,
            id="parts without end",
        ),
        pytest.param(
            THUNDERBIRD.replace(b"Disposition: manual", b"a: b\n" * 300_000 + b"Disposition: manual"),
            id="a notification of a megabyte",
        ),
    ],
)
@pytest.mark.timeout(20)
def test_hostile_shapes_are_no_receipts(hostile: bytes) -> None:
    assert automatic_receipt(hostile) is None
