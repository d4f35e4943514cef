"""Challenges of anchored scores, decided by real nodes: true, false, and withheld evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chain.anchors import ANCHOR, deploy_anchor
from chain.epochs import find_epoch
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.structs import AnchorTerms, Clock, Dispute, Header
from chain.types import AgentId, Phase, RequestHash, Verdict, Wei
from chain.units import ETHER
from cli import main
from cli.backend_door import hand_in_bundle
from tests.backend.live import Served, serving
from tests.node.network import PARAMETERS, PROFILE, Network, open_network
from tests.support.actors import person
from tests.support.anvil import Control
from tests.support.polling import eventually
from verifier.node.config import NodeConfig
from verifier.reliability.bundle import Bundle
from verifier.reliability.evidence import Item
from verifier.reliability.reporter import Reporter
from verifier.reliability.transcript import recompute
from verifier.tasks import Task

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

REPORTER, ASKER, PAYER, DOUBTER = 2, 7, 8, 9
DOMAIN = "0x" + "0d" * 32
BOND, DOUBT = ETHER, ETHER // 10
WINDOW = 600


@dataclass
class Stage:
    """A network with an anchor, whose reporter is the provider, and a backend; nodes run."""

    network: Network
    door: Gateway
    backend: Served
    control: Control
    folder: Path

    def assay(self, *words: str, account: int, rpc: bool = True) -> None:
        """A command line, which must succeed."""
        line = ["source", *words, f"--local-account={account}"]
        if rpc:
            file = self.network.folder / "deployment.json"
            line += [f"--rpc-url={self.network.url}", f"--deployment={file}"]
        assert main.run(line) == 0

    def attest(self, capsys: pytest.CaptureFixture[str], epoch: int) -> None:
        """One asker's word on two sources."""
        capsys.readouterr()
        for source, worth in (("0", "1"), ("1", "-0.5")):
            query = "0x" + epoch.to_bytes(32).hex()
            words = [f"--source={source}", f"--domain={DOMAIN}", f"--query={query}"]
            self.assay("attest", *words, f"--contribution={worth}", account=ASKER)
        (self.folder / f"{epoch}.jsonl").write_text(capsys.readouterr().out)

    def report(self) -> None:
        folder = str(self.folder)
        self.assay("report", folder, f"--backend-url={self.backend.url}", account=REPORTER)

    def header(self, epoch: int) -> Header:
        return find_epoch(self.door, epoch).header

    def clock(self) -> Clock:
        found: Clock = self.door.call(ANCHOR, "clockOf")
        return found

    def owed(self, account: str) -> int:
        return int(self.door.call(ANCHOR, "creditOf", account))

    def round(self) -> RequestHash:
        dispute: Dispute = self.door.call(ANCHOR, "disputeOf")
        return dispute.request_hash

    def claim(self, epoch: int, output: bytes) -> RequestHash:
        """The reporter answers the challenge with an output of its own making."""
        header = self.header(epoch)
        task = Task.from_json(self.door.call(ANCHOR, "taskOf", header))
        signed = self.network.deliver(task, output)
        fee = self.door.call("ProfileRegistry", "profile", task.profile).fee
        nonce, client = bytes(31) + bytes([epoch]), person(self.door, 1)
        client.send(
            "Router", "verify", signed.receipt, signed.signature, signed.task_uri, nonce, value=fee
        )
        client.send(ANCHOR, "answer", signed.receipt, nonce)
        return self.round()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with open_network(tmp_path / "net") as network:
        signer, agent = network.provider.actor.signer, network.provider.actor.agent_id
        file = network.folder / "deployment.json"
        terms = AnchorTerms(
            AgentId(agent), signer.address, network.deployment.profile_id(PROFILE), WINDOW,
            600, 1200, 16, Wei(BOND), Wei(DOUBT),
        )  # fmt: skip
        done = deploy_anchor(Gateway(network.url), signer, terms, file)
        folder = tmp_path / "evidence"
        folder.mkdir()
        with serving(tmp_path / "backend", network.url, done) as backend:
            for node in network.nodes:
                config = replace(NodeConfig.load(node.files), backend_url=backend.url)
                node.files.config.unlink()
                config.save(node.files)
                node.start()
            control = Control(network.url)
            yield Stage(network, network.gateway.with_deployment(done), backend, control, folder)
            control.close()


def second_bundle(stage: Stage) -> Bundle:
    """Epoch 2 as an honest reporter would have it."""
    (file,) = (stage.folder / "epochs").glob("1-*.json")
    first = Bundle.parse(file.read_bytes())
    found = recompute(first)
    lines = (stage.folder / "2.jsonl").read_text().splitlines()
    items = tuple(sorted(Item.parse(json.loads(line)) for line in lines))
    at = stage.door.head().timestamp
    return replace(
        first, epoch=2, at=at, previous_root=found.root, before=found.entries, items=items
    )


def hurry_to_the_last_moment(stage: Stage, name: RequestHash) -> None:
    """Once the committee has been refused the evidence, to where it says so."""

    def all_refused() -> bool:
        refused = [node for node in stage.network.verifiers if "answered 404" in node.log()]
        return len(refused) >= PARAMETERS.committee_size

    eventually(all_refused, "every verifier asked for the evidence", 60)
    assert stage.network.round(name).phase is Phase.COMMITTING
    stage.control.pass_time(int(0.9 * PARAMETERS.commit_window))


def test_challenge__when_nodes_decide__then_truth_stands_and_falsehood_is_rolled_back(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    network, chain_id = stage.network, stage.door.chain_id()
    reporter, doubter = (local_signer(each, chain_id).address for each in (REPORTER, DOUBTER))
    hand = person(stage.door, REPORTER)

    # True: the committee arrives at the same transcript, and whoever doubted pays.
    stage.attest(capsys, 1)
    stage.report()
    stage.assay("challenge", "1", account=DOUBTER)
    stage.assay("answer", "1", f"--state-dir={network.provider.root}", account=PAYER, rpc=False)
    assert network.finish([stage.round()]) == [Verdict.ACCEPTED]
    stage.assay("settle", account=DOUBTER)
    assert "epoch 1 is upheld" in capsys.readouterr().out
    assert (stage.owed(reporter), stage.owed(doubter)) == (DOUBT // 4, 0)
    assert not stage.clock().disputed

    # False: anchored is another root than follows, and the reporter claims that it does.
    stage.attest(capsys, 2)
    stage.control.pass_time(WINDOW // 8)
    bundle = second_bundle(stage)
    found, root = recompute(bundle), b"\x66" * 32
    lie = found.transcript[:-32] + root
    hand_in_bundle(
        stage.backend.url,
        bundle.to_bytes(),
        AgentId(network.provider.actor.agent_id),
        network.deployment.court,
        hand.signer,
    )
    hand.send(ANCHOR, "publish", 2, root, bundle.hash, found.words_hash)
    backend = f"--backend-url={stage.backend.url}"
    file = network.folder / "deployment.json"
    there = [f"--rpc-url={network.url}", f"--deployment={file}"]
    assert main.run(["source", "check", "2", backend, *there]) == 1
    assert "Epoch 2 is false" in capsys.readouterr().err
    stage.assay("challenge", "2", account=DOUBTER)
    assert network.finish([stage.claim(2, lie)]) == [Verdict.REJECTED]
    stage.assay("settle", account=DOUBTER)
    assert "epochs 2 to 2 are rolled back: proven false" in capsys.readouterr().out
    assert stage.owed(doubter) == BOND // 4 + DOUBT
    assert not stage.clock().bonded

    # Withheld: the root may be true, but no verifier is given the evidence, and says just that.
    bundle = replace(bundle, epoch=3, items=())
    hand.send(ANCHOR, "deposit", value=BOND)
    stage.control.pass_time(WINDOW // 8)
    Reporter(stage.door, hand.sender).publish(bundle)
    stage.assay("challenge", "3", account=DOUBTER)
    name = stage.claim(3, recompute(bundle).transcript)
    hurry_to_the_last_moment(stage, name)
    assert network.finish([name]) == [Verdict.REJECTED]
    stage.assay("settle", account=DOUBTER)
    assert stage.owed(doubter) == 2 * (BOND // 4 + DOUBT)
    assert not find_epoch(stage.door, 3).stands
    assert find_epoch(stage.door, 1).stands
    stage.backend.at_block(stage.door.head().number)
    states = {
        each["epoch"]: (each["state"], each["bundle"]["state"])
        for each in stage.backend.json("/v1/epochs")["items"]
    }
    assert states[3] == ("rolledBack", "missing")
    assert states[2] == ("rolledBack", "false")
    assert states[1][1] == "holds"

    # What stands can be read once its window is over: from the backend, checked by the contract.
    stage.control.pass_time(WINDOW)
    stage.backend.at_block(stage.door.head().number)
    file, proof = network.folder / "deployment.json", stage.folder / "proof.json"
    words = ["source", "proof", "0", f"--out={proof}", f"--rpc-url={network.url}"]
    capsys.readouterr()
    assert main.run([*words, f"--deployment={file}", backend]) == 0
    assert "under the root of epoch 1" in capsys.readouterr().out
    root = "0x" + stage.header(1).root.hex()
    assert main.run(["verify", "score", str(proof), f"--root={root}"]) == 0
