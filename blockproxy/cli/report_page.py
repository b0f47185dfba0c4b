"""The report as one page that needs nothing else: to look at, to print, to show to a friend."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from blockproxy import __version__
from blockproxy.cleaner import SKIP_REASONS
from blockproxy.cli.markup import Raw, listed, page, scrolling, tag
from blockproxy.cli.report_pictures import Bar, bars, calendar, matrix
from blockproxy.cli.report_style import STYLE
from blockproxy.eventlog.query import Count
from blockproxy.eventlog.summary import MOST, SENDERS, Summary

UNNAMED = {"vendor": "no known vendor", "sender": "no sender named"}

BEFORE = timedelta(30)  # empty days that the calendar shows at most before the first one that is not

PROMISE = (
    "Made from the event log, which knows senders, vendors and techniques by the day. It has no text, no subject, no"
    " address, no full URL and no time of reading. This page loads nothing from anywhere."
)


def report_page(summary: Summary) -> str:
    """The whole page."""
    return page("Who tracks me", STYLE, tag("main", _header(summary), *_tiles(summary), _cards(summary), _footer()))


def named(name: str, kind: str = "") -> str:
    """A name, or what stands for none."""
    return name or UNNAMED.get(kind, "none")


def _header(summary: Summary) -> Raw:
    days = tag("p", f"{_said(summary.since)} to {_said(summary.until)}", class_="days")
    if not summary.total.findings:
        lead = (
            "Nothing was found in these days. Longer ago? Ask with --since 365d. Nothing at all? Run the proxy first."
        )
        return tag("header", days, tag("h1", "No trackers."), tag("p", lead, class_="lead"))
    total = summary.total
    title = f"{_many(total.findings, 'tracker')} in {_many(total.messages, 'message')}."
    return tag("header", days, tag("h1", title), tag("p", _lead(summary), class_="lead"))


def _lead(summary: Summary) -> str:
    total, first = summary.total, next((one for one in summary.vendors if one.values[0]), None)
    said = f"{total.blocked:,} of them were stopped, {total.findings - total.blocked:,} were seen and left alone."
    if first is not None:
        said += f" {first.values[0]} was in more messages than anybody else: {first.messages:,}."
    return said


def _tiles(summary: Summary) -> Iterator[Raw]:
    total = summary.total
    share = f"{total.blocked / total.findings:.0%}" if total.findings else "none"
    tiles = [
        (share, "stopped"),
        (f"{sum(1 for one in summary.vendors if one.values[0]):,}", "vendors"),
        (f"{sum(1 for one in summary.senders if one.values[0]):,}", "senders who track"),
        (f"{summary.receipts.findings:,}", "read receipts held back"),
    ]
    if summary.passed:
        tiles.append((f"{summary.passed:,}", "messages and sections read"))
    yield tag("ul", *(tag("li", tag("strong", number), text) for number, text in tiles), class_="tiles")


def _cards(summary: Summary) -> Raw:
    cards = [card for make in (_vendors, _techniques, _days, _matrix, _newsletters, _through) for card in make(summary)]
    return tag("div", *cards, class_="cards")


def _card(title: str, note: str, *inside: str, class_: str = "") -> Raw:
    return tag("section", tag("h2", title), tag("p", note, class_="note"), *inside, class_=class_)


def _bars(counts: Sequence[Count], kind: str) -> list[Bar]:
    largest = sorted(counts, key=lambda one: -one.findings)
    rows = [Bar(named(one.values[0], kind), one.blocked, one.findings - one.blocked) for one in largest[:MOST]]
    rest = largest[MOST:]
    if rest:
        blocked = sum(one.blocked for one in rest)
        rows.append(Bar(f"{len(rest):,} others", blocked, sum(one.findings for one in rest) - blocked))
    return rows


def _vendors(summary: Summary) -> Iterator[Raw]:
    if summary.vendors:
        title = "Who tracks me most"
        yield _card(title, "Trackers by vendor.", bars(title, _bars(summary.vendors, "vendor")), _key())


def _techniques(summary: Summary) -> Iterator[Raw]:
    if summary.techniques:
        title = "With what"
        yield _card(
            title,
            "Trackers by technique: the ways to report back.",
            bars(title, _bars(summary.techniques, "technique")),
            _key(),
        )


def _key() -> Raw:
    def entry(kind: str, text: str) -> Raw:
        dot = tag("rect", width=12, height=12, rx=4, class_=kind)
        return tag("li", tag("svg", dot, width=12, height=12, aria_hidden="true"), text)

    return tag("ul", entry("blocked", "stopped"), entry("reported", "seen and left alone"), class_="key")


def _days(summary: Summary) -> Iterator[Raw]:
    if not summary.days:
        return
    counts = {date.fromisoformat(one.values[0]): one.findings for one in summary.days}
    since = max(summary.since, min(counts) - BEFORE)
    title = "Day by day"
    rows = [(str(day), f"{found:,}") for day, found in sorted(counts.items())]
    table = listed(("day", "trackers"), rows, frozenset({1}))
    numbers = tag("details", tag("summary", "The same as numbers"), table)
    note = "When messages with trackers were first read, by the day. The log knows no hour."
    picture = scrolling("calendar", calendar(title, since, summary.until, counts))
    yield _card(title, note, picture, numbers, class_="full")


def _matrix(summary: Summary) -> Iterator[Raw]:
    if not summary.matrix:
        return
    counts = {(one.values[0], one.values[1]): one.findings for one in summary.matrix}
    named_ones = [one.values[0] for one in summary.senders if one.values[0]]  # outgoing mail has no sender to show
    senders = named_ones[:SENDERS]
    title = "Who uses what"
    shown = {pair: found for pair, found in counts.items() if pair[0] in set(senders)}
    techniques = [one.values[0] for one in summary.techniques if any(pair[1] == one.values[0] for pair in shown)]
    picture = matrix(title, senders, techniques, shown)
    note = f"The {len(senders)} senders with most messages." if len(named_ones) > SENDERS else "Senders and techniques."
    yield _card(title, note, scrolling("matrix", picture), class_="full")


def _newsletters(summary: Summary) -> Iterator[Raw]:
    if not summary.newsletters:
        return
    rows = [
        (named(one.sender, "sender"), f"{one.messages:,}", f"{one.findings / one.messages:.1f}", f"{one.vendors:,}",
         f"{one.leaks:,}", f"{one.through:,}")
        for one in summary.newsletters
    ]  # fmt: skip
    headings = ("newsletter of", "messages", "trackers in each", "vendors", "with your address", "left alone")
    table = listed(headings, rows, frozenset({1, 2, 3, 4, 5}))
    note = "The first is read most often, and so tells most. Their unsubscribe links are never touched."
    yield _card("Where to unsubscribe first", note, table, class_="full")


def _through(summary: Summary) -> Iterator[Raw]:
    rows = [(one.technique, one.reason or "no reason kept", f"{one.findings:,}") for one in summary.through]
    rows += [("not looked into", SKIP_REASONS.get(reason, reason), f"{found:,}") for reason, found in summary.skips]
    if summary.lost:
        rows.append(("not kept", "the event log was too slow or full; the messages were cleaned", f"{summary.lost:,}"))
    if rows:
        note = "A link that might break is left whole, and what can't be read safely is left alone."
        table = listed(("what", "why", ""), rows, frozenset({2}))
        yield _card("What was not blocked, and why", note, table, class_="full")


def _footer() -> Raw:
    return tag("footer", tag("p", f"{PROMISE} blockproxy {__version__}."))


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
