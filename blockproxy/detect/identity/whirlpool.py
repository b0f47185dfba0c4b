"""Whirlpool (ISO/IEC 10118-3), because it is in the literature on address leaks and in no library that is kept up.

`hashlib` has it only where OpenSSL's legacy provider is switched on for the whole process. Slow (0.1 ms a block), and
asked only where a URL has a token of its length.
"""

import struct

SIZE = 64  # octets, of a block and of a digest

# The S-box is made of two small ones (Barreto and Rijmen, "The Whirlpool Hashing Function", section 6.2).
_E = (1, 11, 9, 12, 13, 6, 15, 3, 14, 8, 7, 4, 10, 2, 5, 0)
_R = (7, 12, 11, 13, 14, 4, 9, 15, 6, 3, 8, 10, 2, 5, 1, 0)
_DIFFUSION = (1, 1, 4, 1, 8, 5, 2, 9)  # the first row of its circulant matrix
_POLYNOMIAL = 0x11D
_ROUNDS = 10
_MASK = (1 << 64) - 1


def digest(message: bytes) -> bytes:
    """The 64 octets of Whirlpool in its final version (2003)."""
    padding = b"\x80" + bytes((31 - len(message)) % SIZE)
    padded = message + padding + (8 * len(message)).to_bytes(32, "big")
    state = bytes(SIZE)
    for start in range(0, len(padded), SIZE):
        state = _compressed(state, padded[start : start + SIZE])
    return state


def _compressed(key: bytes, block: bytes) -> bytes:
    """Miyaguchi and Preneel: the block, encrypted with the state, and both added."""
    state, feed = _xor(key, block), _xor(key, block)
    for constant in _CONSTANTS:
        key = _xor(_round(key), constant)
        state = _xor(_round(state), key)
    return _xor(state, feed)


def _round(state: bytes) -> bytes:
    """S-box, shifted columns and diffusion in eight look-ups a row."""
    rows = []
    for row in range(8):
        value = 0
        for column, table in enumerate(_TABLES):
            value ^= table[state[8 * ((row - column) & 7) + column]]
        rows.append(value)
    return struct.pack(">8Q", *rows)


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(SIZE, "big")


def _s_box() -> list[int]:
    inverse = [_E.index(value) for value in range(16)]
    box = []
    for octet in range(256):
        high, low = _E[octet >> 4], inverse[octet & 15]
        middle = _R[high ^ low]
        box.append(_E[high ^ middle] << 4 | inverse[low ^ middle])
    return box


def _times(value: int, factor: int) -> int:
    """Multiplication in GF(2^8)."""
    product = 0
    while factor:
        product ^= value * (factor & 1)
        value = value << 1 ^ (_POLYNOMIAL if value & 0x80 else 0)
        factor >>= 1
    return product


def _tables() -> list[list[int]]:
    first = [int.from_bytes(bytes(_times(value, factor) for factor in _DIFFUSION), "big") for value in _S_BOX]
    return [[value >> 8 * turn | value << 64 - 8 * turn & _MASK for value in first] for turn in range(8)]


_S_BOX = _s_box()
_TABLES = _tables()
_CONSTANTS = [bytes(_S_BOX[8 * turn : 8 * turn + 8]) + bytes(56) for turn in range(_ROUNDS)]
