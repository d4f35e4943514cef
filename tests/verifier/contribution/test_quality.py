"""Quality functions: what they call equal, similar and good."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier import digest, profiles
from verifier.contribution.game import ONE
from verifier.contribution.quality import (
    agreement_with,
    committee_agreement,
    embedding_similarity,
)
from verifier.errors import ContributionError

pytestmark = pytest.mark.unit

vectors = st.lists(st.integers(-1000, 1000), min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("answer", "quality"),
    [("paris", ONE), ("  PARIS\n", ONE), ("Pari\u0301s", 0), ("Paris, France", 0), ("", 0)],
)
def test_agreement__then_form_does_not_matter_and_content_does(answer, quality):
    assert agreement_with("Paris")(answer) == quality


def test_agreement__when_composed_differently__then_the_same():
    assert agreement_with("caf\u00e9")("CAFE\u0301") == ONE


def test_committee_agreement__when_within_tolerance_of_the_verdict__then_one():
    profile, key = profiles.load("text-minhash-smollm2"), b"\x05" * 32

    def of(text: bytes) -> bytes:
        return digest.digest(text, profile, key)

    text = b"one two three four five six seven eight nine ten"
    quality = committee_agreement(of(text), profile.tolerance, of)
    assert quality(text) == ONE
    assert quality(b"something else entirely, with other words in it") == 0


@given(vectors, vectors)
def test_similarity__when_compared_with_real_numbers__then_the_cosine(a, b):
    if not any(a):
        return
    found = embedding_similarity(a)(b)
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    expected = dot / (math.hypot(*a) * math.hypot(*b)) if any(b) else 0.0
    assert found == pytest.approx(expected * ONE, abs=2)
    assert abs(found) <= ONE


def test_quality__when_it_cannot_be__then_one_sentence_says_why():
    with pytest.raises(ContributionError, match="reference answer is empty"):
        agreement_with(" \n")
    with pytest.raises(ContributionError, match="from 0 to 255"):
        committee_agreement(bytes(32), 256, lambda raw: raw)
    with pytest.raises(ContributionError, match="nothing to resemble"):
        embedding_similarity([0, 0])
    with pytest.raises(ContributionError, match="2 components"):
        embedding_similarity([1, 0, 0])([1, 0])
    with pytest.raises(ContributionError, match="quantise"):
        embedding_similarity([0.5, 1])
