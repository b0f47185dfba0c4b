"""A progress bar with rate and time left, on stderr, where a person would otherwise wait in front of nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """How far the work got; does nothing unless somebody watches."""

    def __init__(self, bar: "Progress | None" = None) -> None:
        self._bar = bar
        self._task: TaskID | None = bar.add_task("", total=None, messages=0) if bar is not None else None
        self._messages = 0

    @property
    def shown(self) -> bool:
        """Whether somebody watches."""
        return self._bar is not None

    def advance(self, done: float, total: float) -> None:
        """One more message is done, `done` more of `total`."""
        self._messages += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=done, total=total, messages=self._messages)


@contextmanager
def progress() -> Iterator[Bar]:
    """A bar for the time of the block."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            messages = task.fields["messages"]
            return Text(f"{messages} messages, {messages / task.elapsed if task.elapsed else 0:.0f}/s")

    console = Console(stderr=True)
    with Progress(BarColumn(), TaskProgressColumn(), Rate(), TimeRemainingColumn(), console=console) as shown:
        yield Bar(shown)
