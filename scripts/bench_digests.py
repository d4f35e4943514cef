"""Times digests, beside libraries of the field where they are installed; medians of several runs.

    python scripts/bench_digests.py [--quick] [--json FILE]

One thread each unless the line says otherwise; what runs on one thread is timed in processor time,
so that a busy machine disturbs it less. A peer that is not installed is left out, and said so:
pip install datasketch rensa ImageHash faiss-cpu opencv-contrib-python-headless
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numba
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import bench_peers as peers  # noqa: E402
from verifier import digest, profiles  # noqa: E402
from verifier.digest import allpairs  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402
from verifier.digest.png import encode_png  # noqa: E402
from verifier.digest.text_minhash import TextMinhash  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

KEY = bytes(range(32))
WORDS = 42  # a text of 40 shingles of three words
RADIUS = 60
PACKAGES = ("numpy", "numba", "pillow", *peers.PACKAGES)

Case = tuple[str, str, float, Callable[[], Any]]


def texts(count: int) -> list[bytes]:
    """Random words of English lengths."""
    rng = np.random.default_rng(1)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    known = [
        "".join(letters[i] for i in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(5000)
    ]
    return [" ".join(known[i] for i in rng.integers(0, 5000, WORDS)).encode() for _ in range(count)]


def text_cases(count: int) -> list[Case]:
    """Digests per second, shingling included on all sides."""
    contents = texts(count)
    some = contents[: count // 20]
    words = TextMinhash(1 << 20, 3, 0)
    both = TextMinhash(1 << 20, 3, 5)
    cases: list[Case] = [
        ("text", "assay, words", count, lambda: words.digest(contents, KEY)),
        ("text", "assay, words and characters", count, lambda: both.digest(contents, KEY)),
        ("text", "assay, one by one", len(some), lambda: [words.digest([c], KEY) for c in some]),
    ]
    return cases + [("text", name, len(some), run) for name, run in peers.text(some)]


def image_cases(count: int) -> list[Case]:
    """Digests per second from decoded pixels; the last line from PNG files."""
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 256, (count, 16, 16), dtype=np.uint8)
    pixels = [np.kron(image, np.ones((32, 32), np.uint8)) for image in coarse]
    family = profiles.load("image-perceptual-terrain128").digester
    assert isinstance(family, ImagePerceptual)
    files = [encode_png(image[:128, :128]) for image in pixels]
    cases: list[Case] = [
        ("image 512x512", "assay", count, lambda: family.digest_pixels(pixels, count, KEY)),
        ("image 128x128 PNG", "assay", count, lambda: family.digest(files, KEY)),
    ]
    return cases + [("image 512x512", name, count, run) for name, run in peers.image(pixels)]


def pair_cases(count: int, threads: int) -> list[Case]:
    """Pairs of 256-bit digests per second, those within RADIUS listed."""
    rng = np.random.default_rng(3)
    words = rng.integers(0, 2**64, (count, 4), dtype=np.uint64)

    def assay(active: int) -> allpairs.Pairs:
        numba.set_num_threads(active)
        return allpairs.pairs_within(words, words, RADIUS)

    cases: list[Case] = []
    for active in sorted({1, threads}):
        group = f"all pairs, {active} thread{'s' if active > 1 else ''}"
        cases.append((group, "assay", count**2, partial(assay, active)))
        cases += [(group, name, count**2, run) for name, run in peers.pairs(words, RADIUS, active)]
    return cases


def measure(cases: list[Case], repeats: int) -> list[dict[str, Any]]:
    """Median rate of each case, and its ratio to the first of its group."""
    rows: list[dict[str, Any]] = []
    for group, name, items, run in cases:
        clock = time.perf_counter if "threads" in group else time.process_time
        run()  # compiles, fills caches
        seconds = []
        for _ in range(repeats):
            start = clock()
            run()
            seconds.append(clock() - start)
        rate = items / statistics.median(seconds)
        ours = next((row["perSecond"] for row in rows if row["group"] == group), rate)
        rows.append({"group": group, "name": name, "perSecond": rate, "assayIsFaster": ours / rate})
    return rows


def growth(sizes: list[int]) -> list[dict[str, float]]:
    """Cost of one search of 1,000 digests among ever more."""
    rng = np.random.default_rng(4)
    queries = rng.integers(0, 2**64, (1000, 4), dtype=np.uint64)
    rows = []
    for size in sizes:
        words = rng.integers(0, 2**64, (size, 4), dtype=np.uint64)
        [row] = measure(
            [("", "", 1, lambda words=words: allpairs.count_within(queries, words, RADIUS))], 3
        )
        rows.append({"items": size, "seconds": 1 / row["perSecond"]})
    return rows


def version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def machine() -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "instructionSet": instruction_set(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def show(result: dict[str, Any]) -> None:
    about = result["machine"]
    print(f"{about['instructionSet']}, {about['cores']} cores, load {about['load']:.1f}")
    print(
        f"Python {about['python']}, "
        + ", ".join(
            f"{name} {found or 'not installed'}" for name, found in about["packages"].items()
        )
    )
    print(f"\n{'':24}{'':42}{'per second':>14}{'assay is faster':>18}")
    for row in result["rates"]:
        faster = "" if row["name"].startswith("assay") else f"{row['assayIsFaster']:.1f} x"
        print(f"{row['group']:24}{row['name']:42}{row['perSecond']:>14,.0f}{faster:>18}")
    print("\n1,000 digests searched among    seconds")
    for row in result["growth"]:
        print(f"{row['items']:>28,}    {row['seconds']:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, for a look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    chosen = parser.parse_args()
    scale, repeats = (4, 3) if chosen.quick else (1, 5)
    threads = min(2, numba.config.NUMBA_NUM_THREADS)
    cases = [
        *text_cases(20_000 // scale),
        *image_cases(256 // scale),
        *pair_cases(32_768 // scale, threads),
    ]
    sizes = [1000, 10_000, 100_000] + ([] if chosen.quick else [1_000_000])
    result = {
        "schema": "assay/bench-digests/1",
        "machine": machine(),
        "rates": measure(cases, repeats),
        "growth": growth(sizes),
        "digestBits": digest.BITS,
    }
    show(result)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
