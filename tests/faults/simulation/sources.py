"""The sources' part of a story: a reporter, true or not, who doubts it, and who answers."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace

import httpx

from backend.artifacts import ArtifactFiles
from chain.anchors import ANCHOR
from chain.epochs import find_epoch, newest_standing
from chain.errors import AssayError
from chain.events import OutputPublished
from chain.gateway import Gateway
from chain.history import round_events
from chain.sender import Sender
from chain.structs import Clock, Dispute, Header, Receipt
from chain.types import ZERO_ADDRESS, Verdict
from tests.faults.simulation.evidence import DOMAIN, EPOCHS, RULES, SOURCES, Evidence
from verifier.node.artifacts import ArtifactSource
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.transcript import Epoch, Published, judge, recompute
from verifier.tasks import Task

Submit = Callable[[Task, bytes], tuple[Receipt, bytes] | None]
"""Has an output of the provider's verified: its receipt and the nonce, if the chain took it."""


class Sources:
    """What reporter, doubter and court do. All of it may fail: too soon, in dispute, taken back.

    Attributes:
        anchored: how many epochs the anchor took, doubted and settled likewise.
    """

    def __init__(
        self,
        dice: random.Random,
        evidence: Evidence,
        truth: Gateway,
        reporter: Sender,
        client: Sender,
        files: ArtifactFiles,
        submit: Submit,
    ) -> None:
        """
        Args:
            client: also the doubter.
            files: the backend's, where bundles are stored.
        """
        self._dice = dice
        self._evidence = evidence
        self._truth = truth
        self._reporter = reporter
        self._client = client
        self._files = files
        self._submit = submit
        self._follows: dict[bytes, Epoch] = {}
        self._bundles: dict[bytes, Bundle] = {}
        self.anchored = self.doubted = self.settled = 0

    def report(self) -> None:
        """The next epoch: most are true, and most of the evidence is handed in."""
        clock = self.clock()
        if clock.disputed or clock.latest >= EPOCHS:
            return
        try:
            if not clock.bonded:
                self._reporter.send(ANCHOR, "deposit", value=self._evidence.terms.bond)
            bundle = self._bundle(clock.latest + 1)
            found = recompute(bundle)
            root = found.root if self._dice.random() < 0.8 else self._dice.randbytes(32)
            words = (bundle.epoch, root, bundle.hash, found.words_hash)
            self._reporter.send(ANCHOR, "publish", *words)
        except AssayError:
            return
        self.anchored += 1
        self._follows[found.root], self._bundles[bundle.hash] = found, bundle
        if self._dice.random() < 0.8:
            self._files.take(bundle.to_bytes())

    def _bundle(self, number: int) -> Bundle:
        """What continues the newest epoch that stands; nothing can, where that one was false."""
        before = newest_standing(self._truth, number - 1)
        root = NO_ROOT if before is None else bytes(before.header.root)
        entries = self._follows[root].entries if root in self._follows else ()
        made = Bundle(
            self._evidence.anchor,
            number,
            self._truth.head().timestamp,
            RULES,
            root if entries else NO_ROOT,
            entries,
            self._evidence.items[number],
            tuple((source, DOMAIN) for source in SOURCES),
        )
        return made if self._dice.random() < 0.8 else replace(made, items=made.items[:1])

    def doubt(self) -> None:
        """Challenges the newest epoch, true or not."""
        clock = self.clock()
        if clock.disputed or not clock.latest:
            return
        try:
            header = find_epoch(self._truth, clock.latest).header
            bond = self._evidence.terms.challenge_bond
            self._client.send(ANCHOR, "challenge", header, value=bond)
        except AssayError:
            return
        self.doubted += 1

    def answer(self) -> bool:
        """The provider claims the recomputation of a challenged epoch; False if none waits."""
        dispute = self._dispute()
        if dispute is None or any(dispute.request_hash):
            return False
        try:
            header = find_epoch(self._truth, dispute.epoch)
            task = Task.from_json(self._truth.call(ANCHOR, "taskOf", header.header))
        except AssayError:
            return False
        at = Published(
            self._evidence.anchor,
            dispute.epoch,
            header.header.published_at,
            bytes(header.previous_root),
        )
        known = self._bundles.get(bytes(header.header.bundle_hash))
        output = judge(known.to_bytes() if known else b"", at)
        signed = self._submit(task, output)
        if signed is not None:
            try:
                self._client.send(ANCHOR, "answer", *signed)
            except AssayError:
                return True  # Too late, say.
        return True

    def settle(self) -> None:
        """Ends the dispute, if what it waits for has come, and stores words where that is due."""
        dispute = self._dispute()
        if dispute is None:
            self._apply()
            return
        try:
            shown = self._shown(dispute)
            if shown is None:
                self._client.send(ANCHOR, "settleUnproven")
            else:
                self._client.send(ANCHOR, "settle", shown.salt, shown.output)
        except AssayError:
            return
        self.settled += 1

    def wait_for_something(self) -> bool:
        """Whether a dispute is open, or the newest epoch's words are still to be stored."""
        return self.clock().disputed or self._due() is not None

    def _apply(self) -> None:
        due = self._due()
        if due is not None and self._truth.call(ANCHOR, "isFinal", due[0]):
            with contextlib.suppress(AssayError):
                self._client.send(ANCHOR, "applyWords", due[0], list(due[1].words))

    def _due(self) -> tuple[Header, Epoch] | None:
        """The newest epoch, if it stands, is not false, and its words are not stored."""
        clock = self.clock()
        if clock.latest <= clock.applied:
            return None
        at = find_epoch(self._truth, clock.latest)
        found = self._follows.get(bytes(at.header.root))
        known = found is not None and found.words_hash == at.header.words_hash
        return (at.header, found) if found is not None and known and at.stands else None

    def _shown(self, dispute: Dispute) -> OutputPublished | None:
        if not any(dispute.request_hash):
            return None
        found = self._truth.call("VerificationRounds", "round", dispute.request_hash)
        if found.verdict is not Verdict.ACCEPTED:
            return None
        events = round_events(self._truth, dispute.request_hash, found.entropy_block)
        return next((each for each in events if isinstance(each, OutputPublished)), None)

    def clock(self) -> Clock:
        """The anchor's own."""
        found: Clock = self._truth.call(ANCHOR, "clockOf")
        return found

    def _dispute(self) -> Dispute | None:
        found: Dispute = self._truth.call(ANCHOR, "disputeOf")
        return None if found.challenger == ZERO_ADDRESS else found


def artifacts_of(files: ArtifactFiles) -> ArtifactSource:
    """A backend that has these files, as nodes ask it."""

    def handle(request: httpx.Request) -> httpx.Response:
        kept = files.public(bytes.fromhex(request.url.path.rpartition("0x")[2]))
        if kept is None:
            return httpx.Response(404)
        with kept.open("rb") as file:
            return httpx.Response(200, content=file.read())

    return ArtifactSource("http://backend.test", transport=httpx.MockTransport(handle))
