"""When a node appeals, and when it had better not."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.types import PROVIDER_SEAT, Phase, Verdict
from tests.node.harness import Crash, EchoEngine, Fuse
from tests.node.test_daemon import Delivered, Story
from verifier.canonical import keccak256
from verifier.errors import EngineUnavailable
from verifier.tasks import Task

pytestmark = pytest.mark.unit

COST = 5  # of an appeal on the fake chain
MINE, NOT_MINE = 0b010, 0b101
"""Seats, bit by bit."""


class Flaky(EchoEngine):
    """Answers otherwise each time."""

    def generate(self, task: Task) -> bytes:
        return super().generate(task) + str(len(self.tasks)).encode()


def opened(root: Path, *, budget: int = COST, engine: EchoEngine | None = None) -> Story:
    """A round in which I opened my honest digest, and everybody else another one."""
    story = Story(root, appeal_budget=budget, engine=engine)
    story.draw()
    story.node.tick(3)
    for seat in (0, 2, PROVIDER_SEAT):
        story.chain.act(story.request_hash, seat, keccak256(b"theirs"), "open")
    story.node.tick(2)
    return story


@pytest.mark.parametrize(
    ("verdict", "agreeing", "appeals"),
    [
        (Verdict.ACCEPTED, NOT_MINE, 1),
        (Verdict.ACCEPTED, NOT_MINE | MINE, 0),
        (Verdict.REJECTED, MINE, 1),
        (Verdict.REJECTED, 0, 0),  # a third opinion
        (Verdict.INCONCLUSIVE, MINE, 0),
        (Verdict.EXPIRED, MINE, 0),
    ],
)
def test_verifier__when_the_level_is_counted__then_appeals_if_it_was_outvoted(
    tmp_path: Path, verdict: Verdict, agreeing: int, appeals: int
) -> None:
    story = opened(tmp_path)
    story.chain.count(story.request_hash, verdict, agreeing)
    story.node.tick(4)
    assert story.sent("appeal") == appeals
    assert story.node.store.spent_on_appeals() == COST * appeals
    assert len(story.node.engine.tasks) == 1 + appeals  # it did the work again first


@pytest.mark.parametrize("budget", [0, COST - 1])
def test_verifier__when_the_budget_is_too_small__then_it_does_not_appeal(
    tmp_path: Path, budget: int
) -> None:
    story = opened(tmp_path, budget=budget)
    story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
    story.node.tick(4)
    assert story.sent("appeal") == story.node.store.spent_on_appeals() == 0


def test_verifier__when_its_budget_was_spent_on_another_round__then_it_does_not_appeal(
    tmp_path: Path,
) -> None:
    story = opened(tmp_path, budget=2 * COST - 1)
    assert story.node.store.spend_on_appeal(b"another round", 0, COST, 2 * COST)
    story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
    story.node.tick(4)
    assert story.sent("appeal") == 0


def test_verifier__when_its_work_comes_out_otherwise__then_it_does_not_appeal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = opened(tmp_path, engine=Flaky())
    story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
    story.node.tick(4)
    assert story.sent("appeal") == 0
    assert "comes out otherwise" in caplog.text


def test_verifier__when_it_abstained__then_it_does_not_appeal(tmp_path: Path) -> None:
    class Down(EchoEngine):
        def generate(self, task: Task) -> bytes:
            raise EngineUnavailable("The engine is down.")

    story = Story(tmp_path, appeal_budget=COST, engine=Down())
    story.draw()
    story.chain.mine(23)  # with the others' commitments 27 of 30 s
    story.node.tick(3)
    for seat in (0, 2, PROVIDER_SEAT):
        story.chain.act(story.request_hash, seat, keccak256(b"theirs"), "open")
    story.node.tick(2)
    assert story.sent("open") == 1
    story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
    story.node.tick(4)
    assert story.sent("appeal") == 0


def test_verifier__when_another_appeals_first__then_nothing_is_spent(tmp_path: Path) -> None:
    story = opened(tmp_path)
    story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
    story.chain._do_appeal = lambda _: story.chain._require(story.request_hash, Phase.FINAL)
    story.node.tick(2)
    assert story.chain.refused == ["appeal: RoundWrongPhase"]
    assert story.node.store.spent_on_appeals() == 0


def test_verifier__when_it_dies_anywhere__then_it_appeals_once_and_counts_it_once(
    tmp_path: Path,
) -> None:
    for point in range(1, 12):
        story = opened(tmp_path / str(point))
        story.chain.count(story.request_hash, Verdict.ACCEPTED, NOT_MINE)
        fuse = Fuse(point)
        story.node.restart(fuse)
        try:
            story.node.tick(4)
        except Crash:
            story.node.restart()
            story.node.tick(4)
        assert story.sent("appeal") == 1
        assert story.node.store.spent_on_appeals() == COST
        if fuse.passed < point:
            break
    else:
        pytest.fail("there are more points than were tried")
    assert point > 4


def test_provider__when_it_is_rejected__then_it_does_the_work_again_and_appeals(
    tmp_path: Path,
) -> None:
    story = Delivered(tmp_path, appeal_budget=COST)
    story.draw()
    story.node.tick(3)
    story.others_open()
    story.chain.count(story.request_hash, Verdict.REJECTED)
    story.node.tick(4)
    assert story.sent("appeal") == 1
    assert len(story.node.engine.tasks) == 1  # what it delivered was not made by this engine
