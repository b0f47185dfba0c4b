"""Nothing that could identify a reader is left of a URL, and enough that identifies the tracker."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blockproxy.eventlog import skeleton

ALPHABET = string.ascii_letters + string.digits + "_-"
TOKENS = st.text(ALPHABET, min_size=8, max_size=80)

URLS = [
    ("https://u123.ct.example.com/ls/click?upn=aGVsbG8", "https://*.ct.example.com/ls/click?upn=*"),
    ("https://example.com/track/open.php?u=1&id=2&e=3", "https://example.com/track/open.php?u=*&id=*&e=*"),
    ("http://T.Example.co.uk./o/FAKEFAKE/1.gif", "http://t.example.co.uk/o/*/*"),
    ("https://example.net/unsubscribe/reader@example.com/", "https://example.net/unsubscribe/*/"),
    ("https://user:secret@example.org:8443/view#FAKETOKEN", "https://example.org/view"),
    ("https://example.org/?FAKETOKENFAKETOKEN", "https://example.org/?*"),
    ("https://example.org/?FAKETOKEN=&utm_source=news", "https://example.org/?*=*&utm_source=*"),
    ("https://127.0.0.1/pixel.gif", "https://127.0.0.1/pixel.gif"),
    ("https://[::1]/pixel", "https://[::1]/pixel"),
    ("https://faketoken.internal/open", "https://*.*/open"),
    ("//example.org/img/a/b/c/d/e/f/g", ""),
    ("https://example.org/img/a/b/c/d/e/f/g", "https://example.org/img/a/b/c/d/e/*"),
    ("mailto:reader@example.com", ""),
    ("", ""),
    ("no url at all", ""),
]


@pytest.mark.parametrize(("url", "expected"), URLS)
def test_a_skeleton_keeps_what_names_the_tracker_and_masks_the_rest(url: str, expected: str) -> None:
    assert skeleton.of_url(url) == expected


@given(token=TOKENS, template=st.sampled_from([
    "https://example.com/{}", "https://example.com/open/{}/x.gif", "https://example.com/c?{}", "https://example.com/c?{}=1",
    "https://example.com/c?u={}&v=2", "https://example.com/c#{}", "https://{}@example.com/", "https://example.com/a%20{}",
    "https://example.com/{}.gif", "https://example.com/x;{}/y", "https://example.com/open.{}", "//u.example.com/{}",
]))  # fmt: skip
def test_no_token_survives_wherever_it_stands_in_the_url(token: str, template: str) -> None:
    assume(not all(piece.lower() in skeleton.WORDS for piece in token.replace("_", "-").split("-") if piece))
    assume(any(character not in "_-" for character in token))
    assert token not in skeleton.of_url(template.format(token))


@given(token=st.text(string.ascii_lowercase + string.digits, min_size=8, max_size=60))
def test_no_token_survives_in_the_host_name(token: str) -> None:
    assume(token not in skeleton.WORDS)
    for host in (
        f"{token}.example.com",
        f"{token}.t.example.co.uk",
        f"{token}.localdomain",
        f"x.{token}.invalid",
        token,
    ):
        assert token not in skeleton.of_host(host)
        assert token not in skeleton.of_url(f"https://{host}/open")


@given(name=st.text(string.ascii_lowercase, min_size=3), domain=st.sampled_from(["example.com", "mail.example.org"]))
def test_no_address_survives_in_a_url_or_a_sentence(name: str, domain: str) -> None:
    address = f"{name}@{domain}"
    for url in (
        f"https://example.com/o/{address}",
        f"https://example.com/?e={address}",
        f"https://example.com/?{address}",
    ):
        assert address not in skeleton.of_url(url)
        assert address not in skeleton.of_text(f"the image {url} names {address}.")


@given(st.text())
def test_a_skeleton_can_be_made_of_anything(text: str) -> None:
    for make in (skeleton.of_url, skeleton.of_host, skeleton.of_text):
        assert isinstance(make(text), str)
    shape = skeleton.of_url("https://example.com/" + text)
    assert skeleton.of_url(shape) == shape


SENTENCES = [
    ("an image of 1x1 pixels, loaded on opening", "an image of 1x1 pixels, loaded on opening"),
    ("the parameter utm_source names the campaign", "the parameter utm_source names the campaign"),
    ("see https://example.com/open?u=FAKE1234 for it", "see https://example.com/open?u=* for it"),
    ("the host a1b2c3d4.mail.example.com", "the host *.mail.example.com"),
    ("the value Zm9vYmFyYmF6 is individual", "the value * is individual"),
    ("addressed to reader@example.com.", "addressed to *"),
    ("the header field Disposition-Notification-To", "the header field Disposition-Notification-To"),
    ("says manual-action/MDN-sent-automatically.", "says manual-action/MDN-sent-automatically."),
    ("the path /FAKE1234/open/FAKE", "the path *"),
]


@pytest.mark.parametrize(("sentence", "expected"), SENTENCES)
def test_a_sentence_keeps_its_words_and_loses_its_identifiers(sentence: str, expected: str) -> None:
    assert skeleton.of_text(sentence) == expected


@given(
    token=TOKENS, sentence=st.sampled_from(["the value {} is individual", "{}", "it says ({}).", "see /{}/x", "u={}"])
)
def test_no_token_survives_in_a_sentence(token: str, sentence: str) -> None:
    assume(any(character.isdigit() for character in token))
    assume(not all(piece.lower() in skeleton.WORDS for piece in token.replace("_", "-").split("-") if piece))
    assert token not in skeleton.of_text(sentence.format(token))


@given(token=st.text(string.ascii_lowercase, min_size=8, max_size=20))
def test_no_token_of_the_url_survives_in_a_sentence(token: str) -> None:
    assume(token not in skeleton.WORDS)
    assert token not in skeleton.of_text(f"the value {token} is individual", f"https://example.com/{token}")


def test_a_long_word_of_the_url_does_not_come_back_in_the_sentence() -> None:
    url = "https://example.com/o/correcthorse"
    assert skeleton.of_text("the path ends in correcthorse, individual", url) == "the path ends in * individual"


@pytest.mark.parametrize("name", ["MailWizz", "ALLCAPSCRM", "Kit", "d.vinci", "Google Analytics (UTM)", "AT&T 4u2"])
def test_the_name_of_the_vendor_stays(name: str) -> None:
    url = f"https://{name.lower().partition(' ')[0]}.example.com/track/FAKE1234"
    for sentence in ("an address as {} writes it, invisible", "a redirect of {}, untold", "what is {}'s.", "{}"):
        assert skeleton.of_text(sentence.format(name), url, name) == sentence.format(name)


@given(token=TOKENS, name=st.sampled_from(["MailWizz", "Kit", "d.vinci", "B2B Mailer"]))
def test_no_token_survives_beside_the_name_of_the_vendor(token: str, name: str) -> None:
    assume(any(character.isdigit() for character in token) and name not in token)
    assume(not all(piece.lower() in skeleton.WORDS for piece in token.replace("_", "-").split("-") if piece))
    for sentence in (
        "{1} says {0}",
        "{0}{1}",
        "{1}{0}",
        "/{1}/{0}",
        "{1}, {0}",
        "https://example.com/{1}/{0}",
        "\ue000{0}",
    ):
        assert token not in skeleton.of_text(sentence.format(token, name), "", name)
