"""Family `text-minhash`: what it estimates, what it ignores, what it refuses."""

import sys
import unicodedata
from functools import lru_cache
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier import digest, profiles
from verifier.digest import keystream
from verifier.digest import nfc as nfc_module
from verifier.digest.nfc import nfc
from verifier.digest.shingles import PIECE, WHITE_SPACE, shingle
from verifier.digest.text_minhash import TextMinhash
from verifier.digest.unicode14 import UNASSIGNED
from verifier.errors import DigestError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
MASK = (1 << 64) - 1


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


def draw(tag: str, count: int, key: bytes) -> list[int]:
    raw = keystream.stream(f"text-minhash/{tag}", key, 8 * count)
    return [int.from_bytes(raw[8 * i : 8 * i + 8], "little") for i in range(count)]


def windows(values: list[int], size: int, tag: str, key: bytes) -> list[int]:
    factors = draw(tag, size, key)
    starts = range(max(1, len(values) - size + 1))
    return [
        mix64(sum(m * v for m, v in zip(factors, values[i : i + size], strict=False)) & MASK) >> 32
        for i in starts
    ]


def by_the_specification(text: str, word: int, character: int, key: bytes) -> bytes:
    """docs/digests.md written down a second time, one value at a time."""
    text = nfc(text)
    for code in WHITE_SPACE:
        text = text.replace(chr(code), " ")
    parts = [part for part in text.split(" ") if part]
    pieces = [p[i : i + PIECE] for p in parts for i in range(0, len(p), PIECE)]
    letters = draw("word", PIECE, key)
    hashed = [
        mix64(sum(a * (ord(c) + 1) for a, c in zip(letters, p, strict=False)) & MASK)
        for p in pieces
    ]
    found: list[int] = []
    if word:
        found += windows(hashed, word, "word-window", key)
    if character:
        codes = [ord(c) + 1 for c in " ".join(parts)]
        found += windows(codes, character, "character-window", key)
    bits = 0
    for lane, drawn in enumerate(draw("permutations", 256, key)):
        a, b = drawn & 0xFFFFFFFF | 1, drawn >> 32
        least = min((a * x + b) & 0xFFFFFFFF for x in found)
        bits |= (mix32(least) & 1) << lane
    return bits.to_bytes(32)


def one(text: str, word: int = 3, character: int = 5, key: bytes = KEY) -> bytes:
    words = TextMinhash(1 << 20, word, character).digest([text.encode()], key)
    return digest.from_words(words)[0]


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=150).filter(
    lambda text: bool(text.strip("".join(map(chr, WHITE_SPACE))))
)


@given(texts, st.integers(0, 4), st.integers(0, 6), st.binary(min_size=32, max_size=32))
def test_digest__when_compared_with_the_specification__then_it_is_the_same(
    text, word, character, key
):
    if word or character:
        assert one(text, word, character, key) == by_the_specification(text, word, character, key)


@given(st.lists(texts, min_size=1, max_size=6))
def test_digest__when_texts_come_in_one_batch__then_each_is_as_alone(contents):
    family = TextMinhash(1 << 20, 3, 5)
    batch = family.digest([text.encode() for text in contents], KEY)
    assert digest.from_words(batch) == [one(text) for text in contents]


def test_digest__when_texts_fill_several_blocks__then_each_is_as_alone():
    contents = ["word " * 9000, "x" * 70_000, "two words", "y z " * 20_000]
    batch = TextMinhash(1 << 20, 3, 5).digest([text.encode() for text in contents], KEY)
    assert digest.from_words(batch) == [one(text) for text in contents]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8, 0.95])
def test_distance__when_keys_vary__then_its_mean_is_128_times_one_minus_jaccard(share):
    rng = np.random.default_rng(11)
    errors = []
    for _ in range(60):
        a = rng.permutation(3000)[:80]
        b = a.copy()
        changed = round(80 * (1 - share))
        b[:changed] = rng.permutation(3000)[:changed] + 3000
        jaccard = len(set(a) & set(b)) / len(set(a) | set(b))
        contents = [" ".join(f"w{i}" for i in ids).encode() for ids in (a, b)]
        family = TextMinhash(1 << 20, 1, 0)
        for _ in range(5):
            rows = family.digest(contents, rng.bytes(32))
            errors.append(int(digest.distances(rows[0], rows[1])) - 128 * (1 - jaccard))
    # One distance has a standard deviation of at most 8; the keys are independent.
    assert abs(np.mean(errors)) < 4 * 8 / np.sqrt(len(errors))
    p = (1 - jaccard) / 2
    assert np.std(errors) == pytest.approx(np.sqrt(256 * p * (1 - p)), rel=0.2)


def test_bits__when_keys_vary__then_each_bit_is_a_fair_coin():
    family = TextMinhash(1 << 20, 3, 5)
    rows = [
        family.digest([b"always the same text, again and again"], k.to_bytes(32))
        for k in range(400)
    ]
    bits = np.unpackbits(np.concatenate(rows).view(np.uint8), axis=1)
    # 256 coins of 400 throws: the largest deviation stays under 5 standard deviations.
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(400)


def test_digest__when_only_white_space_differs__then_it_is_the_same():
    assert one("one two three") == one("\n one\t\u3000two\u00a0three\r\n")


def test_digest__when_the_text_is_decomposed__then_it_is_the_same():
    assert one("café à la crème") == one(unicodedata.normalize("NFD", "café à la crème"))


def test_digest__when_case_or_order_changes__then_it_differs():
    assert one("one two three") != one("One two three")
    assert one("one two three") != one("three two one")


def test_shingle__when_a_text_is_short__then_it_still_has_one_of_each_kind():
    for kind in shingle(["a"], 3, 5, KEY):
        assert len(kind.values) == 1


def test_nfc__when_this_python_knows_unicode_14__then_the_table_is_its_own():
    if unicodedata.unidata_version != "14.0.0":
        assert sys.version_info > (3, 11)
        return
    everything = map(chr, range(sys.maxunicode + 1))
    assert unassigned() == {letter for letter in everything if unicodedata.category(letter) == "Cn"}


def test_nfc__when_all_is_below_the_combining_marks__then_there_is_nothing_to_normalise():
    below = [chr(code) for code in range(0x300)]
    for first in below:
        text = first.join(below)
        assert unicodedata.normalize("NFC", text) == text
    assert {unicodedata.category(letter) for letter in below}.isdisjoint({"Cn", "Mn"})


@lru_cache(maxsize=1)
def unassigned() -> set[str]:
    """The table as a set, read without the pattern that the code makes of it."""
    listed = set()
    for item in UNASSIGNED.split():
        first, _, last = item.partition("-")
        listed.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return listed


@given(st.text(st.characters() | st.sampled_from("e\u0301\u0323\u0378\U0001e08f\uffff\U00010000")))
def test_nfc__when_any_text_comes__then_it_is_cut_where_the_table_says(text):
    gaps = unassigned()
    runs = [(gap, "".join(run)) for gap, run in groupby(text, gaps.__contains__)]
    assert nfc(text) == "".join(
        run if gap else unicodedata.normalize("NFC", run) for gap, run in runs
    )


@given(st.text(max_size=50))
def test_nfc__when_a_text_is_normalised_twice__then_nothing_changes(text):
    assert nfc(nfc(text)) == nfc(text)


def test_nfc__when_this_python_knows_a_later_unicode__then_it_never_sees_what_14_did_not(
    monkeypatch,
):
    seen = []

    class Later:
        """A `unicodedata` that would normalise whatever it is given."""

        @staticmethod
        def normalize(form, piece):
            seen.append(piece)
            return f"<{piece}>"

    monkeypatch.setattr(nfc_module, "unicodedata", Later)
    assert nfc("é\u0378\U0001e08f\u0301") == "<é>\u0378\U0001e08f<\u0301>"
    assert seen == ["é", "\u0301"]


def test_nfc__when_a_later_unicode_would_reorder__then_unicode_14_decides():
    # U+1E08F became a combining letter (class 230) in Unicode 15; in 14 it is unassigned.
    assert nfc("a\U0001e08f\u0323") == "a\U0001e08f\u0323"
    assert nfc("a\u0301\u0378\u0323") == "á\u0378\u0323"


MARKS = "\u0300\u0301\u0315\u0334\u0345\u0344\u0f73\u0f81\u3099\U00010a0d\U0001d165"
STARTERS = "aeo\u1100\u1161\u0b47\u0b3e\U0001f600\U000110b9"


@given(
    st.lists(
        st.tuples(st.sampled_from(STARTERS), st.text(st.sampled_from(MARKS), max_size=150)),
        max_size=4,
    )
)
def test_nfc__when_many_marks_stand_in_a_row__then_it_is_what_unicode_says(parts):
    text = "".join(starter + marks for starter, marks in parts)
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_nfc__when_a_mebibyte_of_marks_is_out_of_order__then_none_is_inserted_one_by_one(
    monkeypatch,
):
    given_to_python = []

    class Watched:
        """`unicodedata` that notes what it is to normalise."""

        @staticmethod
        def normalize(form, piece):
            given_to_python.append(piece)
            return unicodedata.normalize(form, piece)

    monkeypatch.setattr(nfc_module, "unicodedata", Watched)
    assert nfc("a" + "\u0315\u0300" * 250_000) == "à" + "\u0300" * 249_999 + "\u0315" * 250_000
    classes = [unicodedata.combining(mark) for mark in given_to_python[-1]]
    assert classes == sorted(classes)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \n\xe3\x80\x80\t", "blank"),
        (b"abc\xff", r"not valid UTF-8 \(byte 3\)"),
        (b"\xed\xa0\x80", "not valid UTF-8"),
        (b"x" * 32_769, "at most 32768"),
    ],
)
def test_digest__when_it_is_no_text__then_one_sentence_says_why(content, says):
    with pytest.raises(DigestError, match=says) as problem:
        digest.digest(content, profiles.load("text-minhash-smollm2"), KEY)
    assert "\n" not in str(problem.value)


def test_digest__when_one_character_is_repeated_a_million_times__then_memory_stays_bounded():
    import tracemalloc

    family = TextMinhash(1 << 20, 3, 5)
    tracemalloc.start()
    try:
        family.digest([b"x" * (1 << 20)], KEY)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * (1 << 20)


@given(st.binary(max_size=300))
def test_digest__when_any_bytes_come__then_it_answers_or_refuses_with_a_sentence(content):
    try:
        found = digest.digest(content, profiles.load("text-minhash-smollm2"), KEY)
    except DigestError as refusal:
        problem = str(refusal)
        assert problem.endswith(".")
    else:
        assert len(found) == 32
