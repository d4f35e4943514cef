"""A decoder of PNG in plain Python, from the standard's words: to compare the real one with."""

import struct
import zlib

import numpy as np

__all__ = ["decode"]


def decode(content: bytes) -> np.ndarray:
    """Pixels of a well-formed grey or RGB file of 8 bits per sample, not interlaced."""
    place, packed, width, height, samples = 8, b"", 0, 0, 1
    while True:
        (size,) = struct.unpack_from(">I", content, place)
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        place += 12 + size
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack_from(">IIBB", body)
            samples = {0: 1, 2: 3}[colour]
        elif kind == b"IDAT":
            packed += body
        elif kind == b"IEND":
            break
    raw = zlib.decompressobj().decompress(packed)
    stride = width * samples
    rows, above = [], bytes(stride)
    for row in range(height):
        start = row * (stride + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, samples)
        rows.append(above)
    pixels = np.frombuffer(b"".join(rows), dtype=np.uint8)
    return pixels.reshape((height, width) if samples == 1 else (height, width, samples))


def _unfiltered(kind: int, row: bytes, above: bytes, samples: int) -> bytes:
    out = bytearray(row)
    for i, value in enumerate(row):
        left = out[i - samples] if i >= samples else 0
        corner = above[i - samples] if i >= samples else 0
        up = above[i]
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]
        out[i] = (value + guess) & 0xFF
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))
