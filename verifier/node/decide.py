"""What a seat should do next: a pure rule over what is stored and what the chain says.

::

    chain      Drawing   Committing                      Opening           Publishing   Final
    seat                 generate → digest → commit ···  open ··········   (publish)    finish
                                     │             └ waits until every committee member acted, or
                                     │               the window closed, `confirmations` deep
                                     └ waits until the draw is `confirmations` deep, at most until
                                       half the window is gone; publishing waits in the same way

The chain has the last word: what it holds already is never sent again, whatever the store says.

With a relayer, commitments and openings are first handed to it, and posted by the node itself at
half of the window if the chain still does not have them.

A committee seat without an output shortly before the window closes abstains (`Seat.abstain`): a
seat that opens what it committed loses no stake, one that does not commit does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from chain.types import Phase, SeatState, Verdict
from verifier.node.records import SeatRecord, Step

__all__ = ["Act", "Decision", "Situation", "decide"]

_NO_COMMITMENT = bytes(32)


class Act(Enum):
    """What to do with a seat now."""

    WAIT = auto()
    GENERATE = auto()
    ABSTAIN = auto()
    DIGEST = auto()
    COMMIT = auto()
    HAND_COMMITMENT = auto()
    OPEN = auto()
    HAND_OPENING = auto()
    PUBLISH = auto()
    MISSED = auto()
    FINISH = auto()


@dataclass(frozen=True, slots=True)
class Situation:
    """What the chain says of one seat. Times are Unix seconds of the chain's clock.

    phase: at the newest block; settled_phase: `confirmations` deep; draw_settled: the key is the
    same that deep; commit_half, open_half, publish_half: when half of the window is gone;
    abstain_at: when it is too late to wait for an output; state, commitment: the seat's on chain;
    relayed: there is a relayer to hand commitment and opening to.
    """

    phase: Phase
    settled_phase: Phase
    draw_settled: bool
    now: int
    commit_half: int
    abstain_at: int
    publish_half: int
    state: SeatState
    commitment: bytes
    verdict: Verdict = Verdict.NONE
    open_half: int = 0
    relayed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """An act; `reason` says in plain words why a seat waits or how it ended."""

    act: Act
    reason: str = ""


def decide(record: SeatRecord, situation: Situation) -> Decision:
    """The next act for a seat."""
    if record.step is Step.DONE:
        return Decision(Act.WAIT, "done")
    if situation.phase is Phase.FINAL:
        return Decision(Act.FINISH, _ending(situation))
    if situation.phase in (Phase.NONE, Phase.DRAWING):
        return Decision(Act.WAIT, "the committee is not drawn yet")
    if situation.state is SeatState.OPENED:
        return _opened(record, situation)
    if situation.phase is Phase.COMMITTING:
        return _committing(record, situation)
    if situation.phase is Phase.OPENING:
        return _opening(record, situation)
    return Decision(Act.MISSED, _missed(situation.state))


def _committing(record: SeatRecord, situation: Situation) -> Decision:
    if record.digest is None:
        late = situation.now >= situation.abstain_at and situation.state is SeatState.DRAWN
        return Decision(Act.ABSTAIN) if late and not record.id.is_provider else _produce(record)
    if situation.state is SeatState.COMMITTED:
        return Decision(Act.WAIT, "waiting for the others to commit")
    if not situation.draw_settled and situation.now < situation.commit_half:
        return Decision(Act.WAIT, "waiting until the draw is settled")
    if situation.relayed and situation.now < situation.commit_half:
        return Decision(Act.HAND_COMMITMENT)
    return Decision(Act.COMMIT)


def _opening(record: SeatRecord, situation: Situation) -> Decision:
    if situation.state is SeatState.DRAWN:
        return Decision(Act.MISSED, _missed(situation.state))
    if record.digest is None:
        # The store was lost, the chain kept the commitment: the same work gives the same digest.
        return _produce(record)
    if record.commitment != situation.commitment:
        return Decision(Act.WAIT, "the chain holds a commitment that was not made from this state")
    if situation.settled_phase < Phase.OPENING or not situation.draw_settled:
        return Decision(Act.WAIT, "waiting until the end of committing is settled")
    if situation.relayed and situation.now < situation.open_half:
        return Decision(Act.HAND_OPENING)
    return Decision(Act.OPEN)


def _opened(record: SeatRecord, situation: Situation) -> Decision:
    if situation.phase is Phase.PUBLISHING and record.id.is_provider:
        if record.content_hash is None:
            return _produce(record)
        if situation.settled_phase < Phase.PUBLISHING and situation.now < situation.publish_half:
            return Decision(Act.WAIT, "waiting until the verdict is settled")
        return Decision(Act.PUBLISH)
    return Decision(Act.WAIT, "opened; waiting for the verdict")


def _produce(record: SeatRecord) -> Decision:
    return Decision(Act.GENERATE if record.content_hash is None else Act.DIGEST)


def _missed(state: SeatState) -> str:
    return "it did not commit in time" if state is SeatState.DRAWN else "it did not open in time"


def _ending(situation: Situation) -> str:
    verdict = situation.verdict.label
    if situation.state is SeatState.OPENED:
        return verdict
    return f"{verdict}; {_missed(situation.state)}"
