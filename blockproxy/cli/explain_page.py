"""An explanation as one page that needs nothing else: the source before and after, line beside line, changes marked.

It shows hostile mail. So no text gets in except through `_tag`, which escapes it; nothing of the mail becomes an
attribute; the page has no script, no address but its own places, and a policy (CSP Level 3) that allows its own style
sheet and nothing more. Lines correspond because a patch never moves a line end.
"""

from collections.abc import Iterable, Iterator

from blockproxy.cleaner import SKIP_REASONS
from blockproxy.cli import markup
from blockproxy.cli.explain_lines import Run, lines
from blockproxy.cli.explain_text import counts, groups, where
from blockproxy.cli.explaining import Explanation, Note, Source
from blockproxy.cli.markup import Raw
from blockproxy.cli.markup import tag as _tag

MAX_MARKED = 5000  # notes that have their place marked; browsers are slow with more
MAX_LINKED = 20  # places linked from a row of what was left alone

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em; color: #1d232b; background: #fff; }
h1 { font-size: 1.4em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #dde2e8; }
code, .source td { font: 12px/1.5 ui-monospace, monospace; white-space: break-spaces; overflow-wrap: anywhere; }
.source { table-layout: fixed; } .source td { width: 48%; border: 0; border-left: 1px solid #dde2e8; }
.source td.n { width: 4%; color: #7b8794; text-align: right; border: 0; }
.source tr.fold td { color: #7b8794; background: #f3f5f7; }
mark { color: inherit; background: #e9edf2; } mark a { color: inherit; text-decoration: none; }
mark.blocked { background: #ffd5cf; } td + td + td mark.blocked { background: #cdeed6; }
mark.reported { background: #fff0b8; } :target { outline: 2px solid #2463eb; }
.muted { color: #7b8794; }
"""


def page(name: str, explanation: Explanation) -> str:
    """The whole page."""
    notes = list(explanation.notes())
    numbers = {id(note): number for number, note in enumerate(notes, 1)}
    body = (
        _tag("h1", name),
        _tag("p", counts(explanation)),
        *_found(notes, numbers),
        *_left(notes, numbers),
        *_unread(explanation),
        *(section for source in explanation.sources for section in _source(source, numbers)),
    )
    return markup.page(f"{name}, explained", STYLE, *body)


def _link(note: Note, numbers: dict[int, int], text: str) -> Raw:
    number = numbers[id(note)]
    return _tag("a", text, href=f"#n{number}") if number <= MAX_MARKED else _tag("span", text)


def _table(headings: Iterable[str], rows: Iterable[Raw]) -> Raw:
    return _tag("table", _tag("tr", *(_tag("th", heading) for heading in headings)), *rows)


def _found(notes: list[Note], numbers: dict[int, int]) -> Iterator[Raw]:
    found = [note for note in notes if not note.left]
    yield _tag("h2", "Found" if found else "Nothing was found")
    if found:
        yield _table(("", "what", "why", "before and after"), (_row(note, numbers) for note in found[:MAX_MARKED]))
    if len(found) > MAX_MARKED:
        yield _tag("p", f"and {len(found) - MAX_MARKED:,} more")


def _row(note: Note, numbers: dict[int, int]) -> Raw:
    finding = note.finding
    what = _tag("strong", finding.technique), f" {finding.vendor}\n", _tag("span", finding.rule, class_="muted")
    tags = [_tag("code", note.before)]
    if finding.blocked:
        tags += [Raw("<br>"), _tag("code", note.after)]
    why = f"{finding.evidence} (sure {finding.confidence:.2f})" + (f"; {note.why}" if note.why else "")
    place = _link(note, numbers, where(note))
    return _tag(
        "tr",
        _tag("td", _state_mark(note)),
        _tag("td", *what),
        _tag("td", why, Raw("<br>"), place),
        _tag("td", *tags),
        id=f"f{numbers[id(note)]}",
    )


def _state(note: Note) -> str:
    if note.left:
        return "left"
    return "blocked" if note.finding.blocked else "reported"


def _state_mark(note: Note) -> Raw:
    return _tag("mark", note.finding.action, class_=_state(note))


def _left(notes: list[Note], numbers: dict[int, int]) -> Iterator[Raw]:
    left = groups(notes)
    if not left:
        return
    yield _tag("h2", "Left alone")
    rows = []
    for group in left:
        links = [part for note in group.notes[:MAX_LINKED] for part in (_link(note, numbers, f"{note.line}"), " ")]
        more = "and more" if len(group.notes) > MAX_LINKED else ""
        cells = (str(len(group.notes)), group.place, group.reason, group.hosts)
        rows.append(_tag("tr", *(_tag("td", cell) for cell in cells), _tag("td", *links, more)))
    yield _table(("", "where", "why", "hosts", "lines"), rows)


def _unread(explanation: Explanation) -> Iterator[Raw]:
    if not (explanation.skipped or explanation.passed):
        return
    yield _tag("h2", "Not looked into")
    rows = [
        (skip.part, skip.reason, " ".join(filter(None, (SKIP_REASONS[skip.reason], skip.detail))))
        for skip in explanation.skipped
    ]
    rows += [(one.part, one.what, f"{one.octets:,} octets, not a kind that is read") for one in explanation.passed]
    yield _table(("part", "what", "why"), (_tag("tr", *(_tag("td", cell) for cell in row)) for row in rows))


def _source(source: Source, numbers: dict[int, int]) -> Iterator[Raw]:
    what = source.what if source.what != "header" else "header of the message"
    yield _tag("h2", f"Part {source.part}: {what}" if source.part else what.capitalize())
    rows = []
    for line in lines(source, ((numbers[id(note)], note) for note in source.notes if numbers[id(note)] <= MAX_MARKED)):
        if line.folded:
            rows.append(_tag("tr", _tag("td"), _tag("td", f"… {line.folded:,} lines …"), _tag("td"), class_="fold"))
            continue
        before = (_run(run, source.before, source, "n") for run in line.runs)
        after = (_run(run, source.after, source, "") for run in line.runs)
        rows.append(_tag("tr", _tag("td", str(line.number), class_="n"), _tag("td", *before), _tag("td", *after)))
    yield _tag("table", *rows, class_="source")


def _run(run: Run, octets: bytes, source: Source, prefix: str) -> Raw:
    """A run of a line; on the side before, a mark is what links lead to, and leads back."""
    text = source.decode(octets[run.start : run.end])
    if run.cut:
        text += f" … {run.cut:,} octets … " + source.decode(octets[run.end + run.cut : run.resumes])
    if run.note is None:
        return _tag("span", text)
    name = f"{prefix}{run.number}" if prefix and run.first else ""
    shown = text if run.note.left else _tag("a", text, href=f"#f{run.number}")
    return _tag("mark", shown, class_=_state(run.note), id=name)
