"""Games for tests: any quality of any subset, and Shapley values by the definition."""

from fractions import Fraction
from itertools import permutations

from hypothesis import strategies as st

from verifier.contribution.game import ONE, Game

qualities = st.integers(-ONE, ONE)


@st.composite
def tables(draw: st.DrawFn, least: int = 1, most: int = 5) -> list[int]:
    """The quality of each of the 2^n subsets."""
    players = draw(st.integers(least, most))
    return draw(st.lists(qualities, min_size=1 << players, max_size=1 << players))


def game(table: list[int]) -> Game:
    return Game(len(table).bit_length() - 1, table.__getitem__)


def by_definition(table: list[int]) -> tuple[Fraction, ...]:
    """The mean over all orders of what each player adds."""
    players = len(table).bit_length() - 1
    orders = list(permutations(range(players)))
    sums = [0] * players
    for order in orders:
        mask = 0
        for player in order:
            sums[player] += table[mask | 1 << player] - table[mask]
            mask |= 1 << player
    return tuple(Fraction(total, len(orders)) for total in sums)
