"""S1 to S14 for the backend's submitter: the outbox in the database, on a real chain. Jobs are
payments and, in the campaign, batches: what holds for a transaction holds for each of its members.

What the sender under it does with a lossy pool is also tested alone, in
`tests/chain/test_sender_faults.py`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak
from sqlalchemy import func, select

from backend.errors import NonceOccupied, StoreUnavailable
from backend.indexer import Status
from backend.store import SignedAttempt, Store, Transaction
from backend.submitter import JobStatus, Outbox, StoreJournal, Submitter, Task
from backend.submitter.settlements import SETTLE
from backend.submitter.submit import chain_name
from chain import artifacts
from chain.blocks import Call
from chain.errors import RpcUnreachable
from chain.fees import SendPolicy
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.structs import SeatRef
from chain.types import Address, Wei
from chain.units import GWEI
from cli.anvil import AnvilOptions, start_anvil
from tests.support.anvil import Control
from tests.support.court import LOCAL, ROUNDS, Court, open_court
from tests.support.polling import eventually
from tests.support.proxy import LOSE_REPLY, FaultProxy, claim, refusal

pytestmark = pytest.mark.integration

QUICK = SendPolicy(poll=0.02, resend_after=0.2, replace_after=30.0, give_up_after=20.0)
BUMPING = SendPolicy(poll=0.02, resend_after=5.0, replace_after=0.2, give_up_after=20.0)
PAYEE = Address("0x0000000000000000000000000000000000055002")


class Payments:
    """Jobs that pay somebody."""

    kind = "pay"

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, wei: int) -> Call:
        return Call(PAYEE, b"", Wei(wei), "a payment")

    def done(self, truth: Gateway) -> int:
        return int(truth.balance(PAYEE))


class Batches:
    """Jobs that do several things in one transaction: so many seats of rounds that are over are
    settled. What was done already is passed over."""

    kind = SETTLE

    def __init__(self, court: Court) -> None:
        self.url = court.control.url
        self.court = court
        court.control.pass_time(3600)
        self.holders: dict[SeatRef, int] = {}
        for number in range(3):
            drawn = court.draw(court.submit(court.receipt(f"of round {number}".encode())[0]))
            for seat, agent_id in enumerate(drawn.agent_ids):
                self.holders[SeatRef(drawn.request_hash, drawn.level, seat)] = agent_id
        self.seats = list(self.holders)
        court.control.pass_time(LOCAL.commit_window + 1)
        for name in {ref.request_hash for ref in self.seats}:
            court.client.send(ROUNDS, "advance", name)
        self.taken = 0

    def call(self, seats: int) -> Call:
        """Settles so many that no job has yet."""
        some = self.seats[self.taken : self.taken + seats]
        assert len(some) == seats
        self.taken += seats
        return self.court.door.prepare(ROUNDS, "settle", some)

    def done(self, truth: Gateway) -> int:
        door = truth.with_deployment(self.court.deployment)
        levels = {(ref.request_hash, ref.level) for ref in self.seats}
        return sum(
            seat.settled for where in levels for seat in door.call(ROUNDS, "seatsAt", *where)
        )


class Network:
    """A chain, a proxy that can misbehave, and a database."""

    def __init__(self, work: Payments | Batches, store: Store) -> None:
        self.work = work
        self.url = url = work.url
        self.control = Control(url)
        self.proxy = FaultProxy(url, raise_percent=10)
        self.door = Gateway(self.proxy.url, tries=1)
        self.truth = Gateway(url)
        self.store = store
        self.signer: Signer = local_signer(0, self.truth.chain_id())
        self.status = Status()

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.store, chain_name(self.truth))

    def submitter(self, policy: SendPolicy = QUICK, **more: Any) -> Submitter:
        """A freshly started one."""
        status = more.pop("status", self.status)
        signer = more.pop("signer", self.signer)
        return Submitter(
            lambda: self.door,
            signer,
            self.store,
            self.outbox,
            status,
            policy=policy,
            pokes=False,
            **more,
        )

    def pay(self, job: str, wei: int = 1) -> None:
        """Puts a job that does so much, once."""
        if self.outbox.get(job) is None:
            self.outbox.put(Task(job, self.work.kind, self.work.call(wei)))

    def paid(self) -> int:
        return self.work.done(self.truth) - self.before

    def state(self, job: str) -> JobStatus:
        task = self.outbox.get(job)
        assert task is not None
        return task.status

    def attempts(self, job: str) -> list[bytes]:
        with self.store.read() as session:
            query = select(SignedAttempt.raw).where(SignedAttempt.job == job)
            return list(session.scalars(query.order_by(SignedAttempt.position)))

    def in_pool(self, job: str) -> bytes | None:
        """The hash of the newest attempt, once the node has it."""
        with self.store.read() as session:
            query = select(SignedAttempt.hash).where(SignedAttempt.job == job)
            newest = session.scalars(query.order_by(SignedAttempt.position.desc())).first()
        known = newest is not None and self.truth.knows_transaction(newest)
        return newest if known else None

    def drop(self, transaction_hash: bytes) -> None:
        """The pool loses it."""
        self.control("anvil_dropTransaction", "0x" + transaction_hash.hex())
        self.proxy._pool.clear()

    def nonces(self) -> list[int]:
        with self.store.read() as session:
            return sorted(session.scalars(select(Transaction.nonce)))

    before = 0


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = AnvilOptions(block_time=0, slots_in_an_epoch=2)
    with start_anvil(tmp_path_factory.mktemp("chain") / "anvil.log", options) as anvil:
        yield anvil.url


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batches]:
    options = AnvilOptions(block_time=0, slots_in_an_epoch=2)
    with open_court(tmp_path_factory.mktemp("court"), options) as court:
        yield Batches(court)


@pytest.fixture(params=["chain", pytest.param("court", marks=pytest.mark.campaign)])
def network(request: pytest.FixtureRequest, new_database: Callable[[], str]) -> Iterator[Network]:
    """The chain as it was, whatever a test does to it; jobs of one payment, or of many seats."""
    store = Store(new_database())
    store.open(31337, "test")
    work = request.getfixturevalue(request.param)
    network = Network(Payments(work) if isinstance(work, str) else work, store)
    snapshot = network.control("evm_snapshot")
    network.before = network.work.done(network.truth)
    with network.proxy:
        yield network
    network.control("evm_setAutomine", True)
    network.control("evm_revert", snapshot)
    if isinstance(work, Batches):
        work.taken = 0
    network.door.close()
    network.truth.close()
    network.control.close()
    store.close()


def in_background(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


CRASHING = """
import os, signal, sys
from backend.indexer import Status
from backend.store import Store
from backend.submitter import Outbox, StoreJournal, Submitter
from backend.submitter.submit import chain_name
from chain.gateway import Gateway
from chain.keys import local_signer

url, database, point = sys.argv[1:]
gateway, store = Gateway(url), Store(database)
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
real, close = gateway.broadcast, StoreJournal.close
def broadcast(raw):
    if point == "signed":
        die()
    real(raw)
    if point == "broadcast":
        die()
gateway.broadcast = broadcast
if point == "commit":
    StoreJournal.close = lambda *_: die()
signer = local_signer(0, gateway.chain_id())
outbox = Outbox(store, chain_name(gateway))
Submitter(lambda: gateway, signer, store, outbox, Status(), pokes=False).step()
"""


@pytest.mark.parametrize("point", ["signed", "broadcast", "commit"])
def test_s1_kill__when_after_signing_broadcast_or_before_commit__then_one_effect(
    network: Network, point: str, tmp_path: Path
) -> None:
    network.pay("pay", 7)
    url = network.store.url
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, network.url, url, point],
        cwd=Path.cwd(),
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert len(network.attempts("pay")) == 1, "signed bytes were not kept"
    network.submitter().step()
    network.submitter().step()
    assert network.paid() == 7
    assert len(network.attempts("pay")) == 1
    assert network.state("pay") in (JobStatus.MINED, JobStatus.FINAL)


def test_s2_reply__when_swallowed_and_then_already_known__then_the_same_hash_succeeds(
    network: Network,
) -> None:
    network.control("evm_setAutomine", False)
    network.pay("pay", 7)
    network.proxy.inject("eth_sendRawTransaction", LOSE_REPLY, refusal("already known"))
    network.proxy.inject("eth_getTransactionByHash", *[claim(None)] * 3)
    work = in_background(network.submitter().step)
    eventually(lambda: len(network.proxy.broadcasts()) >= 2, "it was handed in again", 10)
    network.control.mine()
    work.join()
    assert network.paid() == 7
    assert len(set(network.proxy.broadcasts())) == 1


def test_s3_replacement__when_the_original_is_mined_after_a_bump__then_done_without_a_third(
    network: Network,
) -> None:
    network.control("evm_setAutomine", False)
    network.pay("pay", 7)
    slowly = replace(BUMPING, replace_after=1.0)
    work = in_background(network.submitter(slowly).step)
    eventually(lambda: len(network.attempts("pay")) == 2, "it was replaced once", 10)
    network.drop(eventually(lambda: network.in_pool("pay"), "its arrival"))
    first = network.attempts("pay")[0]
    network.control("eth_sendRawTransaction", "0x" + first.hex())
    network.control.mine()
    work.join()
    assert network.state("pay") is JobStatus.MINED
    assert network.paid() == 7
    assert network.truth.nonce(network.signer.address) == network.truth.nonce(
        network.signer.address, "pending"
    )


def test_s4_replacement__when_underpriced__then_pays_more_at_the_same_nonce(
    network: Network,
) -> None:
    network.control("evm_setAutomine", False)
    network.pay("pay", 7)
    work = in_background(network.submitter(BUMPING).step)
    eventually(lambda: len(network.attempts("pay")) == 2, "it was replaced", 10)
    network.proxy.inject("eth_sendRawTransaction", refusal("replacement transaction underpriced"))
    eventually(lambda: len(network.attempts("pay")) >= 4, "it went on paying more", 20)
    network.control.mine()
    work.join()
    assert network.paid() == 7
    assert len(network.nonces()) == 1


def test_s5_pool__when_it_drops_the_transaction__then_the_same_bytes_again(
    network: Network,
) -> None:
    network.control("evm_setAutomine", False)
    network.pay("pay", 7)
    work = in_background(network.submitter().step)
    network.drop(eventually(lambda: network.in_pool("pay"), "its arrival"))
    eventually(lambda: network.in_pool("pay"), "it was handed in again", 10)
    network.control.mine()
    work.join()
    assert len(network.proxy.broadcasts()) == 2
    assert len(set(network.proxy.broadcasts())) == 1
    assert network.paid() == 7


def test_s6_fees__when_the_base_fee_rises_over_the_cap__then_cancelled_and_later_jobs_proceed(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    network.control("evm_setAutomine", False)
    network.control("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    network.control.mine()
    network.control("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    network.pay("stuck", 7)
    capped = SendPolicy(
        max_fee_cap=Wei(4 * GWEI), poll=0.02, resend_after=0.2, replace_after=0.2, give_up_after=1.5
    )
    network.submitter(capped).step()
    fees = _max_fees(network, "stuck")
    assert max(fees[:-1]) <= 4 * GWEI < fees[-1] <= 8 * GWEI
    assert "waits at the fee cap" in caplog.text
    assert network.paid() == 0
    network.pay("later", 1)
    network.control("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    network.control("evm_setAutomine", True)
    network.control.mine()
    network.proxy._pool.clear()  # The node itself had refused what paid less than the base fee.
    eventually(
        lambda: (
            network.submitter(capped).step()
            and network.state("later") in (JobStatus.MINED, JobStatus.FINAL)
        ),
        "the later job proceeded",
        20,
    )
    assert network.state("stuck") is JobStatus.CANCELLED
    task = network.outbox.get("stuck")
    assert task is not None
    assert "given up" in (task.error or "")
    assert network.paid() == 1


def _max_fees(network: Network, job: str) -> list[int]:
    with network.store.read() as session:
        query = select(SignedAttempt.max_fee).where(SignedAttempt.job == job)
        return list(session.scalars(query.order_by(SignedAttempt.position)))


def test_s7_jobs__when_two_workers_take_them__then_each_has_one_nonce_and_one_effect(
    network: Network,
) -> None:
    for number in range(12):
        network.pay(f"pay {number}", 1)
        network.pay(f"pay {number}", 1)
    workers = [network.submitter(), network.submitter()]

    def work(worker: Submitter) -> None:
        while network.outbox.waiting(JobStatus.QUEUED, JobStatus.SENT):
            worker.step()

    threads = [in_background(lambda w=worker: work(w)) for worker in workers]
    for thread in threads:
        thread.join()
    assert network.paid() == 12
    assert len(network.nonces()) == len(set(network.nonces())) == 12


def test_s8_nonce__when_recording_fails_after_allocation__then_used_by_the_next_job(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = network.truth.nonce(network.signer.address)
    network.pay("a", 1)

    def full(*_: Any) -> None:
        raise StoreUnavailable("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(StoreJournal, "add", full)
        network.submitter().step()
    assert network.nonces() == []
    network.pay("b", 1)
    submitter = network.submitter()
    submitter.step()
    assert network.nonces() == [first, first + 1]
    assert network.paid() == 2


def test_s9_account__when_something_else_sends_from_it__then_follows_upward(
    network: Network,
) -> None:
    network.pay("a", 1)
    submitter = network.submitter()
    submitter.step()
    nonce = network.truth.nonce(network.signer.address)
    network.control("anvil_setNonce", network.signer.address, hex(nonce + 10))
    network.pay("b", 1)
    submitter.step()
    assert network.nonces() == [nonce - 1, nonce + 10]
    assert network.paid() == 2


def test_s10_nonce__when_told_too_low_after_success__then_the_receipt_decides(
    network: Network,
) -> None:
    network.pay("pay", 7)
    network.proxy.inject("eth_sendRawTransaction", refusal("nonce too low", forward=True))
    network.submitter().step()
    assert network.paid() == 7
    assert network.state("pay") is JobStatus.MINED
    assert len(network.proxy.broadcasts()) == 1


def test_s11_reorg__when_it_takes_a_mined_job__then_sent_again_and_final_only_when_final(
    network: Network,
) -> None:
    network.control.mine(8)
    network.pay("pay", 7)
    submitter = network.submitter()
    submitter.step()
    assert network.state("pay") is JobStatus.MINED
    network.control("anvil_reorg", 1, [])
    pool = network.control("txpool_content")["pending"]
    for transactions in pool.values():
        for transaction in transactions.values():
            network.control("anvil_dropTransaction", transaction["hash"])
    network.proxy._pool.clear()
    assert network.paid() == 0
    submitter.step()
    assert network.paid() == 7
    assert network.state("pay") is JobStatus.MINED
    assert len(network.attempts("pay")) == 1, "the same bytes"
    network.control.mine(8)
    submitter.step()
    assert network.state("pay") is JobStatus.FINAL


def test_s13_money__when_it_runs_out__then_paused_and_resumes_when_funded(
    network: Network,
) -> None:
    poor = local_signer(9, network.truth.chain_id())
    network.control("anvil_setBalance", poor.address, "0x0")
    network.pay("pay", 7)
    submitter = network.submitter(signer=poor)
    submitter.step()
    assert network.state("pay") is JobStatus.QUEUED
    paused = network.status.snapshot().paused
    assert paused is not None
    assert "send it funds" in paused
    network.control("anvil_setBalance", poor.address, hex(10**18))
    submitter.step()
    assert network.status.snapshot().paused is None
    assert network.paid() == 7


@pytest.mark.campaign
@pytest.mark.parametrize("network", ["court"], indirect=True)
def test_s12_batch__when_members_were_done_meanwhile__then_the_others_are_and_none_twice(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(network.work, Batches)
    client, seats = network.work.court.client, network.work.seats
    network.pay("some", 7)
    submitter = network.submitter()
    broadcast = network.door.broadcast

    def late(raw: bytes) -> None:
        network.control("evm_setAutomine", False)
        broadcast(raw)  # Behind the one that comes now, and pays more.
        hurry = in_background(lambda: client.send(ROUNDS, "settle", seats[:3]))
        eventually(lambda: len(network.control("txpool_content")["pending"]) == 2, "both came", 10)
        network.control.mine()
        network.control("evm_setAutomine", True)
        hurry.join()

    with monkeypatch.context() as patch:
        patch.setattr(network.door, "broadcast", late)
        submitter.step()
    assert network.paid() == 7
    assert network.state("some") is JobStatus.MINED
    network.pay("rest", 8)
    submitter.step()
    assert network.paid() == 15


@pytest.mark.campaign
@pytest.mark.parametrize("network", ["court"], indirect=True)
def test_s12_batch__when_one_member_reverts__then_nothing_is_sent_and_the_others_are_still_to_do(
    network: Network,
) -> None:
    assert isinstance(network.work, Batches)
    court, holders = network.work.court, network.work.holders
    gone = holders[network.work.seats[4]]
    without_owner(network, court, gone)
    sent = network.truth.nonce(network.signer.address)
    network.pay("poisoned", 5)
    submitter = network.submitter()
    submitter.step()
    assert network.state("poisoned") is JobStatus.NEEDLESS
    assert network.truth.nonce(network.signer.address) == sent
    assert network.paid() == 0
    others = [ref for ref in network.work.seats if holders[ref] != gone]
    call = court.door.prepare(ROUNDS, "settle", others)
    network.outbox.put(Task("others", SETTLE, call))
    submitter.step()
    assert network.paid() == len(others) > 5


def without_owner(network: Network, court: Court, agent_id: int) -> None:
    """As if the agent's token were gone: whatever asks for its owner reverts."""
    (slot,) = [
        int(variable["slot"])
        for variable in artifacts.load("IdentityRegistry").storage_layout["storage"]
        if variable["label"] == "_owners"
    ]
    place = keccak(agent_id.to_bytes(32, "big") + slot.to_bytes(32, "big"))
    registry = court.deployment.address("IdentityRegistry")
    network.control("anvil_setStorageAt", registry, "0x" + place.hex(), "0x" + "00" * 32)


def test_submitter__when_another_replica_leads__then_nothing_is_sent(network: Network) -> None:
    network.pay("pay", 7)
    assert not network.submitter(leads=lambda: False).step()
    assert network.paid() == 0


def test_submitter__when_the_node_is_silent_at_the_worst_moment__then_nothing_is_lost(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.pay("pay", 7)

    def silent(*_: Any) -> None:
        raise RpcUnreachable("Nothing answers.")

    with monkeypatch.context() as patch:
        patch.setattr(network.door, "head", silent)
        network.submitter().step()
    assert network.state("pay") is JobStatus.SENT
    network.submitter().step()
    assert network.paid() == 7


def test_journal__when_two_jobs_want_one_nonce__then_the_database_refuses_the_second(
    network: Network,
) -> None:
    network.pay("a", 1)
    network.submitter().step()
    journal = StoreJournal(network.store)
    entry = journal.get(chain_name(network.truth), "a")
    assert entry is not None
    with pytest.raises(NonceOccupied):
        journal.add(replace(entry, job="b"))
    with network.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Transaction)) == 1
