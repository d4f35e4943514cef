"""`verifier.digest.png`: one kind of image, every other one refused in a sentence, bounded."""

import io
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.verifier.images import chunk, grey, header, made_of, png
from verifier.digest import png as png_module
from verifier.digest.png import decode_png, encode_png
from verifier.errors import DigestError

pytestmark = pytest.mark.unit

PIXELS = grey()
GREY = Image.fromarray(PIXELS)
FILE = png(GREY)


def decode(content: bytes) -> np.ndarray:
    return decode_png(content, 1 << 20, 1 << 20)


def other_format(name: str) -> bytes:
    file = io.BytesIO()
    GREY.save(file, format=name)
    return file.getvalue()


def animated() -> bytes:
    file = io.BytesIO()
    GREY.save(
        file,
        format="PNG",
        save_all=True,
        append_images=[Image.fromarray(grey(seed=2))],
        duration=50,
    )
    return file.getvalue()


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (64, 64), (5, 4, 3)])
def test_encode__when_decoded_by_us_and_by_pillow__then_the_pixels_are_the_same(shape):
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    content = encode_png(pixels)
    np.testing.assert_array_equal(decode(content), pixels)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(content))), pixels)
    assert encode_png(pixels) == content


def test_decode__when_ancillary_chunks_are_present__then_they_play_no_part():
    position = FILE.index(b"IDAT") - 4
    extra = chunk(b"gAMA", b"\0\0\1\0") + chunk(b"sRGB", b"\0") + chunk(b"iCCP", b"x\0\0junk")
    np.testing.assert_array_equal(decode(FILE[:position] + extra + FILE[position:]), PIXELS)


def test_decode__when_a_text_chunk_would_inflate_to_a_gigabyte__then_it_is_never_opened():
    bomb = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 24)))
    position = FILE.index(b"IDAT") - 4
    np.testing.assert_array_equal(decode(FILE[:position] + bomb + FILE[position:]), PIXELS)


REFUSED = {
    "empty": (b"", "no PNG"),
    "text": (b"hello", "no PNG"),
    "jpeg": (other_format("JPEG"), "a JPEG; votes take lossless PNG"),
    "gif": (other_format("GIF"), "a GIF"),
    "webp": (other_format("WEBP"), "a WebP"),
    "tiff": (other_format("TIFF"), "a TIFF"),
    "bmp": (other_format("BMP"), "a BMP"),
    "signature only": (FILE[:8], "truncated"),
    "cut in the header": (FILE[:20], "truncated"),
    "cut in the data": (FILE[:-30], "truncated"),
    "no end": (FILE[:-12], "truncated"),
    "wrong checksum": (FILE[:50] + bytes([FILE[50] ^ 1]) + FILE[51:], "checksum"),
    "animated": (animated(), "animated"),
    "alpha": (png(GREY.convert("LA")), "alpha channel"),
    "rgba": (png(GREY.convert("RGBA")), "alpha channel"),
    "transparent colour": (png(GREY, transparency=7), "transparency"),
    "palette": (png(GREY.convert("P")), "palette"),
    "16 bits": (png(Image.fromarray(PIXELS.astype(np.uint16) * 257)), "16 bits per sample"),
    "1 bit": (png(GREY.convert("1")), "1 bits per sample"),
    "cmyk": (made_of((b"IHDR", header(2, 2, colour=5)), (b"IDAT", b""), (b"IEND", b"")), "grey or"),
    "interlaced": (
        made_of((b"IHDR", header(2, 2, interlace=1)), (b"IDAT", b""), (b"IEND", b"")),
        "interlaced",
    ),
    "packed otherwise": (
        made_of((b"IHDR", header(2, 2)[:10] + b"\1\0\0"), (b"IDAT", b""), (b"IEND", b"")),
        "packed in a way that PNG does not define",
    ),
    "filtered otherwise": (
        made_of((b"IHDR", header(2, 2)[:11] + b"\x40\0"), (b"IDAT", b""), (b"IEND", b"")),
        "packed in a way that PNG does not define",
    ),
    "two headers": (
        made_of((b"IHDR", header(2, 2)), (b"IHDR", header(2, 2)), (b"IDAT", b""), (b"IEND", b"")),
        "a part that PNG does not define",
    ),
    "unknown critical chunk": (
        made_of((b"IHDR", header(2, 2)), (b"JHDR", b""), (b"IDAT", b""), (b"IEND", b"")),
        "a part that PNG does not define",
    ),
    "data apart": (
        made_of(
            *((b"IHDR", header(2, 2)), (b"IDAT", b"x"), (b"tIME", b""), (b"IDAT", b"y")),
            (b"IEND", b""),
        ),
        "pieces that lie apart",
    ),
    "no pixels": (made_of((b"IHDR", header(0, 2)), (b"IDAT", b""), (b"IEND", b"")), "each side"),
    "too wide": (
        made_of((b"IHDR", header(8193, 1)), (b"IDAT", b""), (b"IEND", b"")),
        "each side must be 1 to 8192",
    ),
    "too many pixels": (
        made_of((b"IHDR", header(2000, 2000)), (b"IDAT", b""), (b"IEND", b"")),
        "4000000 pixels; this profile allows at most 1048576",
    ),
    "too large a file": (FILE + bytes(1 << 20), "at most 1048576"),
    "no header": (made_of((b"IDAT", b""), (b"IEND", b"")), "does not begin with a PNG header"),
    "short header": (made_of((b"IHDR", b"\0"), (b"IEND", b"")), "does not begin with"),
    "no data": (made_of((b"IHDR", header(2, 2)), (b"IEND", b"")), "truncated"),
    "few rows": (
        made_of((b"IHDR", header(2, 2)), (b"IDAT", zlib.compress(bytes(3))), (b"IEND", b"")),
        "truncated",
    ),
    "more rows": (
        made_of((b"IHDR", header(2, 2)), (b"IDAT", zlib.compress(bytes(9))), (b"IEND", b"")),
        "more data",
    ),
    "not deflated": (
        made_of((b"IHDR", header(2, 2)), (b"IDAT", b"abc"), (b"IEND", b"")),
        "damaged",
    ),
    "unknown filter": (
        made_of((b"IHDR", header(2, 2)), (b"IDAT", zlib.compress(b"\7ab\7cd")), (b"IEND", b"")),
        "damaged",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_decode__when_it_is_no_image_for_a_vote__then_one_sentence_says_why(case):
    content, says = REFUSED[case]
    with pytest.raises(DigestError, match=says) as problem:
        decode(content)
    assert "\n" not in str(problem.value)
    assert str(problem.value).endswith(".")


def test_decode__when_the_data_is_a_bomb__then_memory_stays_bounded():
    bomb = made_of(
        (b"IHDR", header(16, 16)), (b"IDAT", zlib.compress(bytes(1 << 28))), (b"IEND", b"")
    )
    tracemalloc.start()
    try:
        with pytest.raises(DigestError, match="more data"):
            decode(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * (1 << 20)


def test_decode__when_the_data_is_a_bomb__then_inflating_stops_at_the_promised_size(monkeypatch):
    inflated = []

    class Counting:
        """zlib's decompressor, counting what it gives."""

        def __init__(self):
            self._real = zlib.decompressobj()

        def __getattr__(self, name):
            return getattr(self._real, name)

        def decompress(self, data, limit):
            block = self._real.decompress(data, limit)
            inflated.append(len(block))
            return block

    class Zlib:
        """The module as `png` uses it."""

        crc32, error, compress = zlib.crc32, zlib.error, zlib.compress
        decompressobj = Counting

    bomb = made_of(
        (b"IHDR", header(16, 16)), (b"IDAT", zlib.compress(bytes(1 << 24))), (b"IEND", b"")
    )
    monkeypatch.setattr(png_module, "zlib", Zlib)
    with pytest.raises(DigestError, match="more data"):
        decode(bomb)
    assert sum(inflated) <= 1 << 16


@given(st.data())
def test_decode__when_a_file_is_damaged_anywhere__then_it_decodes_or_refuses(data):
    content = bytearray(FILE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        decode(bytes(content))
    except DigestError as refusal:
        problem = str(refusal)
        assert problem.endswith(".")


@given(st.binary(max_size=60), st.integers(0, 6), st.integers(1, 16), st.integers(0, 40))
def test_decode__when_headers_and_data_are_arbitrary__then_it_decodes_or_refuses(
    body, colour, depth, width
):
    content = made_of(
        (b"IHDR", header(width, 3, depth, colour)), (b"IDAT", zlib.compress(body)), (b"IEND", b"")
    )
    try:
        decode(content)
    except DigestError as refusal:
        problem = str(refusal)
        assert problem.endswith(".")
