"""A landscape as a PNG (ISO/IEC 15948): the header picture of a newsletter, drawn here so that none has to be fetched.

One byte a pixel, an index into a palette. Columns and rows are filled by slices, so a picture takes milliseconds.
"""

import math
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 1200, 300  # pixels; shown at half that size, which smooths the edges
SKY_STEPS = 48  # shades between the two colours of the sky; palette entries 0 to 47
SUN, FAR, NEAR = SKY_STEPS, SKY_STEPS + 1, SKY_STEPS + 2


@dataclass(frozen=True, slots=True)
class Landscape:
    """Colours from top to bottom, and how far right the sun stands (0 to 1)."""

    sky: Colour
    horizon: Colour
    sun: Colour
    far_hills: Colour
    near_hills: Colour
    sun_at: float = 0.72


@cache
def png(scene: Landscape) -> bytes:
    """The picture of `scene`, the same octets every time."""
    pixels = bytearray().join(bytes([y * SKY_STEPS // HEIGHT]) * WIDTH for y in range(HEIGHT))
    _sun(pixels, round(scene.sun_at * WIDTH), 130, 74)
    _hills(pixels, FAR, [190 + 34 * math.sin(x / 150 + 1) + 12 * math.sin(x / 53) for x in range(WIDTH)])
    _hills(pixels, NEAR, [238 + 26 * math.sin(x / 210 + 4) + 9 * math.sin(x / 71) for x in range(WIDTH)])
    rows = b"".join(b"\0" + pixels[start:end] for start, end in pairwise(range(0, len(pixels) + 1, WIDTH)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", _palette(scene)),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _sun(pixels: bytearray, centre_x: int, centre_y: int, radius: int) -> None:
    for y in range(centre_y - radius, centre_y + radius + 1):
        half = math.isqrt(radius**2 - (y - centre_y) ** 2)
        start = y * WIDTH + centre_x - half
        pixels[start : start + 2 * half] = bytes([SUN]) * (2 * half)


def _hills(pixels: bytearray, colour: int, skyline: list[float]) -> None:
    for x, top in enumerate(map(round, skyline)):
        pixels[top * WIDTH + x :: WIDTH] = bytes([colour]) * (HEIGHT - top)


def _palette(scene: Landscape) -> bytes:
    def between(step: int) -> Colour:
        low, high = scene.sky, scene.horizon
        red, green, blue = (a + (b - a) * step // (SKY_STEPS - 1) for a, b in zip(low, high, strict=True))
        return red, green, blue

    return bytes(
        channel
        for colour in (*map(between, range(SKY_STEPS)), scene.sun, scene.far_hills, scene.near_hills)
        for channel in colour
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
