"""The envelope's syntax, as far as a gateway reads it: paths, parameters, XFORWARD and XCLIENT. Does no I/O.

RFC 5321, section 4.1.2; RFC 3461, section 4; the attributes are Postfix's XFORWARD_README and XCLIENT_README.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import NamedTuple

MAX_ATTRIBUTE = 255  # characters of one value, by XFORWARD_README
ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE", "LOGIN", "DESTADDR", "DESTPORT")
FORWARDED = "NAME ADDR PORT PROTO HELO IDENT SOURCE"  # what XFORWARD offers
CLIENT = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"  # what XCLIENT offers
UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")

_PATH = re.compile(r'(?:FROM|TO):[ \t]*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(?:[ \t]+(.*))?\Z', re.IGNORECASE | re.DOTALL)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


class Path(NamedTuple):
    """A path without its brackets, and the parameters that follow it."""

    mailbox: str
    parameters: tuple[str, ...]


def path(argument: str | None) -> Path | None:
    """The argument of MAIL or RCPT, or None for one that cannot be read."""
    found = _PATH.match((argument or "").strip())
    return Path(found[1], tuple((found[2] or "").split())) if found else None


def is_for(mailbox: str, domains: Sequence[str]) -> bool:
    """Whether a stranger may send to `mailbox`, because it belongs to one of `domains`.

    Postmaster needs no domain (RFC 5321, section 4.5.1). What tells a server to send it somewhere else does not belong
    here, whatever its domain says: source routes, `user%elsewhere@here`, `elsewhere!user@here` and quoted ones.
    """
    local, _, domain = mailbox.rpartition("@")
    if not local:
        return domain.lower() == "postmaster"
    return domain.lower().rstrip(".") in domains and not any(sign in local for sign in '@%!"\\:,')


def without_success(parameters: Sequence[str]) -> tuple[str, ...]:
    """The parameters of RCPT without the wish for a notice of success; RFC 3461, section 4.1.

    Who asked for success alone did not ask for failures, which is what NEVER says.
    """
    return tuple(map(_quieter, parameters))


def _quieter(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    wanted = value.upper().split(",")
    if name.upper() != "NOTIFY" or "SUCCESS" not in wanted:
        return parameter
    return f"{name}={','.join(word for word in wanted if word != 'SUCCESS') or 'NEVER'}"


def attributes(argument: str | None) -> Mapping[str, str] | None:
    """The attributes of XFORWARD or XCLIENT by upper-case name, or None where one is unknown or malformed."""
    found: dict[str, str] = {}
    for word in (argument or "").split():
        name, sign, value = word.partition("=")
        if not sign or name.upper() not in ATTRIBUTES or len(value) > MAX_ATTRIBUTE:
            return None
        found[name.upper()] = _XTEXT.sub(lambda code: chr(int(code[1], 16)), value)
    return found or None


def named(address: str) -> str:
    """An IP address as the attribute ADDR has it, `[UNAVAILABLE]` for one that is not known."""
    try:
        client = ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN[0]
    mapped = getattr(client, "ipv4_mapped", None) or client
    return f"IPV6:{mapped}" if mapped.version == 6 else str(mapped)


def xtext(text: str) -> str:
    """`text` in the encoding of RFC 3461, section 4."""
    octets = text.encode("utf-8")
    return "".join(chr(o) if 33 <= o <= 126 and o not in b"+=" else f"+{o:02X}" for o in octets)
