"""A local chain with many agents: each has an owner and evidence, told by events."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from backend.network import Network, read_network
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.messages import evidence_domain
from chain.parameters import preset
from chain.rpc import Rpc
from cli.anvil import AnvilOptions, start_anvil
from cli.deploy import shipped_profiles

ROOT = Path(__file__).resolve().parents[2]
EMITTER = ROOT / "contracts" / "out" / "BenchEvents.sol" / "BenchEvents.json"
PER_BLOCK = 101
"""Events of a block. No round number of logs, which a gateway takes for an answer cut short."""

GAS = 16_000_000
REGISTRY, LEDGER, COURT = "IdentityRegistry", "ReputationLedger", "VerificationRounds"


@dataclass
class Ground:
    """The chain, and who is on it. `domain` is where everybody has evidence."""

    url: str
    deployment: Deployment
    network: Network
    domain: bytes
    anvil: int
    rpc: Rpc
    codes: dict[str, str]
    agents: int = 0

    @property
    def place(self) -> tuple[str, Deployment]:
        """Where it is, for another process."""
        return self.url, self.deployment

    @property
    def gateway(self) -> Gateway:
        """A new connection."""
        return Gateway(self.url, self.deployment)

    def head(self) -> int:
        return int(self.rpc.request("eth_blockNumber"), 16)

    def add(self, agents: int) -> None:
        """So many more agents: a block of owners, a block of evidence, and so on."""
        self.emitting(True)
        for first in range(self.agents, self.agents + agents, PER_BLOCK):
            count = min(PER_BLOCK, self.agents + agents - first)
            self.send(REGISTRY, "transfers(uint256,uint256)", first, count)
            self.send(LEDGER, "evidence(bytes32,uint256,uint256)", self.domain, first, count)
        self.agents += agents
        self.emitting(False)

    def emitting(self, yes: bool) -> None:
        """Puts the emitter where the contracts are, or the contracts back."""
        emitter = json.loads(EMITTER.read_text())["deployedBytecode"]["object"]
        for name, code in self.codes.items():
            address = self.deployment.address(name)
            self.rpc.request("anvil_setCode", address, emitter if yes else code)

    def send(
        self, contract: str, signature: str, *arguments: object, sender: str | None = None
    ) -> None:
        """A transaction of an unlocked account, mined at once."""
        kinds = signature[signature.index("(") + 1 : -1].split(",")
        data = keccak(text=signature)[:4] + encode(kinds, arguments)
        call = {
            "from": sender or self.rpc.request("eth_accounts")[0],
            "to": self.deployment.address(contract),
            "data": "0x" + data.hex(),
            "gas": hex(GAS),
        }
        sent = self.rpc.request("eth_sendTransaction", call)
        while (receipt := self.rpc.request("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.001)
        if int(receipt["status"], 16) != 1:
            raise SystemExit(f"A transaction failed: {signature}.")

    def record(self) -> int:
        """Evidence in the real ledger, for `scoreOf` to compute something; returns whose."""
        court = self.deployment.address(COURT)
        self.send(REGISTRY, "register(string)", "an agent")
        self.rpc.request("anvil_impersonateAccount", court)
        self.rpc.request("anvil_setBalance", court, hex(10**20))
        agent_id, owner = 0, local_signer(0, self.deployment.chain_id).address
        signature = "record(uint256,address,bytes32,uint64,uint64)"
        self.send(LEDGER, signature, agent_id, owner, self.domain, 3 * 10**9, 10**9, sender=court)
        return agent_id


@contextmanager
def local_chain(folder: Path) -> Iterator[Ground]:
    """Contracts, and no agent yet."""
    subprocess.run(  # noqa: S603 - a program of this repository
        [ROOT / "scripts" / "forge", "build", "contracts/test/bench/BenchEvents.sol"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with start_anvil(folder / "anvil.log", AnvilOptions(block_time=0)) as anvil:
        empty = Gateway(anvil.url)
        signer = local_signer(0, anvil.chain_id)
        file = folder / "deployment.json"
        deployed = deploy(empty, signer, preset("local"), shipped_profiles(), file)
        gateway = empty.with_deployment(deployed)
        addresses = {name: deployed.address(name) for name in (REGISTRY, LEDGER)}
        yield Ground(
            anvil.url,
            deployed,
            read_network(gateway, deployed),
            evidence_domain(deployed.profile_id("exact-bytes"), "provider"),
            anvil.process.pid,
            Rpc(anvil.url),
            {name: "0x" + gateway.code(address).hex() for name, address in addresses.items()},
        )
