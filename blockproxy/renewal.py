"""New rules for a running proxy: read again on SIGHUP, and when the clock has brought new lists.

A session keeps the rule set it started with, so only new ones see a difference. Files that are wrong change nothing but
the log.
"""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from blockproxy.detect.rules import RuleSet
from blockproxy.errors import RuleError
from blockproxy.rulesettings import ListSettings, Rules
from blockproxy.subscriptions.load import load
from blockproxy.subscriptions.store import Store

INTERVALS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
RETRY = timedelta(hours=1)  # after a list that was refused; servers of lists are made for a request a day

T = TypeVar("T")
log = logging.getLogger(__name__)


@asynccontextmanager
async def renewing(rules: Rules, take: Callable[[RuleSet], None]) -> AsyncIterator[None]:
    """As long as the block runs, give `take` each new rule set."""
    loop, hangup = asyncio.get_running_loop(), asyncio.Event()
    # On a terminal the signal means that its window was closed: then the program ends, as any other.
    if not (sys.stdin and sys.stdin.isatty()):
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_on_hangup(hangup, rules, take)), group.create_task(_on_time(rules, take))]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _on_hangup(hangup: asyncio.Event, rules: Rules, take: Callable[[RuleSet], None]) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        log.info("rules and lists are read again; the settings are not, a changed one needs a restart")
        await _renew(rules, take)


async def _renew(rules: Rules, take: Callable[[RuleSet], None]) -> None:
    try:
        new = await _aside(lambda: load(rules))
    except (RuleError, OSError) as error:
        log.error("the rules stay as they are: %s", error)  # noqa: TRY400 - somebody's file, not our bug
        return
    except Exception:
        log.exception("the rules stay as they are: an error of blockproxy itself")
        return
    take(new)
    log.info("new sessions use rules of version %s", new.digest[:12])


async def _on_time(rules: Rules, take: Callable[[RuleSet], None]) -> None:
    interval = INTERVALS.get(rules.update)
    if interval is None or not rules.lists:
        return
    tried: dict[str, datetime] = {}
    while True:
        now = datetime.now(UTC)
        due = {each.id: _due(each, rules, interval, tried) for each in rules.lists}
        wanted = [each for each in rules.lists if due[each.id] <= now]
        if wanted:
            tried |= {each.id: now for each in wanted}
            if await _updated(wanted, rules):
                await _renew(rules, take)
        else:
            await asyncio.sleep((min(due.values()) - now).total_seconds() + 1)


def _due(each: ListSettings, rules: Rules, interval: timedelta, tried: dict[str, datetime]) -> datetime:
    """When its server is to be asked again."""
    note = Store(rules.copies).note(each.id, each.url)
    never = datetime.min.replace(tzinfo=UTC)
    # A note from the future was written before somebody set the clock.
    known = note is not None and note.last_checked <= datetime.now(UTC)
    regular = note.last_checked + interval if known and note is not None and note.checked else never
    return max(regular, tried[each.id] + RETRY) if each.id in tried else regular


async def _updated(wanted: list[ListSettings], rules: Rules) -> bool:
    try:
        return await _aside(lambda: _update(wanted, rules))
    except Exception:
        log.exception("the lists stay as they are: an error of blockproxy itself")
        return False


def _update(wanted: list[ListSettings], rules: Rules) -> bool:
    """Fetch the lists; whether there is anything new."""
    from blockproxy.subscriptions import update as updating

    new = False
    for outcome in updating.update(wanted, Store(rules.copies)):
        refused = outcome.status is updating.Status.REFUSED
        log.log(logging.WARNING if refused else logging.INFO, "list %s", outcome)
        new |= outcome.status is updating.Status.UPDATED
    return new


async def _aside(work: Callable[[], T]) -> T:
    """What `work` returns, from a thread that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(settle_it: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended in the meantime
            loop.call_soon_threadsafe(lambda: None if done.done() else settle_it())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits
            caught = error
            settle(lambda: done.set_exception(caught))
        else:
            settle(lambda: done.set_result(result))

    threading.Thread(target=run, name="rules", daemon=True).start()
    return await done
