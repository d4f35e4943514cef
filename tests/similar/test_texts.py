"""Texts by sketches: standard ones, and found as comparing with every one finds them."""

import unicodedata

import numpy as np
import pytest
from datasketch import MinHash

from tests.similar.words import text
from verifier.errors import DigestError, SimilarError
from verifier.similar.sketches import Sketching, similarities
from verifier.similar.texts import TextForest, TextIndex, most_alike

pytestmark = pytest.mark.unit

SKETCHING = Sketching()
COUNT = 300
IDS = [f"t{seed}" for seed in range(COUNT)]
SKETCHES = np.stack([SKETCHING.sketch(text(seed)) for seed in range(COUNT)])


def jaccard(a: bytes, b: bytes) -> float:
    one, other = set(SKETCHING.shingles(a)), set(SKETCHING.shingles(b))
    return len(one & other) / len(one | other)


def test_sketch__when_made_by_datasketch_alone__then_it_is_the_same() -> None:
    content = "Zwölf Boxkämpfer  jagen\u3000Viktor\nquer über den Sylter Deich".encode()
    standard = MinHash(num_perm=128)
    words = ["Zwölf", "Boxkämpfer", "jagen", "Viktor", "quer", "über", "den", "Sylter", "Deich"]
    for i in range(len(words) - 2):
        standard.update(" ".join(words[i : i + 3]).encode())
    np.testing.assert_array_equal(SKETCHING.sketch(content), standard.hashvalues)
    decomposed = unicodedata.normalize("NFD", content.decode()).encode()
    np.testing.assert_array_equal(SKETCHING.sketch(decomposed), standard.hashvalues)


def test_sketch__when_a_text_is_shorter_than_a_shingle__then_it_is_one() -> None:
    assert SKETCHING.shingles(b" a  b ") == [b"a b"]
    assert sorted(Sketching(1).shingles(b"b a b")) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", DigestError, "empty"),
        (b" \n\xe3\x80\x80", SimilarError, "blank"),
        (b"\xff", DigestError, "not valid UTF-8"),
        (b"x" * ((1 << 20) + 1), DigestError, "at most 1048576"),
    ],
)
def test_sketch__when_it_is_no_text__then_one_sentence_says_why(content, error, says) -> None:
    with pytest.raises(error, match=says):
        SKETCHING.sketch(content)


@pytest.mark.parametrize("wrong", [(0, 128), (17, 128), (3, 15), (3, 1025), (True, 128), (3, "9")])
def test_sketching__when_its_numbers_make_no_sense__then_it_is_refused(wrong) -> None:
    with pytest.raises(SimilarError, match="of a sketch is"):
        Sketching(*wrong)


@pytest.mark.parametrize("changed", [0, 2, 6, 12])
def test_similarities__when_texts_share_shingles__then_they_estimate_jaccard(changed) -> None:
    a, b = text(5, 200), text(5, 200, changed)
    sketching = Sketching(permutations=1024)
    found = similarities(sketching.sketch(a)[None], sketching.sketch(b))[0]
    assert found == pytest.approx(jaccard(a, b), abs=4 * 0.5 / np.sqrt(1024))


def test_index__when_texts_are_much_alike__then_it_finds_what_comparing_with_all_finds() -> None:
    index = TextIndex(SKETCHING)
    index.add(zip(IDS, SKETCHES, strict=True))
    assert len(index) == COUNT
    for seed in range(0, COUNT, 7):
        query = SKETCHING.sketch(text(seed, changed=seed % 4))
        expected = most_alike(IDS, SKETCHES, query, 0.6)
        assert index.alike(query, 0.6) == expected
        assert expected[0].id == f"t{seed}"
    assert index.alike(SKETCHING.sketch(text(COUNT + 1)), 0.3) == []


def test_index__when_a_similarity_or_number_is_asked_for__then_only_so_many_come() -> None:
    index = TextIndex(SKETCHING)
    index.add((f"c{n}", SKETCHING.sketch(text(1, changed=n))) for n in range(5))
    found = index.alike(SKETCHING.sketch(text(1)), 0.0)
    assert found[0].id == "c0"
    assert [one.similarity for one in found] == sorted(
        (one.similarity for one in found), reverse=True
    )
    assert index.alike(SKETCHING.sketch(text(1)), 0.0, limit=2) == found[:2]
    least = found[2].similarity
    assert index.alike(SKETCHING.sketch(text(1)), least) == [
        one for one in found if one.similarity >= least
    ]


def test_index__when_dropped__then_it_is_empty() -> None:
    index = TextIndex(SKETCHING)
    index.add(zip(IDS, SKETCHES, strict=True))
    index.drop()
    assert len(index) == 0
    assert index.alike(SKETCHES[0], 0.0) == []


@pytest.mark.parametrize("bands", [0, 1, 3, 256])
def test_index__when_bands_do_not_divide_the_sketch__then_it_is_refused(bands) -> None:
    with pytest.raises(SimilarError, match=f"cannot be cut into {bands} bands"):
        TextIndex(SKETCHING, bands)


def test_forest__when_texts_are_asked_for_by_number__then_the_most_alike_come_first() -> None:
    forest = TextForest(zip(IDS, SKETCHES, strict=True), SKETCHING)
    assert len(forest) == COUNT
    for seed in range(0, COUNT, 11):
        query = SKETCHING.sketch(text(seed, changed=3))
        [first, *rest] = forest.nearest(query, 3)
        assert first == most_alike(IDS, SKETCHES, query, limit=1)[0]
        assert all(one.similarity <= first.similarity for one in rest)


def test_most_alike__when_few_are_alike_enough__then_no_others_come() -> None:
    found = most_alike(IDS, SKETCHES, SKETCHES[4], least=0.9)
    assert found == [("t4", 1.0)]
    assert len(most_alike(IDS, SKETCHES, SKETCHES[4], limit=3)) == 3
