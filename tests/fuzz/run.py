"""Coverage-guided fuzzing of the targets with atheris, each in a process of its own.

python tests/fuzz/run.py                           # a minute each, two at a time
python tests/fuzz/run.py png text --seconds 600    # these, for longer

What is found lies in the work folder (build/fuzz/<target>): crash-…, slow-unit-…, oom-…; feed it to
the target again with `python tests/fuzz/run.py <target> --replay FILE`. The corpus stays there too,
so the next run goes on from it. A process may use 1 GiB and an input 20 s. It is replaced after
half a minute: atheris 3.0.0 keeps the result of every comparison that is no truth value, so that
numpy's arrays fill the memory (up to 10 MB/s measured), which is none of the target's doing.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

NOT_INSTRUMENTED = ["verifier.digest.kernels"]  # compiled by numba, from the byte code that it is
MEGABYTES = 1024
INPUT_SECONDS = 20
TURN_SECONDS = 30
LONGEST_INPUT = 1 << 16


def fuzz(target: str, work: Path, seconds: int) -> None:
    """Feeds one target until the time is over; libFuzzer ends the process, not 0 on a finding."""
    import atheris

    # Imported beforehand, so not instrumented; the rest of the verifier is.
    from verifier import errors  # noqa: F401

    with atheris.instrument_imports(include=["verifier"], exclude=NOT_INSTRUMENTED):
        from tests.fuzz.targets import TARGETS, seeds
    corpus = work / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed{number}").write_bytes(seed)
    os.chdir(work)
    options = [
        *(f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}"),
        *(f"-rss_limit_mb={MEGABYTES}", f"-max_len={LONGEST_INPUT}"),
        *("-artifact_prefix=./", "-print_final_stats=1", "-verbosity=0", "corpus"),
    ]
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


def run(target: str, work: Path, seconds: int) -> bool:
    """Whether one target held, in processes of its own; says what became of it."""
    executed, held, said = 0, True, list[str]()
    for begun in range(0, seconds, TURN_SECONDS):
        turn = min(TURN_SECONDS, seconds - begun)
        command = [sys.executable, __file__, target, "--alone", "--seconds", str(turn)]
        done = subprocess.run(
            [*command, "--work", str(work)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        said = done.stderr.splitlines() + done.stdout.splitlines()
        counts = [int(line.split()[-1]) for line in said if "number_of_executed_units" in line]
        executed += sum(counts)
        # Who says nothing of what it was fed was not fuzzed, whatever its exit code.
        held = done.returncode == 0 and bool(counts)
        if not held:
            break
    line = f"{target:10}{'ok' if held else 'FOUND':8}{executed:>12} inputs"
    print("\n".join([line] if held else [line, *said[-30:]]), flush=True)
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=2, help="targets that are fed at a time")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="feed this to the target")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    from tests.fuzz.targets import TARGETS

    unknown = set(chosen.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target is named {unknown.pop()}; there are {', '.join(TARGETS)}")
    names = chosen.targets or list(TARGETS)
    if chosen.replay:
        content = chosen.replay.read_bytes()
        chosen.work.mkdir(parents=True, exist_ok=True)
        os.chdir(chosen.work)
        TARGETS[names[0]](content)
        return 0
    with ThreadPoolExecutor(max(1, chosen.jobs)) as pool:
        held = list(pool.map(lambda name: run(name, chosen.work / name, chosen.seconds), names))
    return 0 if all(held) else 1


if __name__ == "__main__":
    if "--alone" in sys.argv:
        arguments = sys.argv
        fuzz(
            arguments[1],
            Path(arguments[arguments.index("--work") + 1]).resolve(),
            int(arguments[arguments.index("--seconds") + 1]),
        )
    sys.exit(main())
