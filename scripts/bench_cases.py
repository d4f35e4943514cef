"""What bench_digests.py times: ours and the peers', on the same inputs, a group at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from scripts import bench_limit, bench_peers
from verifier import profiles
from verifier.digest import allpairs
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.png import encode_png
from verifier.digest.text_minhash import TextMinhash

KEY = bytes(range(32))
WORDS = 42  # a text of 40 shingles of three words
RADIUS = 60
TEXT, IMAGE, FILE = "text, 40 shingles", "image, 512x512 pixels", "image, 128x128 PNG file"
LIMIT = "population counts of a pair, in cache"

GOALS = {
    (TEXT, bench_peers.DATASKETCH): 20.0,
    (TEXT, bench_peers.RENSA): 1.0,
    (IMAGE, bench_peers.IMAGEHASH): 3.0,
    (IMAGE, bench_peers.OPENCV): 1.0,
    ("all pairs, 2 threads", bench_peers.FAISS): 3.0,
}
"""How many times as fast as a peer the first line of a group is meant to be."""


@dataclass(frozen=True)
class Case:
    """items: what one run works on; threads: how many it uses (one: timed in processor time)."""

    group: str
    name: str
    items: int
    run: Callable[[], Any]
    threads: int = 1


def texts(count: int) -> list[bytes]:
    """Random words of English lengths."""
    rng = np.random.default_rng(1)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    known = [
        "".join(letters[i] for i in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(5000)
    ]
    return [" ".join(known[i] for i in rng.integers(0, 5000, WORDS)).encode() for _ in range(count)]


def text_cases(count: int) -> list[Case]:
    """Shingling is included on all sides; the peers have shingles of words."""
    contents = texts(count)
    some = contents[: count // 20]
    accented = [content.replace(b"e", "é".encode()) for content in contents]
    words, both = TextMinhash(1 << 20, 3, 0), TextMinhash(1 << 20, 3, 5)
    return [
        Case(TEXT, "assay, words", count, lambda: words.digest(contents, KEY)),
        *(Case(TEXT, name, len(some), run) for name, run in bench_peers.text(some)),
        Case(TEXT, "assay, not ASCII", count, lambda: words.digest(accented, KEY)),
        Case(TEXT, "assay, words and characters", count, lambda: both.digest(contents, KEY)),
        Case(
            TEXT,
            "assay, one by one",
            len(some),
            lambda: [words.digest([content], KEY) for content in some],
        ),
    ]


def image_cases(count: int) -> list[Case]:
    """From decoded pixels; the last line from files."""
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (count, 16, 16), dtype=np.uint8)
    pixels = [np.kron(image, np.ones((32, 32), np.uint8)) for image in coarse]
    family = profiles.load("image-perceptual-terrain128").digester
    assert isinstance(family, ImagePerceptual)
    files = [encode_png(image[:128, :128]) for image in pixels]
    return [
        Case(IMAGE, "assay", count, lambda: family.digest_pixels(pixels, count, KEY)),
        *(Case(IMAGE, name, count, run) for name, run in bench_peers.image(pixels)),
        Case(FILE, "assay", count, lambda: family.digest(files, KEY)),
    ]


def pair_cases(count: int, threads: int) -> list[Case]:
    """`count` squared pairs of 256-bit digests, those within RADIUS listed; and the machine's
    limit, as pairs whose four words are counted and nothing else."""
    rng = np.random.default_rng(3)
    words = rng.integers(0, 2**64, (count, 4), dtype=np.uint64)

    def assay(active: int) -> Callable[[], Any]:
        def run() -> allpairs.Pairs:
            numba.set_num_threads(active)
            return allpairs.pairs_within(words, words, RADIUS)

        return run

    cases: list[Case] = []
    for active in sorted({1, threads}):
        group = f"all pairs, {active} thread{'s' if active > 1 else ''}"
        cases += [
            Case(group, "assay", count**2, assay(active), active),
            *(
                Case(group, name, count**2, run, active)
                for name, run in bench_peers.pairs(words, RADIUS, active)
            ),
            Case(
                group,
                LIMIT,
                active * bench_limit.COUNTS // 4,
                lambda active=active: bench_limit.count(active),
                active,
            ),
        ]
    return cases


def growth_cases(sizes: list[int]) -> list[Case]:
    """Digests of ever more texts, and a search of 1,000 digests among ever more."""
    rng = np.random.default_rng(4)
    queries = rng.integers(0, 2**64, (1000, 4), dtype=np.uint64)
    contents = texts(min(sizes[-1], 20_000))
    family = TextMinhash(1 << 20, 3, 0)
    cases: list[Case] = []
    for size in sizes:
        stored = rng.integers(0, 2**64, (size, 4), dtype=np.uint64)
        many = (contents * (-(-size // len(contents))))[:size]
        cases += [
            Case("digests of texts", f"{size:,}", size, lambda many=many: family.digest(many, KEY)),
            Case(
                "search of 1,000 digests among",
                f"{size:,}",
                size,
                lambda stored=stored: allpairs.count_within(queries, stored, RADIUS),
            ),
        ]
    return cases
