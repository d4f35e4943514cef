"""Digests by bands: all that are near, and no others, as comparing with every one finds them."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.similar.words import flipped, random_words
from verifier.digest import distances, from_words, to_words
from verifier.errors import DigestError, SimilarError
from verifier.similar import digests
from verifier.similar.banded import MOST_DISTANCE, BandedDigests
from verifier.similar.digests import BANDS, DigestIndex, Near, bands_of, flips

pytestmark = pytest.mark.unit

WORDS = random_words(3000)
IDS = [f"id{row}" for row in range(len(WORDS))]
ENOUGH = digests.ENOUGH_DIGESTS


@pytest.fixture(scope="module", params=[1, 1 << 60], ids=["bands", "scan"])
def index(request: pytest.FixtureRequest) -> Iterator[DigestIndex]:
    """An index that always looks bands up where it can, and one that always scans."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "ENOUGH_DIGESTS", request.param)
        yield DigestIndex(IDS, WORDS)


def by_comparing_with_all(words: np.ndarray, query: bytes, radius: int) -> list[Near]:
    apart = distances(words, to_words([query])[0]).tolist()
    found = [Near(f"id{row}", d) for row, d in enumerate(apart) if d <= radius]
    return sorted(found, key=lambda one: one.distance)


@given(st.integers(0, 40), st.integers(0, 256), st.integers(0, 2999), st.integers(0, 9))
def test_within__when_compared_with_every_digest__then_it_is_the_same(
    index: DigestIndex, radius: int, bits: int, row: int, seed: int
) -> None:
    query = flipped(WORDS, row, bits, seed)
    assert index.within(query, radius) == by_comparing_with_all(WORDS, query, radius)


@pytest.mark.parametrize("radius", [0, 15, 16, 31, 32, 47, 128, 256])
def test_within__when_a_digest_is_just_near_enough__then_it_is_found(
    index: DigestIndex, radius: int
) -> None:
    query = flipped(WORDS, 7, radius)
    assert Near("id7", radius) in index.within(query, radius)
    if radius:
        assert Near("id7", radius) not in index.within(query, radius - 1)


def test_within__when_the_difference_is_spread_evenly__then_it_is_found_all_the_same(
    index: DigestIndex,
) -> None:
    value = int.from_bytes(from_words(WORDS[5:6])[0])
    # One bit in each band, and two in all but one: the worst that 16 bands have to bear.
    once = sum(1 << 16 * band for band in range(BANDS))
    twice = once | sum(2 << 16 * band for band in range(BANDS - 1))
    for mask in (once & ~1, twice):
        apart = mask.bit_count()
        assert index.within((value ^ mask).to_bytes(32), apart) == [Near("id5", apart)]


def test_within__when_many_are_equally_near__then_the_first_of_the_index_come_first(
    index: DigestIndex,
) -> None:
    twins = np.repeat(WORDS[:1], 5, axis=0)
    many = DigestIndex(["a", "b", "c", "d", "e"], twins)
    query = from_words(twins)[0]
    assert many.within(query, 3, limit=2) == [Near("a", 0), Near("b", 0)]
    assert many.within(query, 3, limit=9) == [Near(id, 0) for id in "abcde"]


def test_nearest__when_compared_with_every_digest__then_it_is_the_same(index: DigestIndex) -> None:
    for row in range(5):
        query = flipped(WORDS, row, 20 * row)
        assert index.nearest(query, 12) == by_comparing_with_all(WORDS, query, 256)[:12]


def test_index__when_it_is_empty__then_nothing_is_found() -> None:
    empty = DigestIndex([], np.zeros((0, 4), np.uint64))
    assert len(empty) == 0
    assert empty.within(bytes(32), 256) == empty.nearest(bytes(32), 3) == []


def test_index__when_it_is_large__then_bands_are_used_and_miss_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digests, "ENOUGH_DIGESTS", ENOUGH)
    words = random_words(ENOUGH)
    large = DigestIndex([f"id{row}" for row in range(len(words))], words)
    for bits in (0, 15, 31):
        query = flipped(words, 99, bits)
        assert large._candidates(query, bits) is not None
        assert large.within(query, bits) == by_comparing_with_all(words, query, bits)
    assert large._candidates(query, 32) is None


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["a"], np.zeros((1, 4), np.int64)),
        (["a"], np.zeros((1, 3), np.uint64)),
        (["a"], np.zeros(4, np.uint64)),
        (["a", "b"], np.zeros((1, 4), np.uint64)),
    ],
)
def test_index__when_rows_are_of_another_kind_or_number__then_it_is_refused(ids, words) -> None:
    with pytest.raises(SimilarError, match=r"uint64 of shape|give one each"):
        DigestIndex(ids, words)


@pytest.mark.parametrize("radius", [-1, 257])
def test_within__when_the_distance_makes_no_sense__then_it_is_refused(index, radius) -> None:
    with pytest.raises(SimilarError, match=r"0 to 256|distance of 47"):
        index.within(bytes(32), radius)
    with pytest.raises(DigestError, match="32 bytes"):
        index.within(bytes(31), 4)


def test_bands__then_each_is_16_bits_of_the_integer_and_flips_are_all_of_so_many_bits() -> None:
    value = int.from_bytes(bytes(range(32)))
    bands = bands_of(to_words([bytes(range(32))]))[0].tolist()
    assert bands == [value >> 16 * band & 0xFFFF for band in range(BANDS)]
    for bits in range(3):
        expected = {mask for mask in range(1 << 16) if mask.bit_count() <= bits}
        assert set(flips(bits).tolist()) == expected
        assert len(flips(bits)) == len(expected)


def banded(count: int) -> BandedDigests:
    index = BandedDigests()
    index.add(zip(IDS, from_words(WORDS[:count]), strict=False))
    return index


@pytest.mark.parametrize("radius", [0, 15, 16, 31, 32, MOST_DISTANCE])
def test_banded__when_compared_with_every_digest__then_it_is_the_same(radius: int) -> None:
    index = banded(400)
    for row in range(4):
        query = flipped(WORDS, row, radius)
        assert index.within(query, radius) == by_comparing_with_all(WORDS[:400], query, radius)


def test_banded__when_the_distance_is_too_large__then_it_says_what_to_do() -> None:
    with pytest.raises(SimilarError, match=r"up to a distance of 47, not 48; build it in a file"):
        banded(1).within(bytes(32), 48)


def test_banded__when_dropped__then_it_is_empty() -> None:
    index = banded(3)
    assert not index.is_empty()
    index.drop()
    assert index.is_empty()
    assert index.within(from_words(WORDS)[0], 47) == []
