"""How many population counts this machine does in a second, with nothing else to do.

Words are loaded, counted and summed, from the first-level cache, so memory is no part of it. A pair
of 256-bit digests takes four counts, which bounds how many pairs can be compared at all. Used by
bench_digests.py.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from verifier.digest.kernels import popcount

WORDS = 2048  # 16 KB
ROUNDS = 1_000_000
COUNTS = WORDS * ROUNDS  # on each thread
LINE_WORDS = 8

U64 = np.uint64


@numba.njit(nogil=True)
def _rounds(words: NDArray[np.uint64], rounds: int) -> Any:
    total = U64(0)
    for number in range(rounds):
        part = U64(0)
        for index in range(len(words)):
            part += popcount(words[index])
        total += part
        words[number % LINE_WORDS] ^= U64(number)  # or one round would do for all
    return total


@numba.njit(nogil=True, parallel=True)
def _count(lines: NDArray[np.uint64], rounds: int, totals: NDArray[np.uint64]) -> None:
    for thread in numba.prange(len(totals)):
        totals[thread] = _rounds(lines[thread], rounds)


def count(threads: int) -> None:
    """COUNTS population counts on each of `threads` threads."""
    numba.set_num_threads(threads)
    room = np.random.default_rng(5).integers(0, 2**64, threads * WORDS + LINE_WORDS, np.uint64)
    first = -(room.ctypes.data // 8) % LINE_WORDS  # at a cache line, as the digests are
    lines = room[first : first + threads * WORDS].reshape(threads, WORDS)
    _count(lines, ROUNDS, np.zeros(threads, dtype=np.uint64))
