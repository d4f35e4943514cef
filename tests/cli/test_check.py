"""`assay check erc8004` as a person uses it, on our own registries and on what is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.conformance.stage import NotPlayable, Simulated
from chain.conformance.table import TABLE
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.errors import RpcRejected
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.parameters import preset
from chain.rpc import Rpc
from chain.types import Address
from cli import main
from cli.anvil import Anvil, AnvilOptions, start_anvil

pytestmark = pytest.mark.integration

Said = tuple[int, str, str]
Assay = Callable[..., Said]
NOBODY = "0x0000000000000000000000000000000000055001"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Deployment, Path]]:
    folder = tmp_path_factory.mktemp("check")
    file = folder / "deployment.json"
    with start_anvil(folder / "anvil.log", AnvilOptions(block_time=0)) as anvil:
        gateway = Gateway(anvil.url)
        signer = local_signer(0, anvil.chain_id)
        yield anvil, deploy(gateway, signer, preset("local"), [], file), file
        gateway.close()


@pytest.fixture
def assay(chain: tuple[Anvil, Deployment, Path], capsys: pytest.CaptureFixture[str]) -> Assay:
    """Runs `assay check erc8004` on the chain: (exit status, standard output, error output)."""

    def run(*arguments: str) -> Said:
        status = main.run(["check", "erc8004", "--rpc-url", chain[0].url, *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def registries(deployment: Deployment) -> list[str]:
    flags = ("identity", "reputation", "validation")
    names = ("IdentityRegistry", "ReputationRegistry", "ValidationRegistry")
    return [
        part
        for flag, name in zip(flags, names, strict=True)
        for part in (f"--{flag}", deployment.address(name))
    ]


@pytest.mark.parametrize("way", [(), ("--write", "--local-account", "4")], ids=["read", "write"])
def test_check__when_the_registries_are_ours__then_nothing_fails(
    assay: Assay, chain: tuple[Anvil, Deployment, Path], way: tuple[str, ...]
) -> None:
    status, out, _ = assay(*registries(chain[1]), "--json", *way)

    said = json.loads(out)
    assert status == said["failed"] == 0
    results = {check["id"]: check["result"] for check in said["checks"]}
    assert set(results) == set(TABLE)
    assert {id_ for id_, result in results.items() if result != "pass"} == {
        id_ for id_ in TABLE if id_.startswith(("net-", "ValidationNetwork"))
    }


def test_check__when_nothing_is_written__then_the_chain_stays_as_it_was(
    assay: Assay, chain: tuple[Anvil, Deployment, Path]
) -> None:
    gateway = Gateway(chain[0].url)
    before = gateway.head()

    assay(*registries(chain[1]))

    assert gateway.head() == before
    gateway.close()


def test_check__when_no_address_is_given__then_the_deployments_contracts_are_checked(
    assay: Assay, chain: tuple[Anvil, Deployment, Path]
) -> None:
    _, out, _ = assay("--deployment", str(chain[2]), "--json")

    results = {check["id"]: check["result"] for check in json.loads(out)["checks"]}
    assert results["net-erc165"] == results["net-policy"] == results["T12"] == "pass"


def test_check__when_a_contract_is_another__then_it_fails_and_says_what_is_instead(
    assay: Assay, chain: tuple[Anvil, Deployment, Path]
) -> None:
    vault = chain[1].address("StakeVault")

    status, out, _ = assay("--identity", vault)

    assert status == 1
    assert "missing: approve(address,uint256)" in out
    assert "T1 " in out
    assert "no address of the ValidationRegistry was given" in out
    assert " failed, " in out.splitlines()[-1]


def test_check__when_a_check_is_skipped__then_it_is_not_run(
    assay: Assay, chain: tuple[Anvil, Deployment, Path]
) -> None:
    status, out, _ = assay(*registries(chain[1]), "--skip", "T1", "--skip", "T5", "--json")

    assert status == 0
    assert {"T1", "T5"} & {check["id"] for check in json.loads(out)["checks"]} == set()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--identity", "0x12"), "is not an address"),
        (("--identity", NOBODY), "which should be the IdentityRegistry"),
        (("--deployment", "nowhere.json"), "no deployment file nowhere.json"),
    ],
)
def test_check__when_the_input_is_bad__then_one_sentence(
    assay: Assay, arguments: tuple[str, ...], words: str
) -> None:
    status, out, err = assay(*arguments)

    assert (status, out) == (1, "")
    assert words in err
    assert err.count("\n") == 1


def test_check__when_the_check_to_skip_is_none__then_one_sentence(
    assay: Assay, chain: tuple[Anvil, Deployment, Path]
) -> None:
    status, _, err = assay(*registries(chain[1]), "--skip", "T99")

    assert status == 1
    assert "There is no check 'T99'" in err


def test_check__when_the_chain_is_not_local__then_nothing_real_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_anvil(tmp_path / "log", AnvilOptions(chain_id=8453, block_time=0)) as public:
        gateway = Gateway(public.url)
        gateway._rpc.request("anvil_setCode", NOBODY, "0x00")

        status = main.run(
            ["check", "erc8004", "--rpc-url", public.url, "--identity", NOBODY, "--write"]
        )

        assert status == 1
        assert "leave out --write" in capsys.readouterr().err
        gateway.close()


def test_stage__when_the_node_cannot_simulate__then_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Rpc, method: str, *params: object) -> object:
        raise RpcRejected(f"{method} is not there", -32601, "method not found")

    monkeypatch.setattr(Rpc, "request", refuse)

    with pytest.raises(NotPlayable, match="eth_simulateV1: method not found"):
        Simulated(Rpc("http://127.0.0.1:1")).look(Address(NOBODY), b"")
