"""Is it for one reader? What the text of a URL says about whether every reader got another one.

From a single copy of a message nobody can be sure; what is asked is whether there is room for an identifier: a token
in the query or the path, long and mixed enough not to be a word, a date, a size or a version.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from blockproxy.url import Url

MAX_READ = 4096  # characters of path and of query; identifiers stand in front of that
MIN_READABLE = 3  # characters of the name of a GIF that says something: `p.gif` and `px.gif` don't
LONG = 16  # characters outside of words; half of a UUID, 64 bits and more in any alphabet
SCRAMBLED = 20  # characters of which pieces may look like words; as random letters do, one in three times
SHORT = 5  # characters outside of words; five digits number 100,000 readers


class Strength(IntEnum):
    """How much room for an identifier there is."""

    NONE = 0
    SOME = 1  # a value
    TOKEN = 2
    LONG_TOKEN = 3


class Where(IntEnum):
    """Where the identifier stands; a later one says more."""

    PATH = 0  # in a folder: senders, accounts and campaigns have tokens there too
    HOST = 1  # in the first label, for the resolver's log
    NAME = 2  # in the last segment of the path
    QUERY = 3


_PLACES = {
    Where.PATH: "in its path",
    Where.HOST: "in its host name",
    Where.NAME: "at the end of its path",
    Where.QUERY: "in its query",
}


class Individual(NamedTuple):
    """A URL that may be another one for each reader. `evidence` is a piece of a sentence, without the token."""

    strength: Strength
    where: Where
    evidence: str


_CHOOSING = """v ver version rev w h width height size q quality format fm fmt auto fit crop dpr scale resize strip ssl
bg color lang locale type family"""
LAYOUT_PARAMETERS = frozenset(_CHOOSING.split())  # they choose a picture, not a reader
LAYOUT_NAMES = re.compile(
    r"(?:^|[^a-z])(?:spacer|space|spc|shim|transparent|trans|blank|clear|cleardot|dot|gradient|border|line|divider"
    r"|separator|corner|shadow|empty|dummy|placeholder|bullet|bg|background|rule|hr)(?:[^a-z]|$)"
)
_OPENING = """open opens opened openpixel open-pixel pixel pixels beacon beacons beaconimages webbeacon webbug mailopen
emailopen email-open email_open mail_open openrate open_rate open_track track trackopen track-open opentrack impression
imp readreceipt read_receipt mo wf"""
OPEN_WORDS = frozenset(_OPENING.split())  # whole path segments and host labels: "this was opened"
# Those that can mean something else: `track` is a parcel's or a song's way too.
REPORT_WORDS = OPEN_WORDS - {"track", "imp", "impression", "mo", "wf"}

_STORING = """images lib assets upload uploads static media gallery files userfiles content public users photos banners
templates theme themes wp-content"""
STORING_FOLDERS = frozenset(_STORING.split())  # where pictures lie that were uploaded once, for all readers
PICTURES = frozenset({"png", "jpg", "jpeg", "webp", "svg", "avif"})  # not `gif`, which nearly all pixels are


def identify(url: Url) -> Individual | None:
    """The strongest sign that `url` is individual, or None."""
    *folders, name = url.path[:MAX_READ].split("/")
    signs = [_sign(strength(folder), Where.PATH, folder) for folder in folders]
    stem = name.rpartition(".")[0] if _EXTENSION.search(name) else name
    signs.append(_sign(strength(stem), Where.NAME, stem))
    label = url.host.partition(".")[0]
    if strength(label) is Strength.LONG_TOKEN:  # the hosts of content networks have shorter ones
        signs.append(_sign(Strength.LONG_TOKEN, Where.HOST, label))
    signs += [_of_parameter(piece) for piece in url.query[:MAX_READ].split("&")]
    best = max(signs)
    return best if best.strength else None


def layout_name(url: Url) -> bool:
    """Whether the file has a name that layouts use: spacer, blank, gradient and their kin."""
    return LAYOUT_NAMES.search(url.path.rpartition("/")[2].lower()) is not None


def readable_name(url: Url) -> bool:
    """Whether the file has a name for people, such as `logo_mobile.png`."""
    name = url.path.rpartition("/")[2]
    stem, _, kind = name.rpartition(".")
    says_something = len(stem) >= MIN_READABLE or kind.lower() in PICTURES
    return says_something and _EXTENSION.search(name) is not None and not strength(stem)


def says_open(url: Url) -> bool:
    """Whether host or path call themselves a report of opening."""
    return not OPEN_WORDS.isdisjoint(_words(url))


def reports_open(url: Url) -> bool:
    """Whether host or path call themselves a report of opening and nothing else."""
    return not REPORT_WORDS.isdisjoint(_words(url))


def stored(url: Url) -> bool:
    """Whether it is a file in a folder of uploaded pictures: its token names the file."""
    folders, _, name = url.path.lower().rpartition("/")
    return not url.query and _EXTENSION.search(name) is not None and not STORING_FOLDERS.isdisjoint(folders.split("/"))


def is_picture(url: Url) -> bool:
    """Whether it is a file of a kind that pictures for people are, and nothing is asked of it."""
    return not url.query and url.path.rpartition(".")[2].lower() in PICTURES


def strength(text: str) -> Strength:
    """How much of `text` can be an identifier, once words, dates, sizes and small numbers are taken out."""
    if len(text) < SHORT or not _mixed(text):
        return Strength.NONE
    rest = _RUN.sub(_without_words, _PLAIN_NUMBER.sub("", text))
    rest = _SEPARATOR.sub("", rest)
    if _HEX.fullmatch(text) and _DIGIT.search(text):
        rest = text.replace("-", "")
    if len(rest) < SHORT or len(rest) * 5 < len(text) * 2 or not _mixed(rest):
        return Strength.LONG_TOKEN if len(text) >= SCRAMBLED and _SCRAMBLED.search(text) else Strength.NONE
    return Strength.LONG_TOKEN if len(rest) >= LONG else Strength.TOKEN


def _words(url: Url) -> list[str]:
    return re.split(r"[/.]", url.path[:MAX_READ].lower()) + url.host.split(".")[:-1]


def _sign(strong: Strength, where: Where, text: str) -> Individual:
    return Individual(strong, where, f"token of {len(text)} characters {_PLACES[where]}" if strong else "")


def _of_parameter(piece: str) -> Individual:
    name, equals, value = piece.partition("=")
    if not equals:
        name, value = "", name
    strong = strength(value)
    if strong:
        return _sign(strong, Where.QUERY, value)
    if not value or name.lower().removeprefix("amp;") in LAYOUT_PARAMETERS:
        return Individual(Strength.NONE, Where.QUERY, "")
    return Individual(Strength.SOME, Where.QUERY, "a value in its query")


def _without_words(run: re.Match[str]) -> str:
    """Keep a run of letters unless it can be spoken: at least three, a vowel, at most four consonants in a row."""
    letters = run[0]
    spoken = len(letters) >= 3 and _VOWEL.search(letters) and not _CONSONANTS.search(letters)
    return "" if spoken else letters


def _mixed(text: str) -> bool:
    return _DIGIT.search(text) is not None or (text != text.lower() and text != text.upper())


_DIGIT = re.compile(r"[0-9]")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}[0-9]?\Z")
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_CONSONANTS = re.compile(r"[^aeiouy]{5}", re.IGNORECASE)
# Letters and digits by turns, six times and more, in one piece: no name for people is like that.
_SCRAMBLED = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]++[0-9]++){3}[A-Za-z]|(?<![0-9])(?:[0-9]++[A-Za-z]++){3}[0-9]")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")
_HEX = re.compile(r"(?:[0-9a-f]{8,}|[0-9A-F]{8,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
_DATE = r"(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])(?:[-_.]?(?:0[1-9]|[12]\d|3[01]))?"
# Dates, sizes and numbers of at most four digits, standing alone between other characters.
_PLAIN_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])(?:{_DATE}|\d{{1,4}}x\d{{1,4}}|[a-zA-Z]?\d{{1,4}}[a-z]{{0,2}})(?![A-Za-z0-9])"
)
