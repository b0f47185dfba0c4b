"""Elements of pages that show other people's words: what is inside is escaped unless it was made here."""

import base64
import hashlib
import html
from collections.abc import Sequence

from blockproxy.cli.output import plain


class Raw(str):
    """Markup that `tag` has made."""

    __slots__ = ()


def tag(_name: str, *inside: str, **attributes: object) -> Raw:
    """An element; what is inside is escaped unless it is an element itself, and attributes always are.

    `class_` is written as `class`, `aria_label` as `aria-label`; an attribute that is empty is left out.
    """
    pairs = ((key.rstrip("_").replace("_", "-"), str(value)) for key, value in attributes.items())
    head = "".join(f' {key}="{html.escape(value)}"' for key, value in pairs if value)
    return Raw(f"<{_name}{head}>{''.join(map(safe, inside))}</{_name}>")


def safe(text: str) -> str:
    """`text` as it can stand in a page. What is invisible, or turns the direction of writing, is shown as a sign."""
    if isinstance(text, Raw):
        return text
    return html.escape("\n".join(map(plain, text.replace("\t", " ").replace("\r", "").split("\n"))))


def page(title: str, style: str, *body: str) -> str:
    """A page that needs nothing else: its policy (CSP Level 3) allows its own style sheet and nothing more."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        Raw('<meta charset="utf-8">'),
        Raw(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Raw('<meta name="referrer" content="no-referrer">'),
        Raw('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        Raw(f"<style>{style}</style>"),
    )
    return "<!DOCTYPE html>\n" + tag("html", tag("head", *head), tag("body", *body), lang="en") + "\n"


def listed(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: frozenset[int] = frozenset()) -> Raw:
    """A table that scrolls by itself where it is wider than the screen; columns in `numbers` are set to the right."""

    def cells(name: str, row: tuple[str, ...]) -> list[Raw]:
        scope = "col" if name == "th" else ""
        return [tag(name, cell, class_="n" if at in numbers else "", scope=scope) for at, cell in enumerate(row)]

    head = tag("thead", tag("tr", *cells("th", headings)))
    body = tag("tbody", *(tag("tr", *cells("td", row)) for row in rows))
    return scrolling("table", tag("table", head, body))


def scrolling(name: str, *inside: str) -> Raw:
    """What scrolls by itself where it is wider than the screen, by keyboard too."""
    return tag("div", *inside, class_=f"scroll {name}", tabindex="0", role="group", aria_label=name)
