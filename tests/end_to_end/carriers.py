"""Messages whose trackers are carried by something else than a page or a text: they belong to `mailbox`."""

from collections.abc import Callable

from tests.end_to_end.compose import base64_lines, entity, lines, message, multipart
from tests.end_to_end.mailbox import HTML, PLAIN, RECEIPTS, TEXT, TRACKED, page, pixel, tracker

_IN_BASE64 = base64_lines(pixel(7).encode(), 10_000).decode().strip()
_IN_A_CALENDAR = tracker(6).replace("&", "&amp\\;")
_LONG_NAME = "filename*0*=utf-8''gr%C3%B6;\r\n\tfilename*1=\"sse.ht\";\r\n\tfilename*2=m"


def _file(media_type: str, name: str, content: bytes, encoding: str = "base64") -> bytes:
    disposition = f"Content-Disposition: attachment; {name}"
    return multipart("mixed", "file-1", TEXT, entity(media_type, content, encoding, disposition))


def _calendar() -> bytes:
    """An invitation whose lines are folded, in the middle of a URL too."""
    url = tracker(5)
    return lines(
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        f"ATTACH;FMTTYPE=image/gif:{url[:40]}",
        f" {url[40:]}",
        "URL:https://meet.example.com/join?pwd=fake&utm_source=gazette",
        'X-ALT-DESC;FMTTYPE=text/html:<p>The market\\, open to all<img src="',
        f' {_IN_A_CALENDAR}" width=1>',
        "END:VEVENT",
        "END:VCALENDAR",
    )


SHAPES: dict[str, Callable[[], bytes]] = {
    "calendar folded": lambda: multipart(
        "alternative", "cal-2", TEXT, entity("text/calendar; charset=utf-8", _calendar(), "quoted-printable")
    ),
    "contact card": lambda: _file(
        "text/vcard; charset=utf-8", "filename=anna.vcf", lines("BEGIN:VCARD", f"PHOTO:{tracker()}", "END:VCARD")
    ),
    "page in a file": lambda: _file("application/octet-stream", 'filename="page.HTML"', TRACKED),
    "page in a file with a long name": lambda: _file("application/octet-stream", _LONG_NAME, TRACKED),
    "page by the name of its type": lambda: entity('application/octet-stream; name="page.htm"', TRACKED, "base64"),
    "message in a file": lambda: _file(
        "application/octet-stream", "filename=old.eml", message("old", entity(HTML, TRACKED, "base64"), RECEIPTS[0])
    ),
    "picture that holds markup": lambda: _file(
        "image/svg+xml", "filename=a.svg", lines(f'<svg><image href="{tracker()}"/></svg>'), "quoted-printable"
    ),
    "text in a file": lambda: _file(PLAIN, "filename=a.diff", lines(f"+ {tracker()}&utm_source=x"), "7bit"),
    "line that begins like a delimiter": lambda: multipart(
        "mixed", "odd-1", TEXT + b"--odd-11\r\n" + entity(HTML, TRACKED, "base64"), TEXT
    ),
    "document in a URL": lambda: entity(
        HTML, page(f'<iframe src="data:text/html;base64,{_IN_BASE64}"></iframe>'), "quoted-printable"
    ),
    "document with a base": lambda: (
        lines("Content-Location: https://gazette.us1.list-manage.com/")
        + entity(HTML, page('<img src="track/open.php?u=fa4e00000001&amp;id=fa4e0001" width=1>'), "quoted-printable")
    ),
}
