"""The furniture of a newsletter: tables and inline styles, as mail clients want them.

Every function returns HTML. Text is taken as HTML, URLs are escaped here.
"""

from dataclasses import dataclass
from html import escape

FONT = "font-family:Helvetica,Arial,sans-serif"
SERIF = "font-family:Georgia,'Times New Roman',serif"


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a brand (CSS), and the Content-ID of its header picture."""

    accent: str
    ground: str
    header: str


def page(
    look: Look, title: str, *blocks: str, footer: str, head: str = "", tail: str = "", charset: str = "utf-8"
) -> str:
    """A whole document: `head` goes into <head>, `tail` stands last in <body>, where trackers like to be."""
    return f"""\
<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset={charset}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}</head>
<body style="margin:0;padding:0;background-color:{look.ground};">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="{look.ground}">
<tr><td align="center" style="padding:32px 12px;">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" \
style="width:600px;max-width:100%;border-radius:12px;overflow:hidden;">
<tr><td><img src="cid:{look.header}" width="600" height="150" alt="{title}" \
style="display:block;width:100%;height:auto;border:0;"></td></tr>
{"".join(blocks)}</table>
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:600px;max-width:100%;">
<tr><td align="center" style="padding:24px 40px;{FONT};font-size:12px;line-height:19px;color:#7b8087;">
{footer}</td></tr>
</table>
</td></tr>
</table>
{tail}</body>
</html>
"""


def row(content: str, padding: str = "0 40px") -> str:
    """One row of the white card."""
    return f'<tr><td style="padding:{padding};">\n{content}\n</td></tr>\n'


def eyebrow(look: Look, words: str) -> str:
    """The small line above a headline."""
    style = f"{FONT};font-size:12px;letter-spacing:2px;text-transform:uppercase;color:{look.accent};"
    return row(f'<p style="margin:0;{style}">{words}</p>', "32px 40px 0")


def headline(words: str) -> str:
    """The one large line."""
    return row(
        f'<h1 style="margin:0;{SERIF};font-size:30px;line-height:38px;color:#1d2126;">{words}</h1>', "8px 40px 0"
    )


def paragraph(*words: str) -> str:
    """Running text."""
    style = f"margin:0;{FONT};font-size:16px;line-height:26px;color:#3c4249;"
    return row(f'<p style="{style}">' + "\n".join(words) + "</p>", "16px 40px 0")


def link(look: Look, url: str, words: str) -> str:
    """A link in running text."""
    return f'<a href="{escape(url)}" style="color:{look.accent};text-decoration:underline;">{words}</a>'


def button(look: Look, url: str, words: str) -> str:
    """The link that the sender wants followed."""
    return row(
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>'
        f'<td bgcolor="{look.accent}" style="border-radius:6px;">\n'
        f'<a href="{escape(url)}" target="_blank" style="display:inline-block;padding:13px 26px;{FONT};font-size:15px;'
        f'font-weight:bold;color:#ffffff;text-decoration:none;">{words}</a>\n</td></tr></table>',
        "24px 40px 36px",
    )


def cards(look: Look, *items: tuple[str, str, str], more: str = "More") -> str:
    """A strip of small cards side by side: (heading, text, URL); the link says `more`."""
    width = 520 // len(items)
    cells = "\n".join(
        f'<td width="{width}" valign="top" style="padding:16px;{FONT};font-size:14px;line-height:21px;color:#3c4249;'
        f'background-color:{look.ground};border:4px solid #ffffff;border-radius:12px;">'
        f'<b style="color:#1d2126;">{heading}</b><br>{words}<br>{link(look, url, more)}</td>'
        for heading, words, url in items
    )
    return row(
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>\n'
        f"{cells}\n</tr></table>",
        "24px 36px 0",
    )


def unsubscribe(
    sender: str, url: str, words: str = "Unsubscribe", why: str = "You get this because you signed up."
) -> str:
    """The footer's lines: who writes, why, and the link that must always work."""
    return f'{sender}<br>\n{why}\n<a href="{escape(url)}" style="color:#7b8087;">{words}</a>'
