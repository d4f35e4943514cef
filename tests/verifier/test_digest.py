"""`verifier.digest`: the interface all families share, and the stream all of them draw from."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types import Family as Kind
from scripts import digest_docs
from verifier import digest, profiles
from verifier.canonical import keccak256
from verifier.digest import keystream
from verifier.errors import DigestError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
digests32 = st.binary(min_size=32, max_size=32)


def test_families__when_looked_up__then_names_are_those_of_the_contracts():
    for name, family in digest.FAMILIES.items():
        assert name == family.name == Kind(family.kind).label
    assert len(digest.FAMILIES) == len(Kind)


def test_families__when_one_is_specified__then_it_names_itself_and_its_features():
    for name, family in digest.FAMILIES.items():
        assert family.specification.startswith(f"Family `{name}`: ")
        for feature in family.features:
            assert f"`{feature.name}`" in family.specification


def test_docs__when_the_script_runs__then_they_are_not_stale():
    page = digest_docs.PAGE.read_text("utf-8")
    assert digest_docs.page() == page, "run scripts/digest_docs.py"
    for name in digest.FAMILIES:
        assert page.count(f"\n## `{name}`\n") == 1


@given(digests32, digests32)
def test_distance__when_two_digests_are_given__then_it_is_the_popcount_of_the_xor(a, b):
    bits = sum((x ^ y).bit_count() for x, y in zip(a, b, strict=True))
    assert digest.distance(a, b) == digest.distance(b, a) == bits
    rows = digest.to_words([a, b])
    assert digest.distances(rows[0], rows[1]) == bits


@given(st.lists(digests32, max_size=5))
def test_words__when_converted_back__then_nothing_is_lost(digests):
    assert digest.from_words(digest.to_words(digests)) == digests


def test_words__when_bit_i_is_set__then_it_is_bit_i_of_the_integer():
    for bit in (0, 63, 64, 255):
        row = digest.to_words([(1 << bit).to_bytes(32)])[0]
        assert row[bit // 64] == np.uint64(1 << bit % 64)
        assert np.count_nonzero(row) == 1


@pytest.mark.parametrize("a", [b"", bytes(31), bytes(33)])
def test_distance__when_a_digest_has_another_length__then_it_is_refused(a):
    with pytest.raises(DigestError, match="32 bytes"):
        digest.distance(a, bytes(32))
    with pytest.raises(DigestError, match="32 bytes"):
        digest.to_words([a])


@pytest.mark.parametrize("name", profiles.names())
@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytearray(32), "k" * 32])
def test_digest__when_the_key_is_not_32_bytes__then_one_sentence_says_so(name, key):
    with pytest.raises(DigestError, match="A digest key is 32 bytes"):
        digest.digest(b"content", profiles.load(name), key)


def test_exact__when_content_is_given__then_it_is_keccak_of_key_and_content():
    profile = profiles.load("exact-bytes")
    assert digest.digest(b"content", profile, KEY) == keccak256(KEY + b"content")


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "empty"), (b"x" * ((1 << 20) + 1), "at most 1048576")]
)
def test_exact__when_content_is_empty_or_too_large__then_one_sentence_says_so(content, says):
    with pytest.raises(DigestError, match=says):
        digest.digest(content, profiles.load("exact-bytes"), KEY)


@pytest.mark.parametrize("name", profiles.names())
def test_digest_batch__when_there_is_nothing__then_the_result_is_empty(name):
    found = digest.digest_batch([], profiles.load(name), KEY)
    assert (found.shape, found.dtype) == ((0, 4), np.uint64)


def test_stream__when_drawn__then_it_is_shake_256_of_tag_zero_and_key():
    expected = hashlib.shake_256(b"assay/digest/1/some/tag\0" + KEY).digest(40)
    assert keystream.stream("some/tag", KEY, 40) == expected
    assert keystream.words("some/tag", KEY, 5).tolist() == [
        int.from_bytes(expected[i : i + 8], "little") for i in range(0, 40, 8)
    ]
    signs = keystream.signs("some/tag", KEY, 10, 30)
    bits = [expected[i // 8] >> (i % 8) & 1 for i in range(300)]
    assert signs.ravel().tolist() == [2 * bit - 1 for bit in bits]


def test_stream__when_the_tag_differs__then_nothing_is_shared():
    assert keystream.stream("a", KEY, 32) != keystream.stream("b", KEY, 32)
    assert keystream.stream("a", KEY, 32) != keystream.stream("a", bytes(32), 32)
