"""Ways past the blocking of remote content that other mail programs had to close, each asking `t.example` for `/a`.

From fixes in Roundcube (CVE-2026-35542, -25916, -35543, -35545, -48848, -48846, CVE-2024-42010 and others), Aster,
Openship, Bulwark and Mailpile, and from the standards that browsers follow.
"""

import random
from collections.abc import Iterator

BYPASSES = [
    # CVE-2026-35542 and its kin: what hides behind a broken data: value
    b'<body background="data:image/png,x" style="background:url(data:x);background:url(//t.example/a)">',
    b'<svg><feImage href="https://t.example/a"/></svg>',
    b'<svg><filter><feImage xlink:href="https://t.example/a"/></filter></svg>',
    b'<svg><animate attributeName="mask" values="url(https://t.example/a);none"/></svg>',
    b'<svg><animate attributeName="cursor" by="url(https://t.example/a)"/></svg>',
    b'<svg><animate attributeName="style" to="fill:url(https://t.example/a)"/></svg>',
    b'<p style="background:var(--x, var(--y, url(https://t.example/a)))">',
    b'<p style="background:image(url(https://t.example/a))">',
    b'<p style="background:cross-fade(url(cid:x), url(https://t.example/a))">',
    b'<svg><rect fill="url(https://t.example/a"/></svg>',
    b'<image src="https://t.example/a">',
    b'<p style="background:\\75 \\72 \\6C (https://t.example/a)">',
    b'<p style="background:url(\\68ttps://t.example/a)">',
    b'<input type="image" src="https://t.example/a">',
    b'<video autoplay src="https://t.example/a">',
    b'<img src="HTTPS://t.example/a">',
    b'<img src="//t.example/a">',
    b'<img src="\\\\t.example/a">',
    b'<img src="/\\t.example/a">',
    b'<img src="ht\ttps://t.exa\r\nmple/a">',
    b'<img src="https\n://t.example/a">',
    b'<img src="&#104;ttps&colon;&sol;&#x2F;t.example/a">',
    b'<img src=" \n//t.example/a">',
    b'<img src="/\n/t.example/a">',
    b'<img src="cid:a" srcset="cid:b 1x, https://t.example/a 2x">',
    b'<img srcset="data:image/gif;base64,R0lGODlhAQAB 1x, https://t.example/a 2x">',
    b"<p style=\"background:url(/*c*/'https://t.example/a')\">",
    b'<p style="background:url/*c*/(https://t.example/a)">',
    b"<style>@import 'https://t.example/a';</style>",
    b"<style>@im\\port/**/'https://t.example/a';</style>",
    b'<style>a{background:image-set("https://t.example/a" 1x)}</style>',
    b'<style>a{--x:"https://t.example/a";background:image-set(var(--x) 1x)}</style>',
    b"<style>@media print{#x{background-image:url('https://t.example/a')}}</style>",
    b"<svg><style>a{fill:url&#40;https://t.example/a)}</style></svg>",
    b'<base href="https://t.example/"><img src=a>',
    b'<img src=a><base href="https://t.example/">',
    b"<picture><source srcset=https://t.example/a></picture>",
    b'<video poster="https://t.example/a">',
    b'<link rel="dns-prefetch" href="//t.example/a">',
    b'<!--[if mso]><v:fill type="frame" src="https://t.example/a"/><![endif]-->',
    b'<meta http-equiv="refresh" content="0;url=\'https://t.example/a\'">',
    b'<iframe srcdoc="&lt;img src=&quot;https://t.example/a&quot;&gt;">',
    b"<img src=https://t.example/a",
    b'<p><img alt="x>" src="https://t.example/a',
    b'<img alt="></p>"src="https://t.example/a"/x>',
    b"<noscript><img src=https://t.example/a></noscript>",
    b'<object data="file://t.example/a"></object>',
    # Documents in values.
    b"<iframe src='data:text/html,<img src=https://t.example/a>'></iframe>",
    b"<iframe src='data:text/html,%3Cimg%20src=%22https:%2f%2ft.example%2fa%22%3E'></iframe>",
    b'<iframe src="data:text/html;base64,PGltZyBzcmM9Ii8vdC5leGFtcGxlL2EiPg=="></iframe>',
    b'<iframe src=" D\nATA:TEXT/HTML; charset=utf-8; BASE64,PGltZyBzcmM9Ii8vdC5leGFtcGxlL2EiPg"></iframe>',
    b'<iframe src="d&#97;t&#x61;&colon;text/html;base64,PGltZyBzcmM9Ii8vdC5leGFtcGxlL2EiPg"></iframe>',
    b"<object data='data:image/svg+xml,<svg><image href=//t.example/a></svg>'>",
    b"<object data='data:application/rss+xml,<h:img src=%22//t.example/a%22/>'>",
    b"<link rel=stylesheet href='data:text/css,@import %22//t.example/a%22'>",
    b"<link rel=stylesheet href='data:,@import %22//t.example/a%22'>",
    b"<style>@import url('data:text/css,a{b:url(//t.example/a)}');</style>",
    b"<p style=\"background:url('data:image/svg+xml,<svg><style>a{b:url(//t.example/a)}</style></svg>')\">",
    b"<style>a{b:url('dat\\61:image/svg+xml,<svg><image href=//t.example/a></svg>')}</style>",
    b"<meta http-equiv=refresh content='0;url=data:text/html,<img src=//t.example/a>'>",
    b"<iframe srcdoc='<iframe src=&#34;data:text/html,<img src=//t.example/a>&#34;>'></iframe>",
    # Scripts, and data for them, where scripts run.
    b'<script type=speculationrules>{"prefetch":[{"urls":["https:\\/\\/t.example\\/a"]}]}</script>',
    b"<script>new Image().src='//t.example/a'</script>",
    # AMP for Email.
    b"<amp-img src=https://t.example/a width=1 height=1></amp-img>",
    b"<amp-list src=https://t.example/a></amp-list>",
    b"<amp-state id=x src=https://t.example/a></amp-state>",
    b"<amp-iframe srcdoc='<img src=https://t.example/a>'></amp-iframe>",
    b"<amp-img [src]=\"x ? 'https://t.example/a' : ''\">",
    # What a browser's preload scanner and its parser, or two parsers, read differently.
    b"<svg><image href=x href=//t.example/a />",
    b"<svg><mi><style><img src=//t.example/a></style>",
    b"<svg><style><p title='</style><img src=//t.example/a>",
    b"<math><mi><mglyph><style><img src=//t.example/a></style>",
    b"<math><annotation-xml><style><img src=//t.example/a></style>",
    b"<math><annotation-xml encoding=Text/HTML><style><!--</style><img src=//t.example/a>-->",
    b"<svg><font color=x><style><!--</style><img src=//t.example/a>-->",
    b"<svg><title><![CDATA[</title><p title=']]><img src=//t.example/a>'>",
    b"<noscript><plaintext></noscript><img src=//t.example/a>",
    b"<noscript><p title='</noscript><img src=//t.example/a>'>",
    b"<select><style></select><img src=//t.example/a></style>",
    b"<frameset><style></frameset><frame src=//t.example/a></style>",
]

_TAGS = (
    b"p /p svg /svg math /math mi mtext foreignObject /foreignObject desc title /title style /style textarea /textarea"
    b" script /script noscript /noscript template /template select /select option table td /table xmp /xmp iframe"
    b" /iframe noembed /noembed noframes /noframes plaintext b /b annotation-xml malignmark mglyph br frameset font"
    b" head body a button object /object form input"
)
# What random documents are built of: all that changes how the rest is read, and places that ask for something.
_PIECES = [
    *(b"<", b"> ", b'"', b"'", b" ", b"=", b"/", b"&", b";", b"\n", b"-", b"(", b")", b"{", b"}", b"/*", b"*/"),
    *(b"<!--", b"-->", b"--!>", b"<!-->", b"<![CDATA[", b"]]>", b"<!", b"<?x ", b"</", b"%3C", b"%22"),
    *(b"<%b>" % name for name in _TAGS.split()),
    *(
        b"<annotation-xml encoding=text/html>",
        b"<font color=x>",
        b"<image ",
        b"<img src=",
        b"<img src='",
        b'<img src="',
    ),
    *(b"<image href=", b"<img srcset='", b"<p style='", b'<p style="', b"<p title='", b'<p title="', b'<a id="'),
    *(b"<td background=", b"<body background=", b"<link rel=stylesheet href=", b"<video poster=", b"<iframe src="),
    *(b"<iframe srcdoc='", b"<svg><image href=", b"<svg><style>", b"<style>a{b:", b"<style>*{background:"),
    *(
        b"<object data=",
        b"<embed src=",
        b"<use href=",
        b" src=//t.example/a",
        b" href=//t.example/a ",
        b"//t.example/a",
    ),
    *(b"https://t.example/a", b"HTTPS:\\\\t.example/a", b"&#104;ttps://t.example/a", b"url(//t.example/a)", b"url("),
    *(b"\\75rl(//t.example/a)", b"@import '//t.example/a';", b"image-set('//t.example/a' 1x)", b"data:text/html,"),
    *(b"*{background:url(//t.example/a)}", b"data:image/svg+xml,", b"data:text/css,", b"<base href=//t.example/>"),
    *(b"<base href='//t.example/x/'>", b"<img src=rel>", b"src=rel ", b"&lt;img src=//t.example/a&gt;"),
    *(b"<img src=//t.example/a>", b"<svg><image href=//t.example/a /></svg>"),
]
_ENDS = [b"", b'">', b"'>", b"-->", b"</style>", b"</title>", b"]]>"]


def odd_pages(seed: int, count: int) -> Iterator[bytes]:
    """Random documents, always the same for a seed; about a quarter of them ask `t.example` for something."""
    chance = random.Random(seed)
    for _ in range(count):
        pieces = chance.choices(_PIECES, k=chance.randint(2, 14))
        yield b"".join(pieces) + chance.choice(_ENDS) + b"<img src=//t.example/a>"
