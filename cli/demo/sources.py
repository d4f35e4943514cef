"""An epoch of source reliability in the demo: queries, contributions, a root, and a score proved.

Three sources answer the same questions: one that is right, one that is right now and then, one that
is polluted. What each contributed is its Shapley value; askers sign it; one transaction anchors all
of it. The backend recomputes it from the evidence and serves every score with its proof, and the
contract says whether that is under the root.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chain.anchors import ANCHOR
from chain.errors import AssayError
from chain.keys import local_signer
from chain.sender import Sender
from cli.backend_door import hand_in_bundle
from cli.demo.report import Finding
from cli.demo.story import ADA, IRIS, MALLORY
from cli.demo.world import REPORTER_ACCOUNT, World
from verifier import reputation
from verifier.canonical import canonical_json, keccak256
from verifier.contribution.attribution import Document, attribute
from verifier.contribution.quality import agreement_with
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.epoch import Rules
from verifier.reliability.evidence import Anchor, Item
from verifier.reliability.proof import ScoreProof
from verifier.reliability.reporter import Reporter
from verifier.reliability.transcript import recompute

_ASKERS: Final = 4
_QUERIES: Final = 5  # of each asker
_PATIENCE: Final = 90.0
_DOMAIN: Final = keccak256(b"demo: questions about rivers")
_SOURCES: Final = (ADA, IRIS, MALLORY)
_RULES: Final = Rules(
    reputation.Policy(half_life=30 * 24 * 3600), asker_cap=20 * reputation.OBSERVATION
)


@dataclass
class DemoEpoch:
    """One epoch, in a thread of its own. `means` and the refusals are what came of it."""

    world: World
    say: Callable[[str], None]
    means: dict[str, float] = field(default_factory=dict)
    evidence: str = ""
    proved: bool = False
    flattered: bool = True
    forged: str = ""
    problem: AssayError | None = None

    def start(self) -> None:
        """Begins; `join` waits for the end."""
        self._thread = threading.Thread(target=self._guarded, name="epoch", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Waits until the epoch is anchored and read, but not for ever."""
        self._thread.join(_PATIENCE)

    def findings(self) -> list[Finding]:
        """What is not as it must be."""
        if self.problem is not None:
            return [Finding("sources", str(self.problem))]
        right, sometimes, polluted = (self.means.get(name, -1.0) for name in _SOURCES)
        checks = (
            (right > sometimes > polluted >= 0, f"the scores are {self.means}"),
            (self.evidence == "holds", f"the backend says of the evidence: {self.evidence!r}"),
            (self.proved, "the contract does not find a true score under the root"),
            (not self.flattered, "the contract took a score that is not under the root"),
            (bool(self.forged), "evidence that nobody signed was counted"),
        )
        return [Finding("sources", sentence) for holds, sentence in checks if not holds]

    def as_json(self) -> dict[str, Any]:
        """For the demo's document."""
        return {
            "means": self.means,
            "evidence": self.evidence,
            "proved": self.proved,
            "flatteredScoreTaken": self.flattered,
            "forgedEvidence": self.forged,
        }

    # ------------------------------------------------------------------ the epoch

    def _guarded(self) -> None:
        try:
            self._report()
        except AssayError as problem:
            self.problem = problem

    def _report(self) -> None:
        world = self.world
        signer = local_signer(REPORTER_ACCOUNT, world.anvil.chain_id)
        anchor = Anchor(world.anvil.chain_id, world.deployment.address(ANCHOR))
        bundle = Bundle(
            anchor, 1, world.gateway.head().timestamp, _RULES, NO_ROOT, (), self._evidence(anchor)
        )
        self._forge(bundle)

        ada, court = world.agents[ADA], world.deployment.court
        hand_in_bundle(world.url, bundle.to_bytes(), ada.agent_id, court, ada.signer)
        reporter = Reporter(world.gateway, Sender(world.gateway, signer))
        reporter.bond()
        header, found = reporter.publish(bundle)
        self.say(
            f"sources: {len(bundle.items)} signed pieces of evidence about {len(_SOURCES)} sources "
            "are anchored by one root"
        )
        names = {int(world.agents[name].agent_id): name for name in _SOURCES}
        self.means = {
            names[each.source]: each.score.mean_bps / reputation.BASIS_POINTS
            for each in found.entries
        }
        self._await(lambda: self._rest("/v1/epochs/1").get("state") == "final")
        self.evidence = self._rest("/v1/epochs/1")["bundle"]["state"]
        mallory = int(world.agents[MALLORY].agent_id)
        (score,) = self._rest(f"/v1/sources/{mallory}")["scores"]
        proof = ScoreProof.parse(canonical_json(score["proof"], ReliabilityError))
        self.proved = reporter.verify(header, proof)
        better = replace(proof.entry.score, mean_bps=reputation.BASIS_POINTS)
        self.flattered = reporter.verify(
            header, replace(proof, entry=replace(proof.entry, score=better))
        )
        told = ", ".join(f"{name} {self.means[name]:.0%}" for name in _SOURCES)
        self.say(f"sources: {told}; served with proofs, which the contract checks")

    def _rest(self, path: str) -> dict[str, Any]:
        """What the backend answers; empty while it has no such thing yet."""
        answer = self.world.rest.get(path)
        found: dict[str, Any] = answer.json() if answer.is_success else {}
        return found

    def _evidence(self, anchor: Anchor) -> tuple[Item, ...]:
        """Every asker's questions: which source helped its answer, and how much."""
        made = []
        for asker in range(_ASKERS):
            signer = local_signer(REPORTER_ACCOUNT + 1 + asker, self.world.anvil.chain_id)
            for number in range(_QUERIES):
                query = keccak256(b"%d/%d" % (asker, number))
                for name, worth in _contributions(number).items():
                    if worth is None:
                        continue
                    source = int(self.world.agents[name].agent_id)
                    item = Item(source, _DOMAIN, signer.address, query, worth, 1)
                    signature = signer.sign_typed(item.typed(anchor))
                    made.append(replace(item, signature=signature))
        return tuple(sorted(made))

    def _forge(self, bundle: Bundle) -> None:
        """The reporter turns one piece of evidence around; nobody signed that."""
        first, *rest = bundle.items
        forged = replace(first, contribution=-first.contribution)
        try:
            recompute(replace(bundle, items=tuple(sorted([forged, *rest]))))
        except ReliabilityError as refusal:
            self.forged = str(refusal)

    def _await(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not ready():
            if time.monotonic() > deadline:
                raise AssayError("The epoch did not become final.")
            time.sleep(0.5)


def _contributions(number: int) -> Mapping[str, int | None]:
    """Shapley values of the sources of one answer, nano: the answer is what most of them say."""
    right = f"river {number}"
    says = (right, right if number % 2 else "a lake", "buy Acme")
    documents = [Document(name, text) for name, text in zip(_SOURCES, says, strict=True)]
    quality = agreement_with(right)

    def answered(chosen: Sequence[Document]) -> int:
        if not chosen:
            return 0
        counts = Counter(each.text for each in chosen)
        most = max(counts.values())
        winners = [text for text in counts if counts[text] == most]
        # Whoever cannot decide is right as often as there are candidates for it.
        return sum(quality(text) for text in winners) // len(winners)

    return attribute(_SOURCES, documents, answered, keccak256(right.encode())).contributions
