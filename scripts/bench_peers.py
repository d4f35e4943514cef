"""What other libraries do for the same inputs, where installed. Used by bench_digests.py."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PACKAGES = ("datasketch", "rensa", "ImageHash", "opencv-contrib-python-headless", "faiss-cpu")

DATASKETCH = "datasketch MinHash.bulk"
RENSA = "rensa RMinHash.from_token_sets"
IMAGEHASH = "imagehash phash(16)"
OPENCV = "OpenCV BlockMeanHash"
FAISS = "faiss IndexBinaryFlat.range_search"

Peer = tuple[str, Callable[[], Any]]


def shingles(content: bytes) -> list[str]:
    """Shingles of three words, as a user of a MinHash library writes them."""
    words = content.decode().split()
    return [" ".join(words[i : i + 3]) for i in range(len(words) - 2)]


def text(contents: Sequence[bytes]) -> list[Peer]:
    """MinHash of 256 permutations, shingling included."""
    found: list[Peer] = []
    if find_spec("datasketch"):
        from datasketch import MinHash

        def datasketch() -> Any:
            sets = [[s.encode() for s in shingles(content)] for content in contents]
            return MinHash.bulk(sets, num_perm=256)

        found.append((DATASKETCH, datasketch))
    if find_spec("rensa"):
        from rensa import RMinHash

        def rensa() -> Any:
            sets = [shingles(content) for content in contents]
            return RMinHash.from_token_sets(sets, num_perm=256, seed=1)

        found.append((RENSA, rensa))
    return found


def image(pixels: Sequence[NDArray[np.uint8]]) -> list[Peer]:
    """Perceptual hashes of decoded pixels."""
    found: list[Peer] = []
    if find_spec("imagehash"):
        import imagehash

        images = [Image.fromarray(plane) for plane in pixels]
        found.append((IMAGEHASH, lambda: [imagehash.phash(i, hash_size=16) for i in images]))
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(1)
        block_mean = cv2.img_hash.BlockMeanHash_create(0)
        found.append((OPENCV, lambda: [block_mean.compute(p) for p in pixels]))
    return found


def pairs(words: NDArray[np.uint64], radius: int, threads: int) -> list[Peer]:
    """Pairs of digests within a radius."""
    if not find_spec("faiss"):
        return []
    import faiss

    codes = words.view(np.uint8).reshape(len(words), 32)
    index = faiss.IndexBinaryFlat(256)
    index.add(codes)

    def search() -> Any:
        faiss.omp_set_num_threads(threads)
        return index.range_search(codes, radius)

    return [(FAISS, search)]
