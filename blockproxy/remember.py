"""A cache for functions of text that strangers write: it keeps short keys only, so that no mail can fill the memory."""

from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")
Key = TypeVar("Key", str, bytes)


class _Results(dict[Key, R]):
    def __init__(self, function: Callable[[Key], R], maxsize: int, longest: int) -> None:
        super().__init__()
        self._function: Callable[[Key], R] = function
        self._maxsize = maxsize
        self._longest = longest

    def __missing__(self, key: Key) -> R:
        result = self._function(key)
        if len(key) <= self._longest:
            if len(self) >= self._maxsize:
                self.clear()
            self[key] = result
        return result


def remember(maxsize: int, longest: int) -> Callable[[Callable[[Key], R]], Callable[[Key], R]]:
    """Remember `maxsize` results of a function whose argument is at most `longest` octets or characters.

    The function becomes the look-up of a dictionary: to remember takes no step through Python, which would cost three
    times as much.
    """

    def decorate(function: Callable[[Key], R]) -> Callable[[Key], R]:
        return _Results(function, maxsize, longest).__getitem__

    return decorate
