"""A headless Chromium without a way out, in front of `recorder`: what it asks for, names included, is all known."""

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.corpus_path import PROJECT
from tests.end_to_end import machine
from tests.end_to_end.certificates import issue
from tests.end_to_end.recorder import PAGES

AFTERWARDS = 400  # milliseconds for what a page asks for after it has loaded: hints, icons, animations
EACH = 10  # milliseconds more for each frame
OWN = re.compile(r"\.(?:google|googleapis|gstatic|gvt1)\.com\b")  # Chromium's own errands
LOADED = 20_000  # milliseconds in which a page has to be read
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
    # Addresses that lead nowhere are no reason to ask nobody.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
]


@dataclass
class Sealed:
    """Shows pages, one after the other, and says what was asked for meanwhile."""

    context: BrowserContext
    folder: Path
    count: int = 0

    def asked(self, *pages: bytes, suffix: str = ".html", click: str = "") -> set[str]:
        """Show `pages`, several in frames of one, wait, then print; what the log says that is not about the pages.

        `click` selects what is clicked at the end, in a single page.
        """
        log = self.folder / "log"
        before = log.stat().st_size if log.exists() else 0
        names = [self._page(page, suffix) for page in pages]
        frames = "".join(f'<iframe src="{name}"></iframe>' for name in names)
        tab = self.context.new_page()
        name = names[0] if len(names) == 1 else self._page(f"<!DOCTYPE html>{frames}".encode(), ".html")
        tab.goto(f"https://{PAGES}/{name}", wait_until="domcontentloaded", timeout=LOADED)
        tab.wait_for_timeout(AFTERWARDS + len(names) * EACH)
        tab.emulate_media(media="print")
        tab.wait_for_timeout(AFTERWARDS)
        if click:
            tab.click(click)
            tab.wait_for_timeout(AFTERWARDS)
        tab.close()
        lines = log.read_bytes()[before:].decode().splitlines() if log.exists() else []
        return {line for line in lines if PAGES not in line and not OWN.search(line)}

    def _page(self, page: bytes, suffix: str) -> str:
        self.count += 1
        name = f"page{self.count}{suffix}"
        (self.folder / "pages" / name).write_bytes(page)
        return name


@contextmanager
def running() -> Iterator[Sealed]:
    """Start Chromium and the machine around it, and end both after the block."""
    with (
        tempfile.TemporaryDirectory(prefix="blockproxy-", ignore_cleanup_errors=True) as name,
        sync_playwright() as playwright,
    ):
        folder = Path(name)
        (folder / "pages").mkdir()
        issue(folder)
        start = folder / "chromium"
        words = [machine.program("unshare"), "--net", "--mount", sys.executable, "-m", "tests.end_to_end.recorder"]
        words += [str(folder), machine.program("chromium")]
        start.write_text(f'#!/bin/sh\ncd {shlex.quote(str(PROJECT))} && exec {shlex.join(words)} "$@"\n')
        start.chmod(0o755)
        context = playwright.chromium.launch_persistent_context(
            folder / "profile",
            executable_path=start,
            args=FLAGS,
            # Playwright's own arguments switch off what is to be shown here: hints, prefetches.
            ignore_default_args=["--disable-background-networking"],
            java_script_enabled=True,
        )
        try:
            yield Sealed(context, folder)
        finally:
            context.close()
