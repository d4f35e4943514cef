"""Rounds go on though nobody calls them: the submitter draws and advances."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.submitter import JobStatus, Outbox, Submitter
from backend.submitter import pokes as pokes_module
from backend.submitter import settlements as settlements_module
from backend.submitter.submit import chain_name
from chain.fees import SendPolicy
from chain.keys import local_signer
from chain.types import Phase
from cli.anvil import AnvilOptions
from tests.backend.live import Index
from tests.support.court import LOCAL, ROUNDS, Court, digest_of, open_court

pytestmark = pytest.mark.integration

QUICK = SendPolicy(poll=0.02, resend_after=0.3, give_up_after=20.0)


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """One chain for this file; its tests only add to it."""
    options = AnvilOptions(block_time=0, slots_in_an_epoch=2)
    with open_court(tmp_path_factory.mktemp("court"), options) as court:
        court.control.pass_time(3600)
        yield court


class Backend:
    """Index, outbox and submitter, stepped by the test."""

    def __init__(self, court: Court, folder: Path) -> None:
        self.court = court
        self.index = Index(folder, court.door)
        self.outbox = Outbox(self.index.store, chain_name(court.door))
        signer = local_signer(19, court.door.chain_id())
        self.submitter = Submitter(
            lambda: court.door,
            signer,
            self.index.store,
            self.outbox,
            self.index.status,
            policy=QUICK,
        )

    def work(self) -> None:
        self.index.catch_up()
        self.submitter.step()


@pytest.fixture
def backend(court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    # The chain's clock is ahead of the machine's, so the blocks tell the time.
    monkeypatch.setattr(pokes_module, "GRACE_SECONDS", 0)
    made = Backend(court, tmp_path)
    yield made
    made.index.close()


def test_pokes__when_nobody_calls__then_the_round_is_drawn_expires_and_ends(
    court: Court, backend: Backend
) -> None:
    name = court.submit(court.receipt(b"nobody comes")[0])
    backend.work()
    assert court.phase(name) is Phase.DRAWING, "too early"
    court.control.mine(3)
    backend.work()
    assert court.phase(name) is Phase.COMMITTING
    court.control.pass_time(LOCAL.commit_window + 1)
    backend.work()
    assert court.phase(name) is Phase.FINAL
    court.control.mine(8)
    backend.work()
    counts = backend.outbox.counts()
    assert counts[JobStatus.FINAL] == 2
    assert counts[JobStatus.FAILED] == 0


def test_pokes__when_the_committee_votes_and_the_provider_sleeps__then_tallied_and_rejected(
    court: Court, backend: Backend
) -> None:
    name = court.submit(court.receipt(b"the provider sleeps")[0])
    court.control.mine(3)
    drawn = court.draw(name)
    claim = digest_of(drawn.key, b"x")
    court.vote(drawn, claim, [claim] * len(drawn.agent_ids))
    backend.work()
    assert court.phase(name) is Phase.PUBLISHING
    court.control.pass_time(LOCAL.publish_window + 1)
    backend.work()
    assert court.round(name).verdict.label == "Rejected"


def test_settlements__when_some_are_closed_already__then_one_transaction_for_the_others(
    court: Court, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlements_module, "GRACE_SECONDS", 0)
    drawn = []
    for task in (b"settled one", b"settled two"):
        name = court.submit(court.receipt(task)[0])
        court.control.mine(3)
        drawn.append(court.draw(name))
    court.control.pass_time(LOCAL.commit_window + 1)
    backend.work()
    assert {court.phase(each.request_hash) for each in drawn} == {Phase.FINAL}
    backend.index.catch_up()
    court.settle(drawn[0])
    signer = backend.submitter._signer.address
    before = court.door.nonce(signer)
    backend.submitter.step()
    assert court.door.nonce(signer) == before + 1, "what the index does not know yet the chain does"
    for each in drawn:
        seats = court.door.call(ROUNDS, "seatsAt", each.request_hash, each.level)
        assert all(seat.settled for seat in seats)
    backend.work()
    backend.work()
    assert court.door.nonce(signer) == before + 1
    assert backend.outbox.counts()[JobStatus.FAILED] == 0


def test_s12_pokes__when_somebody_else_was_first__then_needless_and_nothing_is_paid(
    court: Court, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = court.submit(court.receipt(b"somebody was first")[0])
    court.control.mine(3)
    backend.index.catch_up()
    sent_before = court.door.nonce(backend.submitter._signer.address)
    send = backend.submitter._sender().send_call

    def late(call: Any, *, job: str) -> Any:
        court.client.send(ROUNDS, "draw", name)
        backend.index.catch_up()
        return send(call, job=job)

    monkeypatch.setattr(backend.submitter._sender(), "send_call", late)
    backend.submitter.step()
    assert backend.outbox.counts()[JobStatus.NEEDLESS] == 1
    assert court.door.nonce(backend.submitter._signer.address) == sent_before
