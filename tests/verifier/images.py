"""PNG files for tests: well-formed ones by Pillow, and one of any chunks."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def png(image: Image.Image, **options: object) -> bytes:
    """`image` saved by Pillow."""
    file = io.BytesIO()
    image.save(file, format="PNG", **options)
    return file.getvalue()


def grey(height: int = 16, width: int = 16, seed: int = 1) -> np.ndarray:
    """Random `uint8[height, width]`."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def made_of(*chunks: tuple[bytes, bytes]) -> bytes:
    """A file of PNG's signature and these chunks."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def header(width: int, height: int, depth: int = 8, colour: int = 0, interlace: int = 0) -> bytes:
    """The body of an IHDR chunk."""
    return struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
