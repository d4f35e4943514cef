"""Gold: of use only where the engine agrees with the committee, and the seed changes the output."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from chain.events import OutputReferenced
from chain.types import Phase, Verdict
from tests.node.exam_stage import SeedEngine, output_of
from verifier import profiles
from verifier.canonical import keccak256
from verifier.exams.reseed import reseed
from verifier.node.artifacts import ArtifactSource
from verifier.node.exams.gold import Gold, GoldMine
from verifier.node.records import KnownRound
from verifier.node.tasks import TaskSource
from verifier.tasks import Task

pytestmark = pytest.mark.unit

PROFILE = profiles.load("exact-bytes")
KEY = b"\x07" * 32
TASK = Task(PROFILE.profile_id, "text", "m", "What a client asked.", parameters={"seed": 1})
GOLD = Gold(b"\x01" * 32, TASK, output_of(TASK))


def mine(task: Task = TASK, provider: int = 3, events: Any = (), stored: bytes = b"") -> GoldMine:
    known = KnownRound(
        GOLD.request_hash, provider, PROFILE.profile_id, "", task.hash(), b"", task.uri(), 5
    )
    view = SimpleNamespace(phase=Phase.FINAL, verdict=Verdict.ACCEPTED)
    parts: dict[str, Any] = {
        "store": SimpleNamespace(rounds_of=lambda _: [known]),
        "chain": SimpleNamespace(
            head=lambda: SimpleNamespace(number=9), logs=lambda *_, about: list(events)
        ),
        "court": SimpleNamespace(
            round=lambda _: view, profile=lambda _: SimpleNamespace(tolerance=0)
        ),
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=stored))
    artifacts = ArtifactSource("http://127.0.0.1:9", transport=transport)
    return GoldMine(7, **parts, tasks=TaskSource(None), artifacts=artifacts)


def referenced(output: bytes) -> OutputReferenced:
    event: OutputReferenced = object.__new__(OutputReferenced)
    object.__setattr__(event, "content_hash", keccak256(output))
    return event


def test_gold__when_refined__then_asked_under_the_exams_seed_with_its_output() -> None:
    asked = reseed(TASK, KEY)
    assert mine().refine(GOLD, KEY, SeedEngine(), PROFILE) == (asked, output_of(asked))


def test_gold__when_the_engine_says_otherwise_than_the_committee__then_none_and_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert mine().refine(GOLD, KEY, SeedEngine(wrong=True), PROFILE) is None
    assert "does not give what the committee accepted" in caplog.text


def test_gold__when_the_seed_changes_nothing__then_none_for_the_output_is_public() -> None:
    class Greedy(SeedEngine):
        def generate(self, task: Task) -> bytes:
            return GOLD.output

    assert mine().refine(GOLD, KEY, Greedy(), PROFILE) is None


def test_gold__when_the_output_is_kept_elsewhere__then_fetched_and_believed_by_its_hash() -> None:
    event = referenced(GOLD.output)
    (found,) = mine(events=[event], stored=GOLD.output).dig(PROFILE.profile_id)
    assert found == GOLD
    assert not list(mine(events=[event], stored=b"another").dig(PROFILE.profile_id))


def test_gold__when_it_is_our_own_work_or_has_no_seed__then_none() -> None:
    event = referenced(GOLD.output)
    assert not list(mine(provider=7, events=[event], stored=GOLD.output).dig(PROFILE.profile_id))
    greedy = Task(PROFILE.profile_id, "text", "m", "p", parameters={})
    assert not list(mine(greedy, events=[event], stored=GOLD.output).dig(PROFILE.profile_id))
