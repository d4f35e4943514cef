"""An anchor on a real chain: deployed, two epochs sent, scores proved, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from backend.api import Services, create_app
from backend.bundles import BundleChecker
from backend.indexer import Reconciler
from backend.server import authority
from backend.store import EpochRecord
from chain import deployment as deployments
from chain.anchors import ANCHOR, deploy_anchor
from chain.errors import DeploymentError, RevertError
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.structs import AnchorTerms, Header
from chain.types import AgentId, Bytes32, Wei
from chain.units import ETHER
from cli.anvil import AnvilOptions
from cli.devnet import Devnet, start_devnet
from tests.backend.live import Index
from tests.support.actors import Actor, person
from tests.support.anvil import Control
from tests.support.asgi import AsgiClient
from verifier import reputation
from verifier.canonical import canonical_json
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.epoch import Rules
from verifier.reliability.evidence import Anchor, Item
from verifier.reliability.proof import ScoreProof
from verifier.reliability.reporter import Reporter, verify_on_chain
from verifier.reliability.transcript import Epoch

pytestmark = pytest.mark.integration

ONE = reputation.OBSERVATION
DOMAIN = b"\x0d" * 32
WINDOW = 80
RULES = Rules(reputation.Policy(half_life=30 * 86_400), asker_cap=20 * ONE)


@dataclass
class Stage:
    """A chain with an anchor; `reporter` is account 1."""

    door: Gateway
    control: Control
    devnet: Devnet
    actor: Actor
    terms: AnchorTerms
    anchor: Anchor
    asker: Signer

    @property
    def reporter(self) -> Reporter:
        return Reporter(self.door, self.actor.sender)

    def bundle(self, contribution: int, before: tuple[Bundle, Epoch] | None = None) -> Bundle:
        """Of six sources: the last one pollutes."""
        epoch = 1 if before is None else before[0].epoch + 1
        items = []
        for source in range(6):
            worth = -contribution if source == 5 else contribution
            unsigned = Item(source, DOMAIN, self.asker.address, source.to_bytes(32), worth, epoch)
            signature = self.asker.sign_typed(unsigned.typed(self.anchor))
            items.append(replace(unsigned, signature=signature))
        at = self.door.head().timestamp
        root, entries = (NO_ROOT, ()) if before is None else (before[1].root, before[1].entries)
        return Bundle(self.anchor, epoch, at, RULES, root, entries, tuple(sorted(items)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("anchor")
    options = AnvilOptions(block_time=0)
    with start_devnet(folder / "deployment.json", folder / "anvil.log", options) as devnet:
        assert devnet.deployment is not None
        signer = local_signer(1, devnet.anvil.chain_id)
        terms = AnchorTerms(
            agent_id=AgentId(0),
            reporter=signer.address,
            profile_id=devnet.deployment.profile_id("exact-bytes"),
            window=WINDOW,
            answer_window=60,
            court_window=600,
            slots=16,
            bond=Wei(ETHER),
            challenge_bond=Wei(ETHER // 10),
        )
        plain = Gateway(devnet.url)
        done = deploy_anchor(plain, signer, terms, devnet.file)
        door, control = plain.with_deployment(done), Control(devnet.url)
        anchor = Anchor(devnet.anvil.chain_id, done.address(ANCHOR))
        asker = local_signer(7, devnet.anvil.chain_id)
        yield Stage(door, control, devnet, person(door, 1), terms, anchor, asker)
        control.close()
        plain.close()


@pytest.fixture
def stage(built: Stage) -> Iterator[Stage]:
    """The chain as it was at first; what a test did to it is undone."""
    snapshot = built.control("evm_snapshot")
    yield built
    built.control("evm_revert", snapshot)


def test_anchor__when_two_epochs_are_sent__then_scores_are_proved_on_chain(stage: Stage) -> None:
    reporter = stage.reporter
    first = stage.bundle(ONE)
    with pytest.raises(RevertError, match="deposit"):
        reporter.publish(first)
    reporter.bond()
    reporter.bond()

    header, found = reporter.publish(first)
    good = ScoreProof.of(1, found, 0, DOMAIN)
    with pytest.raises(RevertError, match="may still be challenged"):
        reporter.verify(header, good)
    assert not reporter.is_final(header)
    stage.control.pass_time(WINDOW)
    assert reporter.is_final(header)
    assert reporter.verify(header, good)
    flattered = replace(
        good, entry=replace(good.entry, score=replace(good.entry.score, mean_bps=1))
    )
    assert not reporter.verify(header, flattered)
    bad = ScoreProof.of(1, found, 5, DOMAIN)
    assert bad.entry.score.mean_bps < good.entry.score.mean_bps

    with pytest.raises(ReliabilityError, match="epoch 2 is next"):
        reporter.publish(first)
    second, after = reporter.publish(stage.bundle(ONE // 2, (first, found)))
    stage.control.pass_time(WINDOW)
    assert reporter.verify(second, ScoreProof.of(2, after, 0, DOMAIN))
    # Epochs that are past stay provable.
    assert reporter.verify(header, good)
    assert reporter.clock().latest == 2


def test_rest__when_an_epoch_is_indexed__then_its_proof_holds_on_the_chain_and_off_it(
    stage: Stage, tmp_path: Path
) -> None:
    index = Index(tmp_path / "index", stage.door)
    reporter, bundle = stage.reporter, stage.bundle(ONE)
    reporter.bond()
    reporter.publish(bundle)
    index.files.take(bundle.to_bytes())
    stage.control.pass_time(WINDOW)
    index.catch_up()
    BundleChecker(index.store, index.files, stage.anchor).step()
    services = Services(
        index.store, index.files, index.network, index.status, authority(lambda: stage.door)
    )
    client = AsgiClient(create_app(services))

    epoch = client.get("/v1/epochs/1").json()
    assert (epoch["state"], epoch["bundle"]["state"]) == ("final", "holds")
    assert epoch["anchor"]["contract"] == stage.anchor.address
    words = (bytes.fromhex(epoch[name][2:]) for name in ("root", "bundleHash", "wordsHash"))
    header = Header(epoch["epoch"], epoch["publishedAt"], *map(Bytes32, words))
    for source in range(6):
        (score,) = client.get(f"/v1/sources/{source}").json()["scores"]
        proof = ScoreProof.parse(canonical_json(score["proof"], ReliabilityError))
        proof.check(bytes(header.root))
        assert verify_on_chain(stage.door, header, proof)
        better = replace(proof.entry, score=replace(proof.entry.score, lower_bps=9_999))
        assert not verify_on_chain(stage.door, header, replace(proof, entry=better))

    # The contract counts its epochs: one that a node left out is missed.
    reconciler = Reconciler(lambda: stage.door, index.store, index.status)
    assert reconciler.step() == []
    with index.store.write() as connection:
        connection.execute(delete(EpochRecord))
    assert "the anchor's epochs" in reconciler.step()[0]
    index.close()


def test_deploy_anchor__when_done_again__then_found_and_with_other_terms_refused(
    stage: Stage, tmp_path: Path
) -> None:
    signer, plain = local_signer(1, stage.devnet.anvil.chain_id), Gateway(stage.devnet.url)
    sent = plain.nonce(signer.address)

    again = deploy_anchor(plain, signer, stage.terms, stage.devnet.file)
    # A file that lost the anchor finds it standing.
    lost = tmp_path / "lost.json"
    state = deployments.load(stage.devnet.file)
    contracts = {name: each for name, each in state.contracts.items() if name != ANCHOR}
    replace(state, contracts=contracts).save(lost)
    found = deploy_anchor(plain, signer, stage.terms, lost)

    assert again.address(ANCHOR) == found.address(ANCHOR) == stage.anchor.address
    assert plain.nonce(signer.address) == sent
    deployments.load(lost).check(plain)
    with pytest.raises(DeploymentError, match="other terms"):
        deploy_anchor(plain, signer, replace(stage.terms, window=WINDOW + 1), stage.devnet.file)
    plain.close()
