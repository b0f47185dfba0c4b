"""The messages of the benchmarks, built from `bench.newsletter`. All made up, and the same on every machine."""

import base64
import random
import re
from collections.abc import Callable
from urllib.parse import quote

from bench.newsletter import newsletter
from tests.end_to_end import compose

READER = "anna@example.org"
_CLICK = re.compile(r"https://click\.mailer\.example/track/click\?u=\w+&amp;id=(\w+)&amp;e=(\w+)")
_HOST = b"click.mailer.example"
_LINE = 76  # octets of text between line ends
_WORDS = ("Bäume", "orchard", "ladder", "rain,", "morning", "letter.", "Reader", "honey;", "(bread)", "1/2", "café")

Dress = Callable[[bytes], bytes]
"""Puts links of some kind in the place of a newsletter's own."""


def _unknown(html: bytes) -> bytes:
    return html


def _vendor(html: bytes) -> bytes:
    return html.replace(_HOST, b"example.us1.list-manage.com")


def _links(html: bytes, url: Callable[[str, str], str]) -> bytes:
    return _CLICK.sub(lambda match: url(match[1], match[2]), html.decode()).encode()


def _decorated(html: bytes) -> bytes:
    return _links(
        html,
        lambda page, who: (
            f"https://www.example.com/shop/{page}?size=4&amp;utm_source=letter&amp;utm_medium=email&amp;mc_eid={who}"
        ),
    )


def _redirects(html: bytes) -> bytes:
    return _links(
        html,
        lambda page, who: (
            "https://us1.mailchimp.com/mctx/clicks?url="
            f"{quote(f'https://www.example.com/shop/{page}?size=4', safe='')}&amp;h={who}&amp;v=1&amp;uid=1"
        ),
    )


DRESSES: dict[str, Dress] = {
    "links of a host nobody knows": _unknown,
    "links of a vendor, nothing to undo": _vendor,
    "parameters to strip in every link": _decorated,
    "redirects to unwrap in every link": _redirects,
}


def html_message(html: bytes, encoding: str = "quoted-printable") -> bytes:
    """A message whose only part is `html`."""
    return compose.message("the autumn letter", compose.entity("text/html; charset=utf-8", html, encoding))


def text_message(text: bytes, encoding: str = "quoted-printable") -> bytes:
    """A message whose only part is plain text."""
    return compose.message("a long letter", compose.entity("text/plain; charset=utf-8", text, encoding))


def text(size: int, seed: int) -> bytes:
    """About `size` octets of prose without a URL, in lines, with an umlaut here and there."""
    chance = random.Random(seed)
    lines, total = [], 0
    while total < size:
        line = b""
        while len(line) < _LINE - 10:
            line += chance.choice(_WORDS).encode() + b" "
        lines.append(line.rstrip() + compose.CRLF)
        total += len(lines[-1])
    return b"".join(lines)


def quiet(number: int, size: int = 10_000) -> bytes:
    """Message `number` of a mailbox without remote content, about `size` octets: one of three common shapes."""
    shape = _SHAPES[number % len(_SHAPES)]
    content = shape(size - 700, number)
    return compose.message(f"letter {number}", content)


def _plain(size: int, seed: int) -> bytes:
    return compose.entity("text/plain; charset=utf-8", text(size, seed), "8bit")


def _alternative(size: int, seed: int) -> bytes:
    html = b"<html><body>" + _small_letter(size // 2, seed) + b"</body></html>"
    return compose.multipart(
        "alternative",
        f"=_alternative_{seed}",
        compose.entity("text/plain; charset=utf-8", text(size // 4, seed), "quoted-printable"),
        compose.entity("text/html; charset=utf-8", html, "quoted-printable"),
    )


def _with_picture(size: int, seed: int) -> bytes:
    picture = random.Random(seed).randbytes(size // 3)
    html = b'<html><body><img src="cid:picture@example.com" alt="the orchard">' + _small_letter(size // 3, seed)
    return compose.multipart(
        "related",
        f"=_related_{seed}",
        compose.entity("text/html; charset=utf-8", html + b"</body></html>", "quoted-printable"),
        compose.entity("image/png", picture, "base64", "Content-ID: <picture@example.com>"),
    )


_SHAPES = (_plain, _alternative, _with_picture)


def _small_letter(size: int, seed: int) -> bytes:
    paragraph = b'<p style="margin:10px 0;font-size:16px">%b</p>\r\n'
    return b"".join(paragraph % text(400, seed + n) for n in range(size // 450))


def attachment(octets: int) -> bytes:
    """A message with a line of text and an attachment of `octets` octets before base64."""
    line = base64.b64encode(bytes(range(57))) + compose.CRLF
    head = compose.entity("application/octet-stream", b"", "base64", "Content-Disposition: attachment; filename=film")
    body = line * (octets // 57)
    content = compose.multipart(
        "mixed", "=_mixed", compose.entity("text/plain; charset=utf-8", b"Here it is.\r\n"), head + body
    )
    return compose.message("a film", content)


def remote_letter(size: int, dress: Dress, seed: int) -> bytes:
    """A newsletter of about `size` octets of HTML with the links of `dress`."""
    return dress(newsletter(size, seed=seed))
