"""With `remote: block` nothing is asked for, not even a name: shown in a browser whose every attempt is recorded."""

import base64
import itertools
import re
from collections.abc import Iterator

import pytest

import blockproxy
from blockproxy.model import Policy
from tests.corpus_path import corpus, needs_corpus
from tests.end_to_end import machine, sealed
from tests.end_to_end.sealed import Sealed
from tests.message.bypasses import BYPASSES, odd_pages
from tests.test_url import HOSTS

BLOCK = Policy(remote="block")
VECTOR = re.compile(rb"https://leaking\.via/([\w./#-]+)")
PIXEL = b'<img src="https://t.example/a">'


def only_root() -> None:
    """Skip where this user may not have a network namespace with a resolver of its own."""
    if machine.output_of("id", "-u") != "0":
        pytest.skip("only root may make a network namespace with a resolver of its own")


@pytest.fixture(scope="module")
def browser() -> Iterator[Sealed]:
    only_root()
    with sealed.running() as running:
        yield running


def cleaned(page: bytes, media_type: bytes = b"text/html") -> bytes:
    """The page as it comes out of a mail that was cleaned."""
    header = b"Content-Type: %b; charset=utf-8\r\n\r\n" % media_type
    found = blockproxy.clean(header + page, policy=BLOCK)
    assert found.skipped == ()
    return found.message.removeprefix(header)


_NUMBERS = itertools.count(1)


def fresh(page: bytes) -> bytes:
    """`page` with a host that nobody has asked for, whose name no cache remembers."""
    return page.replace(b"t.example", b"t%d.example" % next(_NUMBERS))


def leaks() -> bytes:
    folder = corpus()
    assert folder is not None
    return (folder / "attacks" / "httpleaks" / "leak.html").read_bytes()


def with_hosts(page: bytes) -> bytes:
    """Every vector asks a host of its own."""
    return VECTOR.sub(lambda vector: b"https://%b.leak.example/x" % label(vector[1]), page)


def label(name: bytes) -> bytes:
    return re.sub(rb"[^a-z0-9]+", b"-", name.lower()).strip(b"-")


def alone(page: bytes, name: bytes) -> bytes:
    """`page` with one vector that leads anywhere."""
    return VECTOR.sub(lambda vector: b"https://v.leak.example/x" if vector[1] == name else b"cid:x", page)


@needs_corpus
def test_the_whole_page_of_httpleaks_asks_for_nothing(browser: Sealed) -> None:
    page = with_hosts(leaks())
    assert browser.asked(cleaned(page)) == set()
    asked = browser.asked(page)
    assert len([line for line in asked if line.startswith("dns ")]) > 70
    assert {"dns link-dns-prefetch.leak.example", "dns link-preconnect.leak.example"} <= asked


@needs_corpus
def test_neither_does_a_mail_made_of_any_of_its_vectors(browser: Sealed) -> None:
    page = leaks().replace(b"<base href", b"<basis href")
    names = sorted(set(VECTOR.findall(page)))
    assert len(names) > 200
    for few in (names[:110], names[110:]):
        assert browser.asked(*(cleaned(alone(page, name)) for name in few)) == set(), few


def test_no_known_way_past_other_programs_is_open(browser: Sealed) -> None:
    pages = [fresh(page) for page in BYPASSES]
    assert browser.asked(*map(cleaned, pages)) == set()
    assert len(browser.asked(*pages)) > 50


@pytest.mark.parametrize("seed", [1, 2])
def test_neither_is_any_that_chance_finds(browser: Sealed, seed: int) -> None:
    """Browsers build trees, guess ahead and forgive; whatever they make of a page, nothing is left in it to ask for."""
    pages = [fresh(page) for page in odd_pages(seed, 150)]
    assert browser.asked(*map(cleaned, pages)) == set()
    assert len(browser.asked(*pages)) > 20


TREE_TEST = re.compile(rb"(?:^|\n)#data\n(.*?)\n#errors", re.DOTALL)


@needs_corpus
@pytest.mark.parametrize("first", range(2))
def test_neither_is_any_of_the_documents_on_which_parsers_are_tested(browser: Sealed, first: int) -> None:
    """A fifth of those of html5lib, each with a picture behind it."""
    folder = corpus()
    assert folder is not None
    files = sorted((folder / "conformance" / "html5lib-tree").glob("*.dat"))
    inputs = sorted({found for path in files for found in TREE_TEST.findall(path.read_bytes())})
    pages = [fresh(page + PIXEL) for page in inputs[first::10]]
    assert len(pages) > 150
    assert browser.asked(*(cleaned(page) for page in pages)) == set()
    assert len(browser.asked(*pages)) > 200  # two lines of the log for each


@needs_corpus
def test_neither_are_the_test_messages_of_roundcube(browser: Sealed) -> None:
    folder = corpus()
    assert folder is not None
    pages = [path.read_bytes() for path in sorted((folder / "attacks" / "roundcube").iterdir())]
    assert browser.asked(*map(cleaned, pages)) == set()
    assert browser.asked(*pages)


def test_neither_does_one_that_hides_behind_more_readings_than_are_done(browser: Sealed) -> None:
    decoys = b"<noscript><p title='</noscript>" * 20
    page = fresh(decoys + b"<noscript><plaintext></noscript>'><img src=//t.example/a>")
    assert browser.asked(cleaned(page)) == set()
    assert browser.asked(page)


NESTED = {
    "in a srcdoc": b"<iframe srcdoc='<p>%b'></iframe>" % PIXEL,
    "in base64": b'<iframe src="data:text/html;base64,%b"></iframe>' % base64.b64encode(PIXEL),
    "in percents": b"<iframe src='data:text/html,%b'></iframe>" % PIXEL.replace(b":", b"%3a").replace(b'"', b"%22"),
    "in four documents": b"<iframe srcdoc='<iframe srcdoc=&quot;<iframe src=&amp;#39;data:text/html,"
    b"<iframe srcdoc=%22<img src=https://t.example/a>%22>&amp;#39;>&quot;>'></iframe>",
    "by a script": b"<iframe src=\"javascript:'<img src=https://t.example/a>'\"></iframe>",
    "in a style sheet": b"<link rel=stylesheet href='data:text/css,body{background:url(https://t.example/a)}'><p>a",
}


@pytest.mark.parametrize("name", NESTED)
def test_a_document_inside_another_asks_for_nothing(browser: Sealed, name: str) -> None:
    page = fresh(NESTED[name])
    assert browser.asked(cleaned(page)) == set()
    assert any(".example/a" in line for line in browser.asked(page))


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:h="http://www.w3.org/1999/xhtml" width="99" height="99">
<?xml-stylesheet href="https://t.example/sheet"?><style>rect { fill: url(https://t.example/a#b) }</style>
<rect width="9" height="9"/><image href="https://t.example/image"/><foreignObject><h:img src="https://t.example/img"/>
</foreignObject></svg>"""


def test_neither_does_a_picture_that_was_attached(browser: Sealed) -> None:
    assert browser.asked(cleaned(SVG, b"image/svg+xml"), suffix=".svg") == set()
    asked = browser.asked(SVG, suffix=".svg")
    assert {"get https://t.example/image", "get https://t.example/img"} <= asked


XML = {
    "an entity": '<!DOCTYPE svg [<!ENTITY u "https://t.example/a">]><svg {}><image href="&u;"/></svg>',
    "entities in pieces": '<!DOCTYPE svg [<!ENTITY a "htt"><!ENTITY c ":"><!ENTITY s "/">]>'
    '<svg {}><image href="&a;ps&c;&s;&s;t.example&s;a"/></svg>',
    "an attribute by default": '<!DOCTYPE svg [<!ATTLIST image href CDATA "https://t.example/a">]>'
    "<svg {}><image/></svg>",
    "behind a section": '<s:svg {}><s:text><![CDATA[>"<p title="]]></s:text><s:image href="https://t.example/a"/></s:svg>',
    "behind an instruction": "<s:svg {}><?x ><p title='?><s:image href='https://t.example/a'/></s:svg>",
    "in a style sheet": '<h:html {}><h:style><h:img src="https://t.example/a"/></h:style></h:html>',
    "in a title": '<h:html {}><h:title><h:img src="https://t.example/a"/></h:title></h:html>',
    "behind a title": "<h:html {}><h:body><title/><h:img src='https://t.example/a'/></h:body></h:html>",
}
SPACES = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:s="http://www.w3.org/2000/svg" xmlns:h="http://www.w3.org/1999/xhtml"'
)


@pytest.mark.parametrize("name", XML)
def test_what_xml_reads_differently_asks_for_nothing(browser: Sealed, name: str) -> None:
    page = fresh(XML[name].format(SPACES).encode())
    assert browser.asked(cleaned(page, b"image/svg+xml"), suffix=".svg") == set()
    assert browser.asked(page, suffix=".svg")


def test_a_link_still_works_when_it_is_clicked(browser: Sealed) -> None:
    page = b'<img src="https://t.example/a" width="9" height="9"><a href="https://shop.example/?a=1&amp;b=2">Shop</a>'
    assert browser.asked(cleaned(page)) == set()
    assert "get https://shop.example/?a=1&b=2" in browser.asked(cleaned(page), click="a")


def test_the_browser_reads_disguised_hosts_as_we_do(browser: Sealed) -> None:
    tab = browser.context.new_page()
    read = tab.evaluate("(urls) => urls.map((url) => new URL(url).hostname)", [url for url, _ in HOSTS])
    tab.close()
    assert [host.removesuffix(".") for host in read] == [host for _, host in HOSTS]
