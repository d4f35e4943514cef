"""A court in session on a real chain: client, provider, verifiers, and the parts they play.

The family is `exact`, so that a digest is one hash and the committee's work costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_utils.crypto import keccak

from chain import messages
from chain.blocks import TxReceipt
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.events import CommitteeDrawn, RoundSubmitted
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.parameters import Parameters, preset
from chain.structs import Profile, Receipt, Round, Score, SeatRef, Stake
from chain.types import PROVIDER_SEAT, Address, Bytes32, Phase, ProfileId, RequestHash
from cli.anvil import AnvilOptions, start_anvil
from cli.deploy import shipped_profiles
from tests.support.actors import Actor, person, provider, verifier
from tests.support.anvil import Control

ROUNDS = "VerificationRounds"
LOCAL = preset("local")
EVIDENCE = Bytes32(keccak(b"evidence"))
OUTPUT = b"the very output"


@dataclass
class Court:
    """A deployment with a client, a provider and seven verifiers who can be drawn."""

    door: Gateway
    control: Control
    deployment: Deployment
    profile_id: ProfileId
    client: Actor
    provider: Actor
    verifiers: dict[int, Actor]

    @property
    def profile(self) -> Profile:
        found: Profile = self.door.call("ProfileRegistry", "profile", self.profile_id)
        return found

    def receipt(self, task: bytes, output: bytes = OUTPUT) -> tuple[Receipt, Bytes32]:
        """What the provider delivers with, and the salt of its output."""
        content, task_hash = messages.content_hash(output), Bytes32(keccak(task))
        salt = messages.output_salt(
            self.provider.signer, self.deployment.court, self.provider.agent_id, task_hash, content
        )
        receipt = Receipt(
            client=Address(self.client.address),
            agent_id=self.provider.agent_id,
            profile_id=self.profile_id,
            task_hash=task_hash,
            output_hash=messages.output_hash(salt, content),
            deadline=self.door.head().timestamp + 3600,
        )
        return receipt, salt

    def submit(
        self, receipt: Receipt, nonce: bytes = bytes(32), uri: str | None = None
    ) -> RequestHash:
        """The client has it verified; uri: where the task is, if anybody is to do it."""
        signed = messages.sign_receipt(receipt, self.deployment.court, self.provider.signer)
        task = uri or task_uri(receipt)
        mined = self.client.send(
            "Router", "verify", receipt, signed, task, nonce, value=self.profile.fee
        )
        return mined.one(RoundSubmitted).request_hash

    def draw(self, request_hash: RequestHash) -> CommitteeDrawn:
        self.control.mine(3)
        return self.client.send(ROUNDS, "draw", request_hash).one(CommitteeDrawn)

    def holder(self, drawn: CommitteeDrawn, seat: int) -> Actor:
        return self.provider if seat == PROVIDER_SEAT else self.verifiers[drawn.agent_ids[seat]]

    def commit(self, drawn: CommitteeDrawn, seat: int, digest: bytes) -> TxReceipt:
        actor = self.holder(drawn, seat)
        commitment = messages.commitment(
            self.deployment.court,
            drawn.request_hash,
            drawn.level,
            drawn.key,
            actor.agent_id,
            digest,
            EVIDENCE,
            self.salt(drawn, seat),
        )
        return actor.send(ROUNDS, "commit", drawn.request_hash, drawn.level, seat, commitment)

    def open(self, drawn: CommitteeDrawn, seat: int, digest: bytes) -> TxReceipt:
        actor = self.holder(drawn, seat)
        salt = self.salt(drawn, seat)
        return actor.send(
            ROUNDS, "open", drawn.request_hash, drawn.level, seat, digest, EVIDENCE, salt
        )

    def salt(self, drawn: CommitteeDrawn, seat: int) -> Bytes32:
        actor = self.holder(drawn, seat)
        return messages.seat_salt(
            actor.signer,
            self.deployment.court,
            drawn.request_hash,
            drawn.level,
            seat,
            actor.agent_id,
        )

    def publish(self, request_hash: bytes, receipt: Receipt, salt: bytes) -> TxReceipt:
        return self.provider.send(ROUNDS, "publish", request_hash, receipt.task_hash, OUTPUT, salt)

    def settle(self, drawn: CommitteeDrawn) -> TxReceipt:
        """Closes every seat's account."""
        refs = [
            SeatRef(drawn.request_hash, drawn.level, seat) for seat in range(len(drawn.agent_ids))
        ]
        return self.client.send(ROUNDS, "settle", refs)

    def vote(self, drawn: CommitteeDrawn, claim: bytes, digests: Sequence[bytes]) -> None:
        """Everybody commits, then everybody opens."""
        votes = {PROVIDER_SEAT: claim, **dict(enumerate(digests))}
        for seat, digest in votes.items():
            self.commit(drawn, seat, digest)
        for seat, digest in votes.items():
            self.open(drawn, seat, digest)

    def phase(self, request_hash: bytes) -> Phase:
        phase: Phase = self.door.call(ROUNDS, "phaseOf", request_hash)
        return phase

    def round(self, request_hash: bytes) -> Round:
        found: Round = self.door.call(ROUNDS, "round", request_hash)
        return found

    def score(self, agent_id: int, role: str) -> Score:
        domain = messages.evidence_domain(self.profile_id, role)
        found: Score = self.door.call("ReputationLedger", "scoreOf", agent_id, domain)
        return found

    def stake(self, agent_id: int) -> Stake:
        found: Stake = self.door.call("StakeVault", "stakeOf", agent_id)
        return found


def task_uri(receipt: Receipt) -> str:
    """The shortest URI the court takes for a task."""
    return f"assay:{receipt.task_hash.hex()}"


def digest_of(key: bytes, output: bytes) -> bytes:
    return bytes(keccak(key + output))


@contextmanager
def open_court(
    folder: Path, options: AnvilOptions, parameters: Parameters = LOCAL, verifiers: int = 7
) -> Iterator[Court]:
    """A chain on which a client, a provider and verifiers are ready."""
    with start_anvil(folder / "anvil.log", options) as anvil:
        empty, control = Gateway(anvil.url), Control(anvil.url)
        signer = local_signer(0, anvil.chain_id)
        done = deploy(empty, signer, parameters, shipped_profiles(), folder / "deployment.json")
        door = empty.with_deployment(done)
        profile_id = done.profile_id("exact-bytes")
        judges = [verifier(door, account, profile_id) for account in range(10, 10 + verifiers)]
        yield Court(
            door,
            control,
            done,
            profile_id,
            client=person(door, 1),
            provider=provider(door, 2, done),
            verifiers={judge.agent_id: judge for judge in judges},
        )
        control.close()
        empty.close()
