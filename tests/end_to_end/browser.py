"""A headless Chromium that shows a page and writes down every request; the test answers for the whole web."""

import base64
import struct
import tempfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Route, sync_playwright

from tests.end_to_end import machine

WIDTH, HEIGHT = 800, 100  # pixels of the window: lower than any page, so that a picture is as high as its page
AFTERWARDS = 150  # milliseconds for what a page fetches after it has loaded: hints, lazy pictures
PAGE = "http://message.example/"
FLAGS = [  # without these Chromium calls home at every start
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever slips past the routes finds no name.
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
TRANSPARENT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # GIF, 1 by 1

# Where the pictures stand that come from one of the URLs: x, y, width, height.
_BOXES = """(urls) => [...document.images].filter((image) => urls.includes(image.currentSrc)).map((image) => {
    const box = image.getBoundingClientRect();
    return [Math.floor(box.x), Math.floor(box.y + scrollY), Math.ceil(box.width), Math.ceil(box.height)];
})"""

# Both pictures in canvases, black where the boxes are; the pixels that differ, over the height that both have.
_COMPARE = """async ([before, after, boxes]) => {
    const pixels = async (data) => {
        const image = new Image();
        image.src = "data:image/png;base64," + data;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        for (const [x, y, width, height] of boxes) context.fillRect(x, y, width, height);
        return context.getImageData(0, 0, image.width, image.height);
    };
    const [a, b] = [await pixels(before), await pixels(after)];
    const [x, y] = [new Uint32Array(a.data.buffer), new Uint32Array(b.data.buffer)];
    const common = Math.min(x.length, y.length);
    let different = 0;
    for (let i = 0; i < common; i++) different += x[i] !== y[i];
    return {different, common, heights: [a.height, b.height], colours: new Set(x).size};
}"""


@dataclass(frozen=True)
class Shown:
    """A page that was shown: every URL that it asked for, its picture (PNG), and where the trackers stand in it."""

    requests: tuple[str, ...]
    picture: bytes
    boxes: tuple[tuple[int, int, int, int], ...]  # x, y, width, height; pixels


@dataclass(frozen=True)
class Comparison:
    """Two pictures, pixel by pixel, over the height that they have in common."""

    different: int  # pixels
    common: int  # pixels
    heights: tuple[int, int]
    colours: int  # different ones in the first picture: a blank one has a single one


@dataclass(frozen=True)
class Browser:
    """Shows pages, one after the other."""

    context: BrowserContext

    def show(self, html: str, trackers: Collection[str] = ()) -> Shown:
        """Open `html` as a mail client would, then print it; trackers get a transparent pixel, all else a colour."""
        requests: list[str] = []

        def answer(route: Route) -> None:
            url = route.request.url
            if url == PAGE:
                route.fulfill(body=html, content_type="text/html; charset=utf-8")
                return
            requests.append(url)
            if route.request.resource_type == "image":
                picture, kind = (TRANSPARENT, "image/gif") if url in trackers else (coloured(url), "image/png")
                route.fulfill(body=picture, content_type=kind)
            else:
                route.fulfill(body="", content_type="text/css")

        page = self.context.new_page()
        page.route("**/*", answer)
        page.goto(PAGE, wait_until="load")
        page.wait_for_timeout(AFTERWARDS)
        picture = page.screenshot(full_page=True, animations="disabled")
        boxes = tuple(tuple(box) for box in page.evaluate(_BOXES, list(trackers)))
        page.emulate_media(media="print")
        page.wait_for_timeout(AFTERWARDS)
        page.close()
        return Shown(tuple(requests), picture, boxes)

    def compare(self, before: Shown, after: Shown) -> Comparison:
        """How much the two pictures differ outside of the trackers' boxes in the first one."""
        page = self.context.new_page()
        pictures = [base64.b64encode(shown.picture).decode() for shown in (before, after)]
        found = page.evaluate(_COMPARE, [*pictures, before.boxes])
        page.close()
        return Comparison(found["different"], found["common"], tuple(found["heights"]), found["colours"])


def coloured(url: str) -> bytes:
    """A PNG of 64 by 64 pixels in a colour of the URL's own."""
    colour = struct.pack(">I", zlib.crc32(url.encode()))[:3]
    rows = (b"\0" + colour * 64) * 64
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@contextmanager
def running() -> Iterator[Browser]:
    """Start Chromium with an empty profile, and end it after the block."""
    with (
        tempfile.TemporaryDirectory(prefix="blockproxy-", ignore_cleanup_errors=True) as profile,
        sync_playwright() as playwright,
    ):
        context = playwright.chromium.launch_persistent_context(
            Path(profile),
            executable_path=machine.program("chromium"),
            args=FLAGS,
            viewport={"width": WIDTH, "height": HEIGHT},
            java_script_enabled=True,
        )
        try:
            yield Browser(context)
        finally:
            context.close()
