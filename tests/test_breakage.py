"""What broke in other programs does not break here, and what slipped through there is found: `tests/breakage.yaml`."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import blockproxy
from blockproxy.model import Context

HERE = Path(__file__).parent
READER = Context(addresses=("reader@example.org",))
ROWS = yaml.safe_load((HERE / "breakage.yaml").read_text())
PAGE = "".join(
    f'<table width="600"><tr><td><img src="https://images.example.com/{folder}/{name}" {size}></td></tr></table>\r\n'
    for folder, name, size in (
        ("spring", "hero.jpg", 'width="600" height="300"'),
        ("spring", "hero@2x.jpg?v=3", 'width="600"'),
        ("0fake0fake1", "offer-12.png", 'style="width:100%;max-width:600px;height:auto"'),
        ("icons", "heart.png", 'width="16" height="16"'),
        ("lines", "grey.gif", 'width="600" height="1"'),
        ("layout", "spacer.gif", 'width="1" height="20"'),
        ("layout", "corner.gif", "width=4 height=4"),
        ("0fake0fake1", "logo.png", 'alt="Fernleaf"'),
    )
)


def message(row: dict[str, Any]) -> bytes:
    charset: str = row.get("charset", "utf-8")
    header = f"Content-Type: {row.get('type', 'text/html')}; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    body: str = row["body"]
    text = header + body.replace("PAGE", PAGE) + "\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode(charset)


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_what_broke_elsewhere_does_not_break_here(row: dict[str, Any]) -> None:
    before = message(row)
    after = blockproxy.clean(before, context=READER).message
    text = after.decode(row.get("charset", "utf-8"))
    assert len(after) == len(before)
    assert (after == before) is row.get("unchanged", False)
    assert [gone for gone in row.get("gone", []) if gone in text] == []
    assert [stays for stays in row.get("stays", []) if stays.replace("PAGE", PAGE) not in text] == []


def test_everything_that_is_known_to_have_broken_is_tried() -> None:
    cases = yaml.safe_load((HERE / "detect" / "judge_cases.yaml").read_text())
    tried = {found[0] for row in ROWS + cases if (found := re.match(r"[FM]\d+(?=:)", row["name"]))}
    assert tried == {f"F{number}" for number in range(1, 25)} | {f"M{number}" for number in range(1, 14)}
