"""What is kept, and what for: results for text that strangers write, and what lives as long as the process.

Only results for short texts are kept, so that no mail can fill the memory.
"""

import gc
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


def keep_for_good() -> None:
    """What has been made so far is not looked through for garbage again: a fifth of a newsletter's time with all rules.

    For rules that a process keeps. Who takes others calls it again.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
