"""What a node does about exams by itself: options of `assay node init`, tables of node.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chain.deployment import Deployment
from chain.errors import ConfigError
from cli.session import ether
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig
from verifier.node.exams.setter import load_tasks

SitExams = Annotated[
    SitMode,
    typer.Option(
        "--sit-exams",
        help="Which exams the node sits when the agent's pass ends soon: none, of profiles that "
        "demand one, or all.",
    ),
]
ExamProfiles = Annotated[
    list[str] | None,
    typer.Option(
        "--exam-profile",
        metavar="PROFILE",
        help="A profile whose exams it sits though the agent is not enrolled for it yet.",
    ),
]
ExamMargin = Annotated[
    int,
    typer.Option(
        "--exam-margin", metavar="SECONDS", min=0, help="How long before its end a pass is renewed."
    ),
]
ExamMaxFee = Annotated[
    str, typer.Option("--exam-max-fee", metavar="ETH", help="What one exam may cost at most.")
]
Examine = Annotated[
    Path | None,
    typer.Option(
        "--examine",
        metavar="FILE",
        help="Hold exams: tasks, one JSON object a line, of which items are made.",
    ),
]
ExamineEvery = Annotated[
    int,
    typer.Option(
        "--examine-every",
        metavar="SECONDS",
        min=0,
        help="From one exam of a profile to the next; 0 announces none.",
    ),
]
GoldShare = Annotated[
    float,
    typer.Option(
        "--gold-share", min=0, max=1, help="Of the items, those that are of finished rounds."
    ),
]


def sitting(
    deployment: Deployment, mode: SitMode, profiles: list[str] | None, margin: int, max_fee: str
) -> SittingConfig:
    """[exams]. ConfigError for a profile the deployment does not have."""
    for name in profiles or []:
        deployment.profile_id(name)
    return SittingConfig(mode, tuple(profiles or ()), margin, ether(max_fee))


def examining(tasks: Path | None, every: int, gold_share: float) -> ExaminerConfig:
    """[examiner]. ConfigError for a file without tasks."""
    if tasks is None:
        return ExaminerConfig()
    if not load_tasks(tasks):
        raise ConfigError(f"There is no task in {tasks}: write one JSON object a line.")
    return ExaminerConfig(tasks=tasks.absolute(), every_seconds=every, gold_share=gold_share)
