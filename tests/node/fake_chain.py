"""A court in memory, with a clock of its own: what a node reads and sends, without a chain.

It follows the interfaces' rules as far as a node meets them, refuses with the court's error names,
and keeps a diary of what was sent, so that a test can say what must never have happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from chain import messages
from chain.blocks import Block, TxReceipt
from chain.errors import RevertError
from chain.events import CommitteeDrawn, Event, Log, RoundSubmitted, Tallied
from chain.gateway import BlockTag
from chain.keys import Signer, local_signer
from chain.messages import Court
from chain.structs import Profile, Round, Seat, SeatRef
from chain.types import (
    PROVIDER_SEAT,
    ZERO_ADDRESS,
    Address,
    AgentId,
    BlockHash,
    BlockNumber,
    Bytes32,
    Family,
    Phase,
    ProfileId,
    RequestHash,
    SeatState,
    TxHash,
    Verdict,
    Wei,
)
from verifier.canonical import keccak256

COURT = Court(31337, Address("0x" + "11" * 20))
ZERO = bytes(32)
START = 1_700_000_000


def profile(**changes: Any) -> Profile:
    """Chain parameters with windows of 30 s."""
    base = Profile(
        family=Family.EXACT,
        tolerance=0,
        committee_size=3,
        min_operators=3,
        commit_window=30,
        open_window=30,
        publish_window=30,
        max_output_bytes=1024,
        seat_fee=Wei(1),
        tip=Wei(1),
        min_stake=Wei(1),
        evidence_weight=1,
        seat_lock=Wei(1),
        provider_bond=Wei(1),
        slash_no_commit_bps=1,
        slash_no_open_bps=1,
        slash_rejected_bps=1,
        slash_overturned_bps=1,
        appeal_bond=Wei(1),
        appeal_window=0,
        flag_window=0,
        audit_bps=0,
        void_digests=False,
        calibration_root=Bytes32(ZERO),
    )
    return replace(base, **changes)


@dataclass
class FakeRound:
    """One round and its seats; `seats[PROVIDER_SEAT]` is the provider's."""

    data: Round
    seats: dict[int, Seat] = field(default_factory=dict)
    output_hash: bytes = ZERO
    output: bytes | None = None


class FakeChain:
    """Blocks a second apart, mined by `mine`; every transaction has a block of its own."""

    def __init__(self, parameters: Profile | None = None) -> None:
        self.parameters = parameters or profile()
        self.blocks: list[Block] = [_block(0, ZERO, 0)]
        self.events: dict[bytes, list[Event]] = {}
        self.rounds: dict[bytes, FakeRound] = {}
        self.enrolled: dict[int, list[bytes]] = {}
        self.sent: list[tuple[int, str, tuple[Any, ...]]] = []
        self.refused: list[str] = []
        self.history: dict[int, dict[bytes, FakeRound]] = {}
        self._fork = 0

    # ------------------------------------------------------------------ reading

    def head(self) -> Block:
        return self.blocks[-1]

    def finalized(self) -> Block:
        return self.blocks[max(0, len(self.blocks) - 3)]

    def block(self, which: BlockTag | bytes) -> Block | None:
        if isinstance(which, bytes):
            return next((block for block in self.blocks if block.hash == which), None)
        assert isinstance(which, int)
        return self.blocks[which] if which < len(self.blocks) else None

    def logs(self, from_block: int, to_block: int, *, about: bytes | None = None) -> list[Event]:
        found = self.blocks[from_block : to_block + 1]
        events = [event for block in found for event in self.events.get(block.hash, [])]
        return [e for e in events if about in (None, getattr(e, "request_hash", None))]

    def logs_of_block(self, block_hash: bytes) -> list[Event]:
        return list(self.events.get(block_hash, []))

    def call(
        self, contract: str, function: str, *arguments: Any, block: BlockTag = "latest"
    ) -> Any:
        number = len(self.blocks) - 1 if block == "latest" else int(block)
        rounds = self.rounds if number == len(self.blocks) - 1 else self.history.get(number, {})
        if function == "roundCount":
            return len(rounds)
        if function == "enrolmentsOf":
            return self.enrolled.get(arguments[0], [])
        if function == "profile":
            return self.parameters
        found = rounds.get(bytes(arguments[0]))
        if found is None:
            raise RevertError("RoundUnknown", {}, "There is no such round.")
        if function == "round":
            return replace(found.data, phase=_phase(found, self.blocks[number].timestamp))
        if function == "appealCost":
            return Wei(3), Wei(2)
        if function == "providerSeat":
            return found.seats[PROVIDER_SEAT]
        assert function in ("seats", "seatsAt")
        return [found.seats[n] for n in sorted(found.seats) if n != PROVIDER_SEAT]

    # ------------------------------------------------------------------ time

    def mine(self, blocks: int = 1, seconds: int = 1) -> None:
        """Adds empty blocks."""
        for _ in range(blocks):
            self._mine(seconds, [])

    def reorganise(self, depth: int) -> None:
        """Replaces the newest blocks by one empty block more, and the state by what it was."""
        keep = len(self.blocks) - depth
        self.rounds = _copy(self.history[keep - 1])
        self.blocks = self.blocks[:keep]
        self._fork += 1
        self.mine(depth + 1)

    # ------------------------------------------------------------------ what others do

    def submit(self, name: str, provider: int, profile_id: bytes, uri: str, task_hash: bytes,
               output_hash: bytes = ZERO) -> bytes:  # fmt: skip
        """Opens a round; its entropy block is two further on."""
        request_hash = keccak256(name.encode())
        head = self.blocks[-1]
        data = Round(
            agent_id=AgentId(provider),
            profile_id=ProfileId(profile_id),
            payer=ZERO_ADDRESS,
            key=Bytes32(ZERO),
            entropy_block=BlockNumber(head.number + 3),
            commit_closes_at=0,
            open_closes_at=0,
            appeal_closes_at=0,
            publish_closes_at=0,
            level=0,
            phase=Phase.DRAWING,
            verdict=Verdict.NONE,
            committed=0,
            opened=0,
            bond=Wei(1),
            fee=Wei(1),
            sortition_epoch=1,
            provider=ZERO_ADDRESS,
            seat_count=0,
            quorum=0,
            cluster=0,
            self_verified=False,
        )
        self.rounds[request_hash] = FakeRound(data, output_hash=output_hash)
        event = RoundSubmitted(
            _log(head.number + 1),
            RequestHash(request_hash),
            data.agent_id,
            data.profile_id,
            ZERO_ADDRESS,
            ZERO_ADDRESS,
            Bytes32(task_hash),
            Bytes32(output_hash),
            uri,
            data.entropy_block,
            Wei(1),
            Wei(1),
        )
        self._mine(1, [event])
        return request_hash

    def draw(self, request_hash: bytes, agents: list[int]) -> bytes:
        """Seats a committee; returns the round's key."""
        found = self.rounds[request_hash]
        key = keccak256(request_hash + self.blocks[-1].hash)
        seats = {number: _seat(agent) for number, agent in enumerate(agents)}
        closes = self.blocks[-1].timestamp + 1 + self.parameters.commit_window
        self.rounds[request_hash] = FakeRound(
            replace(found.data, phase=Phase.COMMITTING, key=Bytes32(key), commit_closes_at=closes),
            {**seats, PROVIDER_SEAT: _seat(found.data.agent_id)},
            found.output_hash,
        )
        event = CommitteeDrawn(
            _log(len(self.blocks)),
            RequestHash(request_hash),
            0,
            Bytes32(key),
            tuple(AgentId(agent) for agent in agents),
            tuple(ZERO_ADDRESS for _ in agents),
            closes,
        )
        self._mine(1, [event])
        return key

    def act(self, request_hash: bytes, seat: int, digest: bytes, verb: str) -> None:
        """Another agent's seat commits or opens (its commitment is just its digest's hash)."""
        if verb == "commit":
            self.execute("commit", request_hash, 0, seat, keccak256(digest))
        else:
            found = self.rounds[request_hash]
            self._set_seat(
                request_hash,
                seat,
                replace(found.seats[seat], state=SeatState.OPENED, digest=Bytes32(digest)),
            )
            self._settle(request_hash)
            self._mine(1, [])

    # ------------------------------------------------------------------ transactions

    def execute(self, function: str, *arguments: Any) -> None:
        """Runs a verb in a block of its own, or raises RevertError."""
        self.sent.append((len(self.blocks), function, arguments))
        try:
            getattr(self, f"_do_{function}")(*arguments)
        except RevertError as error:
            self.sent.pop()
            self.refused.append(f"{function}: {error.name}")
            raise
        self._mine(1, [])

    def _do_draw(self, request_hash: bytes) -> None:
        self._require(request_hash, Phase.DRAWING)

    def _do_commit(self, request_hash: bytes, level: int, seat: int, commitment: bytes) -> None:
        found = self._require(request_hash, Phase.COMMITTING)
        if found.seats[seat].state is not SeatState.DRAWN:
            raise _revert("SeatAlreadyCommitted")
        self._set_seat(
            request_hash,
            seat,
            replace(found.seats[seat], state=SeatState.COMMITTED, commitment=Bytes32(commitment)),
        )
        seats = self.rounds[request_hash].seats.values()
        if all(each.state is SeatState.COMMITTED for each in seats):
            self._start_opening(request_hash)

    def _do_open(
        self,
        request_hash: bytes,
        level: int,
        seat: int,
        digest: bytes,
        evidence_hash: bytes,
        salt: bytes,
    ) -> None:
        found = self._require(request_hash, Phase.OPENING)
        mine = found.seats[seat]
        if mine.state is SeatState.OPENED:
            raise _revert("SeatAlreadyOpened")
        if mine.state is SeatState.DRAWN:
            raise _revert("SeatNotCommitted")
        derived = messages.commitment(
            COURT, request_hash, level, found.data.key, mine.agent_id, digest, evidence_hash, salt
        )
        if derived != mine.commitment:
            raise _revert("SeatCommitmentMismatch")
        if found.data.phase is Phase.COMMITTING:
            self._start_opening(request_hash)
        self._set_seat(
            request_hash, seat, replace(mine, state=SeatState.OPENED, digest=Bytes32(digest))
        )
        self._settle(request_hash)

    def _do_settle(self, refs: list[SeatRef]) -> None:
        for ref in refs:
            seat = self.rounds[bytes(ref.request_hash)].seats[ref.seat]
            self._set_seat(bytes(ref.request_hash), ref.seat, replace(seat, settled=True))

    def _do_publish(
        self, request_hash: bytes, task_hash: bytes, output: bytes, salt: bytes
    ) -> None:
        found = self._require(request_hash, Phase.PUBLISHING)
        hashed = messages.output_hash(salt, messages.content_hash(output))
        if hashed != found.output_hash:
            raise _revert("OutputHashMismatch")
        found.output = output
        self._change(request_hash, phase=Phase.FINAL)

    def count(self, request_hash: bytes, verdict: Verdict, agreeing: int = 0) -> None:
        """The level is counted, and may be appealed for 30 s; an event alone tells the verdict."""
        closes = self.blocks[-1].timestamp + 31
        self._change(
            request_hash, phase=Phase.APPEALING, verdict=Verdict.NONE, appeal_closes_at=closes
        )
        event = Tallied(
            _log(len(self.blocks)),
            RequestHash(request_hash),
            0,
            verdict,
            opened=0b111,
            agreeing=agreeing,
            cluster=0,
            appeal_closes_at=closes,
            publish_closes_at=0,
        )
        self._mine(1, [event])

    def _do_appeal(self, request_hash: bytes) -> None:
        self._require(request_hash, Phase.APPEALING)
        self._change(request_hash, phase=Phase.DRAWING, level=1)

    def _do_advance(self, request_hash: bytes) -> None:
        self._require(request_hash, Phase.TALLYING)
        self._change(request_hash, phase=Phase.FINAL, verdict=Verdict.EXPIRED)

    # ------------------------------------------------------------------ inside

    def _require(self, request_hash: bytes, phase: Phase) -> FakeRound:
        found = self.rounds[request_hash]
        if _phase(found, self.blocks[-1].timestamp + 1) is not phase:
            raise _revert("RoundWrongPhase")
        return found

    def _start_opening(self, request_hash: bytes) -> None:
        closes = self.blocks[-1].timestamp + 1 + self.parameters.open_window
        self._change(request_hash, phase=Phase.OPENING, open_closes_at=closes)

    def _settle(self, request_hash: bytes) -> None:
        """Once everybody opened: Accepted, for these tests need no other verdict."""
        seats = self.rounds[request_hash].seats.values()
        if all(each.state is SeatState.OPENED for each in seats):
            closes = self.blocks[-1].timestamp + 1 + self.parameters.publish_window
            self._change(
                request_hash,
                phase=Phase.PUBLISHING,
                verdict=Verdict.ACCEPTED,
                publish_closes_at=closes,
            )

    def _change(self, request_hash: bytes, **changes: Any) -> None:
        found = self.rounds[request_hash]
        self.rounds[request_hash] = replace(found, data=replace(found.data, **changes))

    def _set_seat(self, request_hash: bytes, number: int, seat: Seat) -> None:
        found = self.rounds[request_hash]
        self.rounds[request_hash] = replace(found, seats={**found.seats, number: seat})

    def _mine(self, seconds: int, events: list[Event]) -> None:
        last = self.blocks[-1]
        block = _block(last.number + 1, last.hash, last.timestamp - START + seconds, self._fork)
        self.blocks.append(block)
        self.events[block.hash] = events
        self.history[block.number] = _copy(self.rounds)


class FakeSender:
    """Sends to a fake chain; remembers jobs as a file journal does, though its user crashes."""

    def __init__(self, chain: FakeChain, done: dict[str, None] | None = None) -> None:
        self.chain = chain
        self.done = {} if done is None else done

    def send(
        self, contract: str, function: str, *arguments: Any, value: int = 0, job: str | None = None
    ) -> TxReceipt:
        if job is None or job not in self.done:
            self.chain.execute(function, *arguments)
            if job is not None:
                self.done[job] = None
        return TxReceipt(TxHash(ZERO), BlockNumber(0), BlockHash(ZERO), True, 0, Wei(0), None, ())


def signer(index: int = 0) -> Signer:
    """One of the well-known test keys."""
    return local_signer(index, COURT.chain_id)


def _phase(found: FakeRound, now: int) -> Phase:
    data = found.data
    if data.phase is Phase.COMMITTING and now >= data.commit_closes_at:
        return Phase.OPENING
    if data.phase is Phase.OPENING and now >= data.open_closes_at:
        return Phase.TALLYING
    return data.phase


def _seat(agent: int) -> Seat:
    return Seat(
        AgentId(agent),
        SeatState.DRAWN,
        False,
        Wei(1),
        Bytes32(ZERO),
        Bytes32(ZERO),
    )


def _block(number: int, parent: bytes, seconds: int, fork: int = 0) -> Block:
    return Block(
        BlockNumber(number),
        BlockHash(keccak256(f"{fork}:{number}".encode())),
        BlockHash(parent),
        START + seconds,
        Wei(0),
        0,
        b"",
    )


def _log(number: int) -> Log:
    return Log("VerificationRounds", COURT.rounds, BlockNumber(number), BlockHash(ZERO),
               TxHash(ZERO), 0)  # fmt: skip


def _copy(rounds: dict[bytes, FakeRound]) -> dict[bytes, FakeRound]:
    return {name: replace(found) for name, found in rounds.items()}


def _revert(name: str) -> RevertError:
    return RevertError(name, {}, f"{name}.")
