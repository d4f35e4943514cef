"""Deploying to a real anvil: whole, interrupted at every step, resumed, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from chain import create2
from chain import deployment as deployments
from chain.deploy import CONTRACTS, WIRED, ProfileSpec, deploy, estimate
from chain.deployment import Deployment
from chain.errors import ChainMismatch, ConfigError, DeploymentError, InsufficientFunds
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.parameters import PRESETS
from chain.registries import REGISTRIES
from chain.structs import Profile
from chain.types import Address, Bytes32, Family
from cli.anvil import Anvil, AnvilOptions, start_anvil
from tests.support.anvil import Control

pytestmark = pytest.mark.integration

LOCAL = PRESETS["local"]
PROFILES = [
    ProfileSpec("text", b'{"name":"text"}', Family.TEXT_MINHASH, 24, 32_768),
    ProfileSpec("exact", b'{"name":"exact"}', Family.EXACT, 0, 1 << 20),
]

OTHER_SALT = Bytes32(keccak(b"another deployment"))
# Answers any call with the text "1.0.0".
_ANSWER = (32).to_bytes(32) + (5).to_bytes(32) + b"1.0.0".ljust(32, b"\0")
VERSION_ONE = bytes.fromhex("6060600c60003960606000f3") + _ANSWER


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deployment.json"


def test_deploy__when_the_chain_is_empty__then_everything_stands_and_is_wired(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    lines: list[str] = []

    done = deploy(gateway, signer, LOCAL, PROFILES, file, on_progress=lines.append)

    done.check(gateway)
    assert deployments.load(file) == done
    assert set(done.contracts) == set(CONTRACTS)
    assert len(lines) == len(CONTRACTS) + len(WIRED) + len(PROFILES)
    door = gateway.with_deployment(done)
    assert door.call("StakeVault", "epochLength") == LOCAL.epoch_length
    assert door.call("StakeVault", "unbondingDelay") == LOCAL.unbonding_delay
    assert door.call("ReputationLedger", "halfLife") == LOCAL.half_life
    registered: Profile = door.call("ProfileRegistry", "profile", done.profile_id("text"))
    assert registered == LOCAL.profile(Family.TEXT_MINHASH, 24, 32_768)
    assert done.profiles["exact"] == keccak(b'{"name":"exact"}')
    assert not file.with_name("deployment.json.journal").exists()


def test_deploy__when_done_again__then_nothing_is_sent(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    first = deploy(gateway, signer, LOCAL, PROFILES, file)
    sent = gateway.nonce(signer.address)

    second = deploy(gateway, signer, LOCAL, PROFILES, file)

    assert second == first
    assert gateway.nonce(signer.address) == sent


def test_deploy__when_a_profile_is_new__then_only_it_is_registered(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    deploy(gateway, signer, LOCAL, PROFILES[:1], file)
    sent = gateway.nonce(signer.address)

    done = deploy(gateway, signer, LOCAL, PROFILES, file)

    assert gateway.nonce(signer.address) == sent + 1
    assert set(done.profiles) == {"text", "exact"}


class Interrupted(BaseException):
    """Stands in for a kill: nothing in the code catches it."""


@pytest.mark.parametrize("between", ["before the file is written", "after it is written"])
def test_deploy__when_killed_at_every_step__then_nothing_is_deployed_twice(
    between: str,
    gateway: Gateway,
    signer: Signer,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save = Deployment.save

    def save_and_die(self: Deployment, path: Path) -> None:
        if between == "after it is written":
            save(self, path)
        elif len(deaths) % 2:  # every second time it gets through, or it would never end
            deaths.append(1)
            save(self, path)
            return
        deaths.append(1)
        raise Interrupted

    deaths: list[int] = []
    monkeypatch.setattr(Deployment, "save", save_and_die)
    done = None
    while done is None:
        try:
            done = deploy(gateway, signer, LOCAL, PROFILES, file)
        except Interrupted:
            assert len(deaths) < 100
            if between == "after it is written" and deployments.load(file).complete:
                break

    deployments.load(file).check(gateway)
    assert gateway.nonce(signer.address) == len(CONTRACTS) + len(WIRED) + len(PROFILES)


def test_deploy__when_the_file_is_of_another_chain__then_it_is_refused(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    done = deploy(gateway, signer, LOCAL, [], file)
    replace(done, chain_id=1).save(file)

    with pytest.raises(ChainMismatch, match="is for chain 1, but"):
        deploy(gateway, signer, LOCAL, [], file)


def test_deploy__when_the_parameters_changed__then_it_is_refused(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    deploy(gateway, signer, LOCAL, [], file)

    with pytest.raises(DeploymentError, match="begun with other parameters"):
        deploy(gateway, signer, PRESETS["public"], [], file)


def test_deploy__when_the_chain_was_started_anew__then_it_says_so(
    gateway: Gateway, signer: Signer, file: Path, control: Control
) -> None:
    done = deploy(gateway, signer, LOCAL, [], file)
    control("anvil_setCode", done.address("StakeVault"), "0x")

    with pytest.raises(DeploymentError, match="has StakeVault: was the chain started anew"):
        deploy(gateway, signer, LOCAL, [], file)


def test_deploy__when_registries_are_given__then_they_are_used(
    gateway: Gateway, signer: Signer, file: Path, tmp_path: Path
) -> None:
    standing = deploy(gateway, signer, LOCAL, [], file)
    given = {name: standing.address(name) for name in REGISTRIES}

    done = deploy(
        gateway, signer, LOCAL, [], tmp_path / "other.json", registries=given, salt=OTHER_SALT
    )

    assert {name: done.address(name) for name in REGISTRIES} == given
    assert done.address("StakeVault") != standing.address("StakeVault")
    done.check(gateway)


def test_deploy__when_a_registry_is_no_contract__then_it_is_refused(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    nobody = {"IdentityRegistry": Address("0x0000000000000000000000000000000000055001")}

    with pytest.raises(DeploymentError, match="should be the IdentityRegistry"):
        deploy(gateway, signer, LOCAL, [], file, registries=nobody)


def test_deploy__when_a_registry_belongs_to_another_identity__then_it_is_refused(
    gateway: Gateway, signer: Signer, file: Path, tmp_path: Path
) -> None:
    ours = deploy(gateway, signer, LOCAL, [], file)
    theirs = deploy(gateway, signer, LOCAL, [], tmp_path / "theirs.json", salt=OTHER_SALT)
    sent = gateway.nonce(signer.address)
    mixed = {
        "IdentityRegistry": ours.address("IdentityRegistry"),
        "ReputationRegistry": theirs.address("ReputationRegistry"),
    }

    for given in (mixed, {"ValidationRegistry": ours.address("ValidationRegistry")}):
        with pytest.raises(DeploymentError, match="belongs to the IdentityRegistry at"):
            deploy(gateway, signer, LOCAL, [], tmp_path / "mixed.json", registries=given)
    assert gateway.nonce(signer.address) == sent
    assert not (tmp_path / "mixed.json").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("StakeVault", "is no IdentityRegistry of ERC-8004: it does not answer getVersion"),
        ("Old", "is of version '1.0.0', and Assay needs 2.x"),
    ],
)
def test_deploy__when_a_registry_is_another_contract__then_it_is_refused(
    name: str, words: str, gateway: Gateway, signer: Signer, file: Path, control: Control
) -> None:
    done = deploy(gateway, signer, LOCAL, [], file)
    given = done.address("StakeVault")
    if name == "Old":
        given = Address("0x0000000000000000000000000000000000055002")
        control("anvil_setCode", given, "0x" + VERSION_ONE.hex())

    with pytest.raises(DeploymentError, match=words):
        estimate(gateway, signer, LOCAL, [], file, registries={"IdentityRegistry": given})


def test_check__when_a_registry_was_upgraded__then_every_start_says_so(
    gateway: Gateway, signer: Signer, file: Path, control: Control
) -> None:
    done = deploy(gateway, signer, LOCAL, [], file)
    identity = done.contracts["IdentityRegistry"]
    control("anvil_setCode", identity.address, "0x" + VERSION_ONE.hex())
    changed = replace(identity, code_hash=Bytes32(keccak(VERSION_ONE)))

    with pytest.raises(DeploymentError, match=r"is of version '1\.0\.0'"):
        done.with_contract("IdentityRegistry", changed).check(gateway)


def test_deploy__when_the_account_is_empty__then_it_says_who_needs_funds(
    gateway: Gateway, anvil: Anvil, file: Path
) -> None:
    poor = local_signer(4000, anvil.chain_id)

    with pytest.raises(InsufficientFunds, match=f"{poor.address} holds 0 ETH"):
        deploy(gateway, poor, LOCAL, PROFILES, file)
    with pytest.raises(InsufficientFunds, match=r"needs up to .* send it funds"):
        estimate(gateway, poor, LOCAL, PROFILES, file)


def test_deploy__when_the_parameters_contradict__then_nothing_is_sent(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    with pytest.raises(ConfigError, match="unbonding_delay must exceed"):
        deploy(gateway, signer, replace(LOCAL, unbonding_delay=60), [], file)
    assert gateway.nonce(signer.address) == 0
    assert not file.exists()


def test_estimate__then_it_covers_the_real_cost_closely_and_sends_nothing(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    profiles = [replace(PROFILES[0], recipe=b"x" * 8_000), PROFILES[1]]
    before = gateway.balance(signer.address)

    said = estimate(gateway, signer, LOCAL, profiles, file)

    assert gateway.nonce(signer.address) == 0
    assert not file.exists()
    assert len(said.steps) == len(CONTRACTS) + len(WIRED) + 2
    deploy(gateway, signer, LOCAL, profiles, file)
    gas = sum(receipt_gas(gateway, number) for number in range(1, int(gateway.head().number) + 1))
    assert gas <= said.gas <= gas * 1.15
    assert before - gateway.balance(signer.address) <= said.cost
    assert estimate(gateway, signer, LOCAL, profiles, file).steps == ()


def test_deploy__when_the_file_is_lost__then_the_same_contracts_are_found_again(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    first = deploy(gateway, signer, LOCAL, PROFILES, file)
    sent = gateway.nonce(signer.address)
    file.unlink()
    lines: list[str] = []

    said = estimate(gateway, signer, LOCAL, PROFILES, file)
    again = deploy(gateway, signer, LOCAL, PROFILES, file, on_progress=lines.append)

    assert [step for step in said.steps if step.startswith("deploy")] == []
    assert again.contracts == first.contracts
    assert again.profiles == first.profiles
    assert gateway.nonce(signer.address) == sent
    assert f"Router stands at {first.address('Router')} already" in lines


def test_deploy__when_the_chain_is_another__then_the_addresses_are_the_same(
    gateway: Gateway, signer: Signer, file: Path, tmp_path: Path
) -> None:
    here = deploy(gateway, signer, LOCAL, [], file)
    options = AnvilOptions(block_time=0, chain_id=31337)
    with start_anvil(tmp_path / "other.log", options) as other:
        there_door = Gateway(other.url)
        there_door._rpc.request("anvil_setNonce", signer.address, "0x11")
        there = deploy(there_door, local_signer(0, 31337), LOCAL, [], tmp_path / "there.json")
        there_door.close()

    assert there.addresses == here.addresses
    assert deploy(gateway, signer, LOCAL, [], tmp_path / "salted.json", salt=OTHER_SALT).addresses
    salted = deployments.load(tmp_path / "salted.json").addresses
    assert not set(salted.values()) & set(here.addresses.values())


def test_deploy__when_the_factory_is_missing__then_it_is_put_there_first(
    gateway: Gateway, signer: Signer, file: Path, control: Control
) -> None:
    control("anvil_setCode", create2.FACTORY, "0x")
    control("anvil_setNonce", create2.FACTORY, "0x0")

    said = estimate(gateway, signer, LOCAL, [], file)
    done = deploy(gateway, signer, LOCAL, [], file)

    assert gateway.code(create2.FACTORY) == create2.FACTORY_CODE
    assert f"deploy {CONTRACTS[0]}" in said.steps
    done.check(gateway)


def test_deploy__when_something_else_stands_for_the_factory__then_it_is_refused(
    gateway: Gateway, signer: Signer, file: Path, control: Control
) -> None:
    control("anvil_setCode", create2.FACTORY, "0x00")

    with pytest.raises(DeploymentError, match="is not the CREATE2 factory"):
        deploy(gateway, signer, LOCAL, [], file)
    assert gateway.nonce(signer.address) == 0


def receipt_gas(gateway: Gateway, number: int) -> int:
    raw = gateway._rpc.request("eth_getBlockByNumber", hex(number), False)
    return int(raw["gasUsed"], 16)


def test_deployment_file__then_other_programs_can_read_it(
    gateway: Gateway, signer: Signer, file: Path
) -> None:
    deploy(gateway, signer, LOCAL, PROFILES, file)

    raw = json.loads(file.read_text())

    assert raw["schema"] == "assay/deployment/1"
    assert raw["complete"] is True
    assert raw["parameters"]["min_stake"] == "1000000000000000000"
    assert raw["contracts"]["Router"]["address"].startswith("0x")
