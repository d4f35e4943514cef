"""Gas of a score update: ReliabilityAnchor against a record per source, on one anvil in one run.

    python scripts/bench_anchor.py

Writes docs/gas.md and docs/gas.svg. Every figure is the gas used by whole transactions, calldata
counted, divided by the scores in them. "cold": slots written for the first time; "warm": again.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from web3 import Web3

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chain import artifacts  # noqa: E402
from cli.anvil import AnvilOptions, start_anvil  # noqa: E402
from scripts.gas_page import page, plot  # noqa: E402
from verifier import reputation  # noqa: E402
from verifier.reliability.epoch import scored  # noqa: E402
from verifier.reliability.merkle import Tree  # noqa: E402
from verifier.reliability.words import pack, words_hash  # noqa: E402

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
BASELINE = ROOT / "contracts" / "out" / "PerSourceScores.sol" / "PerSourceScores.json"
BASELINE_SOURCE = "contracts/test/anchor/PerSourceScores.sol"
# The most updates that fit the gas limit of one transaction (EIP-7825) here.
BASELINE_BATCH = 100
EVIDENCE_BYTES = 224
WINDOW = 800
SPACING = WINDOW // 8
SLOTS = 16
BOND = 10**18
# Of the first account that anvil and hardhat fund: well known, worth nothing.
ANVIL_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
POLICY = reputation.Policy(30 * 86_400)
DOMAIN = bytes(32)
ONE = reputation.OBSERVATION


@dataclass
class Chain:
    """A local chain, and the account that sends everything and is the reporter."""

    web3: Any
    reporter: Any

    @property
    def sender(self) -> str:
        return str(self.reporter.address)

    def gas(self, call: Any, value: int = 0) -> int:
        """Gas used by the transaction of a bound contract function; it must succeed."""
        sent = call.transact({"from": self.sender, "value": value, "gas": 16_000_000})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        if receipt["status"] != 1:
            raise SystemExit(f"A transaction failed: {call.fn_name}.")
        return int(receipt["gasUsed"])

    def deploy(self, abi: Any, code: str, *arguments: Any) -> Any:
        contract = self.web3.eth.contract(abi=abi, bytecode=code)
        sent = contract.constructor(*arguments).transact({"from": self.sender})
        address = self.web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]
        return self.web3.eth.contract(address=address, abi=abi)

    def wait(self, seconds: int) -> None:
        self.web3.provider.make_request("evm_increaseTime", [seconds])
        self.web3.provider.make_request("evm_mine", [])


@dataclass
class Anchored:
    """An anchor of the benchmark, and the header that it holds last."""

    chain: Chain
    contract: Any
    epoch: int = 0
    headers: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    def publish_call(self, root: bytes, words: list[bytes], signed_for: bool = False) -> Any:
        """The next epoch, sent by the reporter or, signed by it, by somebody else."""
        self.epoch += 1
        bundle = Web3.keccak(text=f"bundle {self.epoch}")
        fields = (self.epoch, root, bytes(bundle), words_hash(words))
        if not signed_for:
            return self.contract.functions.publish(*fields)
        digest = self.contract.functions.digestOf(*fields).call()
        signed = self.chain.reporter.unsafe_sign_hash(digest)
        vs = signed.s | (signed.v - 27) << 255
        return self.contract.functions.publishSigned(
            *fields, signed.r.to_bytes(32, "big"), vs.to_bytes(32, "big")
        )

    def remember(self) -> tuple[Any, ...]:
        """The header of the epoch just published, from its event."""
        event = self.contract.events.Anchored().get_logs(from_block="latest")[-1]["args"]
        names = ("epoch", "publishedAt", "root", "bundleHash", "wordsHash")
        return tuple(event[name] for name in names)

    def publish(
        self, root: bytes, words: list[bytes], signed_for: bool = False
    ) -> tuple[int, tuple[Any, ...]]:
        used = self.chain.gas(self.publish_call(root, words, signed_for))
        header = self.remember()
        self.chain.wait(SPACING)
        return used, header


def tree(count: int, salt: int) -> tuple[Tree, list[bytes], Any]:
    """A tree over `count` scores, its packed words, and the first score with its leaf."""
    entries = [
        scored(
            (index, DOMAIN),
            reputation.Evidence((index % 9 + 1 + salt) * ONE, (index % 4) * ONE, 1_700_000_000),
            1_700_000_000,
            POLICY,
        )
        for index in range(count)
    ]
    words = pack([entry.score.lower_bps for entry in entries])
    return Tree([entry.leaf for entry in entries]), words, entries[0]


def new_anchor(chain: Chain, slots: int) -> Anchored:
    artifact = artifacts.load("ReliabilityAnchor")
    terms = (0, chain.reporter.address, bytes(32), WINDOW, 100, 100, slots, BOND, BOND)
    nobody = "0x" + "11" * 20
    made = Anchored(
        chain,
        chain.deploy(artifact.abi, "0x" + artifact.bytecode.hex(), terms, nobody, nobody),
    )
    chain.gas(made.contract.functions.deposit(), value=BOND)
    return made


def root_gas(chain: Chain, slots: int, signed_for: bool) -> tuple[int, int]:
    """(first, usual) gas of an epoch by root; it does not depend on how many scores there are."""
    anchor = new_anchor(chain, slots)
    used = [anchor.publish(tree(4, turn)[0].root, [], signed_for)[0] for turn in range(SLOTS + 2)]
    return used[0], used[-1]


def packed_gas(chain: Chain, count: int, slots: int = SLOTS) -> tuple[int, int]:
    """(cold, warm) gas of one transaction that stores an epoch's words and publishes the next."""
    anchor = new_anchor(chain, slots)
    for _ in range(SLOTS):
        anchor.publish(tree(1, 0)[0].root, [])
    found = []
    for turn in range(2):
        made, words, _ = tree(count, turn)
        _, header = anchor.publish(made.root, words)
        chain.wait(WINDOW)
        store = anchor.contract.functions.applyWords(header, words)
        publish = anchor.publish_call(made.root, words)
        calls = [each._encode_transaction_data() for each in (store, publish)]
        found.append(chain.gas(anchor.contract.functions.multicall(calls)))
        chain.wait(SPACING)
    return found[0], found[1]


def epoch_gas(chain: Chain, slots: int) -> int:
    """An epoch over 6 sources, however many queries: the root, and the last epoch's word."""
    return packed_gas(chain, 6, slots)[1]


def proof_gas(chain: Chain) -> dict[int, int]:
    """Gas of a transaction that only checks one score, by the depth of its proof."""
    found = {}
    for depth in (0, 3, 6, 9):
        anchor = new_anchor(chain, 0)
        made, words, first = tree(1 << depth, 1)
        _, header = anchor.publish(made.root, words)
        chain.wait(WINDOW)
        score = (
            first.source,
            first.domain,
            first.evidence.alpha,
            first.evidence.beta,
            first.evidence.updated_at,
            first.score.known,
            first.score.mean_bps,
            first.score.lower_bps,
        )
        call = anchor.contract.functions.verifyScore(header, score, made.proof(first.leaf))
        if not call.call():
            raise SystemExit("A proof did not hold.")
        found[depth] = chain.gas(call)
    return found


def per_source_gas(chain: Chain, build: Callable[[], Any], count: int, evidence: bool) -> list[int]:
    """(cold, warm) gas of `count` updates of a record per source, in as few transactions as fit."""
    contract = build()
    names = [f"source-{index:04d}.example" for index in range(count)]
    signatures = [
        bytes(chain.reporter.sign_message(encode_defunct(Web3.keccak(text=name))).signature)
        for name in names
    ]
    found = []
    for turn in (1, 2):
        chain.wait(SPACING)  # else the time that is stored might stay the same
        used = 0
        for start in range(0, count, BASELINE_BATCH):
            some = slice(start, start + BASELINE_BATCH)
            size = len(names[some])
            scores = [turn * 1000 + index for index in range(size)]
            text = "{" + "x" * (EVIDENCE_BYTES * size - 2) + "}" if evidence else ""
            used += chain.gas(
                contract.functions.update(names[some], scores, scores, signatures[some], text)
            )
        found.append(used)
    return found


def baseline(chain: Chain) -> Callable[[], Any]:
    """Deploys the contract that an anchor is compared with, compiled by forge."""
    subprocess.run(  # noqa: S603
        [str(ROOT / "scripts" / "forge"), "build", BASELINE_SOURCE],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    compiled = json.loads(BASELINE.read_text())
    code = compiled["bytecode"]["object"]
    return lambda: chain.deploy(compiled["abi"], code, chain.reporter.address)


def measure(chain: Chain) -> dict[str, Any]:
    """Everything on the page. Lists of gas per update are [cold, warm] by n."""
    build = baseline(chain)
    return {
        "perSource": {n: per_source_gas(chain, build, n, False) for n in SIZES},
        "perSourceEvidence": {n: per_source_gas(chain, build, n, True) for n in SIZES},
        "packed": {n: packed_gas(chain, n) for n in SIZES},
        "rootLatest": root_gas(chain, SLOTS, False),
        "rootHistory": root_gas(chain, 0, False),
        "rootLatestSigned": root_gas(chain, SLOTS, True),
        "rootHistorySigned": root_gas(chain, 0, True),
        "epochLatest": epoch_gas(chain, SLOTS),
        "epochHistory": epoch_gas(chain, 0),
        "proof": proof_gas(chain),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        options = AnvilOptions(block_time=0)
        with start_anvil(Path(folder) / "anvil.log", options) as anvil:
            web3 = Web3(Web3.HTTPProvider(anvil.url))
            reporter = Account.from_key(ANVIL_KEY)
            chain = Chain(web3, reporter)
            found = measure(chain)
    exams = json.loads((ROOT / "contracts" / "gas-exams.json").read_text(encoding="utf-8"))
    text = page(found, SIZES, BASELINE_BATCH, exams)
    (ROOT / "docs" / "gas.md").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "gas.svg").write_text(plot(found, SIZES), encoding="utf-8")
    print("wrote docs/gas.md and docs/gas.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
