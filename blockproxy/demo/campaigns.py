"""Marketing mail as the large senders' platforms make it; the tracking URLs have the shapes seen in theirs."""

import hashlib

from blockproxy.demo.compose import inline_picture, message, multipart, text
from blockproxy.demo.layout import FONT, Look, button, cards, eyebrow, headline, link, page, paragraph, row, unsubscribe
from blockproxy.demo.letterhead import READER, bulk, letterhead
from blockproxy.demo.picture import Landscape, png


def mailchimp() -> bytes:
    """Redirected links, a decorated link, a pixel; the background picture is remote, too, and stays."""
    look = Look("#b4532a", "#f6efe7", "header@fernleaf.example.com")
    who = "u=fa4e00000000000000000001&id=fa4e000001"
    click = f"https://fernleaf.us21.list-manage.com/track/click?{who}&e=fa4e00abcd"
    leave = f"https://fernleaf.us21.list-manage.com/unsubscribe?{who}&e=fa4e00abcd&c=fa4e000002"
    shop = "https://shop.fernleaf.example.com/spring-lot?mc_cid=fa4e000002&mc_eid=fa4e00abcd"
    html = page(
        look,
        "Fernleaf Coffee Roasters",
        eyebrow(look, "The spring lot"),
        headline("Apricot, brown sugar, and the first warm morning"),
        paragraph(
            "Robin, the spring lot is off the ship. It comes from a hillside at 1,900 metres, it was washed twice,",
            f"and it tastes like somebody opened a window. {link(look, shop, 'Read how we roast it')}.",
        ),
        cards(
            look,
            ("Filter", "250 g, roasted on Tuesday.", click.replace("fa4e000001&e", "fa4e000011&e")),
            ("Espresso", "A little darker, much sweeter.", click.replace("fa4e000001&e", "fa4e000012&e")),
        ),
        row(
            '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>\n'
            '<td align="center" background="https://mcusercontent.com/fa4e00000000000000000001/images/beans.jpg" '
            f'bgcolor="{look.accent}" style="padding:18px;border-radius:8px;{FONT};font-size:15px;color:#ffffff;">'
            "Delivery is free until Sunday</td>\n</tr></table>",
            "20px 40px 0",
        ),
        button(look, click, "Order the spring lot"),
        footer=unsubscribe("Fernleaf Coffee Roasters, 1 Example Street", leave),
        tail='<img src="https://fernleaf.us21.list-manage.com/track/open.php?'
        f'{who.replace("&", "&amp;")}&amp;e=fa4e00abcd" height="1" width="1" alt="">\n',
    )
    plain = (
        f"Apricot, brown sugar, and the first warm morning\n\nOrder the spring lot: {click}\n\nUnsubscribe: {leave}\n"
    )
    scene = Landscape((120, 170, 200), (250, 214, 178), (255, 241, 200), (190, 120, 84), (112, 66, 44))
    return message(
        letterhead(
            1,
            "Fernleaf Coffee Roasters",
            "hello@fernleaf.example.com",
            "The spring lot is here ☕",
            *bulk("letter", "fernleaf.example.com", leave),
            ("X-Mailer", "Mailchimp Mailer - **CIDfa4e000002fa4e00abcd**"),
        ),
        multipart(
            "alternative",
            "_----------=_fernleaf_1",
            text(plain, "plain"),
            multipart(
                'related; type="text/html"',
                "_----------=_fernleaf_2",
                text(html),
                inline_picture(png(scene), look.header),
            ),
        ),
    )


def sendgrid() -> bytes:
    """Every link redirected through an address that nobody but SendGrid can read, a pixel; a poster stays."""
    look = Look("#5b3cc4", "#efedf8", "header@nimbus.example.net")
    fake = "fake-recipient-token-0002-2Bfake-recipient-token-0002"
    click = f"https://u1234567.ct.sendgrid.net/ls/click?upn=u001.{fake}"
    leave = f"https://u1234567.ct.sendgrid.net/wf/unsubscribe?upn=u001.{fake}"
    html = page(
        look,
        "Nimbus Tickets",
        eyebrow(look, "Doors 19:30"),
        headline("Your night at the open-air cinema"),
        paragraph("Two seats under the chestnut trees, row F. The film starts when the bats come out."),
        row(
            '<img src="https://static.nimbus.example.net/posters/open-air.jpg" width="520" height="160" '
            'alt="The poster" style="display:block;border:0;background-color:#5b3cc4;">',
            "24px 40px 0",
        ),
        cards(look, ("Weather", "Bring a blanket.", f"{click}_w"), ("Way there", "Tram 4, last stop.", f"{click}_t")),
        button(look, f"{click}_o", "See the programme"),
        footer=unsubscribe("Nimbus Tickets, 2 Example Square", leave),
        tail=f'<img src="https://u1234567.ct.sendgrid.net/wf/open?upn=u001.{fake}" alt="" width="1" height="1" '
        'border="0" style="height:1px !important;width:1px !important;border-width:0 !important;margin:0 !important;'
        'padding:0 !important"/>\n',
    )
    scene = Landscape((24, 22, 64), (148, 92, 168), (250, 240, 220), (60, 44, 110), (30, 24, 66), 0.2)
    return message(
        letterhead(
            2,
            "Nimbus Tickets",
            "tickets@nimbus.example.net",
            "Tonight: film under the stars",
            *bulk("letter", "nimbus.example.net", leave),
        ),
        multipart("related", "nimbus-related", text(html, encoding="base64"), inline_picture(png(scene), look.header)),
    )


def hubspot() -> bytes:
    """Opaque redirects, links that carry the recipient in `_hsenc`, a hidden pixel."""
    look = Look("#0f7a6c", "#e8f3f1", "header@tidewater.example.com")
    host = "https://d2fake04.na1.hubspotlinks.com"
    enc = "_hsenc=p2ANqtz-fake-recipient-token-0003&_hsmi=1234567"
    leave = "https://tidewater.example.com/hs/manage-preferences/unsubscribe?d=fake-recipient-token-0003"
    html = page(
        look,
        "Tidewater Analytics",
        eyebrow(look, "Field notes, issue 12"),
        headline("Three charts that every harbour should draw"),
        paragraph(
            "Queues at the gate, empty berths, idle cranes: the same data, drawn three ways, gives three answers.",
            link(look, f"https://tidewater.example.com/notes/12?{enc}", "Here is the one we trust") + ".",
        ),
        button(look, f"{host}/Ctc/4F+113/d2fake04/VWfake-recipient-token-0003", "Book a demonstration"),
        footer=unsubscribe("Tidewater Analytics, 3 Example Quay", leave),
        tail=f'<img src="{host}/Cto/4F+113/d2fake04/R5fake-recipient-token-0003" alt="" width="1" height="1" '
        'border="0" style="display:none!important;min-height:1px!important;width:1px!important">\n',
    )
    scene = Landscape((92, 168, 190), (222, 240, 232), (255, 250, 224), (74, 140, 140), (16, 84, 84), 0.5)
    return message(
        letterhead(
            3,
            "Tidewater Analytics",
            "notes@tidewater.example.com",
            "Three charts that every harbour should draw",
            *bulk("notes", "tidewater.example.com", leave),
        ),
        multipart("related", "tidewater-3", text(html, encoding="7bit"), inline_picture(png(scene), look.header)),
    )


def klaviyo() -> bytes:
    """A visible picture whose URL holds a hash of the reader's address; `_kx` on the way to the shop."""
    look = Look("#c2185b", "#fbeef3", "header@solstice.example.net")
    who = hashlib.sha256(READER.encode()).hexdigest()
    leave = "https://manage.kmail-lists.com/subscriptions/unsubscribe?a=FakeAc&c=fake-recipient-token-0004"
    shop = "https://solstice.example.net/collections/midsummer?_kx=fake-recipient-token-0004.FakeAc"
    html = page(
        look,
        "Solstice Skin",
        eyebrow(look, "Only until Sunday"),
        headline("Midsummer, in a jar"),
        paragraph(
            "Elderflower, oat, and nothing with a number in its name.",
            "This one was put together for you: " + link(look, shop, "the midsummer shelf") + ".",
        ),
        row(
            f'<img src="https://offers.solstice.example.net/banner.png?customer={who}" width="520" height="120" '
            'alt="Your personal offer: 15% off" style="display:block;width:100%;border:0;background-color:#f7d9e4;">',
            "24px 40px 0",
        ),
        button(look, "https://ctrk.klclick1.com/l/01FAKE0000RECIPIENT0004FAKE_0", "To the shelf"),
        footer=unsubscribe("Solstice Skin, 4 Example Lane", leave),
        tail='<div style="display:none;max-height:0"><img alt="" width="1" height="1" '
        'src="https://ctrk.klclick1.com/o/01FAKE0000RECIPIENT0004FAKE"></div>\n',
    )
    scene = Landscape((246, 178, 196), (255, 232, 214), (255, 252, 235), (214, 120, 150), (140, 48, 92), 0.35)
    return message(
        letterhead(
            4,
            "Solstice Skin",
            "hello@solstice.example.net",
            "Midsummer, in a jar 🌼",
            *bulk("letter", "solstice.example.net", leave),
        ),
        multipart("related", "=_solstice=_4", text(html), inline_picture(png(scene), look.header)),
    )


def marketo() -> bytes:
    """`mkt_tok` on every link but one, and a pixel in capital letters without a suspicious name."""
    look = Look("#22539b", "#e9eff7", "header@quarry.example.com")
    decoration = "mkt_tok=fake-recipient-token-0005"
    leave = f"https://go.quarry.example.com/UnsubscribePage.html?{decoration}"
    html = page(
        look,
        "Quarry Cloud",
        eyebrow(look, "Webinar, Thursday 14:00"),
        headline("Backups that somebody has restored"),
        paragraph("A backup is a guess until it has been read back. Bring your worst day, we bring the stop-watch."),
        cards(
            look,
            ("Agenda", "Forty minutes, one disaster.", f"https://go.quarry.example.com/agenda?lang=en&{decoration}"),
            ("Paper", "What 300 restores taught us.", f"https://go.quarry.example.com/paper.pdf?{decoration}#page=2"),
        ),
        button(look, f"https://go.quarry.example.com/register?{decoration}", "Keep me a seat"),
        footer=unsubscribe("Quarry Cloud, 5 Example Yard", leave),
        tail='<IMG SRC="http://mkto-fake0005.com/trk?t=1&mid=ZmFrZS1yZWNpcGllbnQtdG9rZW4tMDAwNQ%3D%3D" '
        'WIDTH="1" HEIGHT="1" BORDER="0" ALT="" />\n',
    )
    scene = Landscape((70, 104, 160), (206, 222, 240), (255, 255, 245), (84, 112, 152), (30, 50, 92), 0.8)
    return message(
        letterhead(
            5,
            "Quarry Cloud",
            "events@quarry.example.com",
            "Backups that somebody has restored",
            *bulk("events", "quarry.example.com", leave),
        ),
        multipart("related", "quarry.5", text(html, charset="us-ascii"), inline_picture(png(scene), look.header)),
    )


def litmus() -> bytes:
    """A style sheet that reports printing and forwarding, beside the pixel that reports opening."""
    look = Look("#3b7d3a", "#edf4ea", "header@allotment.example.org")
    track = "https://fa4e0006.emltrk.com/v2/fa4e0006"
    leave = "https://allotment.example.org/leave?member=fake-recipient-token-0006"
    style = f"""\
<style>
@media print {{ #_two50 {{ background-image: url('{track}?p&d=fake0006'); }} }}
blockquote #_two50, #mailContainerBody #_two50 {{ background-image: url('{track}?f&d=fake0006'); }}
div.OutlookMessageHeader {{ background-image: url('{track}?f&d=fake0006'); }}
h1 {{ font-weight: normal; }}
</style>
"""
    html = page(
        look,
        "The Allotment Post",
        eyebrow(look, "Week 14"),
        headline("Put the peas in, leave the beans out"),
        paragraph("The soil is at nine degrees and rising. Peas do not mind; beans sulk. Prune nothing that bleeds."),
        button(look, "https://allotment.example.org/week/14", "The whole calendar"),
        footer=unsubscribe("The Allotment Post, 6 Example Row", leave),
        head=style,
        tail=f'<div id="_two50"></div>\n<img src="{track}?d=fake0006" width="1" height="1" border="0" />\n',
    )
    scene = Landscape((150, 200, 220), (236, 244, 214), (255, 246, 190), (122, 168, 92), (58, 108, 56), 0.25)
    return message(
        letterhead(
            6,
            "The Allotment Post",
            "post@allotment.example.org",
            "Week 14: put the peas in",
            *bulk("post", "allotment.example.org", leave),
        ),
        multipart("related", "allotment", text(html), inline_picture(png(scene), look.header)),
    )
