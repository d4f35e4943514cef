"""Attacks on digests of images: guesses without the model, and searches for what passes.

    python scripts/experiment_attacks.py            # after scripts/experiment_images.py
    python scripts/experiment_attacks.py --quick    # after scripts/experiment_images.py --quick

Reads the outputs that experiment_images.py generated; writes docs/experiments/attacks-images.{md,
json,png}. Needs requirements/experiments.txt.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain.errors import AssayError  # noqa: E402
from scripts.experiments import attack_report, image_attacks, image_lookalikes  # noqa: E402
from scripts.experiments.image_outputs import path_of  # noqa: E402
from scripts.experiments.image_plan import QUICK, VARIANTS, WHOLE, Plan  # noqa: E402
from scripts.experiments.needs import ExperimentError  # noqa: E402
from verifier import calibration, profiles  # noqa: E402
from verifier.calibration.atomic import write_whole  # noqa: E402
from verifier.digest.image_perceptual import ImagePerceptual  # noqa: E402

NAME = "image-perceptual-terrain128"
KEYS, QUICK_KEYS = 4, 4
STARTS = {"other-seed": "another seed", "repainted-0.6": "a re-painting at 0.6"}


def say(line: str) -> None:
    """A line of progress, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def experiment(work: Path, out: Path, plan: Plan, keys: int) -> None:
    """Attacks the outputs in `work`; writes page, figures and picture into `out`."""
    require_outputs(work, plan)
    profile = profiles.load(NAME)
    family = profile.digester
    assert isinstance(family, ImagePerceptual)
    outputs = image_attacks.Outputs.load(work, plan, family)
    say(f"{plan.tasks} tasks are read")
    found = attack_report.Attacks(
        name=profile.name,
        version=profile.version,
        tolerance=profile.tolerance,
        plan=plan,
        guesses=image_attacks.guesses(outputs, keys, say),
        pool=image_lookalikes.in_pool(outputs, profile.tolerance),
        pushed={
            words: image_lookalikes.pushed(outputs, variant, profile.tolerance, say)
            for variant, words in STARTS.items()
        },
    )
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "attacks-images.md", attack_report.page(found).encode())
    figures = calibration.render(found.to_json())
    write_whole(out / "attacks-images.json", figures.encode())
    attack_report.draw(found, out / "attacks-images.png")
    say(f"written: {out}")


def require_outputs(work: Path, plan: Plan) -> None:
    """ExperimentError unless everything of `plan` is in `work`."""
    for task in plan.all_tasks():
        for variant in VARIANTS:
            path = work / path_of(variant.name, task)
            if plan.has(variant, task) and not path.is_file():
                raise ExperimentError(
                    f"{path} is missing: run scripts/experiment_images.py with the same --work "
                    "(and --quick) first."
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "experiments" / "images")
    parser.add_argument("--out", type=Path, help="default: docs/experiments, or WORK if quick")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    out = options.out or (options.work if options.quick else ROOT / "docs" / "experiments")
    try:
        experiment(
            options.work,
            out,
            QUICK if options.quick else WHOLE,
            QUICK_KEYS if options.quick else KEYS,
        )
    except AssayError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}; give another --out.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
