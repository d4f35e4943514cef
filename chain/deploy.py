"""Puts the contracts on a chain, step by step, and can be interrupted and resumed at any step.

Addresses follow from the contracts' code, their constructors' arguments and a salt (`create2`), so
they are the same on every chain for the same deployer and parameters. After each step the
deployment file is written whole. A step found done is skipped: a contract whose code stands at its
address, whether the file knows it or was lost, a court that is named, a profile that is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from eth_utils.crypto import keccak

from chain import artifacts, create2, deployment
from chain.abi import encode
from chain.blocks import Call
from chain.deployment import ContractRecord, Deployment
from chain.errors import DeploymentError, InsufficientFunds, RevertError, RpcRejected
from chain.events import Wired
from chain.fees import BASE_FEE_ROOM
from chain.gateway import Gateway
from chain.journal import FileJournal
from chain.keys import Signer
from chain.parameters import Parameters
from chain.registries import handshake
from chain.sender import Sender
from chain.types import Address, BlockNumber, Bytes32, Family, ProfileId, Wei
from chain.units import show_ether

DEFAULT_SALT: Final = Bytes32(keccak(text="assay/1"))

LAYERS: Final = (
    ("IdentityRegistry", "ProfileRegistry", "BlockhashEntropy", "Governance"),
    ("ReputationRegistry", "ValidationRegistry", "ExamRules", "ReputationLedger"),
    ("ExamBook",),
    ("StakeVault",),
    ("CourtIntake", "CourtDraws", "CourtSettlement"),
    ("VerificationRounds",),
    ("Router", "FeedbackPublisher"),
)
"""Each needs only those of the layers before it; a layer is deployed in one block if it fits."""

CONTRACTS: Final = tuple(name for layer in LAYERS for name in layer)

WIRED: Final = ("StakeVault", "ReputationLedger", "ExamBook")
"""They must be told which court may use them, once both exist."""

# Calls to contracts that do not exist yet cannot be estimated; measured, and rounded up.
_WIRE_GAS: Final = 120_000
# What the protocol charges for a creation: the transaction, each byte of code, each byte of data.
_CREATE_GAS: Final = 100_000
_CODE_GAS_PER_BYTE: Final = 200
_DATA_GAS_PER_BYTE: Final = 18
_REGISTER_GAS: Final = 420_000
_REGISTER_GAS_PER_BYTE: Final = 60


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """A recipe to register: its name, its canonical bytes, and what the court needs of it."""

    name: str
    recipe: bytes = field(repr=False)
    family: Family
    tolerance: int
    max_output_bytes: int

    @property
    def profile_id(self) -> ProfileId:
        return ProfileId(keccak(self.recipe))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a deployment would cost from here: gas, and wei at twice the present base fee."""

    steps: tuple[str, ...]
    gas: int
    cost: Wei


Progress = Callable[[str], None]
Step = Callable[[], None]


def deploy(
    gateway: Gateway,
    signer: Signer,
    parameters: Parameters,
    profiles: Sequence[ProfileSpec],
    file: Path,
    *,
    registries: Mapping[str, Address] | None = None,
    salt: Bytes32 = DEFAULT_SALT,
    on_progress: Progress = lambda _line: None,
) -> Deployment:
    """Deploys what is missing, wires it, registers profiles; returns the complete deployment.

    Args:
        file: the deployment file, read if it exists and written after each step.
        registries: ERC-8004 registries that stand already, by contract name.
        salt: another one gives another deployment of the same contracts.
        on_progress: told one line per step.

    Raises:
        ConfigError: parameters, file or registries that do not fit.
        AssayError: the chain refuses; calling again goes on from there.
    """
    parameters.check()
    state = _begin(gateway, parameters, file)
    _meet(gateway, registries or {})
    journal_file = file.with_name(file.name + ".journal")
    with ExitStack() as stack:
        journal = FileJournal(journal_file)
        stack.callback(journal.close_file)
        work = _Work(
            gateway, Sender(gateway, signer, journal), parameters, file, state, salt, on_progress
        )
        create2.ensure_factory(gateway, work.sender)
        for steps in _stages(work, profiles, registries or {}):
            _all_at_once(steps)
        work.finish()
    journal_file.unlink(missing_ok=True)
    return work.state


def estimate(
    gateway: Gateway,
    signer: Signer,
    parameters: Parameters,
    profiles: Sequence[ProfileSpec],
    file: Path,
    *,
    registries: Mapping[str, Address] | None = None,
    salt: Bytes32 = DEFAULT_SALT,
) -> Estimate:
    """What `deploy` would do and cost now. Sends nothing and writes nothing.

    Raises:
        InsufficientFunds: the signer's account cannot pay for it.
    """
    parameters.check()
    state = _begin(gateway, parameters, file)
    _meet(gateway, registries or {})
    steps: list[str] = []
    gas = 0
    addresses = {**state.addresses, **(registries or {})}
    for name in CONTRACTS:
        if name not in addresses:
            code = _init_code(name, addresses, parameters, signer.address)
            addresses[name] = create2.address_of(salt, code)
            if gateway.code(addresses[name]):
                continue
            gas += _creation_gas(gateway, name, salt, code, signer.address)
            steps.append(f"deploy {name}")
    for name in () if state.complete else WIRED:
        gas += _WIRE_GAS
        steps.append(f"wire {name}")
    for spec in profiles:
        if spec.profile_id not in state.profiles.values():
            gas += _REGISTER_GAS + _REGISTER_GAS_PER_BYTE * len(spec.recipe)
            steps.append(f"register profile {spec.name}")
    price = gateway.head().base_fee * BASE_FEE_ROOM + gateway.priority_fee()
    cost = Wei(gas * price)
    balance = gateway.balance(signer.address)
    if balance < cost:
        raise InsufficientFunds(
            f"The deployment needs up to {show_ether(cost)}, and the account {signer.address} "
            f"holds {show_ether(balance)}: send it funds."
        )
    return Estimate(tuple(steps), gas, cost)


def _begin(gateway: Gateway, parameters: Parameters, file: Path) -> Deployment:
    """The deployment begun earlier, or an empty one."""
    if not file.exists():
        head = gateway.head().number
        return Deployment(gateway.chain_id(), head, parameters=parameters.as_json())
    state = deployment.load(file)
    deployment.check_chain(state.chain_id, gateway)
    if dict(state.parameters) != parameters.as_json():
        raise DeploymentError(
            f"The deployment {file} was begun with other parameters: use the same preset, or "
            "another file."
        )
    for name, record in state.contracts.items():
        deployment.check_code(name, record, gateway)
    return state


def _meet(gateway: Gateway, registries: Mapping[str, Address]) -> None:
    """Looks at registries that stand already before anything is built on them."""
    for name, address in registries.items():
        if not gateway.code(address):
            raise DeploymentError(
                f"There is no contract at {address}, which should be the {name}: check the address "
                "and the RPC URL."
            )
    handshake(registries, gateway)


def _stages(
    work: _Work, profiles: Sequence[ProfileSpec], registries: Mapping[str, Address]
) -> Iterator[list[Step]]:
    """Steps that need nothing of one another, stage by stage."""

    def placing(name: str) -> Step:
        given = registries.get(name)
        return partial(work.adopt, name, given) if given else partial(work.create, name)

    first, second, *others, last = ([placing(name) for name in layer] for layer in LAYERS)
    yield first
    yield second + [partial(work.register, spec) for spec in profiles]
    yield from others
    yield last + [partial(work.wire, name) for name in WIRED]


def _all_at_once(steps: Sequence[Step]) -> None:
    """Runs steps side by side to the end of each; raises the first one's error."""
    with ThreadPoolExecutor(len(steps)) as pool:
        running = [pool.submit(step) for step in steps]
    for step in running:
        step.result()


class _Work:
    """A deployment in progress: `state` is what the file says."""

    def __init__(
        self,
        gateway: Gateway,
        sender: Sender,
        parameters: Parameters,
        file: Path,
        state: Deployment,
        salt: Bytes32,
        on_progress: Progress,
    ) -> None:
        self._gateway = gateway
        self.sender = sender
        self._salt = salt
        self._parameters = parameters
        self._file = file
        self._tell = on_progress
        self._changing = Lock()
        self.state = state

    def finish(self) -> None:
        self._change(lambda state: replace(state, complete=True))

    def _change(self, change: Callable[[Deployment], Deployment]) -> None:
        with self._changing:
            changed = change(self.state)
            changed.save(self._file)
            self.state = changed

    def create(self, name: str) -> None:
        if name in self.state.contracts:
            self._tell(f"{name} stands at {self.state.address(name)}")
            return
        code = _init_code(name, self.state.addresses, self._parameters, self.sender.address)
        address = create2.address_of(self._salt, code)
        if self._gateway.code(address):
            self._record(name, address, self._block_of(address))
            self._tell(f"{name} stands at {address} already")
            return
        call = create2.creation(self._salt, code, f"deploy {name}")
        receipt = self.sender.send_call(call, job=f"deploy {name} {address}")
        if not self._gateway.code(address):
            raise DeploymentError(f"{name} did not come to stand at {address}: try again.")
        self._record(name, address, receipt.block_number)
        self._tell(f"{name} deployed at {address} ({receipt.gas_used:,} gas)")

    def _block_of(self, address: Address) -> int:
        """The block that put a contract there; 0 if the node keeps no old states to tell."""
        low, high = 0, int(self._gateway.head().number)
        try:
            while low < high:
                middle = (low + high) // 2
                if self._gateway.code(address, middle):
                    high = middle
                else:
                    low = middle + 1
        except RpcRejected:
            return 0
        return low

    def adopt(self, name: str, address: Address) -> None:
        if name in self.state.contracts:
            if self.state.address(name) != address:
                raise DeploymentError(
                    f"The deployment has {name} at {self.state.address(name)}, not at {address}: "
                    "use another file."
                )
            return
        self._record(name, address, self._gateway.head().number)
        self._tell(f"{name} is the one at {address}")

    def _record(self, name: str, address: Address, block: int) -> None:
        code = self._gateway.code(address)
        record = ContractRecord(address, Bytes32(keccak(code)), BlockNumber(block))
        self._change(lambda state: _since(state, block).with_contract(name, record))

    def wire(self, name: str) -> None:
        court = self.state.address("VerificationRounds")
        door = self._gateway.with_deployment(self.state)
        record = self.state.contracts[name]
        logs = door.logs(record.block, door.head().number)
        wired = [e for e in logs if isinstance(e, Wired) and e.log.contract == name]
        if not wired:
            call = door.prepare(name, "wire", [court])
            self.sender.send_call(call, job=f"wire {name}")
            self._tell(f"{name} takes orders from the court")
        elif wired[0].courts != (court,):
            raise DeploymentError(
                f"{name} at {record.address} takes orders from another court: deploy to another "
                "file."
            )

    def register(self, spec: ProfileSpec) -> None:
        door = self._gateway.with_deployment(self.state)
        if not door.call("ProfileRegistry", "isRegistered", spec.profile_id):
            profile = self._parameters.profile(spec.family, spec.tolerance, spec.max_output_bytes)
            call = door.prepare("ProfileRegistry", "register", spec.recipe, profile)
            self.sender.send_call(call, job=f"register {spec.profile_id.hex()}")
            self._tell(f"profile {spec.name} registered")
        if self.state.profiles.get(spec.name) != spec.profile_id:
            self._change(lambda state: state.with_profile(spec.name, spec.profile_id))


def _since(state: Deployment, block: int) -> Deployment:
    """A deployment that holds a contract from a block on, maybe from before it was begun."""
    return replace(state, block=BlockNumber(min(state.block, block)))


def _init_code(
    name: str, addresses: Mapping[str, Address], parameters: Parameters, deployer: Address
) -> bytes:
    """A contract's creation code, its constructor's arguments found by their Solidity names."""
    artifact = artifacts.load(name)
    constructors = artifact.entries("constructor")
    inputs: Sequence[Mapping[str, Any]] = constructors[0]["inputs"] if constructors else ()
    known = _constructor_arguments(addresses, parameters, deployer)
    values = [known[param["name"].rstrip("_")] for param in inputs]
    return artifact.bytecode + encode(inputs, values)


def _creation_gas(gateway: Gateway, name: str, salt: Bytes32, code: bytes, sender: Address) -> int:
    """Gas to deploy a contract, also on a chain that has no factory yet.

    Reckoned, where the constructor asks contracts that do not stand yet.
    """
    try:
        if create2.is_there(gateway):
            return gateway.estimate_gas(create2.creation(salt, code, "deploy"), sender)
        return gateway.estimate_gas(Call(None, code, Wei(0), "deploy"), sender)
    except (RevertError, RpcRejected):
        size = len(artifacts.load(name).deployed_bytecode)
        return _CREATE_GAS + _CODE_GAS_PER_BYTE * size + _DATA_GAS_PER_BYTE * len(code)


def _constructor_arguments(
    addresses: Mapping[str, Address], parameters: Parameters, deployer: Address
) -> dict[str, Any]:
    contracts = {
        "identity": "IdentityRegistry",
        "reputation": "ReputationRegistry",
        "validation": "ValidationRegistry",
        "profiles": "ProfileRegistry",
        "entropy": "BlockhashEntropy",
        "vault": "StakeVault",
        "ledger": "ReputationLedger",
        "intake": "CourtIntake",
        "draws": "CourtDraws",
        "settlement": "CourtSettlement",
        "rounds": "VerificationRounds",
        "guardian": "Governance",
        "rules": "ExamRules",
        "capability": "ExamBook",
    }
    found = {key: addresses[name] for key, name in contracts.items() if name in addresses}
    return {
        **found,
        "epochLength": parameters.epoch_length,
        "unbondingDelay": parameters.unbonding_delay,
        "halfLife": parameters.half_life,
        "slashCapBps": parameters.slash_cap_bps,
        "treasury": parameters.treasury,
        "minDelay": parameters.governance_delay,
        "governor": deployer,
        "registrar": deployer,
        "deployer": deployer,
    }
