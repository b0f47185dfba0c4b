"""LZ-string, the compression of strings for URLs that scripts use, in the direction that looking for it needs.

Scripts of advertisers were seen to send addresses in it ("Leaky Forms", USENIX Security 2022, section 4). The format
is that of the JavaScript library's `compressToEncodedURIComponent`.
"""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
_LETTERS = {f"{value:06b}": letter for value, letter in enumerate(_ALPHABET)}
_CHARACTER, _WIDE_CHARACTER, _END = 0, 1, 2  # codes that are taken; phrases begin at 3


class _Writer:
    """Codes as bits, the least significant one first; a code gets wider as there are more of them."""

    def __init__(self) -> None:
        self.bits = ""
        self._width = 2
        self._room = 2  # codes until the next ones are wider

    def write(self, value: int, width: int = 0) -> None:
        self.bits += f"{value:0{width or self._width}b}"[::-1]

    def widen(self) -> None:
        self._room -= 1
        if self._room == 0:
            self._room = 1 << self._width
            self._width += 1


def compress(text: str) -> str:
    """`text` as `compressToEncodedURIComponent` writes it: letters, digits, `+` and `-`."""
    writer = _Writer()
    codes: dict[str, int] = {}
    new: set[str] = set()
    phrase = ""
    for character in text:
        if character not in codes:
            codes[character] = len(codes) + 3
            new.add(character)
        if phrase + character in codes:
            phrase += character
            continue
        _write(writer, phrase, codes, new)
        codes[phrase + character] = len(codes) + 3
        phrase = character
    if phrase:
        _write(writer, phrase, codes, new)
    writer.write(_END)
    return _letters(writer.bits)


def _write(writer: _Writer, phrase: str, codes: dict[str, int], new: set[str]) -> None:
    """The code of `phrase`; a character that was never written is introduced by itself."""
    if phrase in new:
        number = ord(phrase)
        writer.write(_CHARACTER if number < 256 else _WIDE_CHARACTER)
        writer.write(number, 8 if number < 256 else 16)
        writer.widen()
        new.remove(phrase)
    else:
        writer.write(codes[phrase])
    writer.widen()


def _letters(bits: str) -> str:
    bits += "0" * (6 - len(bits) % 6)
    return "".join([_LETTERS[bits[start : start + 6]] for start in range(0, len(bits), 6)])
