"""The experiment on vectors, without a model: its plan, its cases, and from nothing to its page."""

import json
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from scripts import experiment_vectors
from scripts.experiments import vector_cases
from scripts.experiments.vector_plan import HONEST, IN_TURN, VARIANTS, WHOLE, Plan, words_of
from verifier.calibration import CaseSet

pytestmark = pytest.mark.unit

PLAN = Plan(tasks=14, panel=4, whitening=30)
NOUNS = [(f"noun {n}", f"definition number {n} of what it is") for n in range(50)]


def embedder(model: str):
    """In place of a model: a direction per text, nearly the same for all honest engines."""

    def embed(texts: Sequence[str]) -> np.ndarray:
        honest = any(variant.model == model for variant in VARIANTS if variant.honest)
        seeds = [zlib.crc32(text.encode()) ^ (not honest) for text in texts]
        rows = np.stack([np.random.default_rng(seed).normal(size=384) for seed in seeds])
        rows += 0.01 * np.random.default_rng(len(model)).normal(size=rows.shape)
        rows[:, 7] = 0.5
        return (rows / 20).astype(np.float32)

    return embed


def test_plan__then_variants_have_500_tasks_and_verifiers_have_all():
    counts = Counter(
        variant.name
        for variant in VARIANTS
        for number in range(WHOLE.tasks)
        if WHOLE.has(variant, number)
    )
    assert min(counts.values()) >= 500
    assert {counts[name] for name in HONEST} == {WHOLE.tasks}
    assert all(not variant.honest and variant.goal for variant in IN_TURN)


def test_words__then_what_whitens_is_no_task(tmp_path: Path):
    gloss = "of such a length that it is taken for a definition"
    (tmp_path / "data.noun").write_text(
        "  licence\n"
        + "".join(f"0 0 n 01 noun_{number} 0 | {gloss} {number}\n" for number in range(3100))
    )
    words = words_of(tmp_path, PLAN)
    assert len(words) == len(set(words)) == PLAN.tasks + PLAN.whitening
    whole = words_of(tmp_path, WHOLE)
    assert not set(words[PLAN.tasks :]) & set(whole[: WHOLE.tasks])


def test_edits__then_texts_are_cut_and_changed_as_named():
    edits = {variant.name: variant.edit for variant in VARIANTS}
    own, following = ("cat", "a small tame animal"), ("dog", "another")
    assert edits["float32"](own, following) == "cat: a small tame animal"
    assert edits["half-text"](own, following) == "cat: a"
    assert edits["three-quarters"](own, following) == "cat: a small tame"
    assert edits["word-less"](own, following) == "cat: a small animal"
    assert edits["other-noun"](own, following) == "dog: a small tame animal"


def test_experiment__when_run__then_honest_pass_and_others_do_not(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(vector_cases, "load", embedder)
    monkeypatch.setattr(
        experiment_vectors, "words_of", lambda _wordnet, plan: NOUNS[: plan.tasks + plan.whitening]
    )
    work, out = tmp_path / "work", tmp_path / "out"
    experiment_vectors.experiment(tmp_path, work, out, PLAN, 0.0)
    figures = json.loads((out / "vectors.json").read_bytes())["result"]["heldOut"]
    assert figures["falseReject"]["oneVerifier"]["events"] == 0
    whole = [row for row in figures["variants"] if row["variant"] == "another text"]
    assert whole[0]["within"] == 0
    for case in CaseSet.load(work).cases:
        assert case.claim not in case.verifiers
        assert len(case.verifiers) == 3
    recipe = json.loads((out / f"{vector_cases.NAME}.json").read_bytes())
    assert recipe["features"]["scale"][7] == 1  # the same in every text
    page = (out / "vectors.md").read_text()
    monkeypatch.setattr(vector_cases, "load", lambda name: pytest.fail(f"{name} was made again"))
    experiment_vectors.experiment(tmp_path, work, out, PLAN, 0.0)
    assert (out / "vectors.md").read_text() == page


def test_command__when_wordnet_is_missing__then_says_where_it_comes_from(
    tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["experiment_vectors.py", "--wordnet", str(tmp_path)])
    assert experiment_vectors.main() == 1
    assert "wordnet-base" in capsys.readouterr().err
