"""`assay calibrate`: from labelled cases to a tolerance, its error rates and a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.output import say
from verifier import calibration
from verifier.calibration import plot
from verifier.calibration.report import percent
from verifier.errors import CalibrationError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def calibrate(
    cases: Annotated[
        Path,
        typer.Argument(
            metavar="CASES",
            help="Folder with cases.jsonl, or with same/ and different/ that hold pairs "
            "NAME.a.EXT and NAME.b.EXT.",
        ),
    ],
    recipe: Annotated[
        Path, typer.Option("--recipe", metavar="FILE", help="The profile's recipe, JSON.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Where shards, report and profile are written."),
    ],
    max_false_accept: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Largest share of any dishonest variant one verifier may accept."
        ),
    ] = calibration.MAX_FALSE_ACCEPT,
    tolerance: Annotated[
        int | None,
        typer.Option(metavar="N", help="Judge this tolerance instead of choosing one."),
    ] = None,
    holdout: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of the tasks kept for judging the choice."),
    ] = 0.5,
    keys: Annotated[
        int, typer.Option(metavar="N", help="Keys that each task is digested under.")
    ] = calibration.KEYS,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes to measure with.")] = 1,
) -> None:
    """Choose a profile's tolerance from labelled cases, and say how often it errs.

    Interrupted, it goes on where it was when it is started again with the same options.
    """
    plot.check()  # better now than after an hour
    found = calibration.CaseSet.load(cases)
    described = calibration.read_recipe(recipe)
    with _bar() as bar:
        task = bar.add_task("distances", total=len(found.cases))
        result = calibration.run(
            found,
            described,
            out,
            keys=keys,
            tolerance=tolerance,
            max_false_accept=max_false_accept,
            holdout=holdout,
            jobs=jobs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, description="distances measured")
    written = calibration.save(result, out)
    if not result.usable:
        raise CalibrationError(
            f"No tolerance keeps false accepts at or below {percent(max_false_accept)}; "
            f"{out / 'report.md'} says what is accepted. Raise --max-false-accept, leave those "
            "variants out of the goal, or judge a --tolerance of your own."
        )
    say(f"tolerance {result.tolerance}, profileId 0x{result.profile_id.hex()}")
    accept, reject = result.held_out.false_accept, result.held_out.false_reject
    for name, errors in (("dishonest accepted", accept), ("honest not accepted", reject)):
        low, high = errors.single.exact
        say(
            f"{name}: {errors.single.events} of {errors.single.pairs} "
            f"({percent(errors.single.value)}; 95 % by {errors.single.trials} independent tasks: "
            f"{percent(low)} to {percent(high)})"
        )
    say("written: " + ", ".join(str(path) for path in written))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
