"""The compiled kernels give the integers that NumPy gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.images import grey
from verifier import digest
from verifier.digest import allpairs, fast, image_perceptual, kernels, pixels, text_minhash
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.shingles import WHITE_SPACE
from verifier.digest.text_minhash import TextMinhash
from verifier.errors import DigestError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
texts = st.text(
    st.sampled_from("ab \u3000\u0301é日\U0001f600\x00"), min_size=1, max_size=200
).filter(lambda text: bool(text.strip(" \u3000")))


@pytest.fixture
def slow(monkeypatch):
    """Calls a function with NumPy only, then with the kernels for batches of any size."""

    def both(function):
        with monkeypatch.context() as patch:
            patch.setattr(text_minhash, "kernels", lambda items, enough: None)
            patch.setattr(image_perceptual, "kernels", lambda items, enough: None)
            plain = function()
        with monkeypatch.context() as patch:
            patch.setattr(text_minhash, "kernels", lambda items, enough: kernels)
            patch.setattr(image_perceptual, "kernels", lambda items, enough: kernels)
            compiled = function()
        return plain, compiled

    return both


def test_kernels__when_a_batch_is_small__then_nothing_is_loaded():
    assert fast.kernels(3, 4) is None
    assert fast.kernels(4, 4) is kernels


def test_kernels__when_numba_is_missing__then_numpy_does_it(monkeypatch):
    monkeypatch.setattr(fast, "find_spec", lambda name: None)
    fast._module.cache_clear()
    try:
        assert fast.kernels(1000, 4) is None
    finally:
        fast._module.cache_clear()


@pytest.mark.parametrize(("word", "character"), [(3, 5), (1, 0), (0, 1), (16, 0), (0, 64)])
def test_texts__when_compiled__then_every_digest_is_the_same(slow, word, character):
    contents = [
        *("a", " a", "a ", "x" * 63, "x" * 64, "x" * 65, "x" * 64 + " y", "x" * 200),
        *("é  日本 \u3000k", "a b c d", "  z  ", "e\u0301", "0\u0000zero", "\U0001f600 " * 40),
        *(f"word{i} " * (i % 40 + 1) for i in range(100)),
    ]
    family = TextMinhash(1 << 20, word, character)
    plain, compiled = slow(lambda: family.digest([text.encode() for text in contents], KEY))
    np.testing.assert_array_equal(plain, compiled)


@settings(deadline=None)  # the first example waits for the compiler
@given(st.lists(texts, min_size=1, max_size=5))
def test_texts__when_they_are_arbitrary__then_the_compiled_digest_is_the_same(contents):
    family = TextMinhash(1 << 20, 3, 5)
    encoded = [text.encode() for text in contents]
    sizes = np.array([len(content) for content in encoded])
    compiled = family._block(kernels, encoded, sizes, KEY)
    one_by_one = [family._block(None, [content], sizes[:1], KEY) for content in encoded]
    np.testing.assert_array_equal(compiled, np.concatenate(one_by_one))


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (b"", "The text is empty"),
        (b" \t\n\x0b\x0c\r", "The text is blank"),
        (b"x" * 101, "The text has 101 bytes"),
        (b"\xff", "not valid UTF-8"),
        ("\u3000".encode(), "The text is blank"),
    ],
)
def test_texts__when_one_of_many_is_bad__then_the_sentence_is_the_same(monkeypatch, bad, sentence):
    monkeypatch.setattr(text_minhash, "kernels", lambda items, enough: kernels)
    with pytest.raises(DigestError, match=sentence):
        TextMinhash(100, 3, 0).digest([b"a good text", bad, b"another"], KEY)


def test_texts__when_white_space_is_of_ascii_or_not__then_words_end_there(slow):
    """Every kind of white space, and the control characters beside it, which are none."""
    family = TextMinhash(1 << 20, 1, 3)
    for letter in map(chr, (*WHITE_SPACE, 0x08, 0x0E, 0x1C, 0x1F, 0x7F, 0x200B)):
        contents = [f"ab{letter}cd".encode(), f"{letter}ab cd{letter}{letter}".encode()]
        plain, compiled = slow(lambda contents=contents: family.digest(contents, KEY))
        np.testing.assert_array_equal(plain, compiled)
        spaced = family.digest([b"ab cd"], KEY)[0]
        assert (plain[0] == spaced).all() == (ord(letter) in WHITE_SPACE)


@settings(deadline=None)  # the first example waits for the compiler
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 9))
def test_area_resample__when_compiled__then_every_cell_is_the_same(height, width, seed):
    plane = grey(height, width, seed)
    np.testing.assert_array_equal(pixels.area_resample(plane), pixels.area_resample(plane, kernels))


def test_area_resample__when_the_image_is_as_long_as_allowed__then_nothing_overflows():
    for shape in ((8192, 3), (3, 8192), (8192, 64)):
        plane = np.full(shape, 255, dtype=np.uint8)
        assert (pixels.area_resample(plane, kernels) == 255 * 256).all()


def test_images__when_compiled__then_every_digest_is_the_same(slow):
    count = 4 * 4 - 1 + 2
    family = ImagePerceptual.parse(
        {
            "lumaBlock": 4,
            "chromaBlock": 1,
            "maxPixels": 1 << 20,
            "mean": [0] * count,
            "scale": [40] * count,
        },
        1 << 20,
    )
    images = [grey(9 + i, 200 - i, i) for i in range(20)] + [
        np.stack([grey(31, 77, i + c) for c in range(3)], axis=2) for i in range(3)
    ]
    plain, compiled = slow(lambda: family.digest_pixels(images, len(images), KEY))
    np.testing.assert_array_equal(plain, compiled)
    assert len(set(digest.from_words(plain))) == len(images)


def random_words(count: int, seed: int) -> np.ndarray:
    """`uint64[count, 4]`, every seventh near the one before it."""
    words = np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)
    words[1::7] = words[:-1:7][: len(words[1::7])] ^ np.uint64(0b1011)
    return words


@pytest.mark.parametrize(("n", "m"), [(0, 5), (5, 0), (1, 1), (70, 2100), (130, 64)])
@pytest.mark.parametrize("tolerance", [0, 3, 110, 256])
def test_allpairs__when_compiled__then_counts_pairs_and_histogram_are_the_same(
    monkeypatch, n, m, tolerance
):
    a, b = random_words(n, 1), random_words(m, 1)
    found = {}
    for name, module in (("numpy", None), ("numba", kernels)):
        monkeypatch.setattr(allpairs, "kernels", lambda items, enough, module=module: module)
        found[name] = (
            allpairs.count_within(a, b, tolerance),
            *allpairs.pairs_within(a, b, tolerance),
            allpairs.histogram(a, b),
        )
    for plain, compiled in zip(found["numpy"], found["numba"], strict=True):
        np.testing.assert_array_equal(plain, compiled)
        assert plain.dtype == compiled.dtype
    assert found["numpy"][0].sum() == len(found["numpy"][1])
    assert found["numpy"][-1].sum() == n * m


def test_pairs_within__when_two_sets_are_given__then_each_pair_is_as_distance_says():
    a, b = random_words(40, 2), random_words(60, 2)
    pairs = allpairs.pairs_within(a, b, 105)
    expected = [
        (i, j, d)
        for i, x in enumerate(digest.from_words(a))
        for j, y in enumerate(digest.from_words(b))
        if (d := digest.distance(x, y)) <= 105
    ]
    assert list(zip(*(part.tolist() for part in pairs), strict=True)) == expected


@pytest.mark.parametrize("wrong", [np.zeros((3, 4), np.int64), np.zeros((3, 3), np.uint64)])
def test_allpairs__when_the_array_is_of_another_kind__then_it_is_refused(wrong):
    with pytest.raises(DigestError, match="uint64 of shape"):
        allpairs.histogram(wrong, random_words(2, 1))


@pytest.mark.parametrize("tolerance", [-1, 257])
def test_allpairs__when_the_tolerance_is_out_of_range__then_it_is_refused(tolerance):
    with pytest.raises(DigestError, match="0 to 256"):
        allpairs.count_within(random_words(2, 1), random_words(2, 1), tolerance)


@pytest.mark.parametrize("count", [1, 1024, 1025])
def test_allpairs__then_tiles_begin_at_a_cache_line_and_hold_the_digests(count):
    words = random_words(count, 5)
    tiles = allpairs._tiled(kernels, words)
    assert tiles.ctypes.data % 64 == 0
    assert tiles.shape == (-(-count // kernels.TILE), 4, kernels.TILE)
    flat = tiles.transpose(0, 2, 1).reshape(len(tiles) * kernels.TILE, 4)
    np.testing.assert_array_equal(flat[:count], words)
