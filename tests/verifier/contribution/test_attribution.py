"""From documents to contributions: unused is null, and credit goes to whom it is due."""

import pytest

from verifier.contribution.attribution import Document, attribute
from verifier.contribution.game import ONE
from verifier.contribution.outliers import outliers
from verifier.contribution.quality import agreement_with
from verifier.errors import ContributionError

pytestmark = pytest.mark.unit

SEED = bytes(32)
QUALITY = agreement_with("Paris")


def first_answer(documents):
    """The answer that most documents give; of equals the first."""
    texts = [document.text for document in documents]
    return QUALITY(max(texts, key=texts.count)) if texts else 0


def test_credit_leak__when_the_first_document_alone_is_right__then_the_last_gets_nothing():
    documents = [Document("right", "Paris"), Document("b", ""), Document("last", "")]

    def quality(some):
        return ONE if any(document.text == "Paris" for document in some) else 0

    found = attribute(["right", "b", "last"], documents, quality, SEED)
    assert found.contributions == {"right": ONE, "b": 0, "last": 0}


def test_credit_leak__when_documents_change_places__then_contributions_do_not():
    documents = [Document("a", "Paris"), Document("b", "Rome"), Document("c", "Paris")]

    def quality(some):
        return sum(ONE // 4 for document in some if document.text == "Paris")

    found = {
        tuple(attribute("abc", documents[i:] + documents[:i], quality, SEED).contributions.items())
        for i in range(3)
    }
    assert found == {(("a", ONE // 4), ("b", 0), ("c", ONE // 4))}


def test_contribution__when_a_source_was_not_used__then_it_is_null_and_not_zero():
    found = attribute(["a", "idle"], [Document("a", "Rome")], first_answer, SEED)
    assert found.contributions == {"a": 0, "idle": None}
    assert found.errors == {"a": 0, "idle": None}


def test_contribution__when_a_source_outvotes_the_right_one__then_it_is_negative():
    documents = [Document("bad", "Rome"), Document("good", "Paris"), Document("bad", "Rome")]
    found = attribute(["bad", "good"], documents, first_answer, SEED)
    assert found.contributions == {"bad": -ONE // 2, "good": ONE // 2}
    assert (found.none, found.full) == (0, 0)


def test_contribution__when_one_source_gives_several_documents__then_they_are_one_player():
    documents = [Document("a", "Paris"), Document("b", "Paris"), Document("a", "Paris")]
    found = attribute(["a", "b"], documents, first_answer, SEED)
    assert found.contributions == {"a": ONE // 2, "b": ONE // 2}
    assert found.evaluations == 4


def test_attribution__when_more_than_twelve_sources_are_used__then_sampled_with_an_error():
    names = [f"s{i:02}" for i in range(14)]
    documents = [Document(name, "Paris") for name in names]
    found = attribute(names, documents, first_answer, SEED, pairs=40)
    assert found.pairs == 40
    assert all(error > 0 for error in found.errors.values())
    # Rounding each of 14 values to nano moves the sum by at most 7.
    assert abs(sum(found.contributions.values()) - ONE) <= 7


def test_attribution__when_it_makes_no_sense__then_one_sentence_says_why():
    with pytest.raises(ContributionError, match="was not asked"):
        attribute(["a"], [Document("b", "x")], first_answer, SEED)
    with pytest.raises(ContributionError, match="used no document"):
        attribute(["a"], [], first_answer, SEED)


def test_outliers__when_one_stands_apart__then_it_alone_and_null_stays_null():
    assert outliers([10, 11, None, 9, 10, 500]) == (False, False, None, False, False, True)


def test_outliers__when_nearly_half_are_bad__then_they_are_still_seen():
    values = [100, 101, 99, 102, 98, -900, -800, 5000, 6000]
    assert outliers(values) == (False,) * 5 + (True,) * 4


def test_outliers__when_most_are_equal__then_the_least_deviation_decides():
    assert outliers([5, 5, 5, 5, 20], least_deviation=10) == (False,) * 5
    assert outliers([5, 5, 5, 5, 20], least_deviation=2) == (False,) * 4 + (True,)


def test_outliers__when_there_are_fewer_than_three__then_none():
    assert outliers([0, 10**9, None]) == (False, False, None)


def test_outliers__when_at_the_threshold__then_not_yet():
    # Median 0, MAD 1349: 3.5 / 0.6745 of it is 7000 exactly.
    values = [-1349, -1349, -1349, 0, 1349, 1349]
    assert outliers([*values, 7000])[-1] is False
    assert outliers([*values, 7001])[-1] is True
