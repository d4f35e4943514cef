"""The demo from beginning to end."""

from __future__ import annotations

import os
import platform
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from chain.errors import AssayError, ConfigError
from chain.types import Verdict
from cli.demo import report
from cli.demo.checks import (
    check_reputations,
    check_stakes,
    check_verdicts,
    expected_evidence,
)
from cli.demo.director import Director
from cli.demo.exam import DemoExam
from cli.demo.report import Finding, Movement, Narrator, Outcome, Standing
from cli.demo.sources import DemoEpoch
from cli.demo.story import STORIES
from cli.demo.world import World

_CATCH_UP_SECONDS: Final = 20.0


class DemoFailed(AssayError):
    """Something did not happen as it must."""


def run(
    *,
    keep: bool = False,
    json_file: Path | None = None,
    folder: Path | None = None,
    limit: int | None = None,
) -> int:
    """Runs the demo; returns the exit status.

    Args:
        keep: leave it running at the end, until interrupted.
        json_file: where to write everything for machines.
        folder: for logs and state; a temporary one that is removed unless something failed.
        limit: play only so many stories.
    """
    if json_file is not None and json_file.is_dir():
        raise ConfigError(f"{json_file} is a folder: give --json a file.")
    narrator = Narrator()
    with _folder(folder) as root, _terminates_like_an_interrupt():
        world = World(root, narrator.say)
        try:
            return _play(world, narrator, json_file, STORIES[:limit], keep=keep)
        except AssayError:
            narrator.say(f"logs are in {world.logs}")
            raise
        finally:
            world.end()


def _play(
    world: World, narrator: Narrator, json_file: Path | None, stories: Sequence[Any], *, keep: bool
) -> int:
    narrator.heading("Setting the stage")
    world.begin(dict.fromkeys(story.profile for story in STORIES))
    stage_seconds = narrator.seconds
    _await_index(world)
    before = _standings(world)
    narrator.heading(
        f"{len(stories)} rounds, up to four at a time, an exam and an epoch of sources"
    )
    beside = (DemoExam(world, narrator.say), DemoEpoch(world, narrator.say))
    for each in beside:
        each.start()
    performances = Director(world, narrator).play(stories)
    outcomes = [performance.outcome for performance in performances]
    for each in beside:
        each.join()
    _await_index(world)
    after = _standings(world)
    played = narrator.seconds

    narrator.table(report.rounds_table(outcomes))
    narrator.table(report.reputation_table(before, after))
    good, bad = expected_evidence(outcomes)
    findings = [
        *check_verdicts(outcomes),
        *check_stakes(outcomes),
        *check_reputations(good, bad, before, after),
        *(finding for each in beside for finding in each.findings()),
    ]
    _conclude(world, narrator, outcomes, findings, played)
    if json_file is not None:
        report.write_json(
            json_file,
            {
                "ok": not findings,
                "findings": [f"{f.subject}: {f.sentence}" for f in findings],
                "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}",
                "chainId": world.deployment.chain_id,
                "rounds": [outcome.as_json() for outcome in outcomes],
                "reputation": {
                    "before": report.standings_json(before),
                    "after": report.standings_json(after),
                },
                "exam": beside[0].as_json(),
                "sources": beside[1].as_json(),
                "durations": {
                    "setTheStage": round(stage_seconds, 2),
                    "rounds": round(played - stage_seconds, 2),
                    "total": round(played, 2),
                },
            },
        )
        narrator.say(f"all of it, for machines: {json_file}")
    if keep:
        narrator.say("left running; Ctrl-C ends it")
        while True:
            world.check_processes()
            time.sleep(1)
    return 1 if findings else 0


def _conclude(
    world: World,
    narrator: Narrator,
    outcomes: Sequence[Outcome],
    findings: Sequence[Finding],
    seconds: float,
) -> None:
    agent = next(iter(world.agents.values()))
    narrator.heading("Where to look")
    narrator.say(f"REST: {world.url}/v1/rounds/{outcomes[0].request_hash}")
    narrator.say(f"try:  curl -s {world.url}/v1/agents/{agent.agent_id}/reputation")
    narrator.say(f"exam: {world.url}/v1/exams/1, sources: {world.url}/v1/sources")
    narrator.say(f"chain {world.deployment.chain_id} at {world.anvil.url}")
    narrator.heading("Done")
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    told = ", ".join(f"{verdicts[v.label]} {v.label}" for v in Verdict if verdicts[v.label])
    narrator.say(f"{len(outcomes)} rounds in {seconds:.0f} s: {told}")
    for line in report.findings_lines(findings):
        narrator.say(line)
    if not findings:
        narrator.say("[green]every verdict, stake and reputation moved as it must[/green]")
    else:
        narrator.say(f"[red]{len(findings)} things did not go as they must[/red]")


def _await_index(world: World) -> None:
    """Until the backend has indexed everything that has happened so far."""
    target = int(world.gateway.head().number)
    deadline = time.monotonic() + _CATCH_UP_SECONDS
    while time.monotonic() < deadline:
        answer = world.rest.get("/v1/network")
        block = answer.json()["block"] if answer.is_success else None  # 503: nothing indexed yet
        if block is not None and block["number"] >= target:
            return
        time.sleep(0.2)
    raise DemoFailed(f"The backend did not reach block {target}: see {world.logs}.")


def _standings(world: World) -> dict[Movement, Standing]:
    """Every agent's scores, as the REST API serves them."""
    standings: dict[Movement, Standing] = {}
    for agent in world.agents.values():
        answer = world.rest.get(f"/v1/agents/{agent.agent_id}/reputation").raise_for_status()
        for score in answer.json()["scores"]:
            key = Movement(agent.name, score["profileName"], score["role"])
            standings[key] = _standing(score)
    return standings


def _standing(score: Mapping[str, Any]) -> Standing:
    return Standing(
        mean=score["mean"],
        lower_bound=score["lowerBound"],
        n=score["n"] or 0.0,
        alpha=int(score["alpha"] or 0) / 1e9,
        beta=int(score["beta"] or 0) / 1e9,
    )


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        if wanted.exists() and any(wanted.iterdir()):
            raise ConfigError(f"The folder {wanted} is not empty: give a new one.")
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="assay-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _terminates_like_an_interrupt() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, so that no process is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
