"""Shapley values: exact over all subsets, or sampled over permutations with a standard error.

A source's value is the mean, over all orders in which sources may join, of what it adds to the
quality when it joins. Shapley, Contributions to the Theory of Games II (1953) 307-317.

exact    Σ over S without i of |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S)), as a fraction. sampled
orders drawn at random, each with its reverse (antithetic: where a source joins early in one
         it joins late in the other). Each pair is one independent estimate; the standard error is
         that of the mean of the pairs. Castro, Gómez and Tejada, Comput. Oper. Res. 36 (2009)
         1726-1730; Mitchell et al., J. Mach. Learn. Res. 23 (2022) 43.
"""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, isqrt

import numpy as np

from verifier.contribution.game import Game
from verifier.errors import ContributionError

__all__ = ["EXACT_LIMIT", "MAX_PLAYERS", "Sampled", "exact", "sampled"]

EXACT_LIMIT = 12
"""Up to so many sources all 2^n subsets are evaluated."""

MAX_PLAYERS = 256
MIN_PAIRS = 2
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sampled:
    """Estimates and the standard error of each, nano; errors are rounded up."""

    values: tuple[Fraction, ...]
    errors: tuple[int, ...]
    pairs: int


def exact(game: Game) -> tuple[Fraction, ...]:
    """The value of each source, nano; they sum to v(all) − v(none) exactly.

    Raises:
        ContributionError: there are more than 12 sources.
    """
    players = game.players
    if players > EXACT_LIMIT:
        raise ContributionError(
            f"{players} sources have too many subsets; sample permutations beyond {EXACT_LIMIT}."
        )
    masks = np.arange(1 << players)
    quality = np.array([game(int(mask)) for mask in masks], dtype=np.int64)
    sizes = np.bitwise_count(masks)
    values = []
    for player in range(players):
        without = masks[masks >> player & 1 == 0]
        added = quality[without | 1 << player] - quality[without]
        total = sum(
            factorial(size)
            * factorial(players - size - 1)
            * int(added[sizes[without] == size].sum())
            for size in range(players)
        )
        values.append(Fraction(total, factorial(players)))
    return tuple(values)


def sampled(game: Game, pairs: int, seed: bytes) -> Sampled:
    """Estimates from `pairs` orders and their reverses; `seed` (32 bytes) decides which.

    Each order's additions sum to v(all) − v(none), and so do the estimates.

    Raises:
        ContributionError: more than 256 sources, fewer than 2 pairs, or no seed.
    """
    players = game.players
    if players > MAX_PLAYERS or pairs < MIN_PAIRS or len(seed) != SEED_BYTES:
        raise ContributionError(
            f"Sampling takes up to {MAX_PLAYERS} sources, at least {MIN_PAIRS} pairs and a seed of "
            f"{SEED_BYTES} bytes, not {players}, {pairs} and {len(seed)}."
        )
    sums, squares = [0] * players, [0] * players
    for number in range(pairs):
        order = _order(seed, number, players)
        forth, back = _added(game, order), _added(game, order[::-1])
        for player in range(players):
            both = forth[player] + back[player]
            sums[player] += both
            squares[player] += both * both
    # A pair's estimate is half of what it adds up to.
    values = tuple(Fraction(total, 2 * pairs) for total in sums)
    errors = tuple(
        _ceil_sqrt(Fraction(pairs * square - total * total, 4 * pairs * pairs * (pairs - 1)))
        for total, square in zip(sums, squares, strict=True)
    )
    return Sampled(values, errors, pairs)


def _added(game: Game, order: list[int]) -> list[int]:
    """What each source adds, joining in this order; indexed by source."""
    added = [0] * len(order)
    mask, before = 0, game(0)
    for player in order:
        mask |= 1 << player
        after = game(mask)
        added[player], before = after - before, after
    return added


def _order(seed: bytes, number: int, players: int) -> list[int]:
    """A Fisher-Yates shuffle by SHAKE-256 of the seed; remainders of 64 bits hardly favour any."""
    message = b"assay/contribution/1\0" + seed + number.to_bytes(8, "little")
    draws = np.frombuffer(hashlib.shake_256(message).digest(8 * players), dtype="<u8")
    order = list(range(players))
    for last in range(players - 1, 0, -1):
        other = int(draws[last]) % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def _ceil_sqrt(value: Fraction) -> int:
    root = isqrt(value.numerator // value.denominator)
    return root if root * root == value else root + 1
