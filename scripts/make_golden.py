"""Writes the golden vectors that pytest and forge both read: tests/golden/*.json.

    python scripts/make_golden.py            # write
    python scripts/make_golden.py --check    # exit 1 if a file is stale

Everything here is a function of constants; names in each object are in alphabetical order, which is
how forge decodes structs.
"""

import argparse
import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from scripts.golden_arrays import array_digests  # noqa: E402
from scripts.golden_common import hexed, noise  # noqa: E402
from scripts.golden_reliability import reliabilities  # noqa: E402
from scripts.golden_reputation import reputations  # noqa: E402
from scripts.golden_votes import votes  # noqa: E402
from verifier import digest, profiles  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402
from verifier.digest.text_minhash import TextMinhash  # noqa: E402

KEYS = (bytes(32), b"\xff" * 32, noise("key 2", 32), noise("key 3", 32))

TEXTS = (
    "a",
    "é",
    "e\u0301",  # the same, decomposed
    "one",
    "one two",
    "one two three",
    "three two one",
    "  one\ttwo\r\nthree\u3000",  # white space of several kinds
    "one two three four five six seven eight nine ten",
    "one two three four five six seven eight nine ten eleven",
    "Punctuation, stays: with 'its' word!",
    "x" * 63,
    "x" * 64,
    "x" * 65,
    "y" * 5000,
    "ab" * 1000,
    "0\u0000zero",
    "日本語のテキストは空白を使わない。",
    "مرحبا بالعالم",
    "👩‍👩‍👧 family",
    "Å Å",
    "unassigned \u0378\u0301 stays as it is",
    "newer \U0001e08f\u0301\u0323 mark",  # U+1E08F: assigned by Unicode 15, not by 14
    "The quick brown fox jumps over the lazy dog. " * 9,
)
SHINGLES = ((3, 5), (1, 0), (0, 4))


def exact_cases() -> list[dict[str, str]]:
    contents = [noise(f"exact {size}", size) for size in (1, 2, 31, 32, 33, 135, 136, 137, 1000)]
    contents += ["Łódź".encode(), b"\0"]
    profile = profiles.load("exact-bytes")
    return [
        {
            "content": hexed(content),
            "digest": hexed(digest.digest(content, profile, key)),
            "key": hexed(key),
        }
        for key in KEYS
        for content in contents
    ]


def distance_cases() -> list[dict[str, Any]]:
    zero, ones = bytes(32), b"\xff" * 32
    pairs = [(zero, zero), (zero, ones), (ones, ones)]
    pairs += [(zero, (1 << bit).to_bytes(32)) for bit in (0, 1, 63, 64, 127, 128, 255)]
    pairs += [(noise(f"a{i}", 32), noise(f"b{i}", 32)) for i in range(32)]
    return [{"a": hexed(a), "b": hexed(b), "distance": digest.distance(a, b)} for a, b in pairs]


def text_cases() -> list[dict[str, Any]]:
    cases = []
    for index, text in enumerate(TEXTS):
        for turn, (word, character) in enumerate(SHINGLES):
            key = KEYS[(index + turn) % len(KEYS)]
            content = text.encode()
            words = TextMinhash(1 << 20, word, character).digest([content], key)
            cases.append(
                {
                    "characterShingle": character,
                    "content": hexed(content),
                    "digest": hexed(digest.from_words(words)[0]),
                    "key": hexed(key),
                    "wordShingle": word,
                }
            )
    return cases


def image_features() -> dict[str, dict[str, Any]]:
    """Parameters to digest by: the terrain profile's, and a made-up one with colour."""
    terrain = dict(profiles.load("image-perceptual-terrain128").features)
    count = 6 * 6 - 1 + 2 * 3 * 3
    colour = {
        "chromaBlock": 3,
        "lumaBlock": 6,
        "maxPixels": 1 << 20,
        "mean": [(index % 7 - 3) * 1000 for index in range(count)],
        "scale": [50 + 13 * index for index in range(count)],
    }
    return {"colour": colour, "terrain": terrain}


def images() -> list[NDArray[np.uint8]]:
    sizes = ((1, 1), (1, 9), (9, 1), (7, 5), (16, 16), (31, 17), (64, 64), (65, 63), (40, 130))
    found: list[NDArray[np.uint8]] = []
    for height, width in sizes:
        raw = np.frombuffer(noise(f"image {height}x{width}", height * width), dtype=np.uint8)
        found.append(raw.reshape(height, width))
    y, x = np.mgrid[0:32, 0:32]
    found += [np.full((24, 24), value, np.uint8) for value in (0, 128, 255)]
    found += [
        (8 * x).astype(np.uint8),
        (255 - 8 * y).astype(np.uint8),
        (255 * ((x // 4 + y // 4) % 2)).astype(np.uint8),
        np.minimum(255, (x - 16) ** 2 + (y - 16) ** 2).astype(np.uint8),
    ]
    for height, width in ((8, 8), (20, 13), (33, 29)):
        raw = np.frombuffer(noise(f"colour {height}x{width}", 3 * height * width), dtype=np.uint8)
        found.append(raw.reshape(height, width, 3))
    ramp = (8 * x).astype(np.uint8)
    found += [
        np.stack([ramp, ramp, ramp], axis=2),  # digests as the grey image does
        np.stack([ramp, 255 - ramp, np.full_like(ramp, 40)], axis=2),
        np.stack([np.full_like(ramp, 255), np.zeros_like(ramp), ramp], axis=2),
    ]
    return found


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG without compression, so that its bytes do not depend on a version of zlib."""
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    raw = np.concatenate((np.zeros((height, 1), np.uint8), rows), axis=1).tobytes()
    blocks = [raw[start : start + 0xFFFF] for start in range(0, len(raw), 0xFFFF)]
    data = b"\x78\x01"
    for index, block in enumerate(blocks):
        last = index == len(blocks) - 1
        data += struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block
    data += struct.pack(">I", zlib.adler32(raw))
    head = struct.pack(">IIBBBBB", width, height, 8, 0 if pixels.ndim == 2 else 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def image_cases(features: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    families = {name: ImagePerceptual.parse(value, 1 << 20) for name, value in features.items()}
    cases = []
    for index, pixels in enumerate(images()):
        for turn, (name, family) in enumerate(families.items()):
            key = KEYS[(index + turn) % len(KEYS)]
            content = png(pixels)
            cases.append(
                {
                    "content": hexed(content),
                    "digest": hexed(digest.from_words(family.digest([content], key))[0]),
                    "features": name,
                    "key": hexed(key),
                }
            )
    return cases


def digests() -> dict[str, Any]:
    features = image_features()
    return {
        **array_digests(),
        "distance": distance_cases(),
        "exact": exact_cases(),
        "image-features": features,
        "image-perceptual": image_cases(features),
        "schema": "assay/golden-digests/1",
        "text-minhash": text_cases(),
    }


def files() -> dict[str, str]:
    """What each file should hold: one case a line."""
    return {
        "digests.json": render(digests()),
        "reliability.json": render(reliabilities()),
        "reputation.json": render(reputations()),
        "votes.json": render(votes()),
    }


def render(value: dict[str, Any]) -> str:
    parts = []
    for name, item in sorted(value.items()):
        if isinstance(item, list):
            body = ",\n".join("    " + json.dumps(case, sort_keys=True) for case in item)
            parts.append(f"  {json.dumps(name)}: [\n{body}\n  ]")
        else:
            parts.append(f"  {json.dumps(name)}: {json.dumps(item, sort_keys=True)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    check = parser.parse_args().check
    stale = False
    for name, text in files().items():
        path = FOLDER / name
        if path.is_file() and path.read_text() == text:
            continue
        stale = True
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
