"""Messages that commands read from the disk, and what they have written there."""

import json
from pathlib import Path
from typing import Any

# Two findings whatever the rules know: a request for a receipt, and an invisible image with the reader's own address.
LETTER = b"""From: News <news@example.org>\r
To: reader@example.com\r
Disposition-Notification-To: news@example.org\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Hello</p><img src="https://news.example.org/o?to=reader@example.com&amp;id=FAKEFAKE1234" width="1" height="1">\r
"""
SEPARATOR = b"From a@example.org Thu Jan  1 00:00:00 2026\n"
PLAIN = b"From: friend@example.org\r\nSubject: lunch\r\n\r\nat noon?\r\n"


def write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)


def jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
