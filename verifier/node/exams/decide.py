"""What to do next in an exam: pure rules over what is stored and what the chain says.

::

    chain      Preparing      Sitting            Opening       Doubting    Grading        end
    candidate                 answer → hand in                             open (grade)   refund
    examiner   set → post                        open key      (answer     grade all      withdraw
                                                                doubts)    → conclude

What gives a secret away (a key, a sheet) waits until the end of sitting is settled, but no longer
than until half of its window is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from chain.types import SittingState, Stage

__all__ = ["Act", "Examining", "Sitting", "examine", "sit"]


class Act(Enum):
    """What to do in an exam now."""

    WAIT = auto()
    ANSWER = auto()
    HAND_IN = auto()
    REVEAL = auto()
    REFUND = auto()
    SET = auto()
    POST = auto()
    OPEN_KEY = auto()
    DEFEND = auto()
    GRADE = auto()
    CONCLUDE = auto()
    CANCEL = auto()
    FINISH = auto()


@dataclass(frozen=True, slots=True)
class Sitting:
    """One exam as a candidate sees it. Times are Unix seconds of the chain's clock.

    Attributes:
        stage, settled: at the newest block, and `confirmations` deep.
        state: of our sheet on the chain.
        wanted: whether we would sit it at all.
        has_paper: our answers and their salt are stored.
        ours: the chain's commitment is to the stored answers.
        half: when half of the stage's window is gone.
    """

    stage: Stage
    settled: Stage
    state: SittingState
    wanted: bool
    has_paper: bool
    ours: bool
    now: int
    half: int


def sit(s: Sitting) -> tuple[Act, str]:
    """The next act of a candidate, and for people why, or how it ended."""
    if s.state is SittingState.NONE:
        return _before(s)
    if s.state is SittingState.GRADED:
        return Act.FINISH, "graded"
    if s.state is SittingState.REFUNDED:
        return Act.FINISH, "void; the fee is back"
    if s.stage is Stage.VOID:
        return Act.REFUND, ""
    if s.stage is Stage.CONCLUDED:
        return Act.FINISH, "it ended before the sheet was graded"
    if not s.has_paper:
        # The state was lost, the chain kept the commitment: the same work gives the same sheet.
        return Act.ANSWER, ""
    if s.stage is not Stage.GRADING:
        return Act.WAIT, "handed in"
    if not s.ours:
        return Act.WAIT, "the chain holds a sheet that was not made from this state"
    return _once_settled(s.settled, s.now, s.half, Act.REVEAL)


def _before(s: Sitting) -> tuple[Act, str]:
    if s.stage > Stage.SITTING:
        return Act.FINISH, "not sat"
    if s.stage is not Stage.SITTING or not s.wanted:
        return Act.WAIT, ""
    if s.settled is not Stage.SITTING and s.now < s.half:
        return Act.WAIT, "waiting until the exam is settled"
    return (Act.HAND_IN if s.has_paper else Act.ANSWER), ""


@dataclass(frozen=True, slots=True)
class Examining:
    """One exam as an examiner sees it; as in `Sitting`.

    Attributes:
        late: the clock's end of the stage is over.
        posted, opened: our section is posted, its key is open.
        sat, graded: candidates, and of them those whose sheets are counted.
        collects: it is our turn to have the sheets graded that candidates left somewhere.
        doubts: open doubts.
    """

    stage: Stage
    settled: Stage
    has_paper: bool
    posted: bool
    opened: bool
    late: bool
    sat: int
    graded: int
    collects: bool
    doubts: int
    now: int
    half: int


def examine(e: Examining) -> tuple[Act, str]:
    """The next act of an examiner, and for people why, or how it ended."""
    if e.stage in (Stage.CONCLUDED, Stage.VOID):
        return Act.FINISH, e.stage.label
    if e.stage is Stage.PREPARING:
        if e.late:
            return Act.CANCEL, ""
        if e.posted:
            return Act.WAIT, "the others' sections are missing"
        return (Act.POST if e.has_paper else Act.SET), ""
    if e.stage is Stage.OPENING:
        if e.sat == 0:
            return Act.CONCLUDE, ""
        if e.late:
            return Act.CANCEL, ""
        if e.opened or not e.has_paper:
            return Act.WAIT, "" if e.opened else "the key is not in this node's state"
        return _once_settled(e.settled, e.now, e.half, Act.OPEN_KEY)
    if e.stage is Stage.DOUBTING and e.doubts:
        return Act.DEFEND, ""
    if e.stage is Stage.GRADING:
        if e.graded == e.sat or e.late:
            return Act.CONCLUDE, ""
        if e.collects:
            return Act.GRADE, ""
    return Act.WAIT, ""


def _once_settled(settled: Stage, now: int, half: int, act: Act) -> tuple[Act, str]:
    if settled <= Stage.SITTING and now < half:
        return Act.WAIT, "waiting until the end of sitting is settled"
    return act, ""
