"""Ways to write a pixel so that a careless reader passes over it, each as a whole message.

`DISGUISES` is a table: what it is called, how the page is written, how the message is. A browser or a mail program
fetches the same URL from every one of them. `pixels()` are the URLs that are disguised. Used by tests, and by whoever
measures recall.
"""

import base64
import quopri
from collections.abc import Callable, Iterator
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from blockproxy.detect.loading import load_folders
from blockproxy.detect.rules import built_in_folder
from blockproxy.detect.schema import VendorFile
from blockproxy.model import Technique

TINY = 'width="1" height="1"'
SHAPES = (
    "https://letters.example.net/t/fake00ff11ee22dd33cc44bb55/p.gif",
    "https://letters.example.net/view?m=fake00ff11ee22dd&r=33cc44bb55",
    "https://fake00ff11ee22dd33cc44bb55.letters.example.net/1.gif",
)  # that no rule knows


class Pixel(NamedTuple):
    """A URL to be disguised: `rule` knows it, "" where none does; some rules need to see that it is invisible."""

    url: str
    rule: str
    needs_invisible: bool


class Disguise(NamedTuple):
    """One way. `page` writes the HTML around a URL, `message` the message around the HTML.

    `invisible` where the element itself can be seen to be invisible: that is what a pixel without a vendor is known by.
    """

    name: str
    page: Callable[[str], str]
    message: Callable[[str], bytes]
    invisible: bool = True

    def __call__(self, url: str) -> bytes:
        """The whole message."""
        return self.message(f"<html><body><p>Good morning.</p>{self.page(url)}<p>Good-bye.</p></body></html>")


def pixels() -> Iterator[Pixel]:
    """Everything that the shipped rules for pixels catch, and some that none of them knows."""
    loaded = load_folders([built_in_folder()])
    for _, spec in loaded.specs:
        if isinstance(spec, VendorFile):
            _, rules = loaded.vendors[spec.id]
            for written, rule in zip(spec.rules, rules, strict=True):
                if rule.technique is Technique.OPEN_PIXEL:
                    for catch in written.examples.catches:
                        yield Pixel(catch.url, f"{spec.id}/{rule.id}", rule.needs_invisible)
    yield from (Pixel(url, "", needs_invisible=True) for url in SHAPES)


# Messages.


def plain(page: str) -> bytes:
    """As it is."""
    return _entity("8bit", page.encode())


def quoted_printable(page: str) -> bytes:
    """As usual: lines of 76 characters, which end anywhere in a URL."""
    return _entity("quoted-printable", quopri.encodestring(page.encode()))


def all_escaped(page: str) -> bytes:
    """Every octet as `=XX`, with soft breaks after seven of them."""
    octets = [f"={octet:02X}".encode() for octet in page.encode()]
    lines = [b"".join(octets[start : start + 7]) for start in range(0, len(octets), 7)]
    return _entity("quoted-printable", b"=\n".join(lines))


def in_base64(page: str) -> bytes:
    """In base64."""
    return _entity("base64", base64.encodebytes(page.encode()))


def utf_16(page: str) -> bytes:
    """In UTF-16 with a mark of its order of octets, in base64."""
    return _entity("base64", base64.encodebytes(page.encode("utf-16")), "utf-16")


def nested(page: str) -> bytes:
    """In an enclosed message."""
    return b"Content-Type: message/rfc822\r\n\r\n" + quoted_printable(page)


def alternative(page: str) -> bytes:
    """In the second of two alternatives, in a part of a part."""
    inner = b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\n" + in_base64(page) + b"--b--\r\n"
    outer = b'--a\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n' + inner + b"--a--\r\n"
    return b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n' + outer


def attached(page: str) -> bytes:
    """As a file that is a page by its name alone."""
    header = b'Content-Type: application/octet-stream; name="letter.html"\r\nContent-Disposition: attachment\r\n'
    return header + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(page.encode())


def amp(page: str) -> bytes:
    """As the page for programs that know AMP."""
    return quoted_printable(page).replace(b"text/html", b"text/x-amp-html", 1)


def unlabelled(page: str) -> bytes:
    """Under a content type that is not finished."""
    return quoted_printable(page).replace(b"text/html; charset=utf-8", b"text/html charset=utf-8", 1)


def _entity(encoding: str, body: bytes, charset: str = "utf-8") -> bytes:
    header = f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return (header.encode() + body + b"\n").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


# Pages.


def usual(url: str) -> str:
    """The form that everybody knows."""
    return f'<img src="{escape(url)}" {TINY} alt="">'


def references(url: str) -> str:
    """Every character of the URL as a character reference."""
    return f'<img src="{"".join(f"&#x{ord(character):x};" for character in url)}" {TINY}>'


def named_references(url: str) -> str:
    """Its punctuation by names that HTML 5 added."""
    names = {":": "&colon;", "/": "&sol;", ".": "&period;", "?": "&quest;", "=": "&equals;", "&": "&amp;"}
    return f'<img src="{"".join(names.get(character, character) for character in url)}" {TINY}>'


def broken_up(url: str) -> str:
    """With line ends and tabs inside, which browsers take out."""
    middle = len(url) // 2
    return f'<img src="\n {url[0]}\t{escape(url[1:middle])}\n{escape(url[middle:])} " {TINY}>'


def upper_case(url: str) -> str:
    """Tag, scheme and host in capitals."""
    front, host, rest = _around_host(url)
    return f'<IMG SRC="{front.upper()}{host.upper()}{escape(rest)}" WIDTH="1" HEIGHT="1">'


def percent_host(url: str) -> str:
    """A letter of the host percent-encoded."""
    front, host, rest = _around_host(url)
    return f'<img src="{front}%{ord(host[0]):02x}{host[1:]}{escape(rest)}" {TINY}>'


def css_escaped(url: str) -> str:
    """In CSS, the word `url` and its address with escapes."""
    address = "".join(f"\\{ord(character):06x}" if character in ":/." else character for character in url)
    return f'<style>#x{{background:\\75 \\72 \\6c("{address}")}}</style><p id=x></p>'


def with_base(url: str) -> str:
    """Relative to a base."""
    front, host, rest = _around_host(url)
    return f'<base href="{front}{host}/"><img src="{escape(rest)}" {TINY}>'


def _around_host(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    front = f"{parts.scheme}://"
    return front, parts.netloc, url[len(front) + len(parts.netloc) :] or "/"


def _with_host(url: str, template: str) -> str:
    front, host, rest = _around_host(url)
    name, colon, port = host.partition(":")
    default = 443 if front == "https://" else 80
    return f"{front}{template.format(host=name, port=colon + port, default=default)}{rest}"


def _tag(template: str) -> Callable[[str], str]:
    return lambda url: template.format(url=escape(url), tiny=TINY)


_WRITTEN = [
    ("as usual", usual),
    ("capitals", upper_case),
    ("character references", references),
    ("named references", named_references),
    ("line ends and tabs inside", broken_up),
    ("a letter of the host percent-encoded", percent_host),
    ("relative to a base", with_base),
    ("no quotes", lambda url: f"<img height=1 width=1 src={escape(url).replace('=', '&#61;')}>"),
    ("single quotes and line ends between attributes", _tag("<img\n\tsrc\n=\n'{url}'\n{tiny}\n/>")),
    ("slashes between attributes", _tag("<img/alt=''/src='{url}'/width='1'/height='1'/>")),
    ("a second src", _tag("<img src='{url}' src='https://example.com/logo.png' {tiny}>")),
    ("no scheme", lambda url: usual(url.partition(":")[2])),
    ("backslashes", lambda url: usual(url.replace("//", "\\\\", 1))),
    ("a point behind the host", lambda url: usual(_with_host(url, "{host}.{port}"))),
    ("the default port", lambda url: usual(_with_host(url, "{host}:{default}"))),
    ("a name before the host", lambda url: usual(_with_host(url, "news@{host}{port}"))),
    ("the element image", _tag("<image src='{url}' {tiny}>")),
    ("hidden by its style", _tag("<img src='{url}' style='display:none !important'>")),
    ("hidden by its parent", _tag("<div style='display:none'><p><img src='{url}'></p></div>")),
    ("small by the style sheet", _tag("<style>.a{{width:1px;height:1px}}</style><img class='b a' src='{url}'>")),
    ("off the screen", _tag("<div style='position:absolute;left:-9999px'><img src='{url}'></div>")),
    ("three by two", _tag("<img src='{url}' width=3 height=2>")),
    ("in a conditional comment", _tag("<!--[if mso]><img src='{url}' {tiny}><![endif]-->")),
    ("revealed to all but Outlook", _tag("<!--[if !mso]><!--><img src='{url}' {tiny}><!--<![endif]-->")),
    ("behind a comment that ends early", _tag("<!--> <img src='{url}' {tiny}> -->")),
    ("in a list of sizes", _tag("<img srcset='{url} 1x' {tiny}>")),
    ("a background of a cell", _tag("<table><tr><td background='{url}' {tiny}></td></tr></table>")),
    ("a hidden background", _tag("<div style=\"display:none;background:url('{url}')\"></div>")),
    ("a sound", _tag("<bgsound src='{url}'>")),
    ("a poster", _tag("<video poster='{url}' {tiny}></video>")),
    ("a page in a frame's attribute", lambda url: f"<iframe srcdoc='{escape(usual(url))}'></iframe>"),
    (
        "a page in a data: URL",
        lambda url: f"<iframe src='data:text/html,{quote(usual(url))}' width=9 height=9></iframe>",
    ),
    ("a button", _tag("<input type=image src='{url}' {tiny}>")),
]
# What a vendor's rule knows by its address alone; without one there is nothing to go by.
_SEEN = [
    ("a false size", _tag("<img src='{url}' width=600 height=400>")),
    ("a source of a picture", _tag("<picture><source srcset='{url}'><img src='data:,' {tiny}></picture>")),
    ("lowsrc", _tag("<img src='https://example.com/logo.png' lowsrc='{url}' width=90>")),
    ("CSS with escapes", css_escaped),
    ("a style element", _tag("<style>#x{{background-image:image-set('{url}' 1x)}}</style><p id=x></p>")),
    ("a background of the page", _tag("<body background='{url}'>")),
    ("in SVG", _tag("<svg width=1 height=1><image xlink:href='{url}'/></svg>")),
    ("in VML", _tag("<!--[if vml]><v:rect><v:fill src='{url}'/></v:rect><![endif]-->")),
    ("an object", _tag("<object data='{url}' width=9 height=9></object>")),
    ("imported CSS", _tag("<style>@import '{url}';</style>")),
    ("a linked style sheet", _tag("<link rel=stylesheet href='{url}'>")),
    ("a variable of CSS", _tag("<p style=\"--x:url('{url}');background:var(--x)\">x</p>")),
]
_SENT: list[tuple[str, Callable[[str], bytes]]] = [
    ("quoted-printable", quoted_printable),
    ("every octet escaped", all_escaped),
    ("base64", in_base64),
    ("UTF-16", utf_16),
    ("an enclosed message", nested),
    ("a part of a part", alternative),
    ("an attached page", attached),
    ("AMP", amp),
    ("a content type without its semicolon", unlabelled),
]

DISGUISES: tuple[Disguise, ...] = (
    *(Disguise(name, page, plain) for name, page in _WRITTEN),
    *(Disguise(name, page, plain, invisible=False) for name, page in _SEEN),
    *(Disguise(name, usual, message) for name, message in _SENT),
)
