"""The golden vectors: the code gives them, and they are what the script would write."""

import json
from pathlib import Path

import numpy as np
import pytest

from scripts import make_golden
from scripts.golden_reputation import running_hashes
from verifier import digest, profiles, reputation
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.logprobs import Logprobs
from verifier.digest.text_minhash import TextMinhash
from verifier.digest.tokens import Tokens
from verifier.digest.vector_hyperplane import VectorHyperplane

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parent.parent / "golden"
DIGESTS = json.loads((GOLDEN / "digests.json").read_text())
HISTORIES = json.loads((GOLDEN / "histories.json").read_text())
REPUTATION = json.loads((GOLDEN / "reputation.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_golden_files__when_the_script_runs__then_they_are_not_stale():
    for name, text in make_golden.files().items():
        assert (GOLDEN / name).read_text() == text, f"run scripts/make_golden.py: {name} is stale"


FAMILIES = ("distance", *digest.FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_golden_files__when_a_family_is_looked_up__then_it_has_at_least_40_cases(family: str):
    assert len(DIGESTS[family]) >= 40


def test_golden_files__when_forge_decodes_structs__then_names_are_in_alphabetical_order():
    for name in FAMILIES:
        for case in DIGESTS[name]:
            assert list(case) == sorted(case)
    for case in REPUTATION["histories"]:
        assert list(case) == ["final", "start", "steps"]
        assert list(case["final"]) == sorted(case["final"])


def test_distance__when_golden__then_it_is_the_same_in_both_forms():
    a = [raw(case["a"]) for case in DIGESTS["distance"]]
    b = [raw(case["b"]) for case in DIGESTS["distance"]]
    expected = [case["distance"] for case in DIGESTS["distance"]]
    assert [digest.distance(x, y) for x, y in zip(a, b, strict=True)] == expected
    assert digest.distances(digest.to_words(a), digest.to_words(b)).tolist() == expected


def test_exact__when_golden__then_the_digest_is_the_same():
    profile = profiles.load("exact-bytes")
    for case in DIGESTS["exact"]:
        found = digest.digest(raw(case["content"]), profile, raw(case["key"]))
        assert found == raw(case["digest"])


def test_text_minhash__when_golden__then_the_digest_is_the_same():
    for case in DIGESTS["text-minhash"]:
        family = TextMinhash(1 << 20, case["wordShingle"], case["characterShingle"])
        words = family.digest([raw(case["content"])], raw(case["key"]))
        assert digest.from_words(words) == [raw(case["digest"])]


def test_image_perceptual__when_golden__then_the_digest_is_the_same():
    families = {
        name: ImagePerceptual.parse(features, 1 << 20)
        for name, features in DIGESTS["image-features"].items()
    }
    for case in DIGESTS["image-perceptual"]:
        words = families[case["features"]].digest([raw(case["content"])], raw(case["key"]))
        assert digest.from_words(words) == [raw(case["digest"])]


def test_vector_hyperplane__when_golden__then_the_digest_is_the_same():
    family = VectorHyperplane.parse(DIGESTS["vector-features"], 96)
    for case in DIGESTS["vector-hyperplane"]:
        words = family.digest([raw(case["content"])], raw(case["key"]))
        assert digest.from_words(words) == [raw(case["digest"])]


def test_tokens__when_golden__then_the_digest_is_the_same():
    for case in DIGESTS["tokens"]:
        words = Tokens(1 << 20, case["bucket"]).digest([raw(case["content"])], raw(case["key"]))
        assert digest.from_words(words) == [raw(case["digest"])]


def test_logprobs__when_golden__then_the_digest_is_the_same():
    family = Logprobs.parse(DIGESTS["logprobs-features"], 1 << 20)
    for case in DIGESTS["logprobs"]:
        words = family.digest([raw(case["content"])], raw(case["key"]))
        assert digest.from_words(words) == [raw(case["digest"])]


def test_text_minhash__when_one_batch_holds_all_texts__then_it_equals_one_by_one():
    key = raw(DIGESTS["exact"][0]["key"])
    contents = [raw(case["content"]) for case in DIGESTS["text-minhash"]]
    family = TextMinhash(1 << 20, 3, 5)
    one_by_one = np.concatenate([family.digest([content], key) for content in contents])
    np.testing.assert_array_equal(family.digest(contents, key), one_by_one)


def test_decay__when_golden__then_the_amount_is_the_same():
    for case in REPUTATION["decays"]:
        steps = reputation.steps_between(case["from"], case["to"], case["halfLife"])
        assert reputation.decay(case["amount"], steps) == case["result"]


def test_score__when_golden__then_every_number_is_the_same():
    policy = reputation.Policy(REPUTATION["policy"]["halfLife"])
    assert REPUTATION["policy"]["minimum"] == policy.minimum
    assert REPUTATION["policy"]["prior"] == policy.prior
    for case in REPUTATION["histories"]:
        steps = [(step["dt"], step["alpha"], step["beta"]) for step in case["steps"]]
        evidence = reputation.replay(steps, policy, case["start"])
        score = reputation.score(evidence, evidence.updated_at, policy)
        assert case["final"] == {
            "alpha": score.alpha,
            "beta": score.beta,
            "effectiveN": score.effective_n,
            "known": score.known,
            "lowerBps": score.lower_bps,
            "meanBps": score.mean_bps,
        }


@pytest.mark.parametrize(
    "count",
    [
        2_000,
        pytest.param(1_000_000, marks=[pytest.mark.campaign, pytest.mark.timeout(1800)]),
    ],
)
def test_histories__when_chained__then_the_running_hash_is_the_contracts(count: int):
    assert running_hashes([count]) == {str(count): HISTORIES[str(count)]}
