"""Messages before and after: every folder of `tests/corpus/` is one case.

`before.eml` is cleaned and must become `after.eml`, octet for octet; `findings.yaml` lists what must be found
(technique, rule, action, part) and skipped (part, reason). `readme.md` says why the case exists. A folder `private/` is
not part of the project: cases that can't be published go there.

    BLOCKPROXY_REWRITE=1 pytest tests/test_message_pairs.py    # writes what came out; look at the difference
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

import blockproxy
from blockproxy.model import Cleaned, Context

CASES = sorted(path.parent for path in (Path(__file__).parent / "corpus").rglob("before.eml"))
READER = Context(addresses=("reader@example.org",))


def told(cleaned: Cleaned) -> dict[str, Any]:
    """What is compared with `findings.yaml`."""
    return {
        "findings": [
            {"technique": each.technique.value, "rule": each.rule, "action": each.action.value, "part": each.part}
            for each in cleaned.findings
        ],
        "skipped": [{"part": each.part, "reason": each.reason} for each in cleaned.skipped],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_message_becomes_what_it_should(case: Path) -> None:
    before = (case / "before.eml").read_bytes()
    cleaned = blockproxy.clean(before, context=READER)
    if os.environ.get("BLOCKPROXY_REWRITE"):
        (case / "after.eml").write_bytes(cleaned.message)
        (case / "findings.yaml").write_text(yaml.safe_dump(told(cleaned), sort_keys=False))
    assert cleaned.message == (case / "after.eml").read_bytes()
    assert told(cleaned) == yaml.safe_load((case / "findings.yaml").read_text())
    assert len(cleaned.message) == len(before)


def test_every_case_says_why_it_exists() -> None:
    assert len(CASES) >= 20
    assert [case.name for case in CASES if not (case / "readme.md").read_text().strip()] == []
