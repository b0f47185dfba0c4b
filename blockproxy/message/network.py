"""The signs without which no URL leads to the network: most mail is done here, before anything is tokenised.

A URL of http, https, ftp or file needs its scheme and a colon, or two slashes of either kind; or it hides one of these
characters in a backslash escape or a character reference, or splits the scheme with a tab or a line end, which
browsers take out (WHATWG URL, section 4.4); or a `data:` URL holds a document. Where there is no sign there is no
reference: a test holds this module to that. The other way round proves nothing. `quiet` looks for the same signs in
quoted-printable as it was transmitted.
"""

import re

# A media type, its parameters or the comma; not that of a picture which holds nothing.
_TYPE = rb"(?=[\t\r\n ]*+[,;&a-zA-Z])(?!image/(?:png|gif|jpe?g|webp|bmp|x-icon)[;,])"
# One literal octet at the front of each pattern: `re` then runs through a newsletter at a byte per cycle, and what
# costs is where it stops. The octets before a colon are looked at first, because style sheets are full of colons; and
# where two slashes follow, these are the sign. The other two are `data:` and `javascript:`.
_SCHEME = re.compile(
    rb":(?<=[tplseaTPLSEA\t\r\n;0-9][pseatPSEAT\t\r\n;0-9]:)"
    rb"(?:(?<=[ftiplseFTIPLSE\t\r\n][tplseTPLSE\t\r\n][psePSE\t\r\n]:)(?!//)"
    rb"(?:(?<=[tT][pP]:)|(?<=[tT\t\r\n][pP][sS]:)|(?<=[iI\t\r\n][lL][eE]:)|(?<=[\t\r\n]:)|(?<=[\t\r\n].:))"
    rb"|(?<=[aAtT;0-9\t\r\n]:)"
    rb"(?:(?<=[tT\t\r\n;0-9][aA]:)%b|(?<=[;\t\r\n0-9]:)%b|(?<=[pP\t\r\n;0-9][tT]:)))" % (_TYPE, _TYPE)
)
_SLASHES = re.compile(rb"/[/\\\t\r\n](?:(?<=[/\\])|[\t\r\n]*+[/\\])")
_EQUIVALENT = b"http-equiv"
DECLARATIONS = (b"<!ENTITY", b"<!ATTLIST")  # in XML these can spell a URL of pieces; upper case counts there
_BACKSLASH = re.compile(rb"\\")
# References to what a scheme, its colon, slashes and ignored white space are written with.
_REFERENCE = re.compile(
    rb"&(?:#(?:0*+(?:9|1[03]|47|58|92|69|7[0236]|8[034]|10[12458]|11[256])(?![0-9])"
    rb"|[xX]0*+(?:[9aAdD]|2[fF]|3[aA]|5[cC]|[46][5689cC]|[57][034])(?![0-9a-fA-F]))"
    rb"|(?:colon|sol|bsol|Tab|NewLine);)"
)
# The names that documents begin with look like URLs and are none: a DOCTYPE's and those of XML namespaces.
_PREAMBLE = re.compile(
    rb"(?:\xef\xbb\xbf)?+\s*+(?:<!DOCTYPE\s[^>\"'\[]*+(?:\"-//[^\">]*+\"\s*+)?+(?:\"https?://www\.w3\.org/[^\">]*+\"\s*+)?+>\s*+)?+"
    rb"(?:<html(?:\s++(?:xmlns(?::[a-z0-9]++)?+|lang|xml:lang|dir)=\"[^\"]*+\")*+\s*+>)?+",
    re.IGNORECASE,
)


def signs(view: bytes) -> list[int]:
    """The offsets of all signs in `view`, sorted."""
    start = _start(view)
    found = [match.start() for match in _SCHEME.finditer(view, start)]
    found += [match.start() for match in _SLASHES.finditer(view, start)]
    found += [match.start() for match in _REFERENCE.finditer(view, start)]
    if b"\\" in view:
        found += [match.start() for match in _BACKSLASH.finditer(view, start)]
    found.sort()
    return found


def declarations(view: bytes) -> list[int]:
    """The offsets of what can spell a URL in XML, where it has no sign."""
    return [position for position in map(view.find, DECLARATIONS) if position >= 0]


def switches(view: bytes) -> list[int]:
    """The offsets of `http-equiv`: where there are links, it may let the browser ask for the names of their hosts."""
    lower, found = view.lower(), []
    position = lower.find(_EQUIVALENT)
    while position >= 0:
        found.append(position)
        position = lower.find(_EQUIVALENT, position + len(_EQUIVALENT))
    return found


def may_reach_network(view: bytes) -> bool:
    """Whether there is any sign. Quicker than looking for all of them."""
    start = _start(view)
    return (
        _SLASHES.search(view, start) is not None
        or b"\\" in view
        or _SCHEME.search(view, start) is not None
        or _REFERENCE.search(view, start) is not None
    )


def _start(view: bytes) -> int:
    preamble = _PREAMBLE.match(view)
    return preamble.end() if preamble else 0
