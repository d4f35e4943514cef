"""A whole node on a fake chain: rounds to their end, crashes at every point, reorganisations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain import messages
from chain.errors import RpcTimeout, TransactionError
from chain.types import PROVIDER_SEAT, Phase, SeatState
from tests.node.fake_chain import COURT, FakeChain, profile
from tests.node.harness import ME, PROFILE, Crash, EchoEngine, Fuse, Node, task
from verifier.canonical import keccak256
from verifier.digest import digest
from verifier.errors import EngineUnavailable
from verifier.node.delivery import Provider
from verifier.node.records import Step
from verifier.node.seat import Assignment, Produced, Seat, Toolbox
from verifier.node.workers import Job
from verifier.tasks import Task

pytestmark = pytest.mark.unit

OTHERS = [7, 8]
PROVIDER = 9
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Story:
    """A round with me in seat 1, two others and a provider who do as they should."""

    def __init__(self, root: Path, work: Task | None = None, **node: Any) -> None:
        self.work = work or task()
        self.chain = FakeChain(profile())
        self.chain.enrolled[ME] = [PROFILE.profile_id]
        self.chain.mine(3)
        self.node = Node(self.chain, root, **node)
        self.request_hash = self.chain.submit(
            "round", PROVIDER, PROFILE.profile_id, self.work.uri(), self.work.hash()
        )
        self.key = b""

    def draw(self) -> None:
        self.key = self.chain.draw(self.request_hash, [OTHERS[0], ME, OTHERS[1]])
        for seat in (0, 2, PROVIDER_SEAT):
            self.chain.act(self.request_hash, seat, b"theirs", "commit")

    def others_open(self) -> None:
        for seat in (0, 2, PROVIDER_SEAT):
            self.chain.act(self.request_hash, seat, b"theirs", "open")

    @property
    def mine(self) -> Any:
        return self.chain.rounds[self.request_hash].seats[1]

    def sent(self, verb: str) -> int:
        return sum(1 for _, function, _ in self.chain.sent if function == verb)


def expected_digest(story: Story) -> bytes:
    return digest((story.work.prompt or "").encode(), PROFILE, story.key)


def test_node__when_drawn__then_commits_and_opens_its_own_digest(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.draw()
    for _ in range(4):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED
    assert story.mine.digest == expected_digest(story)
    assert not story.chain.refused


def test_node__when_its_agent_id_is_zero__then_it_is_an_agent_like_any_other(
    tmp_path: Path,
) -> None:
    assert ME == 0
    story = Story(tmp_path)
    story.draw()
    story.node.tick()
    assert [record.id.seat for record in story.node.store.seats()] == [1]


def test_node__when_others_still_commit__then_it_does_not_open(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.key = story.chain.draw(story.request_hash, [OTHERS[0], ME, OTHERS[1]])
    for _ in range(20):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.COMMITTED
    assert story.sent("open") == 0
    story.chain.mine(10)
    story.node.tick(2)
    assert story.mine.state is SeatState.OPENED


@SETTINGS
@given(first=st.integers(1, 40), second=st.integers(1, 40))
def test_node__when_it_dies_anywhere_twice__then_it_still_opens_once_and_in_time(
    tmp_path_factory: pytest.TempPathFactory, first: int, second: int
) -> None:
    story = Story(tmp_path_factory.mktemp("node"))
    story.draw()
    for fuse in (Fuse(first), Fuse(second), Fuse()):
        story.node.restart(fuse)
        try:
            for _ in range(6):
                story.node.tick()
                story.chain.mine()
        except Crash:
            continue
    assert story.mine.state is SeatState.OPENED
    assert story.mine.digest == expected_digest(story)
    assert story.sent("commit") == 4  # mine and the three of the others
    assert story.sent("open") == 1
    assert not [name for name in story.chain.refused if "Mismatch" in name]


def test_node__when_its_state_is_lost_after_committing__then_it_opens_all_the_same(
    tmp_path: Path,
) -> None:
    story = Story(tmp_path / "before")
    story.draw()
    story.node.tick(2)
    assert story.mine.state is SeatState.COMMITTED
    other = Node(story.chain, tmp_path / "after")
    for _ in range(3):
        other.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED
    assert story.mine.digest == expected_digest(story)


def test_node__when_the_draw_is_reorganised__then_it_commits_anew_under_the_new_key(
    tmp_path: Path,
) -> None:
    story = Story(tmp_path)
    story.chain.draw(story.request_hash, [OTHERS[0], ME, OTHERS[1]])
    story.node.tick(2)
    assert story.mine.state is SeatState.COMMITTED
    story.chain.reorganise(2)  # the draw and our commitment
    story.node.tick()
    story.draw()
    for _ in range(3):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED
    assert story.mine.digest == expected_digest(story)


def test_node__when_opening_must_be_three_blocks_deep__then_it_waits_for_them(
    tmp_path: Path,
) -> None:
    story = Story(tmp_path, confirmations=3)
    story.draw()
    story.chain.mine(3)
    story.node.tick(2)
    assert story.chain.rounds[story.request_hash].data.phase is Phase.OPENING
    closed = len(story.chain.blocks) - 1
    while story.sent("open") == 0:
        story.node.tick()
        story.chain.mine()
        assert len(story.chain.blocks) < closed + 10
    opened_in = next(block for block, verb, _ in story.chain.sent if verb == "open")
    assert opened_in - 1 - closed >= 3


def test_node__when_the_task_is_corrupt__then_it_abstains_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(tmp_path)
    other = story.chain.submit(
        "corrupt", PROVIDER, PROFILE.profile_id, "data:application/json;base64,e30=", b"\x01" * 32
    )
    story.chain.draw(other, [OTHERS[0], ME, OTHERS[1]])
    for seat in (0, 2, PROVIDER_SEAT):
        story.chain.act(other, seat, b"theirs", "commit")
    for _ in range(3):
        story.node.tick()
        story.chain.mine()
    seat = story.chain.rounds[other].seats[1]
    assert seat.state is SeatState.OPENED
    assert "abstains: The task lacks the field" in caplog.text


class BrokenEngine(EchoEngine):
    def generate(self, task: Task) -> bytes:
        raise EngineUnavailable("The engine cannot be reached; see whether it is running.")


def test_node__when_its_engine_is_down__then_it_abstains_at_the_end_and_loses_no_stake(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(tmp_path, engine=BrokenEngine())
    story.draw()
    for _ in range(20):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.DRAWN
    for _ in range(8):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED
    assert "The engine cannot be reached" in caplog.text


def test_node__when_its_turn_comes_too_late__then_it_generates_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = EchoEngine()
    story = Story(tmp_path, engine=engine)
    story.draw()
    clerk = story.node.daemon._clerk
    queued: list[Job] = []
    clerk._generator = SimpleNamespace(submit=lambda name, deadline, job: queued.append(job))
    story.node.tick()
    story.chain.mine(61)
    queued[0]()
    assert engine.tasks == []
    assert "its window closed before its turn came" in caplog.text
    story.node.tick()
    assert "it did not commit in time" in caplog.text


def test_abstention__when_two_seats_abstain__then_their_digests_are_far_apart(
    tmp_path: Path,
) -> None:
    from verifier.digest import distance

    story = Story(tmp_path)
    story.draw()
    made: list[Produced] = []

    def factory(assignment: Assignment, tools: Toolbox) -> Seat:
        for agent in (1, 2):
            seat = Seat(Assignment(assignment.id, agent, assignment.round, lambda: PROFILE), tools)
            made.append(seat.abstain())
        return Seat(assignment, tools)

    story.node._factory = factory
    story.node.restart()
    story.node.tick()
    assert distance(made[0].digest, made[1].digest) > 64


def test_node__when_a_seat_declines_to_open__then_it_is_not_asked_again(tmp_path: Path) -> None:
    asked: list[str] = []

    class Silent(Seat):
        def open(self, produced: Produced, job: str) -> bool:
            asked.append(job)
            return False

    story = Story(tmp_path, factory=Silent)
    story.draw()
    for _ in range(5):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.COMMITTED
    assert len(asked) == 1


def test_node__when_told_to_stop__then_it_refuses_new_seats_and_opens_the_committed(
    tmp_path: Path,
) -> None:
    story = Story(tmp_path)
    story.draw()
    story.node.tick(2)
    assert story.mine.state is SeatState.COMMITTED
    story.node.daemon.stop()
    late = story.chain.submit(
        "late", PROVIDER, PROFILE.profile_id, story.work.uri(), story.work.hash()
    )
    story.chain.draw(late, [OTHERS[0], ME, OTHERS[1]])
    assert story.node.daemon.run() == 0
    assert story.mine.state is SeatState.OPENED
    assert story.chain.rounds[late].seats[1].state is SeatState.DRAWN


def test_node__when_stopped_twice_with_a_seat_open__then_it_ends_at_once_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(tmp_path)
    story.chain.draw(story.request_hash, [OTHERS[0], ME, OTHERS[1]])
    story.node.tick()
    story.node.daemon.stop()
    story.node.daemon.stop()
    assert story.node.daemon.run() == 3
    assert "start the node again before their windows close" in caplog.text


# ------------------------------------------------------------------ the provider


class Delivered(Story):
    """A round about my own work, judged by three others."""

    def __init__(self, root: Path, **node: Any) -> None:
        self.work = task()
        self.chain = FakeChain(profile())
        self.chain.enrolled[ME] = [PROFILE.profile_id]
        self.chain.mine(3)
        self.node = Node(self.chain, root, **node)
        provider = Provider(ME, COURT, self.node.signer, self.node.store, self.node.files)
        output = (self.work.prompt or "").encode()
        self.signed = provider.deliver(
            self.work, PROFILE, output, "0x" + "22" * 20, 2_000_000_000, 1024
        )
        self.request_hash = self.chain.submit(
            "round",
            ME,
            PROFILE.profile_id,
            self.work.uri(),
            self.work.hash(),
            bytes(self.signed.receipt.output_hash),
        )
        self.key = b""

    def draw(self) -> None:
        self.key = self.chain.draw(self.request_hash, [6, 7, 8])
        for seat in (0, 1, 2):
            self.chain.act(self.request_hash, seat, b"theirs", "commit")

    def others_open(self) -> None:
        for seat in (0, 1, 2):
            if self.chain.rounds[self.request_hash].seats[seat].state is SeatState.COMMITTED:
                self.chain.act(self.request_hash, seat, b"theirs", "open")

    @property
    def mine(self) -> Any:
        return self.chain.rounds[self.request_hash].seats[PROVIDER_SEAT]

    def run(self) -> None:
        for _ in range(8):
            self.node.tick()
            found = self.chain.rounds[self.request_hash]
            if found.data.phase is Phase.OPENING:
                self.others_open()
            self.chain.mine()


def test_provider__when_its_receipt_is_submitted__then_commits_opens_and_publishes(
    tmp_path: Path,
) -> None:
    story = Delivered(tmp_path)
    story.draw()
    story.run()
    found = story.chain.rounds[story.request_hash]
    assert found.output == (story.work.prompt or "").encode()
    assert found.data.phase is Phase.FINAL
    assert [record.step for record in story.node.store.seats()] == [Step.DONE]


@SETTINGS
@given(first=st.integers(1, 40), second=st.integers(1, 40))
def test_provider__when_it_dies_anywhere_twice__then_the_work_is_still_published(
    tmp_path_factory: pytest.TempPathFactory, first: int, second: int
) -> None:
    story = Delivered(tmp_path_factory.mktemp("node"))
    story.draw()
    for fuse in (Fuse(first), Fuse(second), Fuse()):
        story.node.restart(fuse)
        try:
            story.run()
        except Crash:
            continue
    assert story.chain.rounds[story.request_hash].data.phase is Phase.FINAL
    assert [story.sent(verb) for verb in ("open", "publish")] == [1, 1]


def test_provider__when_its_state_is_lost__then_the_same_engine_makes_the_same_work_again(
    tmp_path: Path,
) -> None:
    story = Delivered(tmp_path / "before")
    story.draw()
    story.node = Node(story.chain, tmp_path / "after")
    story.run()
    assert story.chain.rounds[story.request_hash].data.phase is Phase.FINAL


def test_provider__when_the_work_is_lost_for_good__then_it_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Other(EchoEngine):
        def generate(self, task: Task) -> bytes:
            return b"another"

    story = Delivered(tmp_path / "before")
    story.draw()
    story.node = Node(story.chain, tmp_path / "after", engine=Other())
    story.run()
    assert story.mine.state is SeatState.DRAWN
    assert "restore the state folder, or the bond is lost" in caplog.text


def test_delivery__when_made_again__then_it_has_the_same_salt(tmp_path: Path) -> None:
    story = Delivered(tmp_path)
    stored = story.node.store.deliveries()[0]
    content = messages.content_hash(b"Say something.")
    assert stored.content_hash == content
    assert stored.salt == messages.output_salt(
        story.node.signer, COURT, ME, story.work.hash(), content
    )
    assert keccak256(stored.salt + content) == stored.output_hash


# ------------------------------------------------------------------ names of transactions


def jobs_asked(tmp_path: Path, failure: Exception) -> list[str]:
    """Names under which a seat committed before and after a failure and a restart."""
    asked: list[str] = []

    class Failing(Seat):
        def commit(self, commitment: bytes, job: str) -> bool:
            asked.append(job)
            if len(asked) == 1:
                raise failure
            return super().commit(commitment, job)

    story = Story(tmp_path, factory=Failing)
    story.draw()
    story.node.tick(2)
    assert story.mine.state is SeatState.DRAWN
    story.node.restart()
    story.node.tick()
    assert story.mine.state is SeatState.COMMITTED
    return asked


def test_transaction__when_its_fate_is_unknown__then_it_keeps_its_name(tmp_path: Path) -> None:
    first, second = jobs_asked(tmp_path, RpcTimeout("The node did not answer in time."))
    assert first == second


def test_transaction__when_it_reverted_for_good__then_the_next_has_another_name(
    tmp_path: Path,
) -> None:
    first, second = jobs_asked(tmp_path, TransactionError("It ran out of gas."))
    assert first != second


# ------------------------------------------------------------------ what must not spread


class MindlessEngine(EchoEngine):
    """Its library fails in a way nobody foresaw."""

    def generate(self, task: Task) -> bytes:
        self.tasks.append(task)
        raise ValueError("embedded null byte")


def test_node__when_an_engine_fails_unforeseen__then_it_pauses_before_trying_again(
    tmp_path: Path,
) -> None:
    engine = MindlessEngine()
    story = Story(tmp_path, engine=engine)
    story.draw()
    story.node.tick(5)
    assert len(engine.tasks) == 1


def test_node__when_one_round_fails_unforeseen__then_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    story = Story(tmp_path)
    first = story.request_hash
    story.request_hash = story.chain.submit(
        "second", PROVIDER, PROFILE.profile_id, story.work.uri(), story.work.hash()
    )
    story.draw()
    call = story.chain.call

    def failing(contract: str, function: str, *arguments: Any, **options: Any) -> Any:
        if function == "round" and arguments[0] == first:
            raise KeyError("phase")
        return call(contract, function, *arguments, **options)

    monkeypatch.setattr(story.chain, "call", failing)
    for _ in range(4):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED
    assert f"round {first.hex()[:8]}: unexpected failure" in caplog.text


def test_node__when_the_recipe_cannot_be_read__then_it_abstains(tmp_path: Path) -> None:
    recipe = b'{"schema":"assay/profile/2"}'
    profile_id = keccak256(recipe)
    story = Story(tmp_path)
    story.node.store.add_recipe(profile_id, recipe)
    story.chain.enrolled[ME].append(profile_id)
    story.request_hash = story.chain.submit(
        "later", PROVIDER, profile_id, story.work.uri(), story.work.hash()
    )
    story.draw()
    for _ in range(40):
        story.node.tick()
        story.chain.mine()
    assert story.mine.state is SeatState.OPENED


def test_node__when_its_engine_is_not_what_the_profile_pins__then_it_does_not_vote_with_it(
    tmp_path: Path,
) -> None:
    engine = EchoEngine()
    pinned = replace(PROFILE, pins={"engine": "another"})

    def factory(assignment: Assignment, tools: Toolbox) -> Seat:
        return Seat(replace(assignment, find_profile=lambda: pinned), tools)

    story = Story(tmp_path, engine=engine, factory=factory)
    story.draw()
    story.node.tick(3)
    assert engine.tasks == []
    assert story.mine.state is SeatState.DRAWN


class SilentEngine(BrokenEngine):
    """Nothing answers any more."""

    def info(self) -> dict[str, str]:
        raise EngineUnavailable("The engine cannot be reached; see whether it is running.")


def test_delivery__when_the_engine_is_down_later__then_it_is_defended_all_the_same(
    tmp_path: Path,
) -> None:
    story = Delivered(tmp_path, engine=SilentEngine())
    story.draw()
    story.run()
    assert story.mine.state is SeatState.OPENED
