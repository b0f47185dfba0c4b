"""Which `<base>` counts: the first that a browser puts into the document as HTML (WHATWG HTML, section 2.4.3).

One in SVG or MathML is another element of that name, one in a template is not part of the document, and inside of
`<select>` parsers disagree. Such a decoy counts only where there is no other, and so does one that only Outlook reads.
"""

from collections import Counter

from blockproxy.message import html
from blockproxy.message.foreign import Foreign
from blockproxy.message.token import Kind, StartTag

_INERT = frozenset({"template", "select"})


def effective(view: bytes) -> str | None:
    """The `href` of the `<base>` that counts in a document, None where it has none. Reads all of it."""
    foreign, inert = Foreign(), Counter[str]()
    decoy: str | None = None
    for token in html.tokens(view):
        if isinstance(token, StartTag):
            href = token.get("href") if token.name == "base" else None
            if href and not (token.in_comment or foreign.inside or inert.total()):
                return href
            decoy = decoy or href
            foreign.start(token)
            if token.name in _INERT:
                inert[token.name] += 1
        elif token.kind is Kind.END:
            foreign.end(token.name)
            if inert[token.name] > 0:
                inert[token.name] -= 1
    return decoy
