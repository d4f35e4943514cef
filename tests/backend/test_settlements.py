"""Which seats the backend settles next, whatever cannot be settled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from backend.submitter import settlements
from backend.submitter.settlements import Settlements
from chain.blocks import Call
from chain.errors import RevertError
from chain.events import RoundFinalized
from chain.structs import SeatRef
from chain.types import Verdict, Wei
from tests.backend.conftest import World
from tests.backend.stories import VERIFIERS, drawn, submitted
from tests.support.fakechain import address, emit, word

pytestmark = pytest.mark.unit

ROUNDS = 13
BAD_ROUNDS = 11
"""The oldest; more of their seats than one batch has."""


class Court:
    """The contract as the job sees it: some seats revert whatever they are settled with."""

    def __init__(self, impossible: set[bytes]) -> None:
        self.impossible = impossible
        self.settled: set[SeatRef] = set()
        self.asked = 0

    def call(self, _contract: str, function: str, *arguments: Any) -> Any:
        if function == "seatsAt":
            name, level = arguments
            refs = [SeatRef(name, level, seat) for seat in range(len(VERIFIERS))]
            return [SimpleNamespace(settled=ref in self.settled) for ref in refs]
        (refs,) = arguments
        self.asked += 1
        if any(ref.request_hash in self.impossible for ref in refs):
            raise RevertError("ERC721NonexistentToken", {}, "There is no such agent.")
        return None

    def prepare(self, _contract: str, _function: str, refs: list[SeatRef]) -> Call:
        self.prepared = list(refs)
        return Call(address("court"), repr(refs).encode(), Wei(0), "settle")


@pytest.fixture
def names(world: World) -> list[bytes]:
    """Rounds that are over, none of whose seats is settled, the oldest first."""
    found = [word(f"round {number}") for number in range(ROUNDS)]
    for number, name in enumerate(found):
        world.chain.mine(*submitted(name, word(f"output {number}")), *drawn(name, 99))
        ended = emit(RoundFinalized, name, Verdict.EXPIRED, "vni:timeout", address("finalizer"))
        world.chain.mine(ended)
    world.catch_up()
    return found


def test_settlements__when_more_seats_than_a_batch_cannot_be_settled__then_they_hold_up_no_others(
    world: World, names: list[bytes]
) -> None:
    assert BAD_ROUNDS * len(VERIFIERS) > settlements.MOST_AT_ONCE
    court: Any = Court(set(names[:BAD_ROUNDS]))
    jobs, now = Settlements(world.store), world.chain.blocks[-1].timestamp + 100
    for second in range(3):
        for _ in jobs.due(court, now + second):
            court.settled |= set(court.prepared)
    good = {SeatRef(name, 0, seat) for name in names[BAD_ROUNDS:] for seat in range(3)}  # type: ignore[arg-type]
    assert court.settled == good

    # What cannot be done is asked seldom, and done once it can be.
    before = court.asked
    for second in range(3, 50):
        assert jobs.due(court, now + second) == []
    assert court.asked == before
    court.impossible.clear()
    (task,) = jobs.due(court, now + settlements.FIRST_REST_SECONDS + 5)
    assert len(court.prepared) == settlements.MOST_AT_ONCE
    (again,) = jobs.due(court, now + settlements.FIRST_REST_SECONDS + 6)
    assert again.job == task.job, "one job, however often it is looked for"


def test_settlements__when_a_batch_was_given_up__then_a_job_of_its_own_in_the_next_hour(
    world: World, names: list[bytes]
) -> None:
    court: Any = Court(set())
    jobs, now = Settlements(world.store), 2_000_000_000
    (first,) = jobs.due(court, now)
    (later,) = jobs.due(court, now + settlements.GIVEN_UP_SECONDS)
    assert first.call == later.call
    assert first.job != later.job
