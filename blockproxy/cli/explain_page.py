"""An explanation as one page that needs nothing else: the source before and after, line beside line, changes marked.

It shows hostile mail. So no text gets in except through `_tag`, which escapes it; nothing of the mail becomes an
attribute; the page has no script, no address but its own places, and a policy (CSP Level 3) that allows its own style
sheet and nothing more. Lines correspond because a patch never moves a line end.
"""

import re
from collections.abc import Iterable, Iterator

from blockproxy.cleaner import SKIP_REASONS
from blockproxy.cli import markup
from blockproxy.cli.explain_lines import Line, Run, lines
from blockproxy.cli.explain_text import counts, groups, where
from blockproxy.cli.explaining import Explanation, Note, Source
from blockproxy.cli.markup import Raw
from blockproxy.cli.markup import tag as _tag

MAX_MARKED = 5000  # notes that have their place marked; browsers are slow with more
MAX_LINKED = 20  # places linked from a row of what was left alone

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em; color: #1d232b; background: #fff; }
h1 { font-size: 1.4em; overflow-wrap: anywhere; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #dde2e8; }
.found td + td + td + td { width: 48%; }
code, .source td { font: 12px/1.5 ui-monospace, monospace; white-space: break-spaces; overflow-wrap: anywhere; }
.side { margin: 0 0 .4em; padding: .2em .6em; border-left: 3px solid #b7c0ca; background: #f3f5f7; }
.before { border-color: #d2533f; background: #fff4f2; } .after { border-color: #2f9e57; background: #f0faf3; }
.label { display: block; font-size: 12px; font-weight: 600; color: #5c6673; }
.before .label { color: #a8321f; } .after .label { color: #1d7a3f; }
.source { table-layout: fixed; } .source td { border: 0; border-left: 1px solid #dde2e8; }
.source th.n, .source td.n { width: 3.5em; color: #7b8794; text-align: right; border: 0; }
.source tr.fold td { color: #7b8794; background: #f3f5f7; }
mark { color: inherit; background: #e9edf2; } mark a { color: inherit; text-decoration: none; }
mark.blocked { background: #ffd5cf; } td + td + td mark.blocked { background: #cdeed6; }
mark.reported { background: #fff0b8; } :target { outline: 2px solid #2463eb; }
.muted, .pad { color: #7b8794; }
@media (max-width: 50rem) {
  body { margin: 1em; } table tr.head { display: none; } .found tr, .left tr { border-bottom: 1px solid #dde2e8; }
  .found, .found tr, .found td, .left, .left tr, .left td, .source, .source td { display: block; }
  .source tr { display: grid; grid-template-columns: 3.5em 1fr; } .found td { border: 0; }
  .found td + td + td + td { width: auto; } .left td { border: 0; padding-block: 0; }
  .source td + td + td { grid-column: 2; } tr.same td + td + td, tr.fold td + td + td { display: none; }
  .source tr.changed td + td { background: #fff4f2; } .source tr.changed td + td + td { background: #f0faf3; }
}
"""

_PADDING = re.compile(" {8,}")  # what a patch leaves over; nobody wants to scroll through it


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


def _table(name: str, headings: Iterable[str], rows: Iterable[Raw]) -> Raw:
    head = _tag("tr", *(_tag("th", heading, class_="" if heading else "n") for heading in headings), class_="head")
    return _tag("table", head, *rows, class_=name)


def _padded(text: str) -> Iterator[str]:
    """`text` with long padding shown as its length."""
    end = 0
    for blanks in _PADDING.finditer(text):
        yield text[end : blanks.start()]
        yield _tag("span", f" … {blanks.end() - blanks.start():,} blanks … ", class_="pad")
        end = blanks.end()
    yield text[end:]


def _found(notes: list[Note], numbers: dict[int, int]) -> Iterator[Raw]:
    found = [note for note in notes if not note.left]
    yield _tag("h2", "Found" if found else "Nothing was found")
    if found:
        yield _table(
            "found", ("", "what", "why", "before and after"), (_row(note, numbers) for note in found[:MAX_MARKED])
        )
    if len(found) > MAX_MARKED:
        yield _tag("p", f"and {len(found) - MAX_MARKED:,} more")


def _row(note: Note, numbers: dict[int, int]) -> Raw:
    finding = note.finding
    what = _tag("strong", finding.technique), f" {finding.vendor}\n", _tag("span", finding.rule, class_="muted")
    both = (_side("before", note.before), _side("after", note.after))
    tags = both if finding.blocked else (_side("as it is", note.before),)
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


def _side(name: str, text: str) -> Raw:
    return _tag("p", _tag("span", name, class_="label"), _tag("code", *_padded(text)), class_=f"side {name}")


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
    yield _table("left", ("", "where", "why", "hosts", "lines"), rows)


def _unread(explanation: Explanation) -> Iterator[Raw]:
    if not (explanation.skipped or explanation.passed):
        return
    yield _tag("h2", "Not looked into")
    rows = [
        (skip.part, skip.reason, " ".join(filter(None, (SKIP_REASONS[skip.reason], skip.detail))))
        for skip in explanation.skipped
    ]
    rows += [(one.part, one.what, f"{one.octets:,} octets, not a kind that is read") for one in explanation.passed]
    yield _table("unread", ("part", "what", "why"), (_tag("tr", *(_tag("td", cell) for cell in row)) for row in rows))


def _source(source: Source, numbers: dict[int, int]) -> Iterator[Raw]:
    what = source.what if source.what != "header" else "header of the message"
    yield _tag("h2", f"Part {source.part}: {what}" if source.part else what.capitalize())
    rows = []
    for line in lines(source, ((numbers[id(note)], note) for note in source.notes if numbers[id(note)] <= MAX_MARKED)):
        if line.folded:
            rows.append(
                _tag("tr", _tag("td"), _tag("td", f"… {line.folded:,} unchanged lines …"), _tag("td"), class_="fold")
            )
            continue
        before = (_run(run, source.before, source, "n") for run in line.runs)
        after = (_run(run, source.after, source, "") for run in line.runs)
        cells = _tag("td", str(line.number), class_="n"), _tag("td", *before), _tag("td", *after)
        rows.append(_tag("tr", *cells, class_="changed" if _is_changed(line, source) else "same"))
    yield _table("source", ("", "before", "after"), rows)


def _is_changed(line: Line, source: Source) -> bool:
    return any(
        run.note and source.before[run.start : run.end] != source.after[run.start : run.end] for run in line.runs
    )


def _run(run: Run, octets: bytes, source: Source, prefix: str) -> Raw:
    """A run of a line; on the side before, a mark is what links lead to, and leads back."""
    text = source.decode(octets[run.start : run.end])
    if run.cut:
        text += f" … {run.cut:,} octets … " + source.decode(octets[run.end + run.cut : run.resumes])
    if run.note is None:
        return _tag("span", *_padded(text))
    name = f"{prefix}{run.number}" if prefix and run.first else ""
    shown = _padded(text)
    inside = shown if run.note.left else (_tag("a", *shown, href=f"#f{run.number}"),)
    return _tag("mark", *inside, class_=_state(run.note), id=name)
