"""A story on the fake chain in which every event happens that the index makes rows of."""

from __future__ import annotations

from chain.events import (
    AcceptedForGood,
    Answered,
    Appealed,
    AppealVoid,
    BondReleased,
    Challenged,
    DrawPostponed,
    FeedbackRevoked,
    FlagClosed,
    Flagged,
    FlagsOpened,
    Left,
    MetadataSet,
    NewFeedback,
    OutputReferenced,
    RolledBack,
    SourceListed,
    Tallied,
    Unstaked,
    UnstakeRequested,
    Upheld,
    URIUpdated,
    Voted,
    Withdrawn,
    WordsApplied,
)
from chain.exam_events import (
    CapabilityGranted,
    DoubtAnswered,
    Doubted,
    DoubtUpheld,
    ExamAnnounced,
    ExamConcluded,
    ExamVoided,
    Gated,
    Graded,
    Refunded,
)
from chain.messages import content_hash
from chain.types import DoubtKind, FlagKind, Verdict
from tests.backend.conftest import World
from tests.backend.epochs import BAD, DOMAIN, GOOD, anchor, epoch_of, with_anchor
from tests.backend.stories import (
    OUTPUT,
    PROFILE_ID,
    SALT,
    accepted_round,
    drawn,
    owner_of,
    rejected_round,
    submitted,
)
from tests.backend.test_api_exams import CANDIDATE, DOUBT, now, open_keys
from tests.support.fakechain import FakeChain, address, emit, word

FLAGGED = word("flagged")
SOMEBODY = address("somebody")


def everything(world: World) -> None:
    """After the beginning: rounds of each end, agents that leave, an exam, epochs of sources."""
    accepted_round(world.chain, word("one"))
    rejected_round(world.chain, word("two"))
    flagged_round(world.chain)
    agents_change(world.chain)
    exam(world)
    sources(world)


def flagged_round(chain: FakeChain) -> None:
    """Drawn late, appealed in vain, published by reference, and flagged in vain."""
    chain.mine(*submitted(FLAGGED, word("another output")))
    chain.mine(emit(DrawPostponed, FLAGGED, 99))
    later = chain.blocks[-1].timestamp + 999
    chain.mine(*drawn(FLAGGED, later))
    chain.mine(emit(Tallied, FLAGGED, 0, Verdict.ACCEPTED, 0b111, 0b111, 0b111, later, 0))
    chain.mine(emit(Appealed, FLAGGED, 1, SOMEBODY, 5, 7, 100))
    chain.mine(emit(AppealVoid, FLAGGED, 1), emit(AcceptedForGood, FLAGGED, 0, later))
    chain.mine(emit(OutputReferenced, FLAGGED, content_hash(OUTPUT), SALT, "data:,output"))
    chain.mine(emit(FlagsOpened, FLAGGED, later))
    chain.mine(emit(Flagged, FLAGGED, SOMEBODY, FlagKind.MISMATCH, 0, 9, later))
    chain.mine(emit(Voted, FLAGGED, 1, 0, 0, True), emit(Voted, FLAGGED, 2, 0, 1, False))
    chain.mine(emit(FlagClosed, FLAGGED, False, 0))


def agents_change(chain: FakeChain) -> None:
    """Names, notes, feedback; one takes its stake and leaves."""
    chain.mine(
        emit(URIUpdated, 1, "https://agents.example/new", owner_of(1)),
        emit(MetadataSet, 1, word("note"), "note", b"a note"),
        emit(UnstakeRequested, 2, 10**17, 9 * 10**17, 99),
        emit(Left, 2, PROFILE_ID, owner_of(2)),
    )
    texts = (word("good"), "good", "", "", "", bytes(32))
    chain.mine(
        emit(Unstaked, 2, owner_of(2), 10**17),
        emit(NewFeedback, 1, SOMEBODY, 1, 5, 0, *texts),
        emit(Withdrawn, owner_of(1), 5),
    )
    chain.mine(emit(FeedbackRevoked, 1, SOMEBODY, 1))


def exam(world: World) -> None:
    """One that is doubted in vain and passed, and one that is void."""
    chain = world.chain
    chain.mine(emit(Gated, PROFILE_ID, now(world) + 5))
    open_keys(world)
    doubted = (DOUBT, 1, SOMEBODY, 0, 1, DoubtKind.OUTPUT, word("task"), now(world) + 60)
    chain.mine(emit(Doubted, *doubted))
    chain.mine(emit(DoubtAnswered, DOUBT, word("a round"), now(world) + 60))
    chain.mine(emit(DoubtUpheld, DOUBT, 1))
    owner = owner_of(CANDIDATE)
    chain.mine(
        emit(Graded, 1, CANDIDATE, owner, 0x060606, True),
        emit(CapabilityGranted, PROFILE_ID, CANDIDATE, owner, now(world) + 999),
        emit(ExamConcluded, 1, 5),
        emit(ExamAnnounced, 2, PROFILE_ID, 1, word("key"), now(world) + 60),
    )
    chain.mine(emit(ExamVoided, 2, 0b1), emit(Refunded, 1, owner))


def sources(world: World) -> None:
    """Two epochs: one doubted in vain, one rolled back; then the reporter retires."""
    chain = with_anchor(world).chain
    chain.mine(emit(SourceListed, 0, GOOD, DOMAIN), emit(SourceListed, 1, BAD, DOMAIN))
    first = epoch_of(world)
    anchor(world, first)
    chain.mine(emit(Challenged, 1, SOMEBODY, 10), emit(Answered, 1, word("round"), 20))
    chain.mine(emit(Upheld, 1))
    anchor(world, epoch_of(world, first))
    chain.mine(emit(Challenged, 2, SOMEBODY, 10))
    chain.mine(emit(RolledBack, 2, 2, False), emit(WordsApplied, 1, 1), emit(BondReleased, 100))
