"""Of several `<base>` the one counts that a browser takes."""

import pytest

from blockproxy.message.base import effective
from blockproxy.message.references import in_html, read_fully

BASE = b"<base href=//real.example/>"
DECOY = b"<base href=//decoy.example/>"


@pytest.mark.parametrize(
    "page",
    [
        BASE,
        BASE + DECOY,
        b"<svg>" + DECOY + b"</svg>" + BASE,
        b"<svg><g>" + DECOY + b"<p>" + BASE + DECOY,
        b"<svg><title>" + BASE + DECOY,
        b"<math>" + DECOY + b"</math>" + BASE,
        b"<template>" + DECOY + b"</template>" + BASE,
        b"<template><template>" + DECOY + b"</template>" + DECOY + b"</template>" + BASE,
        b"<select>" + DECOY + b"</select>" + BASE,
        b"<!--[if mso]>" + DECOY + b"<![endif]-->" + BASE,
        b"<!--" + DECOY + b"--><style>" + DECOY + b"</style>" + BASE,
        b"<base target=_blank>" + BASE,
        # Where there is no other, a decoy counts: some program may take it.
        b"<svg>" + BASE,
        b"<template>" + BASE + DECOY,
        b"<!--[if mso]>" + BASE + b"<![endif]-->",
    ],
)
def test_the_base_that_counts(page: bytes) -> None:
    assert effective(page) == "//real.example/"
    page += b"</svg></math></template></select><img src=a>"
    assert in_html(page) == read_fully(page)
    assert in_html(page)[-1].url == "https://real.example/a"


def test_without_a_base_there_is_none() -> None:
    assert effective(b"<p><base><base target=x>") is None
    assert in_html(b"<base href=relative/><img src=a>") == []
