"""Parts of the experiments on text that need no model."""

from pathlib import Path

import numpy as np
import pytest

from scripts.experiments import text_prompts
from scripts.experiments.text_cases import SAME_TEXT, text_cases, token_cases
from scripts.experiments.text_edits import EDITS
from scripts.experiments.text_guesses import guesses
from scripts.experiments.text_logprobs import (
    CLAIMED,
    FEATURES,
    key_for,
    logprob_cases,
    raised,
    shortfalls,
)
from scripts.experiments.text_search import Search, vocabulary
from scripts.experiments.text_stale import guess_distances, stale_cases
from scripts.experiments.text_store import Lines, read
from tests.experiments.made_texts import HONEST, OTHER, records, texts
from verifier import digest, profiles
from verifier.calibration import key_of
from verifier.digest.logprobs import Logprobs, encode, record_type

pytestmark = pytest.mark.unit

TOP = 8
FAMILY = Logprobs.parse({**FEATURES, "top": TOP}, 1 << 24)


def test_lines__when_the_last_was_cut_off__then_it_is_made_again(tmp_path: Path):
    path = tmp_path / "a" / "made.jsonl"
    with Lines(path) as store:
        store.add({"task": "t1", "n": 1})
        store.add({"task": "t2", "n": 2})
    with path.open("ab") as file:
        file.write(b'{"task":"t3","n"')
    assert read(path).keys() == {"t1", "t2"}
    with Lines(path) as store:
        assert "t2" in store
        assert "t3" not in store
        store.add({"task": "t3", "n": 3})
    assert [record["n"] for record in read(path).values()] == [1, 2, 3]


def test_prompts__then_all_differ_and_the_order_stays():
    tasks = [*text_prompts.base(), *text_prompts.long()]
    assert len({task.prompt for task in tasks}) == len(tasks) == 2200
    assert text_prompts.base(3) == text_prompts.base()[:3]
    assert tasks[0].prompt == "What are common misunderstandings about the printing press?"


def test_edits__then_as_many_words_change_and_short_texts_are_left_out():
    rng = np.random.default_rng(1)
    words = HONEST.split(" ")
    for count in (1, 3):
        edited = EDITS[f"{count} word{'s' * (count > 1)} replaced"](HONEST, rng).split(" ")
        assert sum(a != b for a, b in zip(words, edited, strict=True)) == count
    assert EDITS["10 words replaced"]("too short", rng) is None
    assert HONEST.startswith(EDITS["last half cut"](HONEST, rng))


def test_text_cases__when_sampling_gave_the_same_text__then_it_is_a_variant_that_bears_no_goal(
    tmp_path: Path,
):
    made = {case.variant: case for case in text_cases(texts(tmp_path)) if case.task == "t0000"}
    same = made[f"temperature 0.2; {SAME_TEXT}"]
    assert not same.goal
    assert same.label == "different"
    assert "temperature 0.2" not in made
    assert len(same.verifiers) == 3
    assert (tmp_path / same.claim).read_text() == HONEST
    assert made["four requests at a time"].honest
    assert made["1 word replaced"].goal


def test_token_cases__then_the_same_seed_is_honest_and_another_is_not(tmp_path: Path):
    made = {case.variant: case for case in token_cases(texts(tmp_path))}
    assert made["the same seed"].honest
    assert not made["another seed"].honest
    assert not made["the last 1 tokens left out"].goal
    ids = np.frombuffer((tmp_path / made["another seed"].claim).read_bytes(), "<u4")
    assert ids.tolist() == list(range(200, 240))


def test_logprob_cases__then_each_claimed_engine_claims_once_and_the_others_verify(tmp_path: Path):
    found = list(logprob_cases(records(tmp_path), TOP))
    honest = [case for case in found if case.honest]
    assert len(honest) == 6 * len(CLAIMED)
    assert all(len(case.verifiers) == 3 and case.claim not in case.verifiers for case in honest)
    assert all(case.key == key_for(case.task) for case in found)
    wrong = [case for case in found if case.variant.startswith("weights quantised again")]
    assert len(wrong) == 6
    contents = [(tmp_path / name).read_bytes() for name in (wrong[0].claim, *wrong[0].verifiers)]
    rows = FAMILY.digest(contents, wrong[0].key)
    assert digest.distances(rows[:1], rows[1:]).min() > 80
    assert digest.distances(rows[1], rows[2]) < 20


def test_shortfalls__when_tokens_are_not_the_likeliest__then_they_tell(tmp_path: Path):
    found = shortfalls(records(tmp_path), FAMILY)
    assert found["honest, read by torch, float32"].max() == 0
    assert found["sampled at temperature 0.8"].min() > 0.2


def test_guess_distances__then_every_guess_is_plausible_and_far(tmp_path: Path):
    found = guess_distances(records(tmp_path), FAMILY)
    assert len(found) == 4
    for words, distances in found.items():
        assert distances.shape == (6, 3)
        assert distances.mean() > (25 if "before the key" in words else 90)


def test_stale_cases__then_the_suffix_alone_is_made_up(tmp_path: Path):
    made = records(tmp_path)
    [case, *rest] = stale_cases(made, FAMILY)
    assert len(rest) == 5
    stale = np.frombuffer((tmp_path / case.claim).read_bytes(), dtype=record_type(TOP))
    true = made.array("honest", "torch-f32", case.task, TOP)
    assert (stale[:-16] == true[:-16]).all()
    assert (stale["given"] == true["given"]).all()
    assert not (stale["top"][-16:] == true["top"][-16:]).any(axis=1).all()


def test_guesses__then_none_is_near_unless_another_output_is():
    profile = profiles.load("text-minhash-smollm2")
    contents = {f"t{n}": f"{HONEST} {n} {OTHER[n:]}".encode() for n in range(3)}
    contents["t3"] = contents["t0"]
    alike = {name: ["t0"] for name in contents if name != "t0"} | {"t0": ["t1"]}
    found = {
        guess.words.partition(",")[0]: guess.distances
        for guess in guesses(contents, alike, profile, 2)
    }
    assert {distances.shape for distances in found.values()} == {(4, 2)}
    assert found["the nearest of those"][0].tolist() == [0, 0]
    assert found["the output for another prompt on the same topic"][3].tolist() == [0, 0]
    assert found["the output for another prompt on the same topic"][:3].min() > 0
    assert found["the honest digest"].min() > 80


def test_search__when_the_key_is_known__then_it_comes_nearer_and_its_digest_is_as_it_says():
    profile = profiles.load("text-minhash-smollm2")
    key = key_of("t", 0)
    words = [*vocabulary([HONEST, OTHER]), *(f"{n:03}" for n in range(500))]
    found = Search(profile.digester, key, words, 1).run(HONEST, OTHER, profile.tolerance, 24_576)
    assert found.text.startswith(OTHER)
    assert found.distance < found.first - 20
    rows = digest.digest_batch([HONEST.encode(), found.text.encode()], profile, key)
    assert digest.distances(rows[0], rows[1]) == found.distance
    assert found.tries == 24_576


def test_raised__then_the_given_token_is_the_likeliest_and_the_others_keep_their_order():
    tokens = np.array([[5, 6, 7], [5, 6, 7], [7, 6, 5]])
    logprobs = np.array([[-0.5, -1.0, -2.0], [-0.5, -1.0, -2.0], [0.0, -1.0, -2.0]])
    raw = encode(np.array([7, 9, 6]), tokens, logprobs)
    found = raised(np.frombuffer(raw, dtype=record_type(3)))
    assert found["top"]["token"].tolist() == [[7, 5, 6], [9, 5, 6], [6, 7, 5]]
    assert found["top"]["logprob"][0].tolist() == [-1, -128, -256]
    assert found["top"]["logprob"][2].tolist() == [0, 0, -512]
