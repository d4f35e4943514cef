"""One door to one chain: blocks, logs, calls and broadcasts, in Assay's types.

Nothing of web3 leaves it; what goes wrong comes out as an error of `chain.errors`. A gateway may be
used by many threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from chain import abi
from chain.blocks import (
    Block,
    Call,
    Sent,
    TxReceipt,
    block_from,
    receipt_from,
    sent_from,
    unhex,
)
from chain.collector import collector_paused
from chain.decoder import EventDecoder
from chain.deployment import Deployment
from chain.errors import (
    ConfigError,
    DeploymentError,
    InsufficientFunds,
    MessageError,
    RevertError,
    RpcError,
    RpcRejected,
)
from chain.events import Event
from chain.reverts import revert_error
from chain.rpc import BatchSize, Rpc
from chain.types import Address, BlockHash, BlockNumber, TxHash, Wei
from chain.units import GWEI, show_ether

BlockTag = BlockNumber | int | str
"""A number, or "latest", "pending", "safe", "finalized"."""

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

_REVERT_CODE: Final = 3
_MALFORMED: Final = (AttributeError, LookupError, MessageError, TypeError, ValueError)
"""What reading an answer ends with that has not the form of Ethereum's."""

_NO_SUCH_METHOD: Final = -32601
_TRUNCATED_AT: Final = frozenset({1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000})
"""So many logs of several blocks are taken for an answer that a node cut off without saying so."""


def _understood(
    ask: Callable[Concatenate[Gateway, Parameters], Answer],
) -> Callable[Concatenate[Gateway, Parameters], Answer]:
    """Makes an answer of the wrong form an error of the node's: it is its fault, and may pass."""

    @wraps(ask)
    def asked(
        self: Gateway, /, *arguments: Parameters.args, **options: Parameters.kwargs
    ) -> Answer:
        try:
            return ask(self, *arguments, **options)
        except _MALFORMED as error:
            raise RpcRejected(
                f"The node at {self.label} sent an answer that is not Ethereum's: is the RPC URL "
                "right?",
                0,
                "malformed answer",
            ) from error

    return asked


class Gateway:
    """A connection to a chain, and with a deployment to its contracts.

    Attributes:
        deployment: the contracts that names in `call`, `prepare` and `logs` refer to.
    """

    def __init__(
        self,
        url: str,
        deployment: Deployment | None = None,
        *,
        timeout: float = 10.0,
        tries: int = 3,
        rpc: Rpc | None = None,
    ) -> None:
        """
        Args:
            url: JSON-RPC over http or https.
            timeout: seconds to wait for one answer.
            tries: how often a read is asked before its error is raised.
            rpc: an open connection to use instead of a new one.
        """
        self._rpc = rpc or Rpc(url, timeout=timeout, tries=tries)
        self._url = url
        self.deployment = deployment
        self._decoder = EventDecoder(deployment.addresses if deployment else {})
        self._identity: tuple[int, bytes] | None = None
        self._lock = threading.Lock()
        self._batches = BatchSize()

    def with_deployment(self, deployment: Deployment) -> Gateway:
        """A gateway over the same connection that knows a deployment's contracts."""
        return Gateway(self._url, deployment, rpc=self._rpc)

    def close(self) -> None:
        """Closes the connection."""
        self._rpc.close()

    @property
    def label(self) -> str:
        """The node's address without credentials."""
        return self._rpc.label

    # ------------------------------------------------------------------ the chain

    @_understood
    def chain_id(self) -> int:
        """The chain's id, asked anew each time."""
        return int(self._rpc.request("eth_chainId"), 16)

    @_understood
    def identity(self) -> tuple[int, bytes]:
        """(chain id, hash of block 0): tells a local chain from its namesake started later.

        Raises:
            RpcRejected: two answers differ. Whoever believed the wrong one would look for what it
                sent under another chain's name, find nothing, and send it again.
        """
        with self._lock:
            if self._identity is None:
                told = (self._genesis(), self._genesis())
                if told[0] != told[1]:
                    reason = "different answers about block 0"
                    raise RpcRejected(f"The node at {self.label} gave {reason}.", 0, reason)
                self._identity = (self.chain_id(), told[0])
            return self._identity

    def _genesis(self) -> bytes:
        genesis = self._rpc.request("eth_getBlockByNumber", "0x0", False)
        return unhex(genesis["hash"]) if genesis else b""

    def head(self) -> Block:
        """The newest block."""
        return self._tagged("latest")

    def finalized(self) -> Block:
        """The newest block that no reorganisation can remove."""
        return self._tagged("finalized")

    @_understood
    def block(self, which: BlockTag | bytes) -> Block | None:
        """A block by number, tag or hash; None if the node does not have it."""
        if isinstance(which, bytes):
            raw = self._rpc.request("eth_getBlockByHash", "0x" + which.hex(), False)
        else:
            raw = self._rpc.request("eth_getBlockByNumber", _tag(which), False)
        return block_from(raw) if raw else None

    @_understood
    def blocks_by_number(self, numbers: Sequence[int]) -> list[Block | None]:
        """Blocks by number, None for those that the node does not have: many in one request, as far
        as the node answers several at once."""
        found: list[Block | None] = []
        while len(found) < len(numbers):
            some = numbers[len(found) : len(found) + self._batches.size]
            found += self._blocks_together(some) or [self.block(number) for number in some]
        return found

    def _blocks_together(self, numbers: Sequence[int]) -> Sequence[Block] | None:
        """None unless the answer is just these blocks: what is wrong with it is told one by one."""
        if len(numbers) < 2:
            return None
        try:
            raw = self._rpc.batch("eth_getBlockByNumber", [(_tag(n), False) for n in numbers])
            found = [block_from(each) for each in raw]
        except (RpcError, *_MALFORMED):
            found = []
        if [block.number for block in found] != list(numbers):
            self._batches.refused()
            return None
        return found

    def logs(self, from_block: int, to_block: int, *, about: bytes | None = None) -> list[Event]:
        """Events of the deployment's contracts in a range of blocks, both ends included.

        Args:
            about: only those whose first indexed field this is, such as a round's request hash.

        Raises:
            RpcRejected: the range is too wide, or the answer looks cut off: ask for fewer blocks.
        """
        where: dict[str, Any] = {"fromBlock": hex(from_block), "toBlock": hex(to_block)}
        if about is not None:
            where["topics"] = [None, "0x" + about.hex()]
        return self._logs(where, whole=from_block == to_block)

    def logs_of_block(self, block_hash: BlockHash | bytes) -> list[Event]:
        """Events of the deployment's contracts in exactly the block with this hash."""
        return self._logs({"blockHash": "0x" + block_hash.hex()})

    @_understood
    def receipt_logs(self, block_hash: BlockHash | bytes) -> list[Event]:
        """The same events taken from the receipts: a second opinion when logs are missing.

        Raises:
            RpcRejected: the node does not have the block, or does not serve `eth_getBlockReceipts`.
        """
        receipts = self._rpc.request("eth_getBlockReceipts", {"blockHash": "0x" + block_hash.hex()})
        if receipts is None:
            raise RpcRejected(f"The node at {self.label} does not have the block.", 0, "no block")
        logs = [log for receipt in receipts for log in receipt["logs"]]
        return [event for log in logs if (event := self._decoder.decode(log))]

    # ------------------------------------------------------------------ accounts

    @_understood
    def balance(self, address: str) -> Wei:
        return Wei(int(self._rpc.request("eth_getBalance", address, "latest"), 16))

    @_understood
    def nonce(self, address: str, tag: str = "latest") -> int:
        """Transactions an account has sent: mined ("latest") or in the pool too ("pending")."""
        return int(self._rpc.request("eth_getTransactionCount", address, tag), 16)

    @_understood
    def transactions(self, block: int) -> list[Sent]:
        """A block's transactions; none if the node does not have it."""
        raw = self._rpc.request("eth_getBlockByNumber", hex(block), True)
        return [sent_from(each) for each in raw["transactions"]] if raw else []

    @_understood
    def code(self, address: str, block: BlockTag = "latest") -> bytes:
        """Runtime code at an address; empty if there is no contract."""
        return unhex(self._rpc.request("eth_getCode", address, _tag(block)))

    # ------------------------------------------------------------------ contracts

    def call(
        self, contract: str, function: str, *arguments: Any, block: BlockTag = "latest"
    ) -> Any:
        """The answer of a view function: a value, a tuple of several, or None.

        Args:
            contract: name in the deployment.
            function: name, or full signature where it is overloaded.
            block: the state to ask.

        Raises:
            RevertError: the contract refused.
            DeploymentError: there is no contract.
        """
        prepared = self.prepare(contract, function, *arguments)
        data = self.simulate(prepared, block=block)
        outputs = abi.function(contract, function, len(arguments))["outputs"]
        if not outputs:
            return None
        if not data:
            raise DeploymentError(
                f"There is no contract at {prepared.to}, where the deployment has {contract}."
            )
        values = abi.decode(outputs, data)
        return values[0] if len(values) == 1 else values

    def prepare(self, contract: str, function: str, *arguments: Any, value: int = 0) -> Call:
        """A call of one of the deployment's contracts, ready to simulate or to send."""
        if self.deployment is None:
            raise ConfigError("No deployment is known: give a deployment file.")
        return Call(
            to=self.deployment.address(contract),
            data=abi.encode_call(contract, function, arguments),
            value=Wei(value),
            label=f"{contract}.{function}",
        )

    @_understood
    def simulate(
        self, call: Call, sender: Address | None = None, *, block: BlockTag = "pending"
    ) -> bytes:
        """What a call would return, without sending it.

        Raises:
            RevertError: it would be refused.
            InsufficientFunds: the sender cannot pay its value.
        """
        try:
            return unhex(self._rpc.request("eth_call", _fields(call, sender), _tag(block)))
        except RpcRejected as error:
            raise self._meaning(error, call, sender) from None

    @_understood
    def estimate_gas(self, call: Call, sender: Address) -> int:
        """Gas a call would need now. Raises like `simulate`."""
        try:
            return int(self._rpc.request("eth_estimateGas", _fields(call, sender), "pending"), 16)
        except RpcRejected as error:
            raise self._meaning(error, call, sender) from None

    # ------------------------------------------------------------------ transactions

    @_understood
    def priority_fee(self) -> Wei:
        """The tip per gas that the node suggests, or 1 gwei if it never suggests any."""
        try:
            return Wei(int(self._rpc.request("eth_maxPriorityFeePerGas"), 16))
        except RpcRejected as error:
            if error.code == _NO_SUCH_METHOD:
                return Wei(GWEI)
            raise

    def broadcast(self, raw: bytes) -> None:
        """Hands a signed transaction to the node, once; the error is the node's own.

        Raises:
            RpcError: refused, or no answer (it may have arrived all the same).
        """
        self._rpc.request("eth_sendRawTransaction", "0x" + raw.hex())

    @_understood
    def receipt(self, transaction_hash: TxHash | bytes) -> TxReceipt | None:
        """The receipt of a mined transaction, or None."""
        raw = self._rpc.request("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
        if not raw:
            return None
        events = tuple(event for log in raw["logs"] if (event := self._decoder.decode(log)))
        return receipt_from(raw, events)

    @_understood
    def calldata(self, transaction_hash: TxHash | bytes) -> bytes:
        """What a transaction was sent with; empty if the node does not have it."""
        raw = self._rpc.request("eth_getTransactionByHash", "0x" + transaction_hash.hex())
        return unhex(raw["input"]) if raw else b""

    def knows_transaction(self, transaction_hash: TxHash | bytes) -> bool:
        """Whether the node has a transaction, mined or in its pool."""
        raw = self._rpc.request("eth_getTransactionByHash", "0x" + transaction_hash.hex())
        return raw is not None

    # ------------------------------------------------------------------ inside

    @_understood
    def _tagged(self, tag: str) -> Block:
        raw = self._rpc.request("eth_getBlockByNumber", tag, False)
        if not raw:
            raise RpcRejected(f"The node at {self.label} has no {tag} block.", 0, "no block")
        return block_from(raw)

    @_understood
    def _logs(self, where: dict[str, Any], *, whole: bool = True) -> list[Event]:
        if self.deployment is None:
            raise ConfigError("No deployment is known: give a deployment file.")
        raw = self._rpc.request("eth_getLogs", {**where, "address": self._decoder.addresses})
        if not whole and len(raw) in _TRUNCATED_AT:
            reason = f"exactly {len(raw)} logs, possibly more than it gives at once"
            raise RpcRejected(f"The node at {self.label} gave {reason}.", 0, reason)
        with collector_paused():
            return [event for log in raw if (event := self._decoder.decode(log))]

    def _meaning(
        self, error: RpcRejected, call: Call, sender: Address | None
    ) -> RevertError | InsufficientFunds | RpcRejected:
        if is_out_of_funds(error):
            return self.out_of_funds(sender, call)
        data = _revert_data(error.data)
        if data or error.code == _REVERT_CODE or "revert" in error.reason.lower():
            return revert_error(data, call.label)
        return error

    def out_of_funds(self, sender: Address | None, call: Call) -> InsufficientFunds:
        """The error for an account that cannot pay for a call."""
        held = show_ether(self.balance(sender)) if sender else "too little"
        value = f"{show_ether(call.value)} and " if call.value else ""
        return InsufficientFunds(
            f"The account {sender} holds {held} on chain {self.chain_id()}, not enough for "
            f"{call.label} ({value}gas): send it funds."
        )


def is_out_of_funds(error: RpcRejected) -> bool:
    """Whether a node refused because the account cannot pay."""
    return "insufficient funds" in error.reason.lower()


def _fields(call: Call, sender: Address | None) -> dict[str, str]:
    fields = {"data": "0x" + call.data.hex(), "value": hex(call.value)}
    if call.to is not None:
        fields["to"] = call.to
    if sender is not None:
        fields["from"] = sender
    return fields


def _tag(which: BlockTag) -> str:
    return which if isinstance(which, str) else hex(which)


def _revert_data(data: object) -> bytes:
    """Nodes put revert data in `data`, or wrap it once more."""
    if isinstance(data, str):
        start = data.find("0x")
        try:
            return unhex(data[start:]) if start >= 0 else b""
        except ValueError:
            return b""
    if isinstance(data, dict):
        inner: Sequence[object] = [data.get("data"), data.get("originalError"), data.get("result")]
        return next((found for item in inner if (found := _revert_data(item))), b"")
    return b""
