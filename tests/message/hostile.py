"""HTML that was made to be slow to read: `SHAPES[name](n)` builds it from `n` repetitions. Each is up to 1.5 MB."""

import base64
from collections.abc import Callable


def _repeated(piece: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    return lambda n: before + piece * n + after


def _attributes(n: int) -> bytes:
    return b"<img" + b"".join(b" a%d=1" % i for i in range(n)) + b" src=https://example.com/>"


def _divs_with_urls(n: int) -> bytes:
    return b"<div style='background:url(//example.com/)'>" * n


# The number of repetitions beside each makes 0.3 to 1.5 MB.
SHAPES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "nested elements": (_repeated(b"<div>"), 100_000),
    "nested elements, closed": (lambda n: b"<b>" * n + b"</b>" * n + b"<img src=//example.com>", 100_000),
    "elements with style": (_divs_with_urls, 30_000),
    "attributes": (_attributes, 100_000),
    "one attribute again and again": (_repeated(b" src=//example.com", b"<img", b">"), 60_000),
    "tags in an open quote": (_repeated(b'<a b="'), 100_000),
    "tags in an open quote, with a URL": (_repeated(b'<a href="//x.example'), 60_000),
    "comments that do not end": (_repeated(b"<!--"), 200_000),
    "comments and their ends": (_repeated(b"<!---->"), 150_000),
    "almost ends of a comment": (_repeated(b"--!", b"<!--"), 300_000),
    "conditions": (_repeated(b"<!--[if mso]>"), 100_000),
    "conditions with a URL": (_repeated(b"<!--[if mso]><img src=//x.example>"), 40_000),
    "conditions in front of a URL": (_repeated(b"<!--[if mso]>", b"", b"<img src=//x.example>"), 100_000),
    "conditions without a bracket": (_repeated(b"<!--[if "), 150_000),
    "slashes": (_repeated(b"</"), 300_000),
    "CDATA": (_repeated(b"<![CDATA["), 100_000),
    "CDATA in SVG": (_repeated(b"<svg><![CDATA["), 100_000),
    "angle brackets": (_repeated(b"<"), 1_000_000),
    "instructions": (_repeated(b"<?"), 400_000),
    "internal subsets": (_repeated(b"<!DOCTYPE x [//"), 60_000),
    "entities": (_repeated(b"<!ENTITY a '//'>", b"<!DOCTYPE x [", b"]><svg>"), 40_000),
    "declarations": (_repeated(b"<!DOCTYPE ' "), 100_000),
    "ampersands": (_repeated(b"&", b"<img src='//", b"'>"), 1_000_000),
    "names of references": (_repeated(b"&notin", b"<img src='//", b"'>"), 200_000),
    "numbers of references": (_repeated(b"&#x68;", b"<img src='", b"ttps://example.com'>"), 200_000),
    "one long number": (_repeated(b"1", b"<img src='//&#"), 1_000_000),
    "SVG": (_repeated(b"<svg>"), 200_000),
    "SVG and other ends": (lambda n: b"<svg>" * 200 + b"<a>" * n + b"</b></svg >" * n, 60_000),
    "style in SVG": (_repeated(b"<svg><style>"), 100_000),
    "style in SVG with a URL": (_repeated(b"<svg><style>url(//example.com/)"), 40_000),
    "integration points": (_repeated(b"<svg><foreignObject><p></svg>"), 40_000),
    "style": (_repeated(b"<style>"), 200_000),
    "script": (_repeated(b"<!--<script>", b"<script>"), 100_000),
    "spaces in url(": (_repeated(b" ", b"<p style='background:url(", b"//example.com'>"), 60_000),
    "url(": (_repeated(b"url(", b"<style>//", b""), 300_000),
    "functions": (_repeated(b"a(", b"<style>//", b"'x'"), 500_000),
    "CSS comments": (_repeated(b"/*", b"<style>//"), 500_000),
    "CSS at-rules": (_repeated(b"@font-face ", b"<style>//"), 100_000),
    "CSS custom properties": (_repeated(b"--a:", b"<style>//"), 300_000),
    "CSS imports": (_repeated(b"@import url(a", b"<style>//"), 100_000),
    "CSS escapes": (_repeated(b"\\75", b"<style>"), 400_000),
    "CSS quotes": (_repeated(b"'\"", b"<style>//"), 500_000),
    "commas of a srcset": (_repeated(b",", b"<img srcset='", b"//example.com/'>"), 1_000_000),
    "candidates of a srcset": (_repeated(b"//example.com/ 1x,", b"<img srcset='", b"'>"), 50_000),
    "brackets of a srcset": (_repeated(b"a (", b"<img srcset='//example.com/ ", b"'>"), 400_000),
    "spaces of a refresh": (_repeated(b" ", b"<meta http-equiv=refresh content='0;", b"//example.com'>"), 1_000_000),
    "slashes in an address": (_repeated(b"/", b"<a href='https:", b"'>"), 1_000_000),
    "bases": (_repeated(b"<base href='//example.com/'>"), 40_000),
    "srcdoc in srcdoc": (_repeated(b"<iframe srcdoc='<iframe srcdoc=//x.example>'>"), 30_000),
}

TEXT_SHAPES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "schemes": (_repeated(b"http://"), 200_000),
    "closing brackets": (_repeated(b")", b"http://example.com/"), 1_000_000),
    "opening brackets": (_repeated(b"(", b"http://example.com/"), 1_000_000),
    "points": (_repeated(b".", b"http://example.com/"), 1_000_000),
    "bare slashes": (_repeated(b"://"), 400_000),
}


def _message(header: bytes, body: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda n: b"Content-Type: %b\r\n\r\n%b" % (header, body(n))


def _page(body: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return _message(b"text/html; charset=utf-8", body)


def _calendar(body: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return _message(b"text/calendar; charset=utf-8", body)


def _links(n: int) -> bytes:
    return b"".join(b"<a href='https://example.com/%d?utm_source=x&a=%d'>x</a>" % (i, i) for i in range(n))


def _in_base64(n: int) -> bytes:
    return b"<iframe src='data:text/html;base64,%b'>" % base64.b64encode(b"<img src=//x.example/a>" * n)


def _delimiters(n: int) -> bytes:
    lines = (
        b"--b%dx\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n\r\n" % (i, i + 1, i + 1)
        for i in range(n)
    )
    return b"--b0\r\n\r\n" + b"".join(lines)


_WRAPPED = b"https://www.google.com/url?q="

# Whole messages, which are judged and patched too.
MESSAGE_SHAPES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "hosts of twenty dots": (_page(_repeated(b"<img src='https://" + b"a." * 20 + b"example/x'>")), 3_000),
    "a host of many dots": (_page(_repeated(b"a.", b"<img src='https://", b"example/x'>")), 200_000),
    "links": (_page(_links), 10_000),
    "wrappers inside wrappers": (_page(_repeated(_WRAPPED, b"<a href='", b"https://example.org/'>")), 20_000),
    "one URL": (_page(_repeated(b"x", b"<a href='https://example.com/?a=", b"'>")), 1_000_000),
    "parameters": (_page(_repeated(b"utm_source=x&", b"<a href='https://example.com/?", b"'>")), 50_000),
    "segments": (_page(_repeated(b"a/", b"<img src='https://example.com/", b"'>")), 300_000),
    "percents in a URL": (_page(_repeated(b"%41", b"<img src='https://example.com/", b"'>")), 200_000),
    "documents": (_page(_repeated(b"<iframe src='data:text/html,<img src=//x.example/a>'></iframe>")), 4_000),
    "srcdocs": (_page(_repeated(b"<iframe srcdoc='<img src=//x.example/a>'></iframe>")), 4_000),
    "a long document": (_page(_repeated(b"%3Cimg src=//x.example/a>", b"<iframe src='data:text/html,", b"'>")), 3_000),
    "a long document in base64": (_page(_in_base64), 3_000),
    "parameters of data:": (_page(_repeated(b";", b"<iframe src='data:text/html", b",//'>")), 600_000),
    "almost data:": (_page(_repeated(b"d\n", b"<iframe src='", b"//'>")), 300_000),
    "many almost data:": (_page(_repeated(b"ta:a", b"<p style='", b"'>//")), 200_000),
    "quotes in a script": (_page(_repeated(b"'//", b"<script>")), 200_000),
    "equivalents": (_page(_repeated(b"<meta http-equiv=x content='//x'>")), 5_000),
    "templates in front of a base": (_page(_repeated(b"<template>", b"", b"<base href=//x.example>")), 30_000),
    "attachments of a calendar": (_calendar(_repeated(b"ATTACH:https://x.example/a\r\n")), 3_000),
    "folds": (_calendar(_repeated(b"a\r\n ", b"ATTACH:https://x.example/")), 20_000),
    "quotes in a line": (_calendar(_repeated(b';"', b"ATTACH")), 300_000),
    "parameters of a line": (_calendar(_repeated(b';A="//x.example"', b"ATTACH", b":x")), 30_000),
    "escapes": (_calendar(_repeated(b"\\n://", b"DESCRIPTION:")), 100_000),
    "pages in a calendar": (_calendar(_repeated(b"X-ALT-DESC:<img src=//x.example/>\r\n")), 3_000),
    "messages in messages": (_repeated(b"Content-Type: application/x; name=a.eml\r\n\r\n"), 10_000),
    "a drawing in sections": (
        _message(b"image/svg+xml", _repeated(b"<x><![CDATA[>]]><?y >?><title><b></title></x>", b"<x a='//x.example'>")),
        10_000,
    ),
    "lines like a delimiter": (
        _message(b"multipart/mixed; boundary=b", _repeated(b"--bx\r\n\r\n", b"--b\r\n\r\n")),
        60_000,
    ),
    "lines like delimiters": (_message(b"multipart/mixed; boundary=b0", _delimiters), 5_000),
}
