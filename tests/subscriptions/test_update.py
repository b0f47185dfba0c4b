"""A list is fetched whole and used, or refused in words, and the last good copy stays."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blockproxy.rulesettings import ListSettings
from blockproxy.subscriptions import fetch as fetching
from blockproxy.subscriptions.store import Store
from blockproxy.subscriptions.update import Outcome, Status, update
from tests.end_to_end.certificates import Certificates, issue
from tests.subscriptions.server import LIST, Page, Web, serving, zipped

GOOD = b"||good.example^\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "lists", lambda: datetime(2026, 1, 15, tzinfo=UTC))


def one(url: str, store: Store, **more: object) -> Outcome:
    settings = ListSettings.model_validate({"url": url, "format": "adblock", "name": "made-up", **more})
    [outcome] = update([settings], store)
    return outcome


def keep(store: Store, url: str) -> None:
    """As if `GOOD` had been fetched before."""
    store.save("made-up", url, GOOD)


def test_a_list_is_fetched_and_what_it_holds_is_told(store: Store) -> None:
    with serving(list=Page()) as web:
        outcome = one(web.url(), store)
        assert outcome.status is Status.UPDATED
        assert str(outcome) == "made-up: updated, 2 entries, 1 line cannot be used"
        assert store.read("made-up", web.url()) == LIST
        [(path, headers)] = web.asked
    assert path == "/list.txt"
    assert headers["User-Agent"].startswith("blockproxy/")
    assert not {"Cookie", "Referer", "If-None-Match"} & set(headers)


def test_it_asks_whether_there_is_anything_new(store: Store) -> None:
    headers = {"ETag": '"fake-1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
    with serving(list=Page(headers=headers)) as web:
        assert one(web.url(), store).status is Status.UPDATED
        outcome = one(web.url(), store)
        assert (outcome.status, str(outcome)) == (
            Status.UNCHANGED, "made-up: unchanged, 2 entries, 1 line cannot be used",
        )  # fmt: skip
        assert web.asked[1][1]["If-None-Match"] == '"fake-1"'
        assert web.asked[1][1]["If-Modified-Since"] == headers["Last-Modified"]
        web.pages["/list.txt"] = Page(GOOD, headers={"ETag": '"fake-2"'})
        assert one(web.url(), store).status is Status.UPDATED
        assert store.read("made-up", web.url()) == GOOD


def test_a_copy_that_somebody_changed_is_fetched_anew(store: Store, tmp_path: Path) -> None:
    with serving(list=Page(headers={"ETag": '"fake-1"'})) as web:
        one(web.url(), store)
        (tmp_path / "lists/made-up.list").write_bytes(b"||half")
        assert one(web.url(), store).status is Status.UPDATED
        assert store.read("made-up", web.url()) == LIST


def test_a_copy_from_another_address_is_not_used(store: Store) -> None:
    with serving(list=Page(), other=Page(b"", 404)) as web:
        one(web.url(), store)
        outcome = one(web.url("/other.txt"), store)
    assert str(outcome) == "made-up: its server answers 404 Not Found; there is no earlier copy"


MEMBERS = Page(zipped(LIST[:20]).body + zipped(LIST[20:]).body, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "page", [zipped(LIST), MEMBERS, Page(chunked=True), Page(headers={"Content-Type": "text/html"})]
)
def test_it_may_come_packed_or_in_pieces(store: Store, page: Page) -> None:
    with serving(list=page) as web:
        assert one(web.url(), store).status is Status.UPDATED
        assert store.read("made-up", web.url()) == LIST


def test_a_redirect_is_followed(store: Store) -> None:
    with serving(list=Page(), old=Page(b"", 301, {"Location": "/older.txt"})) as web:
        web.pages["/older.txt"] = Page(b"", 307, {"Location": web.url()})
        assert one(web.url("/old.txt"), store).status is Status.UPDATED


BAD: dict[str, tuple[Page, str]] = {
    "not found": (Page(b"no", 404), "its server answers 404 Not Found"),
    "an error": (Page(LIST, 503), "its server answers 503 Service Unavailable"),
    "not modified, though nobody asked": (Page(b"", 304), "its server answers 304 Not Modified"),
    "a part": (Page(LIST, 206), "its server answers 206 Partial Content"),
    "empty": (Page(b""), "it is empty"),
    "blank": (Page(b"\n \n"), "it is empty"),
    "a web page": (Page(b"\r\n<!doctype HTML><title>Sign in</title>"), "it is a web page and no list"),
    "comments": (Page(b"! only\n! comments\n"), "it has no entry that can be used"),
    "half": (Page(LIST, cut=1000), "it ends in the middle"),
    "half, in pieces": (Page(LIST, chunked=True, cut=1), "it ends in the middle"),
    "half, packed": (Page(zipped(LIST * 99).body[:-9], headers={"Content-Encoding": "gzip"}), "it ends in the middle"),
    "not packed": (Page(LIST, headers={"Content-Encoding": "gzip"}), "it cannot be read: "),
    "packed strangely": (Page(LIST, headers={"Content-Encoding": "br"}), "its server sends it in the encoding br"),
    "Latin-1": (Page("! für alle\n||tracker.example^".encode("latin-1")), "it is not UTF-8 (octet 3)"),
    "UTF-16": (Page("||tracker.example^".encode("utf-16-be")), "it is no text"),
    "a list of hosts": (Page(b"0.0.0.0 tracker.example\n"), "no entry that can be used; it looks like `format: hosts`"),
    "300 MB, as announced": (Page(LIST, headers={"Content-Length": "300000000"}), "it has 300,000,000 octets, more"),
    "300 MB": (Page(endless=True), "it has more than the 33,554,432 octets of the largest list"),
    "300 MB, packed": (zipped(b"!" * 40_000_000), "it has more than the 33,554,432 octets"),
    "a redirect to nowhere": (Page(b"", 302), "its server redirects to nowhere, which is not https"),
    "a redirect in the open": (Page(b"", 302, {"Location": "http://lists.example.org/a"}), "which is not https"),
    "a redirect to a file": (Page(b"", 302, {"Location": "file:///etc/passwd"}), "which is not https"),
    "a redirect to itself": (Page(b"", 302, {"Location": "/list.txt"}), "leads through more than 5 redirects"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_list_is_refused_and_the_last_good_one_stays(store: Store, name: str) -> None:
    page, message = BAD[name]
    with serving(list=page) as web:
        keep(store, web.url())
        outcome = one(web.url(), store)
        assert outcome.status is Status.REFUSED
        assert message in outcome.message
        assert str(outcome).endswith("; the last good copy stays, with 1 entry")
        assert store.read("made-up", web.url()) == GOOD


def test_of_a_list_without_a_length_there_must_be_nearly_as_much_as_before(store: Store) -> None:
    with serving(list=Page(LIST, open_ended=True)) as web:
        assert one(web.url(), store).status is Status.UPDATED
        web.pages["/list.txt"] = Page(GOOD, open_ended=True)
        outcome = one(web.url(), store)
        assert outcome.message.startswith("it may have come half: it has 1 entry instead of 2, and its server does not")
        assert store.read("made-up", web.url()) == LIST
        web.pages["/list.txt"] = Page(GOOD)
        assert one(web.url(), store).status is Status.UPDATED


def test_a_dead_server_is_told(store: Store) -> None:
    with serving() as web:
        url = web.url()
    keep(store, url)
    outcome = one(url, store)
    assert (outcome.status, outcome.message) == (
        Status.REFUSED,
        "its server cannot be reached: it refuses the connection: nothing listens on that port",
    )
    assert store.read("made-up", url) == GOOD


def test_a_server_without_a_name_is_told(store: Store) -> None:
    assert one("https://lists.invalid/list.txt", store).message in {
        "the name of its server is not known", "its server cannot be reached: there is no way to it from this machine",
    }  # fmt: skip


def test_a_server_that_says_nothing_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(fetching, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome = one(f"http://127.0.0.1:{silent.getsockname()[1]}/list.txt", store)
    assert outcome.message == "its server does not answer"


def test_a_list_that_takes_too_long_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_SECONDS", -1.0)
    with serving(list=Page()) as web:
        assert "was not complete after" in one(web.url(), store).message


def test_a_full_disk_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with serving(list=Page()) as web:
        keep(store, web.url())
        monkeypatch.setattr("os.fsync", full)
        outcome = one(web.url(), store)
        assert "it cannot be kept: No space left on device" in outcome.message
        assert store.read("made-up", web.url()) == GOOD


def secured(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.chain, certificates.key)
    return context


def test_over_tls_with_an_authority_of_ones_own(store: Store, certificates: Certificates) -> None:
    with serving(secured(certificates), list=Page()) as web:
        assert one(web.url(), store, ca_file=certificates.authority).status is Status.UPDATED
        assert "its server cannot be used: its certificate is refused: " in one(web.url(), store).message


def test_a_server_without_tls_is_told(store: Store) -> None:
    with serving(list=Page()) as web:
        message = one(web.url().replace("http://", "https://"), store).message
    assert message == "its server cannot be used: it does not speak TLS on that port"


def test_from_tls_it_is_not_led_into_the_open(store: Store, certificates: Certificates) -> None:
    with serving(list=Page()) as plain, serving(secured(certificates)) as web:
        web.pages["/list.txt"] = Page(b"", 302, {"Location": plain.url()})
        outcome = one(web.url(), store, ca_file=certificates.authority)
        assert outcome.status is Status.REFUSED
        assert "which is not https" in outcome.message
        assert plain.asked == []


def test_nothing_is_left_behind_beside_the_copies(store: Store, tmp_path: Path) -> None:
    with serving(list=Page(), bad=Page(b"")) as web:
        _both(web, store)
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == ["made-up.json", "made-up.list"]


def _both(web: Web, store: Store) -> None:
    one(web.url(), store)
    one(web.url("/bad.txt"), store, name="other")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        "{}",
        '{"url": 7}',
        '{"url": "https://a.example/", "checked": 5}',
        '{"url": "https://a.example/", "x": "y"}',
    ],
)
def test_a_note_that_is_none_is_no_note(store: Store, tmp_path: Path, note: str) -> None:
    keep(store, "https://a.example/")
    (tmp_path / "lists/made-up.json").write_text(note)
    assert store.note("made-up", "https://a.example/") is None
    assert store.read("made-up", "https://a.example/") is None


def test_a_note_tells_when_the_server_was_asked(store: Store) -> None:
    keep(store, "https://a.example/")
    note = store.note("made-up", "https://a.example/")
    assert note is not None
    assert note.last_checked == datetime(2026, 1, 15, tzinfo=UTC)
