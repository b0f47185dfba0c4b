"""What stands around a reference in the text: the end of the message, the condition of a style rule."""

import pytest

from blockproxy.detect.context import MAX_HIDERS, Stretches, condition, ends_message

ENDS = [
    (b"", True),
    (b"</td></tr></table>\r\n</body></html>\r\n", True),
    (b"&nbsp;<!-- x --><br>", True),
    (b"<p>Bye</p>", False),
    (b"<img src=x>", True),
    (b"<img src=x>Bye", False),
    (b"<br>" * 2000, False),
]


@pytest.mark.parametrize(("tail", "ends"), ENDS)
def test_the_end_of_a_message(tail: bytes, ends: bool) -> None:
    assert ends_message(b"<img>" + tail, 5) is ends


CONDITIONS = [
    ("@media print{#x{background:url(", "printed"),
    ("@media only print { .a{} #x{background:url(", "printed"),
    ("blockquote #x, #MessageViewBody #x{background:url(", "quoted or forwarded"),
    (".gmail_quote .x { color:red; background:url(", "quoted or forwarded"),
    ("@media screen{#x{background:url(", ""),
    ("@media print{#y{color:red}} #x{background:url(", ""),
    ("blockquote{margin:0} #x{background:url(", ""),
    ("@import url(", ""),
    ("#x:hover{background:url(", "pointed at"),
    ("a:hover{color:red} #x{background:url(", ""),
    ('</style><style type="text/css" media="print">#x{background:url(', "printed"),
    ('</style><style media="print">#x{color:red}</style><style>#x{background:url(', ""),
]


@pytest.mark.parametrize(("css", "when"), CONDITIONS)
def test_the_condition_of_a_rule(css: str, when: str) -> None:
    view = b"<html><style>" + css.encode()
    assert condition(view, len(view)) == when


STRETCHES = [
    (b"<div style='display:none'>ab</div>c", b"ab"),
    (b"<div hidden>ab<div>c</div>d</div>e", b"ab<div>c</div>d"),
    (b"<div>a<span hidden>b</span></div>c", b"b"),
    (b"<img style='display:none'>a", b""),
    (b"<div style='display:none'>ab", b"ab"),
    (b"<p class=x>a</p><p class=gone>b</p>c", b"b"),
    (b"none hidden <p>a</p>", b""),
    (b"<p style='overflow:hidden'>a</p>", b""),
]


@pytest.mark.parametrize(("html", "inside"), STRETCHES)
def test_a_stretch_goes_from_a_hiding_tag_to_its_end_tag(html: bytes, inside: bytes) -> None:
    stretches = Stretches(html, frozenset({".gone"}))
    text = bytes(octet for offset, octet in enumerate(html) if offset in stretches)
    assert text.partition(b">")[2] == inside


def test_too_many_hidden_elements_are_one() -> None:
    assert 10_000 in Stretches(b"<p hidden></p>" * (MAX_HIDERS + 1) + b" " * 10_000)
    assert 10_000 not in Stretches(b"<p hidden></p>" * 10 + b" " * 10_000)
