"""blockproxy: a privacy-protecting mail proxy. A map of the house.

One idea organises it: a message is bytes, a tracker is a span of those bytes, neutralising it is a patch of the same
length. So every size that a server tells stays true, and everything but the tracker passes as it came.

    cli/                 the commands; the only place that prints and exits
    server.py            starts and stops what the settings ask for; renewal.py brings new rules to new sessions,
                         reach.py asks once whether the mail servers are there
    imap/proxy.py        shell of the IMAP proxy: sockets, clocks, threads
    smtp/                submission and gateway: sessions, next hops, receipts that are not sent on, policies
    subscriptions/       lists of others: fetched when a person or the clock says so, never because of a message
    config.py, eventlog/ the settings; the history of what was blocked
    cleaner.py, leaf.py  the pipeline: octets in, as many octets and the findings out; one leaf of it
    message/, detect/    where does a message reach the network? who is it?
    lists/               lists of others, read: text in, entries and refusals out
    imap/                framing, syntax, capabilities, session: a machine without I/O that knows nothing of trackers
    url.py, model.py     URLs as browsers read them; the nouns

A message becomes `Reference`s (opening it, or a click, would reach the network here), some of them become `Finding`s
(and this is who, and how), the policy gives each an `Action`, and the action becomes a `Patch`. The result is a
`Cleaned`: message, findings, and what was skipped and why. Imports go down only; import-linter makes that a test.

    >>> import blockproxy
    >>> cleaned = blockproxy.clean(message)                                                        # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Cleaner", "__version__", "clean"]

if TYPE_CHECKING:
    from blockproxy.cleaner import Cleaner, clean


def __getattr__(name: str) -> Any:
    # The pipeline is imported when it is first asked for: `blockproxy --help` does without it.
    if name in {"Cleaner", "clean"}:
        from blockproxy import cleaner

        return getattr(cleaner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
