"""The gateway against a real anvil: identity, contracts that are not there, forms of reverts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import chain.rpc
from chain.blocks import Call
from chain.deployment import Deployment
from chain.errors import ConfigError, DeploymentError, InsufficientFunds, RevertError, RpcRejected
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.rpc import BatchSize
from chain.types import BlockNumber, Wei
from chain.units import GWEI
from cli.anvil import Anvil, AnvilOptions, start_anvil
from tests.support.anvil import Control
from tests.support.polling import eventually
from tests.support.proxy import LOSE_REPLY, LOSE_REQUEST, Fault, FaultProxy, claim, refusal

pytestmark = pytest.mark.integration

SOMEBODY = "0x" + "12" * 20
EMPTY = Deployment(31337, BlockNumber(0))


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[FaultProxy]:
    with FaultProxy(anvil.url) as running:
        yield running


@pytest.fixture
def door(proxy: FaultProxy, deployment: Deployment) -> Iterator[Gateway]:
    gateway = Gateway(proxy.url, deployment)
    yield gateway
    gateway.close()


def test_blocks__when_asked_by_number_hash_or_tag__then_they_agree(
    gateway: Gateway, control: Control
) -> None:
    control.mine(5)
    head = gateway.head()

    assert gateway.block(head.number) == gateway.block(head.hash) == gateway.block("latest") == head
    parent = gateway.block(head.number - 1)
    assert parent is not None
    assert parent.hash == head.parent_hash
    assert gateway.block(99) is None
    assert gateway.block(b"\x01" * 32) is None
    assert gateway.finalized().number < head.number


@pytest.mark.parametrize(
    ("most", "batches"),
    [(None, [50, 50, 21]), (30, [50, 25, 25, 21]), (1, [50, 25, 12, 6, 3])],
)
def test_blocks__when_asked_together__then_as_one_by_one_in_as_large_batches_as_are_taken(
    door: Gateway, proxy: FaultProxy, control: Control, most: int | None, batches: list[int]
) -> None:
    control.mine(121)
    proxy.most_together = most
    head = door.head().number
    numbers = [*range(head, head - 117, -1), 0, 1, 5, 0]
    found = door.blocks_by_number(numbers)
    assert proxy.batches == batches
    assert found == [door.block(number) for number in numbers]
    assert [block and block.number for block in found] == numbers


@pytest.mark.parametrize(
    "fault",
    [
        LOSE_REPLY,
        LOSE_REQUEST,
        refusal("rate limit reached", 429),
        refusal("header not found"),
        Fault(answer={}, status=502),
        Fault(answer={"error": None}),
        claim(None),
        claim("rubbish"),
        claim({"number": "0x1"}),
        Fault(alter=lambda block: {**block, "number": "0x7"}),
        Fault(alter=lambda block: {**block, "timestamp": hex(1 << 63)}),
    ],
)
def test_blocks__when_a_batch_fails__then_one_by_one_and_smaller_batches_for_a_while(
    door: Gateway,
    proxy: FaultProxy,
    control: Control,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control.mine(60)
    now = 1000.0
    monkeypatch.setattr(chain.rpc.time, "monotonic", lambda: now)
    all_of_them = [door.block(number) for number in range(60)]
    proxy.inject("eth_getBlockByNumber", Fault(), fault)
    assert door.blocks_by_number(range(3)) == all_of_them[:3]
    assert door.blocks_by_number(range(60)) == all_of_them
    assert proxy.batches == [3, 25, 25, 10]
    now += BatchSize.AFRESH_SECONDS + 1
    assert door.blocks_by_number(range(60)) == all_of_them
    assert proxy.batches[4:] == [50, 10]


def test_blocks__when_the_node_lacks_one__then_none(door: Gateway, control: Control) -> None:
    control.mine(3)
    head = door.head().number
    found = door.blocks_by_number([head - 1, head + 1, head])
    assert [block and block.number for block in found] == [head - 1, None, head]


def test_identity__when_a_chain_is_started_anew__then_it_is_another(
    gateway: Gateway, tmp_path: Path
) -> None:
    chain_id, genesis = gateway.identity()
    options = AnvilOptions(chain_id=chain_id, block_time=0)
    eventually(lambda: time.time() >= gateway.head().timestamp + 1, "the next second")

    with start_anvil(tmp_path / "namesake.log", options) as namesake:
        other = Gateway(namesake.url)
        assert other.identity()[0] == chain_id
        assert other.identity()[1] != genesis
        other.close()


def test_finalized__when_the_node_has_none__then_it_says_so(
    door: Gateway, proxy: FaultProxy
) -> None:
    proxy.inject("eth_getBlockByNumber", claim(None))

    with pytest.raises(RpcRejected, match="has no finalized block"):
        door.finalized()


@pytest.mark.parametrize("answer", ["ok", "0xzz", 5, [5], {"number": 1}])
@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("eth_chainId", lambda door: door.chain_id()),
        ("eth_getBlockByNumber", lambda door: door.head()),
        ("eth_getBlockByNumber", lambda door: door.block(1)),
        ("eth_getLogs", lambda door: door.logs(0, 1)),
        ("eth_getBalance", lambda door: door.balance(SOMEBODY)),
        ("eth_getCode", lambda door: door.code(SOMEBODY)),
        ("eth_getTransactionReceipt", lambda door: door.receipt(bytes(32))),
        ("eth_maxPriorityFeePerGas", lambda door: door.priority_fee()),
    ],
)
def test_answer__when_it_has_not_the_form__then_the_node_is_blamed(
    proxy: FaultProxy, answer: object, method: str, ask: Callable[[Gateway], object]
) -> None:
    door = Gateway(proxy.url, EMPTY)
    proxy.inject(method, claim(answer))
    with pytest.raises(RpcRejected, match="sent an answer that is not Ethereum's"):
        ask(door)
    door.close()


def test_call__when_there_is_no_contract__then_it_says_where(
    court: Gateway, control: Control, deployment: Deployment
) -> None:
    control("anvil_setCode", deployment.address("StakeVault"), "0x")

    with pytest.raises(DeploymentError, match="where the deployment has StakeVault"):
        court.call("StakeVault", "currentEpoch")


def test_call__when_no_deployment_is_known__then_it_says_so(gateway: Gateway) -> None:
    with pytest.raises(ConfigError, match="give a deployment file"):
        gateway.call("StakeVault", "currentEpoch")
    with pytest.raises(ConfigError, match="give a deployment file"):
        gateway.logs(0, 1)


def test_call__when_it_is_refused__then_the_error_is_decoded(court: Gateway) -> None:
    with pytest.raises(RevertError) as caught:
        court.call("IdentityRegistry", "ownerOf", 7)

    assert caught.value.name == "ERC721NonexistentToken"
    assert str(caught.value) == "There is no agent 7."


@pytest.mark.parametrize("wrapped", [False, True])
def test_call__when_a_node_wraps_revert_data__then_it_is_found(
    wrapped: bool, door: Gateway, proxy: FaultProxy
) -> None:
    data = "0x7e273289" + "00" * 31 + "07"  # ERC721NonexistentToken(7)
    error = {"code": -32603, "message": "internal error: execution reverted"}
    fault = refusal("x")
    answer = {"error": {**error, "data": {"originalError": {"data": data}} if wrapped else data}}
    proxy.inject("eth_call", replace(fault, answer=answer))

    with pytest.raises(RevertError, match="There is no agent 7"):
        door.call("IdentityRegistry", "ownerOf", 7)


def test_call__when_a_node_gives_no_data__then_a_revert_is_still_one(
    door: Gateway, proxy: FaultProxy
) -> None:
    proxy.inject("eth_call", refusal("execution reverted"))

    with pytest.raises(RevertError, match=r"IdentityRegistry\.ownerOf: The contract refused wi"):
        door.call("IdentityRegistry", "ownerOf", 7)


def test_simulate__when_the_value_exceeds_the_balance__then_it_says_who_holds_what(
    gateway: Gateway, anvil: Anvil
) -> None:
    rich = local_signer(0, anvil.chain_id).address
    call = Call(rich, b"", Wei(10**23), "a payment")

    with pytest.raises(InsufficientFunds, match=r"holds 10000 ETH .* a payment \(100000 ETH and"):
        gateway.simulate(call, rich)


def test_priority_fee__when_the_node_never_suggests__then_it_is_a_gwei(
    door: Gateway, proxy: FaultProxy
) -> None:
    proxy.inject("eth_maxPriorityFeePerGas", refusal("the method does not exist", -32601))

    assert door.priority_fee() == GWEI


def test_logs__when_a_stranger_emits_the_same_topic__then_it_is_not_an_event(
    court: Gateway, deployment: Deployment, door: Gateway, proxy: FaultProxy
) -> None:
    genuine = court.logs(0, court.head().number)
    assert {event.log.contract for event in genuine} <= set(deployment.contracts)
    forged = {
        "address": "0x" + "11" * 20,
        "topics": ["0x" + "22" * 32],
        "data": "0x",
        "blockNumber": "0x1",
        "blockHash": "0x" + "33" * 32,
        "transactionHash": "0x" + "44" * 32,
        "logIndex": "0x0",
    }
    proxy.inject("eth_getLogs", claim([forged]))

    assert door.logs(0, 1) == []
