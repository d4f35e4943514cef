"""The cases of the images of a plan, for `verifier.calibration`; edits of honest outputs too."""

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.experiments.image_edits import EDITS, edited
from scripts.experiments.image_outputs import path_of
from scripts.experiments.image_plan import HONEST, PLAIN, VARIANTS, ImageTask, Plan
from verifier.calibration import Case
from verifier.calibration.atomic import write_whole

__all__ = ["cases_of", "make_edits", "verifiers_of", "write_cases"]


def write_cases(cases: list[Case], folder: Path) -> None:
    """Writes `folder`/cases.jsonl."""
    lines = "".join(json.dumps(case.to_json()) + "\n" for case in cases)
    write_whole(folder / "cases.jsonl", lines.encode())


def cases_of(plan: Plan) -> list[Case]:
    """A case per image of the plan and per edit of the panel's honest outputs."""
    return [case for task in plan.all_tasks() for case in _cases(plan, task)]


def verifiers_of(task: ImageTask, but: str = PLAIN) -> tuple[str, ...]:
    """What three honest verifiers with settings of their own generate, none of them `but`."""
    return tuple(path_of(name, task) for name in (PLAIN, *HONEST) if name != but)[-3:]


def make_edits(plan: Plan, work: Path) -> None:
    """Makes WORK/outputs/<edit>/<task>.png of the panel's honest outputs, where missing."""
    for name in EDITS:
        (work / "outputs" / _slug(name)).mkdir(parents=True, exist_ok=True)
        for task in plan.all_tasks()[: plan.panel]:
            path = work / path_of(_slug(name), task)
            if not path.exists():
                honest = (work / path_of(PLAIN, task)).read_bytes()
                write_whole(path, edited(name, honest, task.name))


def _cases(plan: Plan, task: ImageTask) -> Iterator[Case]:
    for variant in VARIANTS:
        if plan.has(variant, task):
            yield Case(
                task=task.name,
                label="same" if variant.honest else "different",
                variant=variant.words,
                claim=path_of(variant.name, task),
                verifiers=verifiers_of(task, variant.name),
                goal=variant.goal,
            )
    if task.number < plan.panel:
        for name in EDITS:
            yield Case(
                task=task.name,
                label="different",
                variant=name,
                claim=path_of(_slug(name), task),
                verifiers=verifiers_of(task),
                goal=False,
            )


def _slug(edit: str) -> str:
    return "edit-" + edit.replace(" %", "").replace(",", "").replace(" ", "-").lower()
