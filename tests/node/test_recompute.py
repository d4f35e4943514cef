"""The recomputation of a challenged epoch: what is answered, and what is not this node's to say."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from chain.anchors import ANCHOR as NAME
from chain.epochs import EpochUnknown, find_epoch, newest_standing
from chain.events import Anchored, Event, Log, RolledBack
from chain.messages import Court
from tests.node.test_seat import KEY
from tests.verifier.reliability.epochs import ANCHOR, CHAIN, ONE, START, bundle, closed, item
from verifier import profiles
from verifier.digest import digest
from verifier.errors import EngineError, EngineUnavailable, InputWithheld
from verifier.node.artifacts import ArtifactSource
from verifier.node.recompute import MODEL, Recomputation
from verifier.node.records import KnownRound, SeatId
from verifier.node.seat import Assignment, Seat
from verifier.reliability.transcript import INVALID, WITHHELD
from verifier.tasks import Task

pytestmark = pytest.mark.unit

EXACT = profiles.load("exact-bytes")
ROOTS = {number: bytes([number]) * 32 for number in range(1, 9)}


class Chain:
    """A gateway whose logs are these events, a block each from block 1 on."""

    def __init__(self, *events: Any) -> None:
        self.events = [made(number) for number, made in enumerate(events, 1)]
        self.deployment = SimpleNamespace(block=1, chain_id=CHAIN, with_only=lambda *_: None)

    def with_deployment(self, _deployment: Any) -> Chain:
        return self

    def head(self) -> Any:
        return SimpleNamespace(number=len(self.events))

    def logs(self, first: int, last: int, *, about: bytes | None = None) -> list[Event]:
        return [each for each in self.events if first <= each.log.block_number <= last]


def log(number: int) -> Log:
    return Log(NAME, ANCHOR.address, number, bytes(32), bytes(32), 0)  # type: ignore[arg-type]


def anchored(epoch: int, root: bytes | None = None, named: bytes = bytes(32)) -> Any:
    values = (epoch, START, root or ROOTS[epoch], named, bytes(32))
    return lambda number: Anchored(log(number), *values)  # type: ignore[arg-type]


def undone(first: int, last: int) -> Any:
    return lambda number: RolledBack(log(number), first, last, True)


def test_epoch__when_others_were_rolled_back__then_it_continues_what_stood_when_published() -> None:
    chain: Any = Chain(
        anchored(1), anchored(2), anchored(3), undone(2, 3), anchored(4), anchored(5), undone(4, 5)
    )
    continued = {n: find_epoch(chain, n).previous_root for n in range(1, 6)}
    # What is rolled back later does not change what was continued.
    assert continued == {1: bytes(32), 2: ROOTS[1], 3: ROOTS[2], 4: ROOTS[1], 5: ROOTS[4]}
    assert [find_epoch(chain, n).stands for n in range(1, 6)] == [True, *[False] * 4]
    newest = newest_standing(chain, 5)
    assert newest is not None
    assert newest.header.epoch == 1
    with pytest.raises(EpochUnknown, match="no epoch 6"):
        find_epoch(chain, 6)


# ------------------------------------------------------------------ the engine

MADE, FOUND = closed(bundle(item(0, 7, ONE), item(1, 8, -ONE)))


def engine(answer: httpx.Response | Exception | None, named: bytes = MADE.hash) -> Recomputation:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"/v1/artifacts/0x{MADE.hash.hex()}"
        if isinstance(answer, Exception):
            raise answer
        return answer or httpx.Response(200, content=MADE.to_bytes())

    source = ArtifactSource("http://backend.test", transport=httpx.MockTransport(handle))
    chain: Any = Chain(anchored(1, FOUND.root, named))
    return Recomputation(chain, source)


def task(**changes: Any) -> Task:
    prompt = f"0x{MADE.hash.hex()} for epoch 1 of {ANCHOR.address.lower()}"
    return replace(Task(EXACT.profile_id, "text", MODEL, prompt=prompt), **changes)


def test_engine__when_the_evidence_is_had__then_the_transcript_or_that_there_is_none() -> None:
    assert engine(None).generate(task()) == FOUND.transcript
    other = engine(httpx.Response(200, content=MADE.to_bytes()))
    prompt = f"0x{MADE.hash.hex()} for epoch 1 of 0x{'11' * 20}"
    # The same bundle for another anchor: its evidence was given for this one.
    assert other.generate(task(prompt=prompt)) == INVALID


def test_engine__when_the_backend_has_nothing__then_withheld_and_nothing_less_is() -> None:
    with pytest.raises(InputWithheld) as refused:
        engine(httpx.Response(404)).generate(task())
    assert refused.value.answer == WITHHELD
    for ours in (
        httpx.ConnectError("down"),
        httpx.Response(503),
        httpx.Response(200, content=b"other bytes"),
    ):
        with pytest.raises(EngineUnavailable) as failed:
            engine(ours).generate(task())
        assert not isinstance(failed.value, InputWithheld)
    with pytest.raises(EngineUnavailable, match="another bundle"):
        engine(None, named=bytes(32)).generate(task())


@pytest.mark.parametrize(
    "changes",
    [{"prompt": "an epoch"}, {"parameters": {"seed": 1}}, {"model": "another"}],
)
def test_engine__when_the_task_is_another__then_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EngineError):
        engine(None).generate(task(**changes))


# ------------------------------------------------------------------ the seat


def seat(agent: int, running: Recomputation, profile: Any = EXACT) -> Seat:
    known = KnownRound(
        bytes(32), 9, profile.profile_id, task().uri(), task().hash(), bytes(32), "data:,", 1
    )
    tools: Any = SimpleNamespace(
        court=Court(CHAIN, ANCHOR.address),  # type: ignore[arg-type]
        engine=lambda _profile, work=None: running if work else None,
        tasks=SimpleNamespace(fetch=lambda *_: task()),
    )
    place = SeatId(bytes(32), 0, agent, KEY)
    return Seat(Assignment(place, agent, known, lambda: profile), tools)


def test_seat__when_the_evidence_is_withheld__then_the_committee_says_so_with_one_voice() -> None:
    refused = [seat(agent, engine(httpx.Response(404))) for agent in (1, 2)]
    for each in refused:
        with pytest.raises(InputWithheld):
            each.generate()
    assert {each.abstain().digest for each in refused} == {digest(WITHHELD, EXACT, KEY)}

    # A node that cannot ask has nothing to say of the reporter.
    down = [seat(agent, engine(httpx.ConnectError("down"))) for agent in (1, 2)]
    for each in down:
        with pytest.raises(EngineUnavailable):
            each.generate()
    assert len({each.abstain().digest for each in down} | {digest(WITHHELD, EXACT, KEY)}) == 3


def test_seat__when_it_recomputes__then_evidence_names_the_engine_that_did() -> None:
    one = seat(1, engine(None))
    made = one.produce_digest(one.generate())
    assert made.digest == digest(FOUND.transcript, EXACT, KEY)
    assert MODEL.encode() in made.evidence
