"""Cases with labels that others have given: what must go, what must stay, what is left of a URL.

Each case is a message that we clean with the standard policy. What others cut out we overwrite, so what is compared is
what opening the message fetches, and where its links lead.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from blockproxy.cleaner import clean
from blockproxy.message.references import in_html
from blockproxy.model import Cleaned, Context, Technique, Trigger

PURPOSES = Path(__file__).with_name("on_purpose.yaml")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TINY = '<img src="{}" width="1" height="1">'
_LINK = '<a href="{}">x</a>'


class Case(NamedTuple):
    """One labelled case: `said` is what the label wants and `got` what we did; they are equal where we agree."""

    collection: str
    name: str
    said: str
    got: str

    @property
    def right(self) -> bool:
        """Whether we do what the label says."""
        return self.said == self.got


def cases(root: Path) -> Iterator[Case]:
    """Every case of every collection below `root`, which is `labelled/` of the corpus."""
    for folder, read in COLLECTIONS.items():
        if (root / folder).is_dir():
            yield from read(root / folder)


def on_purpose() -> dict[str, str]:
    """Why we differ from a label, by `collection/name`."""
    told: dict[str, str] = yaml.safe_load(PURPOSES.read_text(encoding="utf-8")) or {}
    return told


def _cleaned(page: str) -> Cleaned:
    message = b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + page.encode()
    return clean(message, context=Context(tuple(sorted(set(_ADDRESS.findall(page))))))


def _fetched(page: bytes) -> Counter[str]:
    """What opening `page` fetches."""
    return Counter(one.url for one in in_html(page) if one.place.trigger is Trigger.OPEN)


def _pair(collection: str, name: str, before: str, after: str) -> Case:
    """A page before and after: as many resources gone, and the same."""
    body = _cleaned(before).message.partition(b"\n\n")[2]
    here, wanted, got = _fetched(before.encode()), _fetched(after.encode()), _fetched(body)
    said = "something goes" if here == wanted and before.strip() != after.strip() else _gone(here, wanted)
    return Case(collection, name, said, _gone(here, got))


def _gone(before: Counter[str], after: Counter[str]) -> str:
    """Which of the resources before, by their number on the page, are not fetched any more."""
    gone = before - after
    numbers = [str(number) for number, url in enumerate(before, 1) if gone[url]]
    return f"resource {', '.join(numbers)} of {len(before)} goes" if numbers else "all stays"


def _mailtrackerblocker(folder: Path) -> Iterator[Case]:
    numbers: Counter[str] = Counter()
    for case in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
        numbers[case["test"]] += 1
        yield _pair(folder.name, f"{case['test']} {numbers[case['test']]}", case["html"], _expected(case))


def _expected(case: dict[str, Any]) -> str:
    """The page afterwards; a case that names none and says that nothing was found stays as it is."""
    none_found = case.get("certainty", "").endswith("LOW_NO_MATCHES")
    return str(case.get("expected") or ("" if not none_found else case["html"]))


def _mailspring(folder: Path) -> Iterator[Case]:
    for before in sorted(folder.glob("*remove-tracking-pixels*-before.txt")):
        after = before.with_name(before.name.replace("-before", "-after"))
        name = before.name.rpartition("_")[2].partition("-")[0]
        yield _pair(folder.name, name, before.read_text(encoding="utf-8"), after.read_text(encoding="utf-8"))


def _trocker(folder: Path) -> Iterator[Case]:
    for sample in json.loads((folder / "samples.json").read_text(encoding="utf-8")):
        opens = sample["kind"] == "OpenTracker"
        template = _TINY if opens else _LINK
        for said in ("hit", "miss"):
            for number, url in enumerate(sample[said], 1):
                page = template.format(url.replace("&amp;", "&").replace("&", "&amp;"))
                found = _cleaned(page).findings
                seen = any(one.blocked if opens else one.technique is Technique.LINK_REDIRECT for one in found)
                name = f"{sample['kind']} {sample['service']} {said} {number}"
                yield Case(folder.name, name, said, "hit" if seen else "miss")


def _url_parameters(folder: Path) -> Iterator[Case]:
    (path,) = folder.glob("*tests.json")
    for collection in json.loads(path.read_text(encoding="utf-8")).values():
        for case in collection["tests"]:
            body = _cleaned(_LINK.format(escape(case["testURL"]))).message.partition(b"\n\n")[2]
            (link,) = in_html(body)
            said, got = case["testURL"] == case["expectURL"], link.url == case["testURL"]
            words = {True: "stays", False: "loses parameters"}
            other = "" if link.url == case["expectURL"] or said != got else ", other ones"
            yield Case(folder.name, case["name"], words[said], words[got] + other)


COLLECTIONS: dict[str, Callable[[Path], Iterator[Case]]] = {
    "mailtrackerblocker": _mailtrackerblocker,
    "trocker": _trocker,
    "url-parameters": _url_parameters,
    "mailspring": _mailspring,
}
