# ruff: noqa: E501 - what a campaign tool writes has long lines
"""Newsletters of any size, the same on every machine: what a mail campaign tool writes, with made-up hosts.

Tables in tables, a style attribute on nearly every tag, Outlook conditional comments, one style sheet, click-tracking
links, content pictures, and the open pixel at the end. CRLF line ends, ASCII only.
"""

import random
import string

_HEAD = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>The autumn letter</title>
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->
<style type="text/css">
body, table, td, a { -webkit-text-size-adjust: 100%; -ms-text-size-adjust: 100%; }
table, td { mso-table-lspace: 0pt; mso-table-rspace: 0pt; }
"""
_RULE = """.block-{n} {{ padding-top: {n}px; padding-bottom: 12px; font-family: Helvetica, Arial, sans-serif; color: #2{n:02d}f33; }}
"""
_MEDIA = """@media only screen and (max-width: 480px) {
  .column { display: block !important; width: 100% !important; max-width: 100% !important; }
  h1 { font-size: 22px !important; line-height: 125% !important; }
}
</style>
</head>
<body style="margin:0;padding:0;background-color:#f4f4f4;">
<div style="display:none;font-size:1px;line-height:1px;max-height:0;overflow:hidden;">What the orchard gave this year&#8203;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;&nbsp;&zwnj;</div>
<table border="0" cellpadding="0" cellspacing="0" width="100%" style="border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt;"><tr><td align="center" style="padding:0;">
"""
_FOOT = """<p style="margin:0;font-size:11px;line-height:150%;color:#999999;">You get this letter because you asked for it. {unsubscribe}</p>
{pixel}
</td></tr></table>
</body>
</html>
"""
_BLOCK = """<!--[if (mso)|(IE)]><table role="presentation" border="0" cellpadding="0" cellspacing="0" width="600"><tr><td width="600" valign="top"><![endif]-->
<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%" class="block-{n}" style="max-width:600px;border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt;background-color:#ffffff;">
<tbody><tr><td valign="top" align="center" style="padding:9px 18px;">
{picture}
</td></tr>
<tr><td class="column" valign="top" width="33%" style="padding:0 18px 9px 18px;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:150%;color:#202020;text-align:left;">
<h1 style="display:block;margin:0;padding:0;color:#202020;font-family:Helvetica;font-size:26px;font-style:normal;font-weight:bold;line-height:125%;">{title}</h1>
<p style="margin:10px 0;padding:0;mso-line-height-rule:exactly;-ms-text-size-adjust:100%;color:#202020;font-family:Helvetica;font-size:16px;line-height:150%;">{words} {link} {words2}</p>
<p style="margin:10px 0;padding:0;mso-line-height-rule:exactly;color:#202020;font-size:16px;line-height:150%;"><span style="font-size:14px"><strong>{title}</strong></span><br>{words} {link2}&nbsp;</p>
</td></tr>
<tr><td style="padding:0;height:10px;font-size:0;line-height:0;" height="10">&nbsp;</td></tr>
<tr><td align="center" valign="middle" style="padding:15px;border-radius:3px;background-color:#2baadf;font-family:Arial;font-size:16px;">{button}</td></tr>
</tbody></table>
<!--[if (mso)|(IE)]></td></tr></table><![endif]-->
"""
_WORDS = [
    "apple",
    "pear",
    "orchard",
    "ladder",
    "basket",
    "rain",
    "morning",
    "letter",
    "reader",
    "garden",
    "honey",
    "market",
    "bread",
    "autumn",
    "cellar",
    "river",
    "bridge",
    "walks",
    "early",
    "quiet",
    "bright",
    "slowly",
    "under",
    "between",
    "after",
    "before",
    "with",
    "from",
    "over",
    "again",
    "always",
    "rarely",
    "often",
]


class _Writer:
    """Writes one newsletter; `remote` False leaves out all that would reach the network."""

    def __init__(self, seed: int, remote: bool) -> None:
        self._random = random.Random(seed)
        self._remote = remote

    def token(self, length: int) -> str:
        return "".join(self._random.choices(string.ascii_letters + string.digits, k=length))

    def words(self, count: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=count))

    def link(self, text: str, style: str = "color:#007c89;font-weight:normal;text-decoration:underline;") -> str:
        if not self._remote:
            return f'<span style="{style}">{text}</span>'
        query = f"u=8f21c0ab&amp;id={self.token(10).lower()}&amp;e={self.token(10).lower()}"
        url = f"https://click.mailer.example/track/click?{query}"
        return f'<a href="{url}" target="_blank" style="mso-line-height-rule:exactly;{style}">{text}</a>'

    def picture(self, width: int = 564) -> str:
        if not self._remote:
            return f'<img align="center" alt="{self.words(2)}" src="cid:{self.token(8)}@example.com" width="{width}">'
        return (
            f'<img align="center" alt="{self.words(2)}" src="https://images.mailer.example/gallery/{self.token(24)}.png"'
            f' width="{width}" style="max-width:1200px;padding-bottom:0;display:inline!important;vertical-align:bottom;'
            'border:0;height:auto;outline:none;text-decoration:none;" class="picture">'
        )

    def pixel(self) -> str:
        if not self._remote:
            return ""
        url = f"https://click.mailer.example/track/open.php?u=8f21c0ab&amp;id={self.token(10).lower()}"
        return f'<img src="{url}" height="1" width="1" alt="">'

    def block(self, n: int) -> str:
        return _BLOCK.format(
            n=n % 40,
            picture=self.picture(),
            title=self.words(4).capitalize(),
            words=self.words(25),
            words2=self.words(12),
            link=self.link(self.words(3)),
            link2=self.link("Read more"),
            button=self.link("Go to the market", "font-weight:bold;color:#ffffff;text-decoration:none;display:block;"),
        )


def newsletter(size: int, *, remote: bool = True, seed: int = 1) -> bytes:
    """About `size` octets of HTML. With `remote` false: the same letter, no link and no remote picture in it."""
    writer = _Writer(seed, remote)
    parts = [_HEAD, *(_RULE.format(n=n) for n in range(38)), _MEDIA]
    foot = _FOOT.format(unsubscribe=writer.link("Unsubscribe"), pixel=writer.pixel())
    total = sum(map(len, parts)) + len(foot)
    while total < size:
        parts.append(writer.block(len(parts)))
        total += len(parts[-1]) + parts[-1].count("\n")
    return "".join([*parts, foot]).replace("\n", "\r\n").encode("ascii")
