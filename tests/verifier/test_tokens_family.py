"""Family `tokens`: what two decodes share, by position and token."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier import digest
from verifier.digest import kernels, keystream, minwise
from verifier.digest.tokens import Tokens
from verifier.errors import DigestError, ProfileError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
MASK = (1 << 64) - 1
sequences = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=60)


def content(tokens) -> bytes:
    return np.asarray(tokens, dtype="<u4").tobytes()


def by_the_specification(tokens: list[int], bucket: int, key: bytes) -> bytes:
    """docs/digests.md written down a second time, one value at a time."""

    def draw(tag: str, count: int) -> list[int]:
        raw = keystream.stream(f"tokens/{tag}", key, 8 * count)
        return [int.from_bytes(raw[8 * i : 8 * i + 8], "little") for i in range(count)]

    def mix64(value: int) -> int:
        value ^= value >> 33
        value = value * 0xFF51AFD7ED558CCD & MASK
        value ^= value >> 33
        value = value * 0xC4CEB9FE1A85EC53 & MASK
        return value ^ value >> 33

    def mix32(value: int) -> int:
        value ^= value >> 16
        value = value * 0x85EBCA6B & 0xFFFFFFFF
        value ^= value >> 13
        value = value * 0xC2B2AE35 & 0xFFFFFFFF
        return value ^ value >> 16

    a, b = draw("element", 2)
    elements = [
        mix64(a * (i // bucket + 1) + b * (token + 1) & MASK) >> 32
        for i, token in enumerate(tokens)
    ]
    bits = 0
    for lane, drawn in enumerate(draw("permutations", 256)):
        least = min(((drawn & 0xFFFFFFFF | 1) * x + (drawn >> 32)) & 0xFFFFFFFF for x in elements)
        bits |= (mix32(least) & 1) << lane
    return bits.to_bytes(32)


@given(sequences, st.integers(1, 20), st.binary(min_size=32, max_size=32))
def test_digest__when_compared_with_the_specification__then_it_is_the_same(tokens, bucket, key):
    words = Tokens(1 << 20, bucket).digest([content(tokens)], key)
    assert digest.from_words(words) == [by_the_specification(tokens, bucket, key)]


@given(st.lists(sequences, min_size=1, max_size=5))
def test_digest__when_sequences_come_in_one_batch__then_each_is_as_alone(batch):
    family = Tokens(1 << 20, 8)
    contents = [content(tokens) for tokens in batch]
    one_by_one = np.concatenate([family.digest([c], KEY) for c in contents])
    np.testing.assert_array_equal(family.digest(contents, KEY), one_by_one)


def test_digest__when_compiled__then_it_is_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    batch = [rng.integers(0, 49_152, size, dtype=np.uint32) for size in rng.integers(1, 90, 40)]
    found = []
    for module in (None, kernels):
        monkeypatch.setattr(minwise, "kernels", lambda items, enough, module=module: module)
        found.append(Tokens(1 << 20, 8).digest_tokens(batch, KEY))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("shared", [0, 32, 60])
def test_distance__when_decodes_diverge__then_it_is_about_what_they_do_not_share(shared):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        a = rng.integers(0, 49_152, 64)
        b = np.concatenate([a[:shared], rng.integers(50_000, 60_000, 64 - shared)])
        words = Tokens(1 << 20, 8).digest([content(a), content(b)], rng.bytes(32))
        found.append(int(digest.distances(words[0], words[1])))
    jaccard = shared / (128 - shared)
    assert abs(np.mean(found) - 128 * (1 - jaccard)) < 4 * 8 / np.sqrt(60)


def test_digest__when_neighbours_swap_within_a_bucket__then_it_is_the_same():
    tokens = list(range(16))
    swapped = [tokens[1], tokens[0], *tokens[2:]]
    family = Tokens(1 << 20, 8)
    words = family.digest([content(tokens), content(swapped)], KEY)
    assert digest.distances(words[0], words[1]) == 0
    apart = Tokens(1 << 20, 1).digest([content(tokens), content(swapped)], KEY)
    assert digest.distances(apart[0], apart[1]) > 0


@pytest.mark.parametrize(
    ("raw", "says"), [(b"", "0 bytes"), (b"abc", "3 bytes"), (bytes(1028), "at most 1024")]
)
def test_digest__when_it_is_no_token_list__then_one_sentence_says_why(raw, says):
    with pytest.raises(DigestError, match=says):
        Tokens(1024, 8).digest([raw], KEY)


@pytest.mark.parametrize("features", [{}, {"bucket": 0}, {"bucket": 8, "x": 1}])
def test_parse__when_a_feature_is_wrong__then_it_is_refused(features):
    with pytest.raises(ProfileError):
        Tokens.parse(features, 1024)
