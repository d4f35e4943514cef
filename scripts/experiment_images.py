"""Experiments on real images: which digests accept honest outputs and refuse the others.

    python scripts/experiment_images.py            # everything; what exists is not made again
    python scripts/experiment_images.py --quick    # a small sample, in three minutes, into WORK

Writes docs/experiments/images.{md,json,png} and the recipe for photographs; needs
requirements/experiments.txt.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain.errors import AssayError  # noqa: E402
from scripts.experiments import (  # noqa: E402
    image_cases,
    image_outputs,
    image_pairs,
    image_plot,
    needs,
    photographs,
)
from scripts.experiments.image_plan import PLAIN, QUICK, WHOLE, Plan  # noqa: E402
from scripts.experiments.image_report import Findings, page  # noqa: E402
from scripts.experiments.photo_recipe import photo_recipe, terrain_recipe  # noqa: E402
from verifier import calibration, profiles  # noqa: E402
from verifier.calibration.atomic import write_whole  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

NAME = "image-perceptual-terrain128"
RECIPE = ROOT / "verifier" / "profiles" / f"{NAME}.json"
KEYS, QUICK_KEYS = 4, 1
PAIR_KEYS, QUICK_PAIR_KEYS = 600, 100
HOLDOUT = 0.9
PACKAGES = ("adaptive-terrain-diffusion", "onnxruntime", "onnx", "numpy")


def say(line: str) -> None:
    """A line of progress, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def experiment(work: Path, out: Path, plan: Plan, keys: int, pair_keys: int, jobs: int) -> None:
    """Generates into `work` what is missing, measures, and writes page, figures and picture."""
    image_outputs.make(plan, work, jobs, say)
    image_cases.make_edits(plan, work)
    photographs.make(work)
    say("all images are there")
    shipped = calibration.read_recipe(RECIPE)
    cases = image_cases.cases_of(plan)
    image_cases.write_cases(cases, work)
    terrain = calibrate(calibration.CaseSet(work, tuple(cases)), shipped, work, keys, jobs, HOLDOUT)
    pictures = calibration.CaseSet(work, tuple(photographs.cases()))
    photo, unsuited = (
        calibrate(pictures, recipe, work, keys, jobs, 0)
        for recipe in (photo_recipe(), terrain_recipe(shipped))
    )
    family = profiles.load(NAME).digester
    assert isinstance(family, ImagePerceptual)
    features = image_pairs.features_of(
        [work / image_outputs.path_of(PLAIN, task) for task in plan.all_tasks()], family
    )
    found = Findings(
        plan=plan,
        terrain=terrain,
        pairs=image_pairs.measure(
            features, family, terrain.tolerance, pair_keys, work / "allpairs", say
        ),
        angles=image_pairs.expected(features, terrain.tolerance),
        photographs=photo,
        unsuited=unsuited,
        made={**needs.installed(PACKAGES), "instruction set": instruction_set()},
    )
    publish(found, out)


def calibrate(
    cases: calibration.CaseSet,
    recipe: dict[str, Any],
    work: Path,
    keys: int,
    jobs: int,
    holdout: float,
) -> calibration.Result:
    """`verifier.calibration.run`, its shards under WORK/calibration."""
    name = str(recipe["name"])

    def progress(done: int, total: int) -> None:
        if done == total or done % 1000 < 100:
            say(f"{name}: {done:,} of {total:,} cases")

    out = work / "calibration"
    return calibration.run(
        cases, recipe, out, keys=keys, holdout=holdout, jobs=jobs, progress=progress
    )


def publish(found: Findings, out: Path) -> None:
    """Writes page, figures, picture and the recipe for photographs into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "images.md": page(found),
        "images.json": calibration.render(found.to_json()),
        "image-perceptual-photographs.json": calibration.render(found.photographs.recipe),
    }
    for name, text in texts.items():
        write_whole(out / name, text.encode())
    image_plot.draw(found.terrain, found.pairs, found.photographs, out / "images.png")
    say(f"tolerance {found.terrain.tolerance}; written: {out}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "experiments" / "images")
    parser.add_argument("--out", type=Path, help="default: docs/experiments, or WORK if quick")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options = parser.parse_args()
    plan = QUICK if options.quick else WHOLE
    out = options.out or (options.work if options.quick else ROOT / "docs" / "experiments")
    try:
        if options.jobs < 1:
            raise needs.ExperimentError(f"--jobs is {options.jobs}; it must be at least 1.")
        needs.check()
        keys, pair_keys = (QUICK_KEYS, QUICK_PAIR_KEYS) if options.quick else (KEYS, PAIR_KEYS)
        experiment(options.work, out, plan, keys, pair_keys, options.jobs)
    except AssayError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}; give another --work.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
