"""Pixels of a PNG, with every limit checked before anything is decompressed.

Votes take one kind of image only, so that the same bytes are the same pixels everywhere: PNG, 8
bits per sample, grey or RGB, neither interlaced, animated nor transparent. Pillow is given a file
of IHDR, IDAT and IEND alone: colour profiles, gamma, text and other ancillary chunks play no part.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.errors import DigestError

__all__ = ["MAX_SIDE", "decode_png", "encode_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 8192
FILTER_UP = 2
CHANNELS = {0: 1, 2: 3}  # colour type: samples per pixel
ANCILLARY = 0x20  # the bit of a chunk's first letter that lets a decoder ignore it
REFUSED_COLOUR = {
    3: "uses a palette",
    4: "has an alpha channel",
    6: "has an alpha channel",
}
KNOWN_FORMATS = (
    (b"\xff\xd8\xff", "a JPEG"),
    (b"GIF8", "a GIF"),
    (b"RIFF", "a WebP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"BM", "a BMP"),
)

Pixels = NDArray[np.uint8]


class _Header(NamedTuple):
    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filtering: int
    interlace: int


def decode_png(content: bytes, max_bytes: int, max_pixels: int) -> Pixels:
    """`uint8[height, width]` of a grey or `uint8[height, width, 3]` of an RGB image."""
    if len(content) > max_bytes:
        raise DigestError(
            f"The image has {len(content)} bytes; this profile allows at most {max_bytes}."
        )
    header, data = _read(content)
    _check(header, max_pixels)
    _check_data(header, data)
    with Image.open(io.BytesIO(_minimal(header, data)), formats=("PNG",)) as image:
        try:
            image.load()
        except (OSError, SyntaxError, ValueError):
            raise DigestError("The image's data is damaged; render and save it again.") from None
        return np.array(image, dtype=np.uint8)


def encode_png(pixels: Pixels) -> bytes:
    """A PNG that `decode_png` reads back, of `uint8[h, w]` or `uint8[h, w, 3]`.

    Every row is stored as its difference to the row above, compressed by zlib at its best level, so
    equal pixels give equal bytes wherever zlib is the same; votes compare pixels, not these bytes.
    """
    height, width = pixels.shape[:2]
    colour = 0 if pixels.ndim == 2 else 2
    rows = np.ascontiguousarray(pixels, dtype=np.uint8).reshape(height, -1)
    raw = np.full((height, 1 + rows.shape[1]), FILTER_UP, dtype=np.uint8)
    raw[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=raw[1:, 1:])
    return _minimal(_Header(width, height, 8, colour, 0, 0, 0), zlib.compress(raw.tobytes(), 9))


def _read(content: bytes) -> tuple[_Header, bytes]:
    """The header and the joined IDAT data; refuses what a vote may not contain."""
    if not content.startswith(SIGNATURE):
        kind = next((name for magic, name in KNOWN_FORMATS if content.startswith(magic)), "no PNG")
        raise DigestError(f"The image is {kind}; votes take lossless PNG images only.")
    header: _Header | None = None
    data: list[bytes] = []
    previous = b""
    for chunk, body in _chunks(content):
        if header is None:
            if chunk != b"IHDR" or len(body) != 13:
                raise DigestError("The image does not begin with a PNG header; save it again.")
            header = _Header(*struct.unpack(">IIBBBBB", body))
        elif chunk == b"acTL":
            raise DigestError("The image is animated; save one frame as a plain PNG.")
        elif chunk == b"tRNS":
            raise DigestError("The image has transparency; flatten it and save it again.")
        elif chunk == b"IDAT":
            if data and previous != b"IDAT":
                raise DigestError("The image's data is in pieces that lie apart; save it again.")
            data.append(body)
        elif chunk == b"IEND":
            break
        elif chunk != b"PLTE" and not chunk[0] & ANCILLARY:
            raise DigestError("The image has a part that PNG does not define; save it again.")
        previous = chunk
    if header is None or not data:
        raise DigestError("The image is truncated; transfer or save it again.")
    return header, b"".join(data)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while True:
        if position + 12 > len(content):
            raise DigestError("The image is truncated; transfer or save it again.")
        (size,) = struct.unpack_from(">I", content, position)
        end = position + 12 + size
        if end > len(content):
            raise DigestError("The image is truncated; transfer or save it again.")
        (checksum,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(content[position + 4 : end - 4]) != checksum:
            raise DigestError("The image is damaged (a checksum is wrong); transfer it again.")
        yield content[position + 4 : position + 8], content[position + 8 : end - 4]
        position = end


def _check(header: _Header, max_pixels: int) -> None:
    if not (0 < header.width <= MAX_SIDE and 0 < header.height <= MAX_SIDE):
        raise DigestError(
            f"The image is {header.width}x{header.height}; each side must be 1 to {MAX_SIDE}."
        )
    if header.width * header.height > max_pixels:
        raise DigestError(
            f"The image has {header.width * header.height} pixels; "
            f"this profile allows at most {max_pixels}."
        )
    if header.colour in REFUSED_COLOUR:
        raise DigestError(f"The image {REFUSED_COLOUR[header.colour]}; flatten it to grey or RGB.")
    if header.colour not in CHANNELS or header.depth != 8:
        raise DigestError(
            f"The image has {header.depth} bits per sample; save it with 8 bits, grey or RGB."
        )
    if header.compression or header.filtering:
        raise DigestError("The image is packed in a way that PNG does not define; save it again.")
    if header.interlace:
        raise DigestError("The image is interlaced; save it without interlacing.")


def _check_data(header: _Header, data: bytes) -> None:
    """Refuses data that does not decompress to exactly the rows that the header promises."""
    expected = header.height * (1 + header.width * CHANNELS[header.colour])
    inflater = zlib.decompressobj()
    size, rest = 0, data
    try:
        while rest and not inflater.eof and size <= expected:
            size += len(inflater.decompress(rest, 1 << 16))
            rest = inflater.unconsumed_tail
    except zlib.error:
        raise DigestError("The image's data is damaged; render and save it again.") from None
    if size > expected:
        raise DigestError("The image holds more data than its size allows; save it again.")
    if size < expected or not inflater.eof:
        raise DigestError("The image is truncated; transfer or save it again.")


def _minimal(header: _Header, data: bytes) -> bytes:
    body = struct.pack(">IIBBBBB", *header)
    return SIGNATURE + _chunk(b"IHDR", body) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
