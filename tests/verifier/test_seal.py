"""`verifier.seal`: opens with its salt, with nothing else, and never lies about why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.errors import SealError
from verifier.seal import HEADER_BYTES, MAGIC, seal, unseal

pytestmark = pytest.mark.unit

SALT = bytes(range(32))
salts = st.binary(min_size=32, max_size=32)


@given(st.binary(max_size=2000), salts)
def test_unseal__when_the_salt_is_right__then_the_content_comes_back(content, salt):
    assert unseal(seal(content, salt), salt) == content


@given(st.binary(max_size=200), salts, salts)
def test_unseal__when_the_salt_is_another__then_it_says_so(content, salt, other):
    if salt == other:
        return
    with pytest.raises(SealError, match="this salt"):
        unseal(seal(content, salt), other)


@given(st.data())
def test_unseal__when_any_bit_is_flipped__then_it_is_refused(data):
    sealed = bytearray(seal(b"an output", SALT))
    position = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(SealError):
        unseal(bytes(sealed), SALT)


def test_seal__when_done_twice__then_the_file_is_the_same():
    assert seal(b"output", SALT) == seal(b"output", SALT)


def test_seal__when_the_output_differs__then_so_does_the_nonce():
    first, second = seal(b"output", SALT), seal(b"outpux", SALT)
    assert first[:HEADER_BYTES] != second[:HEADER_BYTES]


def test_seal__when_read_as_it_is__then_it_shows_nothing_of_the_content():
    content = b"a phrase that would be recognised"
    assert content not in seal(content, SALT)


@pytest.mark.parametrize(
    ("sealed", "says"),
    [
        (b"", "not a sealed output"),
        (b"PNG" * 50, "not a sealed output"),
        (MAGIC + b"\x01" + bytes(20), "not a sealed output"),
        (MAGIC + b"\x02" + bytes(60), "sealed by version 2"),
    ],
)
def test_unseal__when_it_is_no_seal_of_this_version__then_one_sentence_says_so(sealed, says):
    with pytest.raises(SealError, match=says):
        unseal(sealed, SALT)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_seal__when_the_salt_has_another_length__then_it_is_refused(size):
    with pytest.raises(SealError, match="32 bytes"):
        seal(b"x", bytes(size))
