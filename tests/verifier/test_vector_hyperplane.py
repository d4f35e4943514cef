"""Family `vector-hyperplane`: an angle, exact rounding, and no vector that is none."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verifier import digest
from verifier.digest import keystream
from verifier.digest.vector_hyperplane import VectorHyperplane
from verifier.errors import DigestError, ProfileError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
DIMENSION = 64
FEATURES = {
    "dimension": DIMENSION,
    "exponent": 16,
    "mean": [0] * DIMENSION,
    "scale": [1 << 12] * DIMENSION,
}


def family(**changes) -> VectorHyperplane:
    return VectorHyperplane.parse({**FEATURES, **changes}, 4 * DIMENSION)


def vectors(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.125, (count, DIMENSION)).astype(np.float32)


def test_digest__when_bytes_or_arrays_are_given__then_it_is_the_same():
    rows = vectors(5)
    contents = [row.astype("<f4").tobytes() for row in rows]
    np.testing.assert_array_equal(
        family().digest(contents, KEY), family().digest_vectors(rows, KEY)
    )


@given(st.lists(st.floats(width=32, min_value=-9, max_value=9), min_size=2, max_size=2))
@example([0.09375, 0.15625])  # 1.5 and 2.5: halves go to even
@example([-0.09375, 1e30])
def test_features__when_compared_with_plain_integers__then_they_are_the_same(values):
    vector = np.ones((1, DIMENSION), dtype=np.float32)
    vector[0, :2] = values
    mean = [7, -9] + [0] * (DIMENSION - 2)
    exact = family(mean=mean, exponent=4, scale=[1 << 20] * DIMENSION)
    found = exact.features(vector)[0, :2].tolist()
    for value, centre, feature in zip(vector[0].tolist(), mean, found, strict=False):
        units = max(-(1 << 24), min(1 << 24, round(value * 2**4)))
        assert feature == max(-127, min(127, units - centre))


def test_digest__when_written_down_again__then_each_bit_is_the_sign():
    [row] = vectors(1)
    features = family().features(row[None])[0].astype(int)
    signs = keystream.signs("vector-hyperplane/projections", KEY, 256, DIMENSION).astype(int)
    expected = sum(int(signs[i] @ features > 0) << i for i in range(256)).to_bytes(32)
    assert digest.from_words(family().digest_vectors(row[None], KEY)) == [expected]


@pytest.mark.parametrize("mixing", [0.1, 0.5, 2.0])
def test_distance__when_keys_vary__then_its_mean_is_the_angle(mixing):
    rng = np.random.default_rng(3)
    a, noise = vectors(2, 5)
    b = (a + mixing * noise).astype(np.float32)
    rows = family().features(np.stack([a, b])).astype(float)
    angle = np.arccos(rows[0] @ rows[1] / np.sqrt((rows[0] @ rows[0]) * (rows[1] @ rows[1])))
    found = []
    for _ in range(100):
        words = family().digest_vectors(np.stack([a, b]), rng.bytes(32))
        found.append(int(digest.distances(words[0], words[1])))
    # ±1 entries deviate a little from the Gaussian formula; 64 dimensions leave about a bit.
    assert abs(np.mean(found) - 256 * angle / np.pi) < 4 * 8 / np.sqrt(100) + 1.5


def test_digest__when_last_digits_differ__then_it_hardly_moves():
    a = vectors(1)
    words = family().digest_vectors(np.concatenate([a, a * np.float32(1 + 1e-6)]), KEY)
    assert digest.distances(words[0], words[1]) <= 2


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_digest__when_a_value_is_not_finite__then_one_sentence_says_so(bad):
    rows = vectors(2)
    rows[1, 3] = bad
    with pytest.raises(DigestError, match="not finite"):
        family().digest([row.astype("<f4").tobytes() for row in rows], KEY)


def test_digest__when_a_vector_is_zero__then_it_is_refused():
    with pytest.raises(DigestError, match="all zeros"):
        family().digest([bytes(4 * DIMENSION)], KEY)


@pytest.mark.parametrize("size", [0, 4, 4 * DIMENSION - 1, 4 * DIMENSION + 4])
def test_digest__when_the_dimension_is_another__then_both_sizes_are_told(size):
    with pytest.raises(DigestError, match=f"has {size} bytes; 64 values of float32 are 256"):
        family().digest([bytes(size)], KEY)


def test_digest_vectors__when_the_shape_is_another__then_it_is_refused():
    with pytest.raises(DigestError, match=r"wants \[n, 64\]"):
        family().digest_vectors(np.ones((2, 3), np.float32), KEY)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dimension": 0}, "dimension must be"),
        ({"dimension": 32}, "maxBytes must be 128"),
        ({"exponent": 65}, "exponent must be"),
        ({"mean": []}, "list of 64 integers"),
    ],
)
def test_parse__when_a_feature_is_wrong__then_one_sentence_says_which(changes, says):
    with pytest.raises(ProfileError, match=says):
        family(**changes)
