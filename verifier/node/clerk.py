"""Looks after this node's seats: finds them, and carries out what `decide` says, in safe order."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import Final

from chain.errors import AssayError, RevertError, RpcError, TransactionError
from chain.messages import content_hash
from chain.structs import Round
from chain.types import PROVIDER_SEAT, BlockNumber, Family, Phase, SeatState, Verdict
from verifier.errors import TaskError
from verifier.node.court_view import CourtView
from verifier.node.decide import Act, Decision, Situation, decide
from verifier.node.errors import NodeError
from verifier.node.receipts import SignedReceipt
from verifier.node.recipes import RecipeBook
from verifier.node.records import KnownRound, SeatId, SeatRecord, Step
from verifier.node.retries import Retries
from verifier.node.seat import Assignment, Produced, Seat, SeatFactory, Toolbox
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.workers import Generator, Sendings

__all__ = ["Clerk", "Moment"]

_log = logging.getLogger("assay.node")

ABSTAIN_LAST_SHARE: Final = 0.15
"""Of the commit window: a seat without an output abstains when only this much of it is left."""

REFERRED_ABOVE: Final = 8 << 10
"""Bytes of an output that are published by reference, where that is possible."""

_DONE_ALREADY: Final = frozenset({"SeatAlreadyCommitted", "SeatAlreadyOpened"})
_WORDS: Final = {
    Act.COMMIT: "committed",
    Act.HAND_COMMITMENT: "handed its commitment to the relayer",
    Act.OPEN: "opened",
    Act.HAND_OPENING: "handed its opening to the relayer",
    Act.PUBLISH: "published the output",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a node looks: the head's number, the block believed settled, the chain's clock."""

    head: BlockNumber
    settled: BlockNumber
    now: int


class Clerk:
    """The seats of one agent."""

    def __init__(
        self,
        agent_id: int,
        store: Store,
        files: StateDir,
        court: CourtView,
        recipes: RecipeBook,
        tools: Toolbox,
        factory: SeatFactory,
        generator: Generator,
        sendings: Sendings,
    ) -> None:
        self._agent_id = agent_id
        self._store = store
        self._files = files
        self._court = court
        self._recipes = recipes
        self._tools = tools
        self._factory = factory
        self._generator = generator
        self._sendings = sendings
        self._retries = Retries()
        self._making = threading.Lock()
        self._seats: dict[SeatId, Seat] = {}
        self._numbers: dict[tuple[bytes, int, bytes], list[int]] = {}
        self._declined: set[tuple[SeatId, Act]] = set()
        self._handed: set[tuple[SeatId, Act]] = set()
        self._said: dict[SeatId, str] = {}

    def numbers(self, known: KnownRound, view: Round) -> list[int]:
        """The numbers of this agent's seats in a drawn round."""
        if view.phase in (Phase.NONE, Phase.DRAWING):
            return []
        if known.agent_id == self._agent_id:
            return [PROVIDER_SEAT]
        drawn = (known.request_hash, view.level, bytes(view.key))
        if drawn not in self._numbers:
            seats = self._court.seats(known.request_hash)
            self._numbers[drawn] = [
                number for number, seat in enumerate(seats) if seat.agent_id == self._agent_id
            ]
        return self._numbers[drawn]

    def attend(
        self, known: KnownRound, view: Round, number: int, moment: Moment, *, accept: bool
    ) -> bool:
        """Does what one seat needs now. With `accept` false, only for seats already on record.

        Returns:
            Whether the seat still owes the chain something.
        """
        seat_id = SeatId(known.request_hash, view.level, number, bytes(view.key))
        record = self._store.seat(seat_id)
        if record is None:
            if not accept or view.phase is Phase.FINAL:
                return False
            record = self._store.add_seat(seat_id, known.profile_id)
            _log.info("round %s: drawn, %d s to commit", seat_id.short, _left(view, moment))
        situation = self._situation(known, view, number, moment)
        record = self._note(record, situation)
        decision = decide(record, situation)
        self._carry_out(known, record, decision, view)
        return _owes(record, situation)

    def digest_anew(self, known: KnownRound, seat_id: SeatId) -> bytes:
        """The digest of a seat's work done once more, by the engine."""
        seat = self._behaviour(known, seat_id)
        return seat.produce_digest(seat.work()).digest

    def forget(self, request_hash: bytes) -> None:
        """Closes the seats of a round that is over, and lets go of what was kept in memory."""
        for record in self._store.seats(request_hash):
            if record.step is not Step.DONE:
                self._store.finish(record.id, "a later committee decided")
        for drawn in [drawn for drawn in self._numbers if drawn[0] == request_hash]:
            del self._numbers[drawn]

    # ------------------------------------------------------------------ what the chain says

    def _situation(self, known: KnownRound, view: Round, number: int, moment: Moment) -> Situation:
        seat = self._court.seat(known.request_hash, number)
        commitment = bytes(seat.commitment)
        if seat.state is SeatState.COMMITTED and not any(commitment):
            mine = SeatId(known.request_hash, view.level, number, bytes(view.key))
            commitment = self._court.batched_commitment(mine, known.block)
        deep: Round | None = view
        if moment.settled < moment.head:
            deep = self._court.round(known.request_hash, moment.settled)
        profile = self._court.profile(known.profile_id)
        return Situation(
            phase=view.phase,
            settled_phase=deep.phase if deep else Phase.NONE,
            draw_settled=deep is not None and deep.key == view.key,
            now=moment.now,
            commit_half=view.commit_closes_at - profile.commit_window // 2,
            abstain_at=view.commit_closes_at - int(profile.commit_window * ABSTAIN_LAST_SHARE),
            publish_half=view.publish_closes_at - profile.publish_window // 2,
            state=seat.state,
            commitment=commitment,
            verdict=view.verdict,
            open_half=view.open_closes_at - profile.open_window // 2,
            relayed=self._tools.relay is not None,
        )

    def _note(self, record: SeatRecord, situation: Situation) -> SeatRecord:
        """Writes down what the chain confirms."""
        step, final = record.step, situation.phase is Phase.FINAL
        if record.id.is_provider and situation.verdict is Verdict.ACCEPTED and final:
            step = Step.PUBLISHED
        elif situation.state is SeatState.OPENED:
            step = Step.OPENED
        elif situation.state is SeatState.COMMITTED and situation.commitment == record.commitment:
            step = Step.COMMITTED
        if step.rank <= record.step.rank:
            return record
        self._store.reach(record.id, step)
        return self._store.seat(record.id) or record

    # ------------------------------------------------------------------ carrying out

    def _carry_out(
        self,
        known: KnownRound,
        record: SeatRecord,
        decision: Decision,
        view: Round,
    ) -> None:
        act, seat_id = decision.act, record.id
        if act in (Act.WAIT, Act.MISSED):
            self._say(record, decision)
        elif act is Act.FINISH:
            self._store.finish(seat_id, decision.reason)
            self._forget(seat_id)
            _log.info("round %s: final: %s", seat_id.short, decision.reason)
        elif (
            (seat_id, act) in self._declined
            or (seat_id, act) in self._handed
            or not self._retries.ready((seat_id, act))
        ):
            return
        elif act in (Act.GENERATE, Act.DIGEST):
            deadline = float(view.commit_closes_at)
            self._generator.submit(seat_id, deadline, lambda: self._produce(known, seat_id))
        elif act is Act.ABSTAIN:
            seat = self._behaviour(known, seat_id)
            _log.warning("round %s: no output in time, so it abstains", seat_id.short)
            self._keep(seat, seat.abstain())
        elif not self._sendings.busy(seat_id):
            self._sendings.start(seat_id, lambda: self._send(known, seat_id, act))

    def _produce(self, known: KnownRound, seat_id: SeatId) -> None:
        """In the worker thread: output, then digest, each on disk before the next."""
        record = self._store.seat(seat_id)
        if record is None or record.digest is not None:
            return
        try:
            if self._is_too_late(known, seat_id):
                _log.warning("round %s: its window closed before its turn came", seat_id.short)
                return
            seat = self._behaviour(known, seat_id)
            output = self._files.read_output(record.content_hash) if record.content_hash else None
            if output is None:
                output = seat.generate()
                self._store.save_output(seat_id, self._files.save_output(output))
            self._keep(seat, seat.produce_digest(output))
        except TaskError as error:
            if known.task_uri.startswith("data:") and not seat_id.is_provider:
                # The URI is on chain and will not get better.
                _log.warning("round %s: it abstains: %s", seat_id.short, error)
                self._keep(seat, seat.abstain())
            else:
                self._again(seat_id, Act.GENERATE, error)
        except AssayError as error:
            self._again(seat_id, Act.GENERATE, error)
            self._retries.failed((seat_id, Act.DIGEST))
        except Exception:
            # A fault of ours, or of an engine's library: without a pause this seat, whose deadline
            # is the earliest, would be tried over and over while the others wait.
            self._retries.failed((seat_id, Act.GENERATE))
            self._retries.failed((seat_id, Act.DIGEST))
            raise
        else:
            self._retries.succeeded((seat_id, Act.GENERATE))

    def _is_too_late(self, known: KnownRound, seat_id: SeatId) -> bool:
        """Whether an output made now would serve nothing: the queue may have been long."""
        view = self._court.round(known.request_hash)
        if view is None or bytes(view.key) != seat_id.key:
            return True
        if view.phase is Phase.COMMITTING:
            return False
        state = self._court.seat(known.request_hash, seat_id.seat).state
        if view.phase is Phase.OPENING:
            return state is SeatState.DRAWN
        return not (seat_id.is_provider and view.phase is Phase.PUBLISHING)

    def _keep(self, seat: Seat, produced: Produced) -> None:
        """Stores a digest and everything its opening will need, before any of it is used."""
        seat_id = seat.assignment.id
        self._store.save_digest(
            seat_id,
            produced.digest,
            produced.evidence,
            produced.evidence_hash,
            seat.commitment(produced),
        )
        _log.info("round %s: digest stored", seat_id.short)

    def _send(self, known: KnownRound, seat_id: SeatId, act: Act) -> None:
        """In a thread of its own: one transaction of a seat."""
        record = self._store.seat(seat_id)
        if record is None:
            return
        try:
            if act in (Act.HAND_COMMITMENT, Act.HAND_OPENING):
                self._hand(self._behaviour(known, seat_id), record, act)
                return
            sent = self._act(self._behaviour(known, seat_id), record, act)
        except RevertError as error:
            if error.name in _DONE_ALREADY:
                self._retries.failed((seat_id, act))  # until the views show it
                return
            self._store.count_failure(seat_id)
            self._again(seat_id, act, error)
        except TransactionError as error:
            if not error.retryable:
                self._store.count_failure(seat_id)
            self._again(seat_id, act, error)
        except (RpcError, NodeError) as error:
            self._again(seat_id, act, error)
        except Exception:
            self._retries.failed((seat_id, act))
            raise
        else:
            if not sent:
                self._declined.add((seat_id, act))
                return
            self._retries.succeeded((seat_id, act))
            _log.info("round %s: %s", seat_id.short, _WORDS[act])

    def _act(self, seat: Seat, record: SeatRecord, act: Act) -> bool:
        job = f"{act.name.lower()}:{record.id.job}:{record.failures}"
        if act is Act.PUBLISH:
            output = self._files.read_output(record.content_hash or b"")
            if output is None:
                output = seat.generate()
                self._files.save_output(output)
            return self._publish(seat, output, job)
        if record.digest is None or record.evidence is None or record.commitment is None:
            return True  # cannot be: `decide` sends only what is stored
        if act is Act.COMMIT:
            return seat.commit(record.commitment, job)
        produced = Produced(record.digest, record.evidence)
        known, seat_id = seat.assignment.round, record.id
        if any(self._court.seat(known.request_hash, seat_id.seat).commitment):
            return seat.open(produced, job)
        return seat.open_batched(produced, self._court.batch(seat_id, known.block), job)

    def _hand(self, seat: Seat, record: SeatRecord, act: Act) -> None:
        """Gives the relayer what it needs; what it does not take, or not post, we post later."""
        relay = self._tools.relay
        if relay is None or record.digest is None or record.evidence is None:
            return
        if act is Act.HAND_OPENING:
            took = seat.hand_opening(relay, Produced(record.digest, record.evidence))
        else:
            took = seat.hand_commitment(relay, record.commitment or b"")
        if took:
            self._handed.add((record.id, act))
            _log.info("round %s: %s", record.id.short, _WORDS[act])
        else:
            self._retries.failed((record.id, act))

    def _publish(self, seat: Seat, output: bytes, job: str) -> bool:
        """As bytes, or by reference where that is possible and they are many."""
        known, outputs = seat.assignment.round, self._tools.outputs
        terms = self._court.profile(known.profile_id)
        fits = len(output) <= terms.max_output_bytes
        # Bytes of the exact family are final at once, which is worth their gas.
        dear = terms.family is not Family.EXACT and len(output) > REFERRED_ABOVE
        if not terms.flag_window or (fits and not (dear and outputs.is_configured)):
            return seat.publish(output, job)
        if self._is_held(seat, output):
            content = content_hash(output)
            return seat.refer(content, outputs.uri(content), job)
        if fits:
            return seat.publish(output, job)
        raise NodeError(
            f"The output has {len(output)} bytes, too many for the chain, and no backend holds it: "
            "set backend_url to one that takes it, or the bond is lost."
        )

    def _is_held(self, seat: Seat, output: bytes) -> bool:
        """Whether a backend has the output, now at the latest."""
        outputs, delivery = self._tools.outputs, seat.assignment.delivery
        if delivery is not None:
            # The receipt is no secret: whoever has it can leave rubbish in our name. Only handing
            # in the same bytes once more tells that those which are there are ours.
            signed = SignedReceipt.from_json(delivery.receipt)
            taken = outputs.hand_in(signed, output, delivery.salt)
            if taken is not None:
                return taken
        try:
            return outputs.holds(seat.assignment.round.output_hash, self._agent_id)
        except NodeError as error:
            _log.warning("%s", error)
            return False

    # ------------------------------------------------------------------ inside

    def _behaviour(self, known: KnownRound, seat_id: SeatId) -> Seat:
        with self._making:
            if seat_id not in self._seats:
                delivery = self._store.delivery(known.output_hash) if seat_id.is_provider else None
                assignment = Assignment(
                    seat_id,
                    self._agent_id,
                    known,
                    partial(self._recipes.profile, known.profile_id),
                    delivery,
                )
                self._seats[seat_id] = self._factory(assignment, self._tools)
            return self._seats[seat_id]

    def _again(self, seat_id: SeatId, act: Act, error: AssayError) -> None:
        pause = self._retries.failed((seat_id, act))
        _log.warning("round %s: %s (again in %.0f s)", seat_id.short, error, pause)

    def _say(self, record: SeatRecord, decision: Decision) -> None:
        if decision.reason and self._said.get(record.id) != decision.reason:
            self._said[record.id] = decision.reason
            level = logging.WARNING if decision.act is Act.MISSED else logging.DEBUG
            _log.log(level, "round %s: %s", record.id.short, decision.reason)

    def _forget(self, seat_id: SeatId) -> None:
        self._seats.pop(seat_id, None)
        self._said.pop(seat_id, None)


def _owes(record: SeatRecord, situation: Situation) -> bool:
    if record.step is Step.DONE or situation.phase is Phase.FINAL:
        return False
    if situation.state is SeatState.OPENED:
        return record.id.is_provider and situation.phase <= Phase.PUBLISHING
    drawn = situation.state is SeatState.DRAWN
    return situation.phase is Phase.COMMITTING or (situation.phase is Phase.OPENING and not drawn)


def _left(view: Round, moment: Moment) -> int:
    return max(0, view.commit_closes_at - moment.now)
