"""Brings calls onto the chain: at most one effect per job, whatever is lost on the way.

::

    send ─ simulate ─ estimate ─ sign at the next nonce ─ journal ─ broadcast ─┐
                                                                              │
        ┌──────────────── look for a receipt of ANY attempt ◄─────────────────┤
        │ none: the pool lost it            → same bytes again ───────────────┤
        │ none: waiting, or underpriced     → same nonce, higher fees ────────┤
        │ none: the nonce is used elsewhere → dropped; sign at a new nonce ───┘
        ▼
     receipt ─ confirmed ─ journal closed

A reply that gets lost means nothing: the bytes are in the journal, "already known" is success, and
"nonce too low" is decided by receipts. After a crash the journal's open entries come first.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final, NoReturn

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from chain import fees
from chain.blocks import Call, TxReceipt
from chain.errors import (
    AssayError,
    RevertError,
    RpcError,
    RpcRejected,
    TransactionCancelled,
    TransactionError,
    TransactionRejected,
    TransactionStuck,
)
from chain.fees import Fees, SendPolicy
from chain.gateway import Gateway, is_out_of_funds
from chain.journal import Attempt, Entry, JobState, Journal, MemoryJournal
from chain.keys import Signer
from chain.reverts import revert_error
from chain.types import Address, TxHash, Wei
from chain.units import GWEI

_log = logging.getLogger(__name__)

TRANSACTION_GAS_LIMIT: Final = 1 << 24
"""EIP-7825: no transaction may ask for more gas."""

STATES_KEPT: Final = 100
"""Blocks whose states a node still has, at least: most keep 128."""

# Arrived already, or some transaction at this nonce was mined: receipts tell which.
_NO_NEWS_WORDS: Final = (
    "already known",
    "already imported",
    "known transaction",
    "already exists",
    "nonce too low",
    "nonce is too low",
    "oldnonce",
)
_UNDERPRICED_WORDS: Final = ("underpriced", "less than block base fee", "fee too low")


class _Reply(Enum):
    """What a broadcast's answer means."""

    WAIT = auto()
    UNDERPRICED = auto()
    NONCE_OCCUPIED = auto()


class _NonceTaken(Exception):
    """Another transaction of the same account was mined at the entry's nonce."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of a job that an earlier process left open."""

    job: str
    label: str
    receipt: TxReceipt | None
    error: AssayError | None


class Sender:
    """Sends for one account on one chain. Threads of a process share one sender per account."""

    def __init__(
        self,
        gateway: Gateway,
        signer: Signer,
        journal: Journal | None = None,
        policy: SendPolicy | None = None,
    ) -> None:
        """
        Args:
            gateway: with the deployment whose contracts `send` names.
            signer: whose account pays.
            journal: a `FileJournal` to survive a crash; otherwise memory.
            policy: fees and patience.
        """
        self.gateway = gateway
        self.address: Address = signer.address
        self._signer = signer
        self._journal: Journal = journal if journal is not None else MemoryJournal()
        self._policy = policy or SendPolicy()
        self._nonces = threading.Lock()
        self._jobs: dict[str, threading.Lock] = {}
        self._jobs_guard = threading.Lock()
        self._waited_for: Counter[str] = Counter()
        self._waiting = threading.Lock()
        self._recovery = threading.Lock()
        self._recovered = False

    # ------------------------------------------------------------------ what callers use

    def send(
        self, contract: str, function: str, *arguments: Any, value: int = 0, job: str | None = None
    ) -> TxReceipt:
        """Calls a function of one of the deployment's contracts and waits until it is mined.

        Args:
            value: wei sent along.
            job: a name under which this call is done once, even across restarts with a file
                journal; the second call returns the first one's receipt.

        Raises:
            RevertError: the contract refuses, now or when mined.
            TransactionError: it could not be brought onto the chain.
            RpcError: the node does not answer; with a file journal nothing is lost.
        """
        call = self.gateway.prepare(contract, function, *arguments, value=value)
        return self.send_call(call, job=job)

    def send_call(self, call: Call, *, job: str | None = None) -> TxReceipt:
        """Like `send`, for a prepared call or a contract's creation."""
        self._recover_once()
        if job is None:
            job = f"{call.label}:{uuid.uuid4().hex}"
            with self._waits_for(job):
                return self._do(job, call)
        with self._lock_of(job), self._waits_for(job):
            entry = self._journal.get(self._chain(), job)
            if entry is not None and (receipt := self._finish(entry)) is not None:
                return receipt
            return self._do(job, call)

    def cancel(self, job: str) -> TxReceipt:
        """Gives a job up that waits at the fee cap: takes its nonce for a transfer of nothing.

        The transfer goes to the account itself at the job's nonce, and may pay up to
        `fees.CANCEL_ROOM` times the cap: it is small, and everything later waits behind the nonce.

        Returns:
            The receipt of the job itself, if that was mined after all.

        Raises:
            TransactionCancelled: the nonce is closed; the job had no effect and never will.
            TransactionStuck: not even the transfer was mined so far; call it again.
            LookupError: there is no such job, or it is not open.
        """
        with self._lock_of(job), self._waits_for(job):
            entry = self._journal.get(self._chain(), job)
            if entry is None or entry.state is not JobState.OPEN:
                raise LookupError(job)
            if not any(self._cancels(entry, attempt) for attempt in entry.attempts):
                entry = self._sign_cancellation(entry)
            try:
                return self._outcome(entry, self._see_through(entry, self._broadcast(entry)))
            except _NonceTaken:
                raise self._cancelled(entry) from None

    def gave_up(self, job: str) -> JobState | None:
        """What became of a job that `cancel` was called for; None if it never was."""
        entry = self._journal.get(self._chain(), job)
        if entry is None or not any(self._cancels(entry, a) for a in entry.attempts):
            return None
        return entry.state

    def _sign_cancellation(self, entry: Entry) -> Entry:
        head, tip = self.gateway.head(), self.gateway.priority_fee()
        offer = fees.cancelling_offer(entry.attempts[-1].fees, head.base_fee, tip, self._policy)
        nothing = Call(self.address, b"", Wei(0), f"cancel {entry.call.label}")
        attempt = self._sign(replace(entry, call=nothing, gas=fees.TRANSFER_GAS), offer)
        return self._journal.add_attempt(entry, attempt)

    def _cancels(self, entry: Entry, attempt: Attempt) -> bool:
        """Whether an attempt does not make the entry's call: told by its own bytes."""
        fields = TypedTransaction.from_bytes(HexBytes(attempt.raw)).as_dict()
        made = (bytes(fields["to"]), bytes(fields["data"]), int(fields["value"]))
        to = bytes.fromhex(entry.call.to[2:]) if entry.call.to is not None else b""
        return made != (to, entry.call.data, entry.call.value)

    def _cancelled(self, entry: Entry) -> TransactionCancelled:
        return TransactionCancelled(
            f"{entry.call.label} was given up: it waited at the cap of "
            f"{self._policy.max_fee_cap / GWEI:.3g} gwei per gas. Its nonce, {entry.nonce}, is"
            " closed."
        )

    def recover(self) -> list[Recovered]:
        """Settles what an earlier process left open: mined, sent again, or dropped."""
        entries = self._journal.open_entries(self._chain(), self.address)
        replies = [self._broadcast(entry) for entry in entries]
        return [self._settle(entry, reply) for entry, reply in zip(entries, replies, strict=True)]

    # ------------------------------------------------------------------ recovery

    def _recover_once(self) -> None:
        with self._recovery:
            if self._recovered:
                return
            for result in self.recover():
                what = result.error or "mined"
                _log.info("left over from before: %s: %s", result.label, what)
            self._recovered = True

    def _settle(self, entry: Entry, reply: _Reply) -> Recovered:
        try:
            receipt = self._outcome(entry, self._see_through(entry, reply))
        except _NonceTaken:
            error = TransactionError(f"{entry.call.label} was overtaken and never happened.")
            return Recovered(entry.job, entry.call.label, None, error)
        except (RevertError, TransactionError) as error_:
            return Recovered(entry.job, entry.call.label, None, error_)
        return Recovered(entry.job, entry.call.label, receipt, None)

    def _finish(self, entry: Entry) -> TxReceipt | None:
        """The receipt of a job begun earlier; None if it has to be begun again."""
        if entry.state is JobState.DROPPED:
            return None
        if entry.mined_hash is not None and (receipt := self.gateway.receipt(entry.mined_hash)):
            return receipt
        try:
            return self._outcome(entry, self._see_through(entry, self._broadcast(entry)))
        except _NonceTaken:
            return None

    # ------------------------------------------------------------------ the first attempt

    def _do(self, job: str, call: Call) -> TxReceipt:
        started = time.monotonic()
        while True:
            entry = self._begin(job, call)
            try:
                reply = self._broadcast(entry, never_sent=True)
                return self._outcome(entry, self._see_through(entry, reply))
            except _NonceTaken:
                _log.info("%s: nonce %d went elsewhere; signing anew", call.label, entry.nonce)
            if time.monotonic() - started > self._policy.give_up_after:
                # Its pool holds something there that it does not count, say.
                raise TransactionStuck(
                    f"{call.label} was not sent: the node at {self.gateway.label} told of nonce"
                    f" {entry.nonce} as free again and again, and refused it: wait, or use another"
                    " RPC URL."
                )
            # A node that tells an old nonce tells it again at once.
            time.sleep(self._policy.poll)

    def _begin(self, job: str, call: Call) -> Entry:
        """Simulates, signs at the next free nonce, and records; nothing is broadcast yet."""
        self.gateway.simulate(call, self.address)
        estimate = self.gateway.estimate_gas(call, self.address)
        policy = self._policy
        gas = estimate * (100 + policy.gas_margin_percent) // 100 + policy.gas_margin
        gas = max(estimate, min(gas, TRANSACTION_GAS_LIMIT))
        head, tip = self.gateway.head(), self.gateway.priority_fee()
        offer = fees.first_offer(head.base_fee, tip, policy.max_fee_cap)
        if offer is None:
            raise TransactionStuck(
                f"{call.label} was not sent: the chain asks {head.base_fee // GWEI} gwei per gas, "
                f"over the cap of {policy.max_fee_cap // GWEI}; wait, or raise the cap."
            )
        # Allocating, signing and recording are one step: no nonce is lost between them.
        with self._nonces:
            nonce = self._next_nonce()
            entry = Entry(job, self._chain(), self.address, nonce, call, gas, attempts=())
            entry = replace(entry, attempts=(self._sign(entry, offer),))
            self._journal.add(entry)
        return entry

    def _next_nonce(self) -> int:
        """The lowest nonce that neither the chain, its pool nor the journal uses."""
        used = {e.nonce for e in self._journal.open_entries(self._chain(), self.address)}
        nonce = max(
            self.gateway.nonce(self.address, "latest"), self.gateway.nonce(self.address, "pending")
        )
        while nonce in used:
            nonce += 1
        return nonce

    def _sign(self, entry: Entry, offer: Fees) -> Attempt:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.gateway.identity()[0],
            "nonce": entry.nonce,
            "gas": entry.gas,
            "maxFeePerGas": offer.max_fee,
            "maxPriorityFeePerGas": offer.priority_fee,
            "value": entry.call.value,
            "data": entry.call.data,
        }
        if entry.call.to is not None:
            fields["to"] = entry.call.to
        raw, transaction_hash = self._signer.sign_transaction(fields)
        return Attempt(TxHash(transaction_hash), raw, offer)

    # ------------------------------------------------------------------ seeing it through

    def _broadcast(self, entry: Entry, *, never_sent: bool = False) -> _Reply:
        """Hands in the newest attempt; the bytes are in the journal already."""
        try:
            self.gateway.broadcast(entry.attempts[-1].raw)
        except RpcRejected as error:
            return self._judge(entry, error, never_sent)
        except RpcError as error:
            _log.info("%s: no answer to the broadcast: %s", entry.call.label, error)
        return _Reply.WAIT

    def _judge(self, entry: Entry, error: RpcRejected, never_sent: bool) -> _Reply:
        """What a refusal means. Only a refusal of bytes never sent before is final."""
        reason = error.reason.lower()
        if any(words in reason for words in _NO_NEWS_WORDS):
            return _Reply.WAIT
        if any(words in reason for words in _UNDERPRICED_WORDS):
            if never_sent and "replacement" in reason:
                return _Reply.NONCE_OCCUPIED
            return _Reply.UNDERPRICED
        if not never_sent:
            _log.warning("%s: refused: %s", entry.call.label, error.reason)
            return _Reply.WAIT
        self._journal.close(entry, JobState.DROPPED)
        if is_out_of_funds(error):
            raise self.gateway.out_of_funds(self.address, entry.call)
        raise TransactionRejected(
            f"{entry.call.label} was not sent: the node at {self.gateway.label} refuses it "
            f"({error.reason})."
        )

    def _see_through(self, entry: Entry, reply: _Reply) -> TxReceipt:
        """Waits for a confirmed receipt of any attempt; sends again and pays more if need be."""
        policy = self._policy
        started = handed_in = offered = time.monotonic()
        overtaken_at: float | None = None
        silence: RpcError | None = None
        while True:
            now = time.monotonic()
            if now - started > policy.give_up_after:
                raise silence or self._stuck(entry)
            try:
                silence = None
                if self.gateway.nonce(self.address) > entry.nonce:
                    if (receipt := self._receipt_of_any(entry)) is None:
                        # Receipts may lag behind the nonce: they get some time to appear.
                        overtaken_at = overtaken_at or now
                        if now - overtaken_at > policy.resend_after and self._is_taken(entry):
                            self._drop(entry)
                    elif self._is_confirmed(receipt):
                        done = receipt.succeeded and not self._is_cancellation(entry, receipt)
                        state = JobState.MINED if done else JobState.DROPPED
                        self._journal.close(entry, state, receipt.transaction_hash)
                        return receipt
                elif reply is _Reply.NONCE_OCCUPIED:
                    self._drop(entry)
                elif reply is _Reply.UNDERPRICED or now - offered > policy.replace_after:
                    offered = handed_in = now
                    reply = _Reply.WAIT
                    self._help_earlier(entry, pay_more=True)
                    if (longer := self._offer_more(entry)) is not None:
                        entry = longer
                        reply = self._broadcast(entry)
                elif now - handed_in > policy.resend_after:
                    handed_in = now
                    self._help_earlier(entry, pay_more=False)
                    if not self._is_in_pool(entry):
                        reply = self._broadcast(entry)
            except RpcError as error:
                silence = error
            time.sleep(policy.poll)

    def _help_earlier(self, entry: Entry, *, pay_more: bool) -> None:
        """Brings transactions at lower nonces along that nobody waits for any more.

        Whoever sent them gave up, because the node was silent for long, say; without them this one
        is never mined. They stand in the journal, so they can still take effect once at most.
        """
        with self._waiting:  # held, so that nobody begins to wait for what is being raised
            for earlier in self._journal.open_entries(self._chain(), self.address):
                if earlier.nonce >= entry.nonce or self._waited_for[earlier.job]:
                    continue
                longer = self._offer_more(earlier) if pay_more else None
                if longer is not None or not self._is_in_pool(earlier):
                    self._broadcast(longer or earlier)

    def _is_taken(self, entry: Entry) -> bool:
        """Whether the chain shows another transaction of the account at the entry's nonce.

        Silence about ours proves nothing, however long it lasts: behind a balancer one node may
        tell the nonce, and one that has fallen behind be asked for the receipts.
        """

        def used(block: int) -> bool:
            return self.gateway.nonce(self.address, hex(block)) > entry.nonce

        newest = int(self.gateway.head().number)
        before = max(0, newest - STATES_KEPT)
        if used(before):
            # So long ago that no state is left in which it was not. If that is final, ours would
            # have been found.
            return before <= self._finalized(default=before)
        while newest - before > 1:
            middle = (before + newest) // 2
            before, newest = (before, middle) if used(middle) else (middle, newest)
        ours = {attempt.transaction_hash for attempt in entry.attempts}
        return any(
            sent.nonce == entry.nonce and sent.sender == self.address and sent.hash not in ours
            for sent in self.gateway.transactions(newest)
        )

    def _finalized(self, *, default: int) -> int:
        try:
            return self.gateway.finalized().number
        except RpcRejected:
            return default  # a chain that knows no finality

    def _drop(self, entry: Entry) -> NoReturn:
        self._journal.close(entry, JobState.DROPPED)
        raise _NonceTaken

    def _receipt_of_any(self, entry: Entry) -> TxReceipt | None:
        found = (self.gateway.receipt(a.transaction_hash) for a in reversed(entry.attempts))
        return next((receipt for receipt in found if receipt is not None), None)

    def _is_cancellation(self, entry: Entry, receipt: TxReceipt) -> bool:
        return any(
            attempt.transaction_hash == receipt.transaction_hash and self._cancels(entry, attempt)
            for attempt in entry.attempts
        )

    def _is_confirmed(self, receipt: TxReceipt) -> bool:
        depth = self._policy.confirmations
        return depth <= 1 or self.gateway.head().number >= receipt.block_number + depth - 1

    def _is_in_pool(self, entry: Entry) -> bool:
        return any(self.gateway.knows_transaction(a.transaction_hash) for a in entry.attempts)

    def _offer_more(self, entry: Entry) -> Entry | None:
        """The entry with a better paid attempt recorded, or None if the cap leaves no room."""
        if self._cancels(entry, entry.attempts[-1]):
            return None
        head, tip = self.gateway.head(), self.gateway.priority_fee()
        offer = fees.better_offer(entry.attempts[-1].fees, head.base_fee, tip, self._policy)
        if offer is None:
            _log.info("%s: waiting at the fee cap", entry.call.label)
            return None
        _log.info("%s: offering %d gwei per gas", entry.call.label, offer.max_fee // GWEI)
        return self._journal.add_attempt(entry, self._sign(entry, offer))

    def _stuck(self, entry: Entry) -> TransactionStuck:
        paid = entry.attempts[-1].fees.max_fee
        return TransactionStuck(
            f"{entry.call.label} was not mined within {self._policy.give_up_after:.0f} seconds at "
            f"{paid / GWEI:.3g} gwei per gas (nonce {entry.nonce}, cap "
            f"{self._policy.max_fee_cap / GWEI:.3g} gwei): it may still be; raise the cap or wait."
        )

    # ------------------------------------------------------------------ results

    def _outcome(self, entry: Entry, receipt: TxReceipt) -> TxReceipt:
        """The receipt, or the revert that it records."""
        if self._is_cancellation(entry, receipt):
            raise self._cancelled(entry)
        if receipt.succeeded:
            return receipt
        try:
            # Most reverts of a call that passed its simulation come from what the same block held
            # before it, so the state after that block tells the reason.
            self.gateway.simulate(entry.call, self.address, block=receipt.block_number)
        except RevertError as error:
            raise error from None
        except AssayError as error:
            _log.info("%s: the reason of its revert is not to be had: %s", entry.call.label, error)
        if receipt.gas_used >= entry.gas:
            raise TransactionError(f"{entry.call.label} ran out of gas ({entry.gas}).")
        raise revert_error(b"", entry.call.label)

    # ------------------------------------------------------------------ inside

    def _chain(self) -> str:
        chain_id, genesis = self.gateway.identity()
        return f"{chain_id}:{genesis.hex()[:16]}"

    @contextmanager
    def _waits_for(self, job: str) -> Iterator[None]:
        """While somebody does, nobody else signs further attempts of the job."""
        with self._waiting:
            self._waited_for[job] += 1
        try:
            yield
        finally:
            with self._waiting:
                self._waited_for[job] -= 1

    def _lock_of(self, job: str) -> threading.Lock:
        with self._jobs_guard:
            return self._jobs.setdefault(job, threading.Lock())
