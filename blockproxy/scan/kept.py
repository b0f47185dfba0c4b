"""A quick start: what a command imports and reads before its first message stays until its end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept(*, for_good: bool = True) -> Iterator[None]:
    """Nobody looks for garbage in what the block makes, nor, `for_good`, later on: a third of a start.

    A process does it for good once: whoever calls commands again and again gets back what they leave behind.
    """
    gc.disable()
    try:
        yield
    finally:
        if for_good and not gc.get_freeze_count():
            gc.freeze()
        gc.enable()
