"""Shapley values: the axioms, the definition, and a standard error that means what it says."""

from math import comb
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.contribution.games import by_definition, game, qualities, tables
from verifier.contribution.game import ONE, Game
from verifier.contribution.shapley import exact, sampled
from verifier.errors import ContributionError

pytestmark = pytest.mark.unit

SEED = bytes(32)


def swapped(mask: int, a: int, b: int) -> int:
    """`mask` with the bits a and b exchanged."""
    if (mask >> a & 1) != (mask >> b & 1):
        mask ^= 1 << a | 1 << b
    return mask


@given(tables())
def test_exact__when_compared_with_all_orders__then_equal(table):
    assert exact(game(table)) == by_definition(table)


@given(tables(most=7))
def test_efficiency__then_values_sum_to_what_all_add(table):
    assert sum(exact(game(table))) == table[-1] - table[0]


@given(tables(least=2), st.data())
def test_symmetry__when_two_are_interchangeable__then_they_get_the_same(table, data):
    players = len(table).bit_length() - 1
    a, b = data.draw(st.lists(st.integers(0, players - 1), min_size=2, max_size=2, unique=True))
    even = [table[min(mask, swapped(mask, a, b))] for mask in range(len(table))]
    values = exact(game(even))
    assert values[a] == values[b]


@given(tables(), st.data())
def test_null_player__when_one_adds_nothing_anywhere__then_it_gets_nothing(table, data):
    null = data.draw(st.integers(0, len(table).bit_length() - 2))
    without = [table[mask & ~(1 << null)] for mask in range(len(table))]
    assert exact(game(without))[null] == 0
    assert sampled(game(without), 5, SEED).values[null] == 0


@given(tables(least=3, most=3), tables(least=3, most=3), st.integers(-3, 3))
def test_additivity__when_games_are_added__then_values_are(first, second, factor):
    both = [a + factor * b for a, b in zip(first, second, strict=True)]
    added = [a + factor * b for a, b in zip(exact(game(first)), exact(game(second)), strict=True)]
    assert list(exact(game(both))) == added


@given(tables(most=7), st.integers(2, 6))
def test_sampled__then_efficiency_holds_for_the_estimates_too(table, pairs):
    assert sum(sampled(game(table), pairs, SEED).values) == table[-1] - table[0]


def test_exact__when_there_are_twelve_sources__then_each_subset_is_evaluated_once():
    asked: list[int] = []

    def quality(mask: int) -> int:
        asked.append(mask)
        return mask.bit_count() ** 2 * 1000

    values = exact(Game(12, quality))
    assert sorted(asked) == list(range(1 << 12))
    assert set(values) == {12 * 1000}


def majority(mask: int) -> int:
    """Fifteen sources; sources 0..4 weigh three, the others one, and 13 of 25 decide."""
    heavy = (mask & 0b11111).bit_count()
    return ONE if 3 * heavy + (mask >> 5).bit_count() >= 13 else 0


def exact_heavy() -> float:
    """The value of a heavy source in `majority`, by counting sizes instead of subsets."""
    total = 0.0
    for heavy in range(5):
        for light in range(11):
            if 3 * heavy + light < 13 <= 3 * (heavy + 1) + light:
                size = heavy + light
                ways = comb(4, heavy) * comb(10, light)
                total += ways / (15 * comb(14, size))
    return total * ONE


def test_sampled__when_repeated_with_many_seeds__then_estimates_spread_as_the_error_says():
    shared, runs = Game(15, majority), 400
    found = [sampled(shared, 50, run.to_bytes(32, "big")) for run in range(runs)]
    values = [float(each.values[0]) for each in found]
    spread = stdev(values)
    assert abs(mean(values) - exact_heavy()) < 4 * spread / runs**0.5
    # 400 runs know their spread to 3.5 %.
    assert mean(each.errors[0] for each in found) == pytest.approx(spread, rel=0.12)


def test_sampled__when_more_pairs_are_drawn__then_the_error_falls_as_their_root():
    few = sampled(Game(15, majority), 50, SEED).errors[0]
    many = sampled(Game(15, majority), 800, SEED).errors[0]
    assert 3 < few / many < 5.3


def test_sampled__when_orders_are_antithetic__then_an_additive_game_is_exact():
    weights = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7]
    additive = Game(14, lambda mask: sum(w for i, w in enumerate(weights) if mask >> i & 1))
    found = sampled(additive, 2, SEED)
    assert list(found.values) == weights
    assert set(found.errors) == {0}


def test_sampled__when_the_seed_is_the_same__then_the_estimate_is():
    one, again = (sampled(Game(15, majority), 5, b"\x07" * 32) for _ in range(2))
    other = sampled(Game(15, majority), 5, b"\x08" * 32)
    assert one == again != other


@given(tables(most=4), qualities)
def test_game__when_a_constant_is_added__then_values_stay(table, constant):
    assert exact(game([value + constant for value in table])) == exact(game(table))


@pytest.mark.parametrize("bad", [0.5, None, True, 10**13])
def test_game__when_a_quality_is_no_integer_in_range__then_it_is_refused(bad):
    with pytest.raises(ContributionError, match="quality must be an integer"):
        exact(Game(1, lambda mask: bad))


@pytest.mark.parametrize(("players", "pairs", "seed"), [(3, 1, 32), (3, 2, 31), (257, 2, 32)])
def test_sampled__when_it_cannot_be_drawn__then_one_sentence_says_why(players, pairs, seed):
    with pytest.raises(ContributionError, match="Sampling takes"):
        sampled(Game(players, lambda mask: 0), pairs, bytes(seed))


def test_exact__when_there_are_too_many_sources__then_sampling_is_advised():
    with pytest.raises(ContributionError, match="sample permutations"):
        exact(Game(13, lambda mask: 0))
    with pytest.raises(ContributionError, match="at least one source"):
        Game(0, lambda mask: 0)
