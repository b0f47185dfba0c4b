"""HTML that was made to be slow to read: `SHAPES[name](n)` builds it from `n` repetitions. Each is up to 1.5 MB."""

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
