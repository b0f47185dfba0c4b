"""News in other scripts, encodings and forms: KOI8-R, Shift_JIS, ISO-8859-1, a redirect that tells where it leads."""

# ruff: noqa: RUF001 - Cyrillic letters that look like Latin ones are meant

import base64
import json
import zlib
from urllib.parse import quote, urlencode

from blockproxy.demo.compose import inline_picture, message, multipart, text
from blockproxy.demo.layout import Look, button, cards, eyebrow, headline, link, page, paragraph, unsubscribe
from blockproxy.demo.letterhead import bulk, letterhead
from blockproxy.demo.picture import Landscape, png


def mailgun() -> bytes:
    """Links whose payload is deflated and base64url: the true address can be read without asking anybody."""
    look = Look("#8a4b08", "#f4efe6", "header@lavka.example.com")

    def click(target: str) -> str:
        return f"https://email.mg.lavka.example.com/c/{_packed({'l': target, 'r': 'fake-recipient-token-0007'})}"

    leave = "https://lavka.example.com/unsubscribe?token=fake-recipient-token-0007"
    opened = _packed({"h": "fake-message-token-0007", "r": "fake-recipient-token-0007"})
    html = page(
        look,
        "Книжная лавка",
        eyebrow(look, "Новинки марта"),
        headline("Три книги, которые пахнут весной"),
        paragraph("Роман о маяке, словарь забытых слов и тонкая книга о том, как пекут хлеб на закваске."),
        cards(
            look,
            ("Маяк", "Роман в письмах.", click("https://lavka.example.com/books/lighthouse?from=spring")),
            ("Слова", "Словарь для чтения вслух.", click("https://lavka.example.com/books/words?from=spring")),
            more="Подробнее",
        ),
        button(look, click("https://lavka.example.com/new"), "Все новинки"),
        footer=unsubscribe("Книжная лавка", leave, "Отписаться", "Вы подписаны на наши новости."),
        tail=f'<img width="1px" height="1px" alt="" src="https://email.mg.lavka.example.com/o/{opened}">\n',
        charset="koi8-r",
    )
    scene = Landscape((170, 190, 210), (246, 226, 190), (255, 250, 230), (170, 140, 100), (98, 70, 44), 0.6)
    return message(
        letterhead(
            7,
            "Книжная лавка",
            "news@lavka.example.com",
            "Три книги, которые пахнут весной",
            *bulk("news", "lavka.example.com", leave),
        ),
        multipart(
            "related",
            "lavka-7",
            text(html, charset="koi8-r", encoding="base64"),
            inline_picture(png(scene), look.header),
        ),
    )


def ses() -> bytes:
    """The true address is percent-encoded in the path; German in ISO-8859-1, soft breaks inside the URLs."""
    look = Look("#00695c", "#e6efee", "header@stadtwerke.example.net")
    message_id = "0100fa4e00000008-fa4e0008-fa4e-4fa4-8fa4-fa4e00000008-000000"

    def click(target: str) -> str:
        return f"https://fa4e0008.r.eu-central-1.awstrack.me/L0/{quote(target, safe=':')}/1/{message_id}/fake0008=123"

    leave = "https://stadtwerke.example.net/abmelden?kunde=fake-recipient-token-0008"
    html = page(
        look,
        "Stadtwerke Beispielstadt",
        eyebrow(look, "Kundenbrief März"),
        headline("Ihr Abschlag ändert sich nicht"),
        paragraph(
            "Schöne Nachricht für alle, die früh aufstehen: Der Nachttarif gilt jetzt bis acht Uhr.",
            "Die Größe Ihres Zählers müssen Sie dafür nicht kennen. "
            + link(
                look,
                click("https://stadtwerke.example.net/nachttarif?seite=2&ort=s%C3%BCd"),
                "Alle Fragen und Antworten",
            ),
        ),
        button(look, click("https://stadtwerke.example.net/konto/uebersicht"), "Zum Kundenkonto"),
        footer=unsubscribe(
            "Stadtwerke Beispielstadt, Musterstraße 8", leave, "Abmelden", "Sie haben diesen Brief bestellt."
        ),
        tail=f'<img alt="" src="https://fa4e0008.r.eu-central-1.awstrack.me/I0/{message_id}/fake0008=123" '
        'style="display: none; width: 1px; height: 1px;">\n',
        charset="iso-8859-1",
    )
    scene = Landscape((110, 150, 160), (220, 232, 226), (255, 244, 206), (96, 136, 128), (36, 78, 74), 0.15)
    return message(
        letterhead(
            8,
            "Stadtwerke Beispielstadt",
            "kundenbrief@stadtwerke.example.net",
            "Ihr Abschlag ändert sich nicht",
            *bulk("kundenbrief", "stadtwerke.example.net", leave),
        ),
        multipart("related", "----=_Part_8", text(html, charset="iso-8859-1"), inline_picture(png(scene), look.header)),
    )


def substack() -> bytes:
    """A writer's letter: the redirect's payload is JSON in base64url, and says where it leads."""
    look = Look("#a6402b", "#f7f5f0", "header@slowweb.example.org")

    def click(target: str) -> str:
        claims = json.dumps({"e": target, "p": 9, "s": 9, "f": True, "u": 9, "iss": "pub-0", "sub": "link-redirect"})
        return f"https://substack.com/redirect/2/{_base64url(claims.encode())}.fake-signature-0009"

    leave = "https://slowweb.example.org/action/disable_email?token=fake-recipient-token-0009"
    pixel = "https://eotrx.substackcdn.com/open?token=eyJtIjoiZmFrZSJ9.fake-recipient-token-0009"
    html = page(
        look,
        "The Slow Web",
        eyebrow(look, "Letter 41"),
        headline("In praise of the page that does not move"),
        paragraph(
            "A reader wrote that my essays feel “like furniture”. I have decided to be pleased.",
            "This week I re-read "
            + link(look, click("https://essays.example.org/furniture?v=2"), "the essay that began it"),
            "and found that it still stands, a little scratched.",
        ),
        paragraph(
            "Elsewhere: " + link(look, click("https://archive.example.net/1996/home.html"), "a home page from 1996"),
            "that has never been redesigned. It loads before you have clicked.",
        ),
        button(look, click("https://slowweb.example.org/p/letter-41/comments"), "Leave a comment"),
        footer=unsubscribe("© 2026 The Slow Web, 9 Example Mews", leave),
        tail=f'<img src="{pixel}" alt="" width="1" height="1" border="0" style="height:1px !important;'
        'width:1px !important;border-width:0 !important;margin:0 !important;padding:0 !important"/>\n',
    )
    scene = Landscape((206, 212, 214), (246, 236, 220), (240, 190, 150), (188, 178, 164), (112, 104, 98), 0.5)
    return message(
        letterhead(
            9,
            "The Slow Web",
            "slowweb@letters.example.org",
            "In praise of the page that does not move",
            *bulk("letter", "letters.example.org", leave),
        ),
        multipart("related", "slowweb.9", text(html), inline_picture(png(scene), look.header)),
    )


def campaign_monitor() -> bytes:
    """A museum's programme in Shift_JIS, 8bit; some of its second octets look like ASCII."""
    look = Look("#37474f", "#eef1f2", "header@museum.example.net")
    click = "https://museum.cmail19.com/t/r-l-tlykfake0010-fakejh-{}/"
    leave = "https://museum.cmail19.com/t/r-u-tlykfake0010-fakejh-z/"
    html = page(
        look,
        "小さなものの博物館",
        eyebrow(look, "四月の展示"),
        headline("ボタンと切手、表と裏の能力"),
        paragraph("手のひらに乗るものだけを集めた展覧会です。虫めがねは入口でお貸しします。"),
        cards(
            look,
            ("切手", "百年分の海。", click.format("r")),
            ("ボタン", "十二の素材。", click.format("y")),
            more="詳しく",
        ),
        button(look, click.format("j"), "予約する"),
        footer=unsubscribe("小さなものの博物館", leave, "配信停止", "登録された方にお送りしています。"),
        tail='<img src="https://museum.cmail19.com/t/r-o-tlykfake0010-fakejh/o.gif" width="1" height="1" border="0" '
        'alt="" style="visibility:hidden !important;display:block !important;height:1px !important;'
        'width:1px !important;">\n',
        charset="shift_jis",
    )
    scene = Landscape((196, 206, 212), (244, 238, 232), (214, 70, 62), (150, 164, 170), (70, 84, 92), 0.5)
    return message(
        letterhead(
            10,
            "小さなものの博物館",
            "tayori@museum.example.net",
            "四月の展示のお知らせ",
            *bulk("tayori", "museum.example.net", leave),
        ),
        multipart(
            "related",
            "museum_10",
            text(html, charset="shift_jis", encoding="8bit"),
            inline_picture(png(scene), look.header),
        ),
    )


def plain_text() -> bytes:
    """A newsletter in format=flowed (RFC 3676): nothing but text, and still every link says who clicked."""
    campaign = urlencode({"utm_source": "weekly", "utm_medium": "email", "utm_campaign": "2026-11"})
    content = f"""\
THE TERMINAL WEEKLY, number 11

Good morning. This week we look at a text editor that is older than most \n\
of its users, and at a shell prompt that shows the tide.

* The editor: https://weekly.example.com/editor?{campaign}
* The tide: https://weekly.example.com/tide?harbour=3&{campaign}&mc_eid=fa4e00000b#times
* A talk, without any tracking: https://talks.example.net/2026/plain-text

Until Friday,
the editors

-- \n\
Unsubscribe: https://weekly.example.com/unsubscribe?member=fake-recipient-token-0011
"""
    return message(
        letterhead(
            11,
            "The Terminal Weekly",
            "editors@weekly.example.com",
            "Terminal Weekly 11: an editor, and the tide",
            *bulk(
                "weekly",
                "weekly.example.com",
                "https://weekly.example.com/unsubscribe?member=fake-recipient-token-0011",
            ),
        ),
        text(content, "plain; format=flowed", encoding="7bit"),
    )


def _packed(values: dict[str, str]) -> str:
    return _base64url(zlib.compress(urlencode(values).encode()))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
