"""Mail from one person to another, spied upon; and two messages that must arrive octet for octet."""

from urllib.parse import quote

from blockproxy.demo.compose import inline_picture, leaf, message, multipart, text
from blockproxy.demo.layout import Look, button, eyebrow, headline, page, paragraph, row, unsubscribe
from blockproxy.demo.letterhead import bulk, letterhead
from blockproxy.demo.picture import Landscape, png

# Looks like armour (RFC 9580 section 6.2), signs nothing.
SIGNATURE = b"""\
-----BEGIN PGP SIGNATURE-----

ZmFrZS1zaWduYXR1cmUtMDAxNi1tYWRlLXVwLWZvci10aGUtZGVtbw==
-----END PGP SIGNATURE-----
"""


def mailtrack() -> bytes:
    """A salesman's three lines, with a redirected signature and a picture of no size."""
    link = "https://mailtrack.io/trace/link/fa4e0000000000000000000000000000fa4e0012"
    target = quote("https://workshop.example.com/offer?number=12", safe="")
    html = f"""\
<div dir="ltr">Hello Robin,<div><br></div>
<div>just checking whether you saw the offer for the new windows. It is
<a href="{link}?url={target}&amp;userId=1234567&amp;signature=fa4e0012fa4e0012">here</a>.</div>
<div><br></div><div>Best wishes<br>Sam Seller</div></div>
<img width="0" height="0" class="mailtrack-img" alt="" style="display:flex" \
src="https://mailtrack.io/trace/mail/fa4e0000000000000000000000000000fa4e0012.png?u=1234567">
"""
    plain = "Hello Robin,\n\njust checking whether you saw the offer for the new windows.\n\nBest wishes\nSam Seller\n"
    return message(
        letterhead(12, "Sam Seller", "sam@workshop.example.com", "Re: Windows"),
        multipart("alternative", "000000000000fake0012", text(plain, "plain"), text(html, encoding="7bit")),
    )


def readnotify() -> bytes:
    """A sound, a hidden picture and a receipt request at once, so that one of them gets through."""
    track = "http://www.readnotify.com/nocache/fake-recipient-token-0013"
    html = f"""\
<html><body>
<p>Dear Robin,</p>
<p>please find the minutes of the residents' meeting below. Nobody spoke about the bicycle cellar.</p>
<p>Kim Neighbour</p>
<bgsound src="{track}/rspr47.wav" volume="-10000">
<img src="{track}/footer0.gif" border="0" alt="" style="visibility:hidden">
</body></html>
"""
    return message(
        letterhead(
            13,
            "Kim Neighbour",
            "kim@house.example.net",
            "Minutes of the meeting",
            ("Disposition-Notification-To", "<fake-message-token-0013@house.example.net>"),
        ),
        text(html, charset="iso-8859-1", encoding="8bit"),
    )


def receipts() -> bytes:
    """Three ways to ask for a receipt (RFC 8098, and two older habits) around one line of text."""
    return message(
        letterhead(
            14,
            "Alex Authority",
            "office@authority.example.org",
            "Your application",
            ("Disposition-Notification-To", "Alex Authority <office@authority.example.org>"),
            ("Return-Receipt-To", "office@authority.example.org"),
            ("X-Confirm-Reading-To", "office@authority.example.org"),
        ),
        text("Your application has arrived. We shall answer within eight weeks.\n", "plain", "us-ascii", "7bit"),
    )


def innocent() -> bytes:
    """Layout spacers, a logo for telephones, embedded pictures, a confirmation link: no tracker, no change."""
    look = Look("#9c5b1e", "#f8f1e6", "header@bakery.example.com")
    static = "https://static.bakery.example.com/mail"
    leave = "https://bakery.example.com/unsubscribe?member=fake-member-number-0015"
    html = page(
        look,
        "The Corner Bakery",
        eyebrow(look, "Please confirm"),
        headline("One rye loaf, Saturday, eight o'clock"),
        paragraph("We bake it only when you say so. Naïve, perhaps, but nothing is thrown away."),
        row(
            f'<img src="{static}/spacer.gif" width="520" height="1" alt="" style="display:block;min-width:520px;">\n'
            f'<img src="{static}/spacer.gif" width="1" height="1" alt="">\n'
            f'<img src="{static}/logo-small.png" class="only-mobile" width="1" height="1" alt="" '
            'style="display:none;width:0px;max-height:0px;overflow:hidden;">\n'
            '<img src="cid:dot@bakery.example.com" width="0" height="0" alt="" style="display:none;">'
        ),
        button(look, "https://bakery.example.com/order/confirm?token=fake-one-time-token-0015", "Yes, bake it"),
        footer=unsubscribe("The Corner Bakery, 15 Example Corner", leave),
        head="<style>@media (max-width: 480px) { .only-mobile { display: block !important; } }</style>\n",
    )
    scene = Landscape((244, 200, 140), (255, 240, 210), (255, 252, 240), (206, 150, 88), (136, 84, 40), 0.68)
    return message(
        letterhead(
            15,
            "The Corner Bakery",
            "orders@bakery.example.com",
            "Please confirm your rye loaf",
            *bulk("orders", "bakery.example.com", leave),
        ),
        multipart(
            "related",
            "bakery--15",
            text(html, encoding="8bit"),
            inline_picture(png(scene), look.header),
            inline_picture(png(scene), "dot@bakery.example.com"),
        ),
    )


def signed() -> bytes:
    """A pixel under a signature (RFC 3156): removing it would break the signature, so it is reported and stays."""
    html = """\
<html><body><p>The signed statutes are attached to the next letter. Please keep this one.</p>
<img src="https://club.us21.list-manage.com/track/open.php?u=fa4e00000000000000000016&amp;id=fa4e000016&amp;\
e=fa4e000016" height="1" width="1" alt=""></body></html>
"""
    return message(
        letterhead(16, "Jo Treasurer", "jo@club.example.org", "The statutes, signed"),
        multipart(
            'signed; micalg=pgp-sha256; protocol="application/pgp-signature"',
            "=-fake-0016",
            text(html),
            leaf(SIGNATURE, "application/pgp-signature; name=signature.asc", "7bit"),
        ),
    )
