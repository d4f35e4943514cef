"""The RPC connection: every way a node can fail is one sentence, and none shows a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from chain.errors import (
    ConfigError,
    RpcRateLimited,
    RpcRejected,
    RpcTimeout,
    RpcUnreachable,
)
from chain.rpc import Rpc
from cli.anvil import Anvil, free_port
from tests.support.proxy import Fault, FaultProxy, refusal

SECRET = "4f9a8b7c6d5e"


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[FaultProxy]:
    with FaultProxy(anvil.url) as running:
        yield running


@pytest.fixture
def rpc(proxy: FaultProxy) -> Iterator[Rpc]:
    secret = proxy.url.replace("//", f"//user:{SECRET}@") + f"/v3/{SECRET}?key={SECRET}"
    connection = Rpc(secret, timeout=0.5, tries=2, backoff=0.01)
    yield connection
    connection.close()


@pytest.mark.unit
@pytest.mark.parametrize(
    "url", ["", "localhost:8545", "ws://x", "http://", "http://[", "http://a:b"]
)
def test_rpc__when_the_url_is_none__then_it_says_what_one_looks_like(url: str) -> None:
    with pytest.raises(ConfigError, match="must look like http://127"):
        Rpc(url)


@pytest.mark.unit
def test_rpc__when_shown__then_the_label_has_no_credentials() -> None:
    assert Rpc(f"https://u:{SECRET}@node.example/v3/{SECRET}").label == "https://node.example"
    assert Rpc("http://[::1]:8545").label == "http://[::1]:8545"


@pytest.mark.integration
def test_request__when_a_read_fails_once__then_it_is_asked_again(
    rpc: Rpc, proxy: FaultProxy, anvil: Anvil
) -> None:
    proxy.inject("eth_chainId", Fault(drop=True))

    assert int(rpc.request("eth_chainId"), 16) == anvil.chain_id
    assert [method for method, _ in proxy.requests] == ["eth_chainId"] * 2


@pytest.mark.integration
def test_request__when_a_broadcast_fails__then_it_is_not_repeated(
    rpc: Rpc, proxy: FaultProxy
) -> None:
    proxy.inject("eth_sendRawTransaction", Fault(forward=False, drop=True))

    with pytest.raises(RpcUnreachable):
        rpc.request("eth_sendRawTransaction", "0x00")
    assert len(proxy.requests) == 1


@pytest.mark.integration
@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (Fault(drop=True), RpcUnreachable, "Nothing answers at"),
        (Fault(delay=1.0), RpcTimeout, "did not answer in time"),
        (Fault(status=429), RpcRateLimited, "limits the rate"),
        (refusal("daily request limit reached", -32005), RpcRateLimited, "limits the rate"),
        (refusal("Too Many Requests"), RpcRateLimited, "limits the rate"),
        (Fault(status=401), RpcRejected, "refuses access .* check the credentials"),
        (Fault(forward=False, answer={}, status=502), RpcUnreachable, "failing .HTTP 502"),
        (Fault(forward=False, answer={}), RpcRejected, "not an Ethereum JSON-RPC node"),
        (refusal("odd", float("inf")), RpcRejected, "answered: odd"),
        (refusal("odd", "-32000x"), RpcRejected, "answered: odd"),
        (refusal(f"bad key {SECRET}"), RpcRejected, r"answered: bad key \*\*\*"),
        (Fault(answer=refusal("no such").answer, status=400), RpcRejected, "answered: no such"),
    ],
)
def test_request__when_a_node_fails__then_one_sentence_without_a_secret(
    fault: Fault, kind: type[Exception], sentence: str, rpc: Rpc, proxy: FaultProxy
) -> None:
    proxy.inject("eth_chainId", fault, fault)

    with pytest.raises(kind, match=sentence) as caught:
        rpc.request("eth_chainId")
    assert SECRET not in str(caught.value)
    assert rpc.label in str(caught.value)


@pytest.mark.integration
def test_request__when_the_answer_is_nested_too_deeply__then_refused(
    rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deep(*_: object) -> object:
        return json.loads("[" * 100_000)

    monkeypatch.setattr(rpc._provider, "make_request", deep)
    with pytest.raises(RpcRejected, match="not an Ethereum JSON-RPC node"):
        rpc.request("eth_chainId")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([], "not as many answers"),
        ([{"id": 1, "result": "0x1"}], "not as many answers"),
        ([{"id": 1, "result": "0x1"}] * 3, "not as many answers"),
        ([{"id": 1, "result": "0x1"}, {"id": 2, "error": {"message": "no such"}}], "no such"),
        ([{"id": 1, "result": "0x1"}, {"id": 2}], "not an Ethereum JSON-RPC node"),
        ([{"id": 1, "result": "0x1"}, "0x2"], "not an Ethereum JSON-RPC node"),
        ([{"id": 1, "result": "0x1"}, {"id": 2, "error": None}], "not an Ethereum"),
        ([5, None], "not an Ethereum JSON-RPC node"),
        ({"id": None, "error": {"message": "no batches"}}, "no batches"),
        ({"id": None, "result": []}, "not as many answers"),
        ("rubbish", "not an Ethereum JSON-RPC node"),
    ],
)
def test_batch__when_it_is_not_answered_as_a_batch__then_refused(
    rpc: Rpc, monkeypatch: pytest.MonkeyPatch, answers: object, sentence: str
) -> None:
    monkeypatch.setattr(rpc._provider, "decode_rpc_response", lambda _raw: answers)
    with pytest.raises(RpcRejected, match=sentence):
        rpc.batch("eth_chainId", [(), ()])


@pytest.mark.integration
def test_batch__when_answered_in_another_order__then_in_the_order_of_the_questions(
    rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = rpc._provider.decode_rpc_response
    monkeypatch.setattr(rpc._provider, "decode_rpc_response", lambda raw: decode(raw)[::-1])
    asked = [(hex(number), False) for number in (0, 1)]
    genesis, second = rpc.batch("eth_getBlockByNumber", asked)
    assert int(genesis["number"], 16) == 0
    assert second is None


@pytest.mark.integration
def test_request__when_nobody_listens__then_it_names_the_address() -> None:
    rpc = Rpc(f"http://127.0.0.1:{free_port()}/{SECRET}", tries=1)

    with pytest.raises(RpcUnreachable, match=r"Nothing answers at http://127.0.0.1:\d+: is the"):
        rpc.request("eth_chainId")
    rpc.close()


@pytest.mark.integration
def test_request__when_everything_is_logged__then_no_secret_is(
    rpc: Rpc, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        rpc.request("eth_chainId")

    assert SECRET not in caplog.text
