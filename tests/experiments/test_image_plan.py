"""What the experiment on images is to generate, and how weights are altered for it."""

import numpy as np
import pytest

from scripts.experiments import image_plan, terrain_weights
from scripts.experiments.image_plan import HONEST, IN_TURN, VARIANTS, WHOLE

pytestmark = pytest.mark.unit

WHITENED = range(900_000, 900_400)
FORMER = range(910_000, 930_000)
GOAL = {
    "other-seed",
    "repainted-1.0",
    "repainted-0.8",
    "repainted-0.6",
    "int8",
    "pruned-10",
    "noised-10",
}


def test_plan__then_every_variant_has_500_tasks_and_verifiers_have_all():
    counts = {
        variant.name: sum(WHOLE.has(variant, task) for task in WHOLE.all_tasks())
        for variant in VARIANTS
    }
    assert min(counts.values()) >= 500
    assert {counts[name] for name in (image_plan.PLAIN, *HONEST)} == {2000}


def test_plan__then_the_goal_is_other_seeds_other_models_and_strong_re_painting():
    assert {variant.name for variant in IN_TURN} == GOAL
    assert all(sum(WHOLE.has(v, task) for v in IN_TURN) >= 1 for task in WHOLE.all_tasks())


def test_seeds__then_none_took_part_in_whitening_and_none_comes_twice():
    seeds = [
        (variant.seed(task), variant.condition(task))
        for task in WHOLE.all_tasks()
        for variant in VARIANTS
        if variant.model == image_plan.PLAIN and variant.strength is None
    ]
    assert not {seed for seed, _ in seeds} & {*WHITENED, *FORMER}
    assert len(set(seeds)) == len(seeds)


def test_conditions__when_shifted_past_the_last__then_the_first_follow():
    shift = next(variant for variant in VARIANTS if variant.shift == 50)
    task = image_plan.ImageTask("t", 0, 80, 1)
    assert shift.condition(task) == 30


def test_half__then_weights_are_those_of_half_precision():
    values = np.array([[1.0001, -3e-8, 65504.0]], dtype=np.float32)
    assert terrain_weights.half(values).tolist() == [[1.0, -5.960464477539063e-08, 65504.0]]


def test_brain__then_rounds_to_eight_bits_halves_to_even():
    values = np.array([1 + 2**-8, 1 + 3 * 2**-8, -(1 + 2**-7), 3e38], dtype=np.float32)
    assert terrain_weights.brain(values)[:3].tolist() == [1.0, 1 + 2**-6, -(1 + 2**-7)]
    assert np.isclose(terrain_weights.brain(values)[3], 3e38, rtol=2**-8)


def test_pruned__then_the_smallest_share_is_gone_and_biases_stay():
    values = np.arange(1, 101, dtype=np.float32).reshape(10, 10)
    kept = terrain_weights.pruned(0.1)(values)
    assert (kept == 0).sum() == 10
    assert kept.max() == 100
    assert (terrain_weights.pruned(0.1)(values[0]) == values[0]).all()


def test_noised__then_as_strong_as_asked_and_the_same_for_a_draw():
    values = np.random.default_rng(1).normal(0, 3, (200, 200)).astype(np.float32)
    once, again, other = (terrain_weights.noised(0.1, draw)(values) for draw in (1, 1, 2))
    assert np.isclose((once - values).std(), 0.3, rtol=0.05)
    assert (once == again).all()
    assert (once != other).any()
