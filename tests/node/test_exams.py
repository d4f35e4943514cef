"""Exams held and sat by nodes on a real chain: no item twice, gold, cheats, crashes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.types import Stage
from cli import main
from tests.node.exam_stage import (
    BOND,
    BOOK,
    DOUBTS,
    ITEMS,
    RULES,
    SIT,
    ExamStage,
    SheetsAtHand,
    open_stage,
    output_of,
)
from tests.node.harness import Crash
from tests.support.court import digest_of
from tests.support.polling import eventually
from verifier.node.exams.config import SitMode

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ExamStage]:
    with open_stage(tmp_path) as found:
        yield found


def test_exams__when_nodes_hold_and_sit_them__then_who_knows_passes_and_no_item_comes_twice(
    stage: ExamStage,
) -> None:
    gold = stage.task("What a client asked.")
    stage.accepted(gold)
    shared = stage.task("Asked by two examiners.", seed=None)
    for place in range(3):
        own = [stage.task(f"Question {i} of {place}.") for i in range(ITEMS)]
        stage.examiner(place, [shared, *own])
    stage.registrar.send(RULES, "gate", stage.court.profile_id, 1)
    knows, guesses = stage.process(30), stage.candidate(31, attempts=1)
    guesses.engine.wrong = True

    knows.start()
    stage.until(1, Stage.SITTING)
    stage.look(4 * ITEMS)
    eventually(lambda: stage.exam(1).candidates == 2, "two sheets", 60)
    knows.kill()  # between handing in and opening
    assert knows.revive()
    stage.finish(1)
    assert stage.passed(knows.actor)
    assert not stage.passed(guesses.actor)

    # Exactly one section has the gold, under another seed; nobody was asked the public output.
    first = stage.view(1).tasks()
    assert [task.prompt for task in first].count(gold.prompt) == 1
    assert gold.hash() not in {task.hash() for task in first}
    assert len({task.hash() for task in first}) == 3 * ITEMS

    stage.control.pass_time(3600)
    stage.until(2, Stage.SITTING)
    stage.look(4 * ITEMS)
    assert stage.exam(2).candidates == 0  # one has its pass, the other has tried often enough
    second = stage.view(2).tasks()
    assert not {task.hash() for task in first} & {task.hash() for task in second}
    assert [task.prompt for task in first + second].count(shared.prompt) == 1
    for examiner in stage.examiners:
        assert stage.door.call(BOOK, "creditOf", examiner.address) == 0


@pytest.mark.campaign
def test_examiner__when_it_dies_over_and_over__then_it_posts_and_opens_once(
    stage: ExamStage,
) -> None:
    nodes = [
        stage.examiner(place, [stage.task(f"{i} of {place}") for i in range(ITEMS)])
        for place in range(3)
    ]
    stage.registrar.send(RULES, "gate", stage.court.profile_id, 1)
    candidate = stage.candidate(30)
    chance = random.Random(20_261_121)

    def fuse() -> None:
        if chance.random() < 0.15:
            raise Crash

    nodes[0].fuse = candidate.fuse = fuse
    before = stage.door.balance(stage.examiners[0].signer.address)
    stage.until(1, Stage.SITTING, looks=80)
    stage.look(8 * ITEMS)
    stage.finish(1)
    assert stage.passed(candidate.actor)
    assert nodes[0].crashes + candidate.crashes > 4
    assert before - stage.door.balance(stage.examiners[0].signer.address) < BOND // 10


@pytest.mark.campaign
def test_doubt__when_an_item_is_true__then_its_examiners_node_has_it_upheld(
    stage: ExamStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(3):
        stage.examiner(place, [stage.task(f"{i} of {place}") for i in range(ITEMS)])
    candidate = stage.candidate(30, sit=SitMode.ALL)
    router = stage.court.deployment.address("Router")
    stage.examiners[1].send("IdentityRegistry", "approve", router, stage.examiners[1].agent_id)
    stage.until(1, Stage.SITTING)
    stage.look(4 * ITEMS)
    stage.control.pass_time(SIT)
    stage.until(1, Stage.DOUBTING)

    monkeypatch.setenv("ASSAY_RPC_URL", stage.control.url)
    monkeypatch.setenv("ASSAY_DEPLOYMENT", str(stage.folder / "deployment.json"))
    assert main.run(["exam", "doubt", "1", "1", "2", "--local-account", "1"]) == 0
    stage.look(2)
    assert stage.exam(1).doubts == 1

    court = stage.court
    stage.control.mine(3)
    stage.look()  # the provider's node draws
    name = stage.submitted()
    drawn = stage.drawn(name)
    digest = digest_of(drawn.key, output_of(stage.view(1).tasks()[ITEMS + 2]))
    seats = range(len(drawn.agent_ids))
    for seat in seats:
        court.commit(drawn, seat, digest)
    stage.look(2)
    for seat in seats:
        court.open(drawn, seat, digest)
    for _ in range(6):
        stage.control.mine()
        stage.look()
    assert stage.exam(1).doubts == 0
    assert stage.reader.stage(1) is Stage.DOUBTING
    box = SheetsAtHand()
    for node in stage.nodes:
        node.leave_sheets_at(box)
    stage.control.pass_time(DOUBTS)
    stage.until(1, Stage.CONCLUDED)  # long before the candidate would have it graded by itself
    assert box.collected
    assert stage.passed(candidate.actor)
