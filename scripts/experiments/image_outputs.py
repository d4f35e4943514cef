"""Makes the images of a plan: WORK/outputs/<variant>/<task>.png. What exists is not made again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from scripts.experiments.image_plan import BLOCK, PLAIN, VARIANTS, ImageTask, Plan, Variant
from scripts.experiments.terrain_models import draws, painter
from verifier.calibration.atomic import write_whole

__all__ = ["make", "path_of"]


def path_of(variant: str, task: ImageTask) -> str:
    """Where an image is, relative to the work folder."""
    return f"outputs/{variant}/{task.name}.png"


def make(plan: Plan, work: Path, jobs: int, say: Callable[[str], None]) -> None:
    """Makes all images of `plan` that are missing, `jobs` blocks of tasks at a time."""
    blocks = range(-(-plan.tasks // BLOCK))
    one = partial(make_block, plan, work)
    for variant in VARIANTS:
        (work / "outputs" / variant.name).mkdir(parents=True, exist_ok=True)
    if jobs == 1:
        _told(map(one, blocks), len(blocks), say)
        return
    # Not forked: a copy of a process that has threads may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        _told(pool.map(one, blocks), len(blocks), say)


def make_block(plan: Plan, work: Path, block: int) -> int:
    """Makes what is missing of one block of tasks; how many images that was."""
    made = 0
    tasks = plan.all_tasks()[block * BLOCK : (block + 1) * BLOCK]
    for model in dict.fromkeys(variant.model for variant in VARIANTS):
        for draw in range(draws(model)):
            wanted = [
                (variant, task)
                for variant in VARIANTS
                if variant.model == model
                for task in tasks
                if plan.has(variant, task)
                and task.number % draws(model) == draw
                and not (work / path_of(variant.name, task)).exists()
            ]
            made += len(wanted)
            if wanted:
                _make_all(model, draw, wanted, work)
    return made


def _make_all(model: str, draw: int, wanted: list[tuple[Variant, ImageTask]], work: Path) -> None:
    artist = painter(model, draw, work / "models")
    for task in sorted({task for _, task in wanted}):
        variants = [variant for variant, other in wanted if other == task]
        base = None
        if model == PLAIN and any(
            variant.name == PLAIN or variant.strength is not None for variant in variants
        ):
            base = artist.paint(task.condition, task.seed)
        for variant in variants:
            condition, seed = variant.condition(task), variant.seed(task)
            if variant.name == PLAIN:
                heights = base
            elif variant.strength is not None:
                heights = artist.repaint(base, condition, variant.strength, seed)
            else:
                heights = artist.paint(condition, seed)
            path = work / path_of(variant.name, task)
            write_whole(path, artist.png(heights))


def _told(counts: Iterator[int], blocks: int, say: Callable[[str], None]) -> None:
    for number, made in enumerate(counts, 1):
        if made:
            say(f"block {number} of {blocks}: {made} images")
