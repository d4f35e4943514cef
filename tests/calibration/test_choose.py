"""`verifier.calibration.choose`: which tolerance, and whether the limit holds."""

import numpy as np
import pytest

from verifier.calibration.choose import accepted, choose, histogram

pytestmark = pytest.mark.unit


def counts(*distances: int) -> np.ndarray:
    return histogram(np.array(distances, dtype=np.uint16))


def test_choose__when_there_is_a_gap__then_its_middle():
    choice = choose(counts(0, 4, 10), [counts(31, 90), counts(120)], 0.001, 255)
    assert (choice.tolerance, choice.least, choice.most, choice.limit_met) == (20, 10, 30, True)


def test_choose__when_one_variant_of_many_is_near__then_it_sets_the_limit():
    near, far = counts(*[20] + [100] * 99), counts(*[128] * 100_000)
    assert choose(counts(0), [near, far], 0.001, 255).most == 19
    assert choose(counts(0), [near, far], 0.01, 255).most == 99


def test_choose__when_honest_and_dishonest_overlap__then_as_many_honest_as_the_limit_allows():
    choice = choose(counts(*range(0, 100)), [counts(*range(50, 150))], 0.1, 255)
    assert choice.tolerance == choice.least == choice.most == 59


def test_choose__when_identical_outputs_are_dishonest__then_the_limit_is_not_met():
    choice = choose(counts(0), [counts(0, 128)], 0.1, 255)
    assert (choice.tolerance, choice.limit_met) == (0, False)


def test_choose__when_the_family_admits_0_only__then_0():
    choice = choose(counts(0, 130), [counts(120, 140)], 0.1, 0)
    assert (choice.tolerance, choice.limit_met) == (0, True)


def test_accepted__when_there_is_nothing__then_0_and_absent_is_nothing():
    assert not accepted(counts(0xFFFF)).any()
    assert accepted(counts(3, 5, 0xFFFF))[[2, 3, 4, 5, 256]].tolist() == [0, 0.5, 0.5, 1, 1]
