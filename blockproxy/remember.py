"""A cache for functions of text that strangers write: it keeps short keys only, so that no mail can fill the memory."""

from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
Key = TypeVar("Key", str, bytes)


def remember(
    maxsize: int, longest: int
) -> Callable[[Callable[Concatenate[Key, P], R]], Callable[Concatenate[Key, P], R]]:
    """Remember `maxsize` results of a function whose first argument is at most `longest` octets or characters."""

    def decorate(function: Callable[Concatenate[Key, P], R]) -> Callable[Concatenate[Key, P], R]:
        # `lru_cache` forgets the types of arguments.
        cached = cast("Callable[Concatenate[Key, P], R]", lru_cache(maxsize=maxsize)(function))

        def of_short(key: Key, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return cached(key, *args, **kwargs) if len(key) <= longest else function(key, *args, **kwargs)

        update_wrapper(of_short, function)
        return of_short

    return decorate
