"""Experiments on real text: which digests accept honest outputs and refuse the others.

python scripts/experiment_text.py                 # everything; what exists is not made again
python scripts/experiment_text.py --quick         # a small sample of each, in three minutes
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.experiments import text_generate, text_prompts, text_records  # noqa: E402

QUICK_TASKS, QUICK_LONG = 40, 2


def say(line: str) -> None:
    """A line of progress, with the time of day."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "experiments" / "text")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("texts", "records"))
    options = parser.parse_args()
    tasks = QUICK_TASKS if options.quick else text_prompts.BASE_TASKS
    long_tasks = QUICK_LONG if options.quick else text_prompts.LONG_TASKS
    if options.only in (None, "texts"):
        text_generate.generate(options.work, tasks, long_tasks, say)
    if options.only in (None, "records"):
        text_records.make_records(options.work, tasks, say)


if __name__ == "__main__":
    main()
