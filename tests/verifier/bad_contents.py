"""What every digest family is given that it must refuse, or must bear: two tables.

Contents are made when they are wanted: some are large.
"""

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from tests.verifier.images import chunk, grey, header, made_of, png
from verifier.digest import FAMILIES
from verifier.digest.logprobs import encode, record_type
from verifier.digest.png import encode_png

KEY = bytes(range(32))
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "digests.json").read_text())
MEBI = 1 << 20
TOP, VOCABULARY, SUFFIX = (GOLDEN["logprobs-features"][n] for n in ("top", "vocabulary", "suffix"))
DIMENSION = GOLDEN["vector-features"]["dimension"]

RECIPES: dict[str, tuple[dict[str, Any], int]] = {
    "exact": ({}, MEBI),
    "text-minhash": ({"wordShingle": 3, "characterShingle": 5}, MEBI),
    "vector-hyperplane": (GOLDEN["vector-features"], 4 * DIMENSION),
    "image-perceptual": (GOLDEN["image-features"]["colour"], 4 * MEBI),
    "tokens": ({"bucket": 8}, MEBI),
    "logprobs": (GOLDEN["logprobs-features"], MEBI),
}
"""Features and maxBytes of a recipe of each family."""


def profile(family: str) -> Any:
    """What `verifier.digest.digest` wants of a profile."""
    return SimpleNamespace(digester=FAMILIES[family].digester.parse(*RECIPES[family]))


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format=name, **options)
    return file.getvalue()


def bomb(width: int, height: int, data: int) -> bytes:
    """A PNG that promises width x height and holds `data` zeros, deflated a thousand to one."""
    return made_of(
        (b"IHDR", header(width, height)), (b"IDAT", zlib.compress(bytes(data))), (b"IEND", b"")
    )


def vector(*values: float) -> bytes:
    """A vector of ones that begins with `values`."""
    full = np.ones(DIMENSION, dtype="<f4")
    full[: len(values)] = values
    return full.tobytes()


def records(**changes: Any) -> bytes:
    """Well-formed records of 8 positions under KEY; `changes` overwrite fields of the first."""
    suffix = FAMILIES["logprobs"].digester.parse(*RECIPES["logprobs"]).suffix_tokens(KEY)
    given = np.array([0] * 8 + suffix)
    logprobs = np.tile(-np.arange(1.0, TOP + 1), (len(given), 1))
    raw = encode(given, np.tile(np.arange(TOP), (len(given), 1)), logprobs)
    found = np.frombuffer(raw, dtype=record_type(TOP)).copy()
    for name, value in changes.items():
        if name == "given":
            found["given"][0] = value
        else:
            found["top"][name][0] = value
    return found.tobytes()


GREY = Image.fromarray(grey())
FILE = png(GREY)
FRAMES = [Image.fromarray(grey(seed=seed)) for seed in (2, 3)]

REFUSED: dict[str, tuple[str, Callable[[], Any], str]] = {
    "exact, empty": ("exact", lambda: b"", "is empty"),
    "exact, oversized": ("exact", lambda: bytes(MEBI + 1), "at most 1048576"),
    "exact, text instead of bytes": ("exact", lambda: "text", "is bytes, not str"),
    "exact, nothing": ("exact", lambda: None, "is bytes, not NoneType"),
    "text, empty": ("text-minhash", lambda: b"", "is empty"),
    "text, blank": ("text-minhash", lambda: b" \n" * 1000, "is blank"),
    "text, Latin-1": ("text-minhash", lambda: "café".encode("latin-1"), r"UTF-8 \(byte 3\)"),
    "text, UTF-16": ("text-minhash", lambda: "text".encode("utf-16"), r"UTF-8 \(byte 0\)"),
    "text, a surrogate": ("text-minhash", lambda: b"a\xed\xa0\x80", r"UTF-8 \(byte 1\)"),
    "text, an overlong form": ("text-minhash", lambda: b"a\xc0\xaf", r"UTF-8 \(byte 1\)"),
    "text, beyond Unicode": ("text-minhash", lambda: b"\xf4\x90\x80\x80", r"UTF-8 \(byte 0\)"),
    "text, cut in a character": ("text-minhash", lambda: "a€".encode()[:-1], r"UTF-8 \(byte 1\)"),
    "text, megabytes of one": ("text-minhash", lambda: b"x" * 64 * MEBI, "at most 1048576"),
    "vector, empty": ("vector-hyperplane", lambda: b"", "has 0 bytes"),
    "vector, too few": ("vector-hyperplane", lambda: vector()[:-4], "24 values of float32 are 96"),
    "vector, too many": ("vector-hyperplane", lambda: vector() * 2, "has 192 bytes"),
    "vector, a byte short": ("vector-hyperplane", lambda: vector()[:-1], "has 95 bytes"),
    "vector, oversized": ("vector-hyperplane", lambda: bytes(64 * MEBI), "has 67108864 bytes"),
    "vector, NaN": ("vector-hyperplane", lambda: vector(0, np.nan), "not finite"),
    "vector, infinite": ("vector-hyperplane", lambda: vector(-np.inf), "not finite"),
    "vector, zero": ("vector-hyperplane", lambda: vector(*[0.0] * DIMENSION), "all zeros"),
    "vector, minus zero": ("vector-hyperplane", lambda: vector(*[-0.0] * DIMENSION), "all zeros"),
    "image, empty": ("image-perceptual", lambda: b"", "no PNG"),
    "image, truncated": ("image-perceptual", lambda: FILE[: len(FILE) // 2], "truncated"),
    "image, cut in its end": ("image-perceptual", lambda: FILE[:-1], "truncated"),
    "image, damaged": ("image-perceptual", lambda: FILE[:60] + b"\0\0" + FILE[62:], "checksum"),
    "image, oversized file": ("image-perceptual", lambda: FILE + bytes(4 * MEBI), "at most 41943"),
    "image, oversized": ("image-perceptual", lambda: bomb(1025, 1024, 9), "1049600 pixels"),
    "image, too wide": ("image-perceptual", lambda: bomb(8193, 1, 9), "1 to 8192"),
    "image, a side of 2^32": ("image-perceptual", lambda: bomb(2**32 - 1, 1, 9), "1 to 8192"),
    "image, a bomb": ("image-perceptual", lambda: bomb(16, 16, 64 * MEBI), "more data"),
    "image, a bomb of its size": (
        "image-perceptual",
        lambda: bomb(8000, 8000, 64 * MEBI),
        "64000000 pixels",
    ),
    "image, a chunk of 2 GiB": (
        "image-perceptual",
        lambda: FILE[:33] + struct.pack(">I", 2**31 - 1) + FILE[37:],
        "truncated",
    ),
    "image, animated": (
        "image-perceptual",
        lambda: saved(GREY, "PNG", save_all=True, append_images=FRAMES),
        "animated",
    ),
    "image, animated GIF": (
        "image-perceptual",
        lambda: saved(GREY, "GIF", save_all=True, append_images=FRAMES),
        "a GIF",
    ),
    "image, 16 bits": (
        "image-perceptual",
        lambda: png(Image.fromarray(grey().astype(np.uint16) * 257)),
        "16 bits per sample",
    ),
    "image, CMYK": ("image-perceptual", lambda: saved(GREY.convert("CMYK"), "TIFF"), "a TIFF"),
    "image, CMYK of a camera": (
        "image-perceptual",
        lambda: saved(GREY.convert("CMYK"), "JPEG"),
        "a JPEG",
    ),
    "image, alpha": ("image-perceptual", lambda: png(GREY.convert("RGBA")), "alpha channel"),
    "image, grey and alpha": ("image-perceptual", lambda: png(GREY.convert("LA")), "alpha channel"),
    "image, palette": ("image-perceptual", lambda: png(GREY.convert("P")), "palette"),
    "tokens, empty": ("tokens", lambda: b"", "0 bytes"),
    "tokens, cut in one": ("tokens", lambda: bytes(7), "7 bytes"),
    "tokens, oversized": ("tokens", lambda: bytes(64 * MEBI), "at most 1048576"),
    "logprobs, empty": ("logprobs", lambda: b"", "has 0 bytes"),
    "logprobs, cut": ("logprobs", lambda: records()[:-1], "for each position"),
    "logprobs, the suffix alone": (
        "logprobs",
        lambda: records()[-SUFFIX * record_type(TOP).itemsize :],
        "more than 3 positions",
    ),
    "logprobs, oversized": ("logprobs", lambda: records() * 40_000, "allows 1048576"),
    "logprobs, a token above all": ("logprobs", lambda: records(given=VOCABULARY), "below 1000"),
    "logprobs, above zero": ("logprobs", lambda: records(logprob=range(5, 0, -1)), "above 0"),
    "logprobs, rising": ("logprobs", lambda: records(logprob=range(-5, 0)), "must fall"),
    "logprobs, one twice": ("logprobs", lambda: records(token=7), "names a token twice"),
    "logprobs, ties": (
        "logprobs",
        lambda: records(logprob=-1, token=range(TOP, 0, -1)),
        "equal log-probability must rise",
    ),
    "logprobs, of another key": ("logprobs", lambda: records()[: 9 * 34], "suffix of this key"),
}
"""Name: family, content, and words of the sentence that refuses it."""


def rows(height: int, width: int) -> bytes:
    return encode_png(np.resize(grey(64, 64), (height, width, 3)))


BORNE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "one character": ("text-minhash", lambda: b"x" * MEBI),
    "one character and spaces": ("text-minhash", lambda: b"x " * (MEBI // 2)),
    "one character of four bytes": ("text-minhash", lambda: "\U0001f600".encode() * (MEBI // 4)),
    "combining marks in falling order": (
        "text-minhash",
        lambda: ("a" + "\u0315\u0300" * (MEBI // 5)).encode(),
    ),
    "marks that decompose to marks": ("text-minhash", lambda: "\u0f73".encode() * (MEBI // 3)),
    "unassigned code points": ("text-minhash", lambda: "a\u0378\u0301".encode() * (MEBI // 5)),
    "as many pixels as allowed": ("image-perceptual", lambda: rows(1024, 1024)),
    "a side as long as allowed": ("image-perceptual", lambda: rows(8192, 128)),
    "a text chunk that is a bomb": (
        "image-perceptual",
        lambda: FILE[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(16 * MEBI))) + FILE[33:],
    ),
    "one token": ("tokens", lambda: b"\1\0\0\0" * (MEBI // 4)),
    "values as large as float32 has": (
        "vector-hyperplane",
        lambda: vector(*[3.4e38] * DIMENSION),
    ),
    "values as small as float32 has": (
        "vector-hyperplane",
        lambda: vector(*[1.4e-45] * DIMENSION),
    ),
}
"""Name: family and a content that is admissible and as unpleasant as they come."""
