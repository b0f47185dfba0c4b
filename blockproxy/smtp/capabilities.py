"""What is offered to the client of what the next hop offers: EHLO keywords, RFC 5321, section 4.1.1.1.

An allow-list: a keyword that stands in neither table is hidden too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from blockproxy.smtp import sasl

MAX_MESSAGE = 160 * 1024 * 1024  # octets, on the disk until the final dot; Exchange Online takes 150 MB, Gmail 25 MB

CARRIED = {
    "8BITMIME": "RFC 6152: octets travel as they are",
    "AUTH": "RFC 4954: the next hop checks, see `sasl.MECHANISMS`",
    "DELIVERBY": "RFC 2852: a MAIL parameter",
    "DSN": "RFC 3461: MAIL and RCPT parameters",
    "ENHANCEDSTATUSCODES": "RFC 2034: our own replies have them too",
    "FUTURERELEASE": "RFC 4865: a MAIL parameter",
    "HELP": "RFC 5321, section 4.1.1.8",
    "LIMITS": "RFC 9422: we have none that are lower",
    "MT-PRIORITY": "RFC 6710: a MAIL parameter",
    "PIPELINING": "RFC 2920: replies go out in the order of the commands",
    "REQUIRETLS": "RFC 8689: a MAIL parameter; a leg without TLS does not leave the machine",
    "RRVS": "RFC 7293: a RCPT parameter",
    "SIZE": "RFC 1870: a message keeps its size",
    "SMTPUTF8": "RFC 6531: a MAIL parameter",
    "VRFY": "RFC 5321, section 3.5",
}
HIDDEN = {  # known, and why they are not offered
    "ATRN": "RFC 2645 turns the connection round",
    "BINARYMIME": "RFC 3030: needs CHUNKING",
    "BURL": "RFC 4468 fetches what we would not see",
    "CHUNKING": "RFC 3030: no captured client uses BDAT",
    "ETRN": "RFC 1985: for servers",
    "STARTTLS": "RFC 3207: each leg has its own",
    "XCLIENT": "Postfix: for trusted proxies, which a client is not",
    "XFORWARD": "Postfix: the same",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the client is told (`keywords`, with their parameters), and what the next hop demands.

    `login` is true where the next hop offers AUTH, with whatever mechanism. `size` is the largest message, in octets.
    `raw` is what the next hop said.
    """

    keywords: tuple[str, ...] = ()
    login: bool = False
    size: int = MAX_MESSAGE
    raw: tuple[str, ...] = ()


def offer(lines: Iterable[str]) -> Offer:
    """What is offered to a client whose next hop answered EHLO with `lines`, after the one with its name."""
    keywords: list[str] = []
    lines = tuple(lines)
    login, size = False, MAX_MESSAGE
    for line in lines:
        keyword, _, parameters = line.partition(" ")
        name = keyword.upper()
        # `AUTH=LOGIN` is an old spelling that servers repeat for clients of the nineties.
        login = login or name == "AUTH" or name.startswith("AUTH=")
        if name == "SIZE":
            size = _size(parameters)
        if name in CARRIED:
            keywords.append(_NARROWED.get(name, _as_it_is)(line))
    return Offer(tuple(filter(None, keywords)), login, size, lines)


def before_tls(keywords: Iterable[str]) -> tuple[str, ...]:
    """What is left before the client has begun TLS: no password, and no message that must have TLS (RFC 8689)."""
    return tuple(line for line in keywords if line.partition(" ")[0].upper() not in {"AUTH", "REQUIRETLS"})


def _as_it_is(line: str) -> str:
    return line


def _mechanisms(line: str) -> str:
    """The AUTH line without the mechanisms that cannot pass a proxy, or an empty string if none is left."""
    left = sasl.offered(line.split()[1:])
    return " ".join(["AUTH", *left]) if left else ""


def _size(parameters: str) -> int:
    """The limit in a SIZE keyword; none at all and 0 both mean no limit of the server's own."""
    digits = parameters.strip()[:18]
    limit = int(digits) if digits.isascii() and digits.isdigit() else 0
    return min(limit or MAX_MESSAGE, MAX_MESSAGE)


def _size_line(line: str) -> str:
    return f"SIZE {_size(line.partition(' ')[2])}"


_NARROWED: dict[str, Callable[[str], str]] = {"AUTH": _mechanisms, "SIZE": _size_line}
