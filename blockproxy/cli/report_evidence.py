"""Evidence for an organisation, as text and as a page: what reported to whom, and that the numbers are unchanged."""

from collections.abc import Iterator
from datetime import UTC, datetime

from blockproxy import __version__
from blockproxy.cli.markup import Raw, listed, page, tag
from blockproxy.cli.output import plain
from blockproxy.cli.report_style import STYLE
from blockproxy.eventlog.evidence import CATEGORIES, Evidence, Mechanism, Party, Sender

SCOPE = (
    "Aggregates only: no reader, account, message, address, text or hour is in this document; the log that it is made"
    " from knows accounts and messages by pseudonyms, and days. It says what messages contained and what was done about"
    " it. Whether a recipient consented is not seen. The categories are those under which the techniques are usually"
    " discussed, and no legal advice."
)

IDENTIFIERS = {
    "address": "the recipient's address, plain, encoded or hashed",
    "recipient": "a parameter that names the recipient",
    "click": "a parameter that names the click",
    "campaign": "a parameter that names the campaign",
    "token": "a value of its own that its vendor can read",
    "reply": "a message, with the reader's address",
    "none": "nothing individual",
    "": "not kept",
}


def facts(evidence: Evidence, kept: str) -> list[tuple[str, str]]:
    """What the document stands on: period, versions, integrity; `kept` says how long the log keeps its rows."""
    verdict = evidence.verdict
    whole = "unbroken" if not verdict.problems else "BROKEN: " + "; ".join(verdict.problems)
    return [
        ("Period", f"{evidence.since} to {evidence.until} (UTC)"),
        ("Made", f"{datetime.now(UTC).date()} by blockproxy {__version__}"),
        ("Kept for", kept),
        ("Rule sets", ", ".join(evidence.rules) or "not kept"),
        ("Integrity", f"chain of digests {whole}; {verdict.days} days checked, {verdict.expired} past their retention"),
        ("Newest link", verdict.head or "none, no day has ended"),
    ]


def text(evidence: Evidence, kept: str) -> Iterator[str]:
    """The document in lines, for a terminal or a file."""
    yield "Trackers in received mail: evidence"
    yield from (f"{name + ':':13}{plain(value)}" for name, value in facts(evidence, kept))
    yield from ("", SCOPE)
    for sender in evidence.senders:
        yield from ("", plain(sender.domain), "-" * len(sender.domain))
        yield f"{sender.messages:,} messages; by month: {_months(sender)}"
        yield "Mechanisms:"
        for technique, category, where, carries, found, stopped, messages in map(_mechanism, sender.mechanisms):
            yield f"  {technique}: {found} found, {stopped} stopped, in {messages} messages"
            yield from (f"      {category}: {where}", f"      carries {carries}")
        yield "Receiving parties:"
        yield from (f"  {plain(', '.join(filter(None, _party(one))))} messages" for one in sender.parties)
        yield "Examples, with everything individual masked:"
        yield from (f"  {plain(example)}" for example in sender.examples)


def evidence_page(evidence: Evidence, kept: str) -> str:
    """The document as a page."""
    named = [part for name, value in facts(evidence, kept) for part in (tag("dt", name), tag("dd", value))]
    header = tag("header", tag("h1", "Trackers in received mail"), tag("dl", *named), tag("p", SCOPE, class_="lead"))
    cards = [_card(sender) for sender in evidence.senders] or [tag("section", tag("p", "Nothing was found."))]
    cards.append(_categories())
    return page("Trackers in received mail: evidence", STYLE, tag("main", header, tag("div", *cards, class_="cards")))


def _categories() -> Raw:
    rows = [(technique, *category) for technique, category in CATEGORIES.items()]
    note = tag("p", "Under which the techniques are usually discussed, and where. No legal advice.", class_="note")
    table = listed(("technique", "category", "where it is discussed"), rows)
    return tag("section", tag("h2", "Categories"), note, table, class_="full")


def _card(sender: Sender) -> Raw:
    mechanisms = listed(
        ("mechanism", "category", "carries", "found", "stopped", "messages"),
        [(row[0], row[1], *row[3:]) for row in map(_mechanism, sender.mechanisms)],
        frozenset({3, 4, 5}),
    )
    parties = listed(
        ("received by", "company", "host", "party", "messages"), list(map(_party, sender.parties)), frozenset({4})
    )
    examples = tag("ul", *(tag("li", tag("code", example)) for example in sender.examples))
    return tag(
        "section",
        tag("h2", sender.domain),
        tag("p", f"{sender.messages:,} messages; by month: {_months(sender)}", class_="note"),
        mechanisms,
        *([parties] if sender.parties else []),
        *(
            [tag("p", "Examples, with everything individual masked:", class_="note"), examples]
            if sender.examples
            else []
        ),
        class_="full",
    )


def _months(sender: Sender) -> str:
    return ", ".join(f"{month} {found:,}" for month, found in sender.months)


def _mechanism(one: Mechanism) -> tuple[str, ...]:
    category, where = CATEGORIES.get(one.technique, ("not classified", "no category known"))
    carries = IDENTIFIERS.get(one.identifier, one.identifier)
    return one.technique, category, where, carries, f"{one.findings:,}", f"{one.blocked:,}", f"{one.messages:,}"


def _party(one: Party) -> tuple[str, ...]:
    company = one.operator if one.operator != one.vendor else ""
    whose = {"first": "the sender's own domain", "third": "a third party's domain"}.get(one.party, "")
    return one.vendor or "no known vendor", company, one.host, whose, f"{one.messages:,}"
