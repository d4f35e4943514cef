"""`verifier.planning.binomial` against exact fractions."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.planning.binomial import at_least, beta_binomial, binomial, trinomial

pytestmark = pytest.mark.unit

shares = st.fractions(0, 1, max_denominator=1000)


def rising(start: Fraction, count: int) -> Fraction:
    product = Fraction(1)
    for step in range(count):
        product *= start + step
    return product


@given(st.integers(0, 60), shares)
def test_binomial__when_compared_with_fractions__then_equal_to_rounding(n, p):
    exact = [float(comb(n, k) * p**k * (1 - p) ** (n - k)) for k in range(n + 1)]
    np.testing.assert_allclose(binomial(n, float(p)), exact, rtol=1e-10, atol=1e-300)


@given(st.integers(0, 30), shares, st.fractions("1/100", "99/100", max_denominator=100))
def test_beta_binomial__when_compared_with_fractions__then_equal_to_rounding(n, mean, correlation):
    total = 1 / correlation - 1
    exact = [
        float(
            comb(n, k)
            * rising(mean * total, k)
            * rising((1 - mean) * total, n - k)
            / rising(total, n)
        )
        for k in range(n + 1)
    ]
    found = beta_binomial(n, float(mean), float(correlation))
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-300)


def test_beta_binomial__then_pairs_correlate_as_asked():
    n, mean, correlation = 12, 0.8, 0.25
    k, terms = np.arange(n + 1), beta_binomial(n, mean, correlation)
    variance = (terms * (k - n * mean) ** 2).sum()
    single = mean * (1 - mean)
    assert (variance - n * single) / (n * (n - 1) * single) == pytest.approx(correlation)


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.3), (0.2, 0.8), (1.0, 0.0), (0.0, 1.0)])
def test_trinomial__then_sums_to_one_and_has_its_margins(p, q):
    table = trinomial(7, p, q)
    np.testing.assert_allclose(table.sum(axis=1), binomial(7, p), atol=1e-12)
    np.testing.assert_allclose(table.sum(axis=0), binomial(7, q), atol=1e-12)


def test_at_least__when_the_least_is_below_zero_or_beyond__then_everything_or_nothing():
    assert at_least(binomial(5, 0.3), -2) == pytest.approx(1)
    assert at_least(binomial(5, 0.3), 6) == 0
