"""The faults that real transaction senders suffer, one test each, against a real anvil."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from chain.blocks import Call, TxReceipt
from chain.errors import (
    InsufficientFunds,
    RevertError,
    RpcUnreachable,
    TransactionRejected,
    TransactionStuck,
)
from chain.fees import SendPolicy
from chain.gateway import Gateway
from chain.journal import Attempt, Entry, FileJournal, JobState, MemoryJournal
from chain.keys import Signer, local_signer
from chain.sender import Sender
from chain.types import Address, Wei
from chain.units import GWEI
from cli.anvil import Anvil
from tests.support.anvil import Control
from tests.support.polling import eventually
from tests.support.proxy import LOSE_REPLY, LOSE_REQUEST, FaultProxy, claim, refusal
from tests.support.weather import SeededWeather

pytestmark = pytest.mark.integration

QUICK = SendPolicy(poll=0.02, resend_after=0.3, replace_after=30.0, give_up_after=20.0)
BUMPING = SendPolicy(poll=0.02, resend_after=5.0, replace_after=0.3, give_up_after=20.0)
PAYEE = Address("0x0000000000000000000000000000000000055001")

Background = Callable[..., "Future[TxReceipt]"]


def payment(wei: int = 7) -> Call:
    return Call(PAYEE, b"", Wei(wei), "a payment")


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[FaultProxy]:
    with FaultProxy(anvil.url, raise_percent=10) as running:
        yield running


@pytest.fixture
def door(proxy: FaultProxy) -> Iterator[Gateway]:
    gateway = Gateway(proxy.url)
    yield gateway
    gateway.close()


@pytest.fixture
def background() -> Iterator[Background]:
    with ThreadPoolExecutor(24) as pool:
        yield pool.submit


@pytest.fixture
def held(control: Control) -> Control:
    """The node keeps transactions in its pool until it is told to mine."""
    control("evm_setAutomine", False)
    return control


def paid(gateway: Gateway) -> int:
    return int(gateway.balance(PAYEE))


class Spy(MemoryJournal):
    """A journal whose last entry can be looked at."""

    @property
    def last(self) -> Entry:
        return list(self._entries.values())[-1]

    def of_nonce(self, nonce: int) -> tuple[Attempt, ...]:
        return next(e.attempts for e in self._entries.values() if e.nonce == nonce)

    def attempts(self) -> tuple[Attempt, ...]:
        return self.last.attempts if self._entries else ()


# ------------------------------------------------------------------------------ S1: crash

CRASHING = """
    import os, signal, sys
    from pathlib import Path
    from chain.blocks import Call
    from chain.gateway import Gateway
    from chain.journal import FileJournal
    from chain.keys import local_signer
    from chain.sender import Sender
    from chain.types import Address, Wei

    url, journal, point, payee = sys.argv[1:]
    gateway = Gateway(url)
    real = gateway.broadcast
    def broadcast(raw):
        if point == "signed":
            os.kill(os.getpid(), signal.SIGKILL)
        real(raw)
        os.kill(os.getpid(), signal.SIGKILL)
    gateway.broadcast = broadcast
    signer = local_signer(0, gateway.chain_id())
    sender = Sender(gateway, signer, FileJournal(Path(journal)))
    sender.send_call(Call(Address(payee), b"", Wei(7), "a payment"), job="pay")
"""


@pytest.mark.parametrize("point", ["signed", "broadcast"])
def test_sender__when_killed__then_a_restart_completes_the_job_exactly_once(
    point: str, anvil: Anvil, gateway: Gateway, signer: Signer, tmp_path: Path
) -> None:
    file = tmp_path / "journal.sqlite"
    arguments = [anvil.url, str(file), point, PAYEE]
    code = [sys.executable, "-c", textwrap.dedent(CRASHING), *arguments]
    done = subprocess.run(
        code, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    journal = FileJournal(file)
    sender = Sender(gateway, signer, journal, QUICK)
    receipt = sender.send_call(payment(), job="pay")
    again = sender.send_call(payment(), job="pay")
    journal.close_file()

    assert receipt.succeeded
    assert again.transaction_hash == receipt.transaction_hash
    assert paid(gateway) == 7
    assert gateway.nonce(signer.address) == 1


# ------------------------------------------------------------------------------ S2: lost replies


def test_sender__when_the_reply_is_lost__then_the_same_transaction_counts(
    proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    proxy.inject("eth_sendRawTransaction", LOSE_REPLY)

    receipt = Sender(door, signer, policy=QUICK).send_call(payment())

    assert receipt.succeeded
    assert paid(door) == 7
    assert len(set(proxy.broadcasts())) == 1


def test_sender__when_the_request_is_lost__then_the_same_bytes_are_sent_again(
    proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    proxy.inject("eth_sendRawTransaction", LOSE_REQUEST)

    Sender(door, signer, policy=QUICK).send_call(payment())

    first, second = proxy.broadcasts()
    assert first == second
    assert paid(door) == 7


@pytest.mark.parametrize(
    "words", ["already known", "transaction already imported", "ALREADY_EXISTS: already exists"]
)
def test_sender__when_told_that_it_is_known__then_it_is_a_success(
    words: str, proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    proxy.inject("eth_sendRawTransaction", refusal(words, forward=True))

    assert Sender(door, signer, policy=QUICK).send_call(payment()).succeeded
    assert paid(door) == 7


def test_sender__when_a_lossy_node_drops_half__then_every_job_has_one_effect(
    anvil: Anvil, signer: Signer, background: Background
) -> None:
    lossy = SeededWeather(
        2, {"lose_reply": 0.3, "lose_request": 0.3}, methods="eth_sendRawTransaction"
    )
    with FaultProxy(anvil.url, weather=lossy, raise_percent=10) as proxy:
        gateway = Gateway(proxy.url)
        sender = Sender(gateway, signer, policy=QUICK)
        jobs = [background(sender.send_call, payment(1), job=f"job {i}") for i in range(12)]
        receipts = [job.result() for job in jobs]

        assert paid(gateway) == 12
        assert len({receipt.transaction_hash for receipt in receipts}) == 12
        assert gateway.nonce(signer.address) == 12
        gateway.close()


# ------------------------------------------------------------------------------ S3, S4, S5


def test_sender__when_the_original_is_mined_after_a_replacement__then_no_third_is_sent(
    held: Control, gateway: Gateway, signer: Signer, background: Background
) -> None:
    journal = Spy()
    job = background(Sender(gateway, signer, journal, BUMPING).send_call, payment())
    original, replacement = eventually(
        lambda: journal.attempts() if len(journal.attempts()) == 2 else None, "a replacement"
    )
    eventually(lambda: gateway.knows_transaction(replacement.transaction_hash), "its arrival")
    held("anvil_dropTransaction", "0x" + replacement.transaction_hash.hex())
    gateway.broadcast(original.raw)
    held("evm_mine")

    assert job.result().transaction_hash == original.transaction_hash
    assert journal.last.state is JobState.MINED
    assert len(journal.attempts()) == 2
    assert paid(gateway) == 7


def test_sender__when_a_replacement_is_underpriced__then_it_pays_more_at_the_same_nonce(
    anvil: Anvil, held: Control, signer: Signer, background: Background
) -> None:
    with FaultProxy(anvil.url, raise_percent=25) as proxy:
        gateway = Gateway(proxy.url)
        journal = Spy()
        job = background(Sender(gateway, signer, journal, BUMPING).send_call, payment())
        eventually(lambda: len(journal.attempts()) >= 3, "a second raise")
        accepted = journal.attempts()[2].transaction_hash
        eventually(lambda: gateway.knows_transaction(accepted), "its arrival")
        held("evm_mine")

        assert job.result().succeeded
        assert gateway.nonce(signer.address) == 1
        assert paid(gateway) == 7
        gateway.close()


def test_sender__when_the_pool_drops_it__then_the_same_bytes_are_sent_again(
    held: Control, proxy: FaultProxy, signer: Signer, background: Background, gateway: Gateway
) -> None:
    with FaultProxy(proxy.url) as counting:
        door = Gateway(counting.url)
        journal = Spy()
        job = background(Sender(door, signer, journal, QUICK).send_call, payment())
        only = eventually(lambda: journal.attempts(), "the first attempt")[0]
        eventually(lambda: gateway.knows_transaction(only.transaction_hash), "its arrival")
        held("anvil_dropTransaction", "0x" + only.transaction_hash.hex())
        eventually(lambda: len(counting.broadcasts()) == 2, "a second broadcast")
        eventually(lambda: gateway.knows_transaction(only.transaction_hash), "its return")
        held("evm_mine")

        assert job.result().transaction_hash == only.transaction_hash
        assert len(set(counting.broadcasts())) == 1
        door.close()


# ------------------------------------------------------------------------------ S6: fees


def test_sender__when_the_base_fee_is_over_the_cap__then_nothing_is_sent_and_the_cap_is_named(
    control: Control, gateway: Gateway, signer: Signer
) -> None:
    control("anvil_setNextBlockBaseFeePerGas", hex(900 * GWEI))
    control("evm_mine")

    with pytest.raises(TransactionStuck, match=r"900 gwei per gas, over the cap of 500"):
        Sender(gateway, signer, policy=QUICK).send_call(payment())
    assert gateway.nonce(signer.address, "pending") == 0


def test_sender__when_it_waits_at_the_cap__then_it_gives_up_and_a_later_look_finds_it(
    held: Control, gateway: Gateway, signer: Signer
) -> None:
    policy = SendPolicy(poll=0.02, replace_after=0.1, give_up_after=0.8, max_fee_cap=Wei(4 * GWEI))
    journal = Spy()
    sender = Sender(gateway, signer, journal, policy)

    with pytest.raises(TransactionStuck, match="may still be"):
        sender.send_call(payment(), job="pay")
    assert all(attempt.fees.max_fee <= 4 * GWEI for attempt in journal.attempts())
    held("evm_mine")

    assert sender.send_call(payment(), job="pay").succeeded
    assert paid(gateway) == 7


def test_sender__when_it_gave_one_up_unsent__then_the_next_brings_it_along(
    proxy: FaultProxy, door: Gateway, signer: Signer, gateway: Gateway
) -> None:
    policy = SendPolicy(poll=0.02, resend_after=0.2, give_up_after=0.7)
    sender = Sender(door, signer, policy=policy)
    proxy.inject("eth_sendRawTransaction", *[LOSE_REQUEST] * 4)
    with pytest.raises(TransactionStuck):
        sender.send_call(payment(5))
    while proxy.pending("eth_sendRawTransaction"):
        with pytest.raises(RpcUnreachable):
            door.broadcast(b"")

    assert sender.send_call(payment(2)).succeeded
    assert paid(gateway) == 7


def test_sender__when_it_gave_one_up_that_pays_too_little__then_the_next_raises_it(
    held: Control, gateway: Gateway, signer: Signer, background: Background
) -> None:
    journal = Spy()
    impatient = SendPolicy(poll=0.02, replace_after=9.0, give_up_after=0.2)
    with pytest.raises(TransactionStuck):
        Sender(gateway, signer, journal, impatient).send_call(payment(5))
    (cheap,) = journal.attempts()
    held("anvil_setNextBlockBaseFeePerGas", hex(2 * cheap.fees.max_fee))
    held("evm_mine")

    sender = Sender(gateway, signer, journal, BUMPING)
    sender._recovered = True
    job = background(sender.send_call, payment(2))
    eventually(lambda: len(journal.of_nonce(0)) > 1, "a better offer for the first")
    held("evm_setAutomine", True)
    held("evm_mine")

    assert job.result().succeeded
    assert paid(gateway) == 7


# ------------------------------------------------------------------------------ S7–S10: nonces


def test_sender__when_many_threads_send__then_each_job_has_its_own_nonce(
    gateway: Gateway, signer: Signer, background: Background
) -> None:
    sender = Sender(gateway, signer, policy=QUICK)

    jobs = [background(sender.send_call, payment(1)) for _ in range(20)]
    receipts = [job.result() for job in jobs]

    assert all(receipt.succeeded for receipt in receipts)
    assert paid(gateway) == 20
    assert gateway.nonce(signer.address) == 20


def test_sender__when_two_threads_do_one_job__then_it_is_done_once(
    gateway: Gateway, signer: Signer, background: Background
) -> None:
    sender = Sender(gateway, signer, policy=QUICK)

    jobs = [background(sender.send_call, payment(), job="pay") for _ in range(8)]

    assert len({job.result().transaction_hash for job in jobs}) == 1
    assert paid(gateway) == 7


def test_sender__when_recording_fails__then_the_nonce_is_used_by_the_next_job(
    gateway: Gateway, signer: Signer
) -> None:
    class Full(MemoryJournal):
        def add(self, entry: Entry) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        Sender(gateway, signer, Full(), QUICK).send_call(payment())
    Sender(gateway, signer, policy=QUICK).send_call(payment())

    assert gateway.nonce(signer.address) == 1


def test_sender__when_the_account_moved_on_elsewhere__then_it_follows(
    control: Control, gateway: Gateway, signer: Signer
) -> None:
    sender = Sender(gateway, signer, policy=QUICK)
    sender.send_call(payment())
    control("anvil_setNonce", signer.address, hex(11))

    assert sender.send_call(payment()).succeeded
    assert gateway.nonce(signer.address) == 12


def test_sender__when_another_process_takes_its_nonce__then_both_jobs_are_done_once(
    held: Control, gateway: Gateway, signer: Signer, proxy: FaultProxy, background: Background
) -> None:
    first = background(Sender(gateway, signer, policy=QUICK).send_call, payment(1))
    eventually(lambda: gateway.nonce(signer.address, "pending") == 1, "the first in the pool")
    # The second's node does not know of the first yet, so both choose nonce 0.
    door = Gateway(proxy.url)
    proxy.inject("eth_getTransactionCount", *[claim("0x0")] * 2)
    proxy.inject(
        "eth_sendRawTransaction", refusal("replacement transaction underpriced", forward=False)
    )
    second = background(Sender(door, signer, policy=QUICK).send_call, payment(10))
    eventually(lambda: gateway.nonce(signer.address, "pending") == 2, "the second in the pool")
    held("evm_mine")

    assert first.result().succeeded
    assert second.result().succeeded
    assert paid(gateway) == 11
    door.close()


def test_sender__when_told_nonce_too_low_after_success__then_the_receipt_decides(
    proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    proxy.inject("eth_sendRawTransaction", refusal("nonce too low", forward=True))

    assert Sender(door, signer, policy=QUICK).send_call(payment()).succeeded
    assert paid(door) == 7
    assert len(proxy.broadcasts()) == 1


def test_sender__when_receipts_lag_behind_the_nonce__then_nothing_is_signed_anew(
    proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    """A balancer may have nodes that are behind for longer than any patience."""
    impatient = replace(QUICK, resend_after=0.05, give_up_after=1.0)
    sender = Sender(door, signer, MemoryJournal(), impatient)
    proxy.inject("eth_getTransactionReceipt", *[claim(None)] * 1000)
    with pytest.raises(TransactionStuck):
        sender.send_call(payment(), job="once")
    assert proxy.pending("eth_getTransactionReceipt") > 0
    proxy.forgive("eth_getTransactionReceipt")
    assert sender.send_call(payment(), job="once").succeeded
    assert paid(door) == 7
    assert len(set(proxy.broadcasts())) == 1


@pytest.mark.parametrize("since", [0, 120])
def test_sender__when_another_transaction_has_its_nonce__then_signed_anew(
    proxy: FaultProxy, door: Gateway, control: Control, signer: Signer, since: int
) -> None:
    Sender(door, signer, policy=QUICK).send_call(payment(1))
    control.mine(since + 1)
    proxy.inject("eth_getTransactionCount", *[claim("0x0")] * 2)
    assert Sender(door, signer, policy=QUICK).send_call(payment(10)).succeeded
    assert paid(door) == 11


# ------------------------------------------------------------------------------ S11–S13


def test_sender__when_confirmations_are_asked__then_it_waits_for_them(
    held: Control,
    proxy: FaultProxy,
    door: Gateway,
    gateway: Gateway,
    signer: Signer,
    background: Background,
) -> None:
    def looks() -> int:
        return [method for method, _ in proxy.requests].count("eth_getTransactionReceipt")

    policy = SendPolicy(poll=0.02, confirmations=3)
    job = background(Sender(door, signer, policy=policy).send_call, payment())
    eventually(lambda: gateway.nonce(signer.address, "pending") == 1, "its arrival")
    held("evm_mine")
    held("evm_mine")
    seen = looks()
    eventually(lambda: looks() >= seen + 2, "two looks at the receipt")
    assert not job.done()
    held("evm_mine")

    assert job.result().block_number == gateway.head().number - 2


def test_sender__when_a_reorganisation_removes_it__then_it_is_brought_back(
    held: Control, gateway: Gateway, signer: Signer, background: Background
) -> None:
    policy = SendPolicy(poll=0.02, resend_after=0.2, confirmations=3)
    job = background(Sender(gateway, signer, policy=policy).send_call, payment())
    eventually(lambda: gateway.nonce(signer.address, "pending") == 1, "its arrival")
    held("evm_mine")
    held("anvil_reorg", 1, [])
    held("anvil_dropAllTransactions")
    assert gateway.nonce(signer.address) == 0

    eventually(lambda: gateway.nonce(signer.address, "pending") == 1, "its return")
    held.mine(3)

    assert job.result().succeeded
    assert paid(gateway) == 7


# PUSH0 PUSH0 REVERT
REVERTING = bytes.fromhex("5f5ffd")


def test_sender__when_the_simulation_refuses__then_nothing_is_sent(
    gateway: Gateway, signer: Signer
) -> None:
    with pytest.raises(RevertError, match="a creation: The contract refused without"):
        Sender(gateway, signer).send_call(Call(None, REVERTING, Wei(0), "a creation"))
    assert gateway.nonce(signer.address, "pending") == 0


def test_sender__when_the_account_is_empty__then_it_says_who_needs_funds(
    gateway: Gateway, anvil: Anvil
) -> None:
    poor = local_signer(4000, anvil.chain_id)

    with pytest.raises(InsufficientFunds, match=f"account {poor.address} holds 0 ETH.*send it"):
        Sender(gateway, poor).send_call(payment())


def test_sender__when_the_node_refuses_for_good__then_the_nonce_is_free_again(
    proxy: FaultProxy, door: Gateway, signer: Signer
) -> None:
    sender = Sender(door, signer, policy=QUICK)
    proxy.inject("eth_sendRawTransaction", refusal("invalid sender"))

    with pytest.raises(TransactionRejected, match="invalid sender"):
        sender.send_call(payment())
    assert sender.send_call(payment()).succeeded
    assert door.nonce(signer.address) == 1


def test_sender__when_the_node_is_gone__then_it_says_so(signer: Signer) -> None:
    gateway = Gateway("http://127.0.0.1:9", tries=1)

    with pytest.raises(RpcUnreachable, match=r"Nothing answers at http://127.0.0.1:9"):
        Sender(gateway, signer).send_call(payment())
    gateway.close()
