"""A seat's behaviour, as an object: what it generates, digests, commits, opens and publishes.

The daemon decides *when* (`decide`) and remembers (`store`); a `Seat` is *what*. Programs that need
other behaviour (tests, simulations of dishonest actors) subclass `Seat` and hand the daemon a
`SeatFactory`; the daemon itself has no switch for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chain import messages
from chain.blocks import TxReceipt
from chain.keys import Signer
from chain.messages import Court
from chain.structs import Batched, Opening
from chain.types import Bytes32, Family
from verifier.canonical import canonical_json, keccak256
from verifier.digest import digest, is_void
from verifier.engines import Engine, require_environment
from verifier.errors import InputWithheld
from verifier.node.court_view import COURT
from verifier.node.errors import NodeError, WorkLost
from verifier.node.outputs import OutputSource
from verifier.node.records import Delivery, KnownRound, SeatId
from verifier.node.relay import Relay
from verifier.node.tasks import TaskSource
from verifier.profiles import Profile
from verifier.tasks import Task

__all__ = ["Assignment", "Produced", "Seat", "SeatFactory", "Toolbox", "Transactor", "honest_seat"]

EVIDENCE_SCHEMA = "assay/evidence/1"
ABSTENTION = b"assay/abstention/1"


class Transactor(Protocol):
    """What a seat sends through; `chain.sender.Sender` is one."""

    def send(
        self, contract: str, function: str, *arguments: Any, value: int = 0, job: str | None = None
    ) -> TxReceipt: ...


class EngineFor(Protocol):
    """`EngineBook.engine`."""

    def __call__(self, profile: Profile, task: Task | None = None) -> Engine: ...


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a seat is about. `delivery` is the provider's stored work, if it has it."""

    id: SeatId
    agent_id: int
    round: KnownRound
    find_profile: Callable[[], Profile]
    delivery: Delivery | None = None

    @property
    def profile(self) -> Profile:
        """The round's profile. ProfileError if this version cannot read its recipe."""
        return self.find_profile()


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What every seat of a node works with. `read_output` answers only for this node's own;
    without a `relay` the node posts everything itself.
    """

    court: Court
    signer: Signer
    sender: Transactor
    tasks: TaskSource
    engine: EngineFor
    read_output: Callable[[bytes], bytes | None]
    outputs: OutputSource
    relay: Relay | None = None


@dataclass(frozen=True, slots=True)
class Produced:
    """A digest (32 bytes) and the canonical JSON that says how it came about."""

    digest: bytes
    evidence: bytes

    @property
    def evidence_hash(self) -> bytes:
        return keccak256(self.evidence)


class Seat:
    """An honest seat, of the committee or the provider's.

    The daemon calls `generate` and `produce_digest` in its one worker thread, each at most until it
    succeeds, and stores what they return. `commit`, `open` and `publish` run in threads of their
    own, may raise AssayError to be tried again, and return False to decline for as long as this
    process lives. Everything they are given was stored before.
    """

    def __init__(self, assignment: Assignment, tools: Toolbox) -> None:
        self.assignment = assignment
        self.tools = tools
        self._task: Task | None = None
        self._last_resort: bytes | None = None

    # ------------------------------------------------------------------ work

    def task(self) -> Task:
        """The round's task, checked against its hash; fetched once."""
        if self._task is None:
            known = self.assignment.round
            self._task = self.tools.tasks.fetch(known.task_uri, known.task_hash)
        return self._task

    def generate(self) -> bytes:
        """The output: a verifier's own, or the one the provider delivered."""
        if not self.assignment.id.is_provider:
            return self.work()
        delivery = self.assignment.delivery
        stored = self.tools.read_output(delivery.content_hash) if delivery else None
        return stored if stored is not None else self._regenerate()

    def work(self) -> bytes:
        """The task done by this node's engine."""
        profile = self.assignment.profile
        engine, task = self._engine(), self.task()
        if profile.pins:
            # Checked at the start too, but an agent may enrol while its node runs.
            require_environment(profile, engine)
        self._last_resort = None
        try:
            return engine.generate(task)
        except InputWithheld as refusal:
            self._last_resort = refusal.answer
            raise

    def produce_digest(self, output: bytes) -> Produced:
        """The digest of an output under the round's key, with its evidence.

        The evidence is the same whenever it is made again, and says nothing of the output. A void
        digest is a verifier's vote against the claim; a provider has nothing to claim then:
        NodeError.
        """
        profile, evidence = self.assignment.profile, self._evidence()
        key = self.assignment.id.key
        found = digest(output, profile, key)
        if self.assignment.id.is_provider and is_void(found, profile, key):
            raise NodeError(
                f"The delivered output is implausible under the profile {profile.name!r}, and "
                "no court accepts a claim for it; deliver what the task's model generates."
            )
        if not self.assignment.id.is_provider:
            # The provider has its output already: with its engine down it must still defend it.
            evidence["engine"] = self._engine().info()
        return Produced(found, canonical_json(evidence))

    def abstain(self) -> Produced:
        """What a committee seat commits when it cannot do the work: no engine, no usable task, a
        recipe of a later version.

        A digest of its own, near nobody's: it supports neither the provider nor a rival. A common
        one would let a client who submits a corrupt task have an honest provider outvoted. Only
        where what the task is about is withheld from everybody there is an answer in common.
        """
        if self._last_resort is not None:
            return self.produce_digest(self._last_resort)
        seat = self.assignment.id
        own = keccak256(ABSTENTION + seat.key + self.assignment.agent_id.to_bytes(32, "big"))
        return Produced(own, canonical_json({**self._evidence(), "abstained": True}))

    # ------------------------------------------------------------------ chain

    def commit(self, commitment: bytes, job: str) -> bool:
        """Sends the commitment; `job` names the transaction, so that it is sent once."""
        seat = self.assignment.id
        self.tools.sender.send(
            COURT, "commit", seat.request_hash, seat.level, seat.seat, commitment, job=job
        )
        return True

    def open(self, produced: Produced, job: str) -> bool:
        """Opens the commitment. Called only once the chain has closed committing."""
        seat = self.assignment.id
        self.tools.sender.send(
            COURT,
            "open",
            seat.request_hash,
            seat.level,
            seat.seat,
            produced.digest,
            produced.evidence_hash,
            self.salt(),
            job=job,
        )
        return True

    def hand_commitment(self, relay: Relay, commitment: bytes) -> bool:
        """Signs the commitment for a relayer; returns whether it took it."""
        seat = self.assignment.id
        signed = messages.sign_commitment(
            self.tools.signer,
            self.tools.court,
            seat.request_hash,
            seat.level,
            seat.seat,
            self.assignment.agent_id,
            seat.key,
            commitment,
        )
        return relay.commitment(seat, self.assignment.agent_id, signed)

    def hand_opening(self, relay: Relay, produced: Produced) -> bool:
        """Tells a relayer the opening; called, like `open`, only once committing is closed."""
        return relay.opening(self.assignment.id, self._opening(produced))

    def open_batched(self, produced: Produced, batch: Sequence[Batched], job: str) -> bool:
        """`open` for a commitment that came with others, `batch`, through `commitMany`."""
        seat = self.assignment.id
        entries = [self._opening(produced)]
        self.tools.sender.send(
            COURT, "openMany", seat.request_hash, seat.level, entries, list(batch), job=job
        )
        return True

    def publish(self, output: bytes, job: str) -> bool:
        """Provider: publishes the accepted output."""
        self.tools.sender.send(
            COURT,
            "publish",
            self.assignment.id.request_hash,
            self.assignment.round.task_hash,
            output,
            self.output_salt(messages.content_hash(output)),
            job=job,
        )
        return True

    def refer(self, content_hash: bytes, uri: str, job: str) -> bool:
        """Provider: publishes where the accepted output is, instead of its bytes."""
        self.tools.sender.send(
            COURT,
            "publishByReference",
            self.assignment.id.request_hash,
            self.assignment.round.task_hash,
            content_hash,
            self.output_salt(content_hash),
            uri,
            job=job,
        )
        return True

    # ------------------------------------------------------------------ derived from the key

    def salt(self) -> bytes:
        """The salt of this seat's commitment: derived, so that a crash loses nothing."""
        seat = self.assignment.id
        return bytes(
            messages.seat_salt(
                self.tools.signer,
                self.tools.court,
                seat.request_hash,
                seat.level,
                seat.seat,
                self.assignment.agent_id,
            )
        )

    def commitment(self, produced: Produced) -> bytes:
        """What binds this seat to a digest."""
        seat = self.assignment.id
        return bytes(
            messages.commitment(
                self.tools.court,
                seat.request_hash,
                seat.level,
                seat.key,
                self.assignment.agent_id,
                produced.digest,
                produced.evidence_hash,
                self.salt(),
            )
        )

    def output_salt(self, content_hash: bytes) -> bytes:
        """The salt behind the receipt's output hash."""
        delivery = self.assignment.delivery
        if delivery is not None and delivery.content_hash == content_hash:
            return delivery.salt
        return bytes(
            messages.output_salt(
                self.tools.signer,
                self.tools.court,
                self.assignment.agent_id,
                self.assignment.round.task_hash,
                content_hash,
            )
        )

    def _engine(self) -> Engine:
        """What runs the task: the profile's engine, or where nothing is pinned and equality is all
        that counts, one for the task's own model.
        """
        profile = self.assignment.profile
        free = profile.family.kind is Family.EXACT and not profile.pins
        return self.tools.engine(profile, self.task() if free else None)

    def _opening(self, produced: Produced) -> Opening:
        return Opening(
            self.assignment.id.seat,
            Bytes32(produced.digest),
            Bytes32(produced.evidence_hash),
            Bytes32(self.salt()),
        )

    def _evidence(self) -> dict[str, Any]:
        seat = self.assignment.id
        return {
            "schema": EVIDENCE_SCHEMA,
            "chainId": self.tools.court.chain_id,
            "court": self.tools.court.rounds,
            "requestHash": _hex(seat.request_hash),
            "level": seat.level,
            "seat": seat.seat,
            "agentId": str(self.assignment.agent_id),
            "profileId": _hex(self.assignment.round.profile_id),
            "taskHash": _hex(self.assignment.round.task_hash),
        }

    def _regenerate(self) -> bytes:
        """The delivered output made again, after the state was lost."""
        output = self._engine().generate(self.task())
        content = messages.content_hash(output)
        if messages.output_hash(self.output_salt(content), content) != (
            self.assignment.round.output_hash
        ):
            raise WorkLost(
                "The work behind this receipt is not in the node's state, and its engine makes "
                "another one now: restore the state folder, or the bond is lost."
            )
        return output


class SeatFactory(Protocol):
    """Makes the behaviour of a seat."""

    def __call__(self, assignment: Assignment, tools: Toolbox) -> Seat: ...


def honest_seat(assignment: Assignment, tools: Toolbox) -> Seat:
    """The factory of real nodes."""
    return Seat(assignment, tools)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
