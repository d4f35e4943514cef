"""Source reliability: epochs anchored, doubted, upheld, rolled back; and the reporter's bond.

An event of an epoch that is not there says that a node left one out: the reconciler finds that, and
what can be known meanwhile is kept.
"""

from __future__ import annotations

from typing import Any, Final

from backend.indexer.rules.scope import Rules, Scope
from backend.store import (
    THE_CLOCK,
    AnchorClock,
    EpochChallenge,
    EpochRecord,
    ListedSource,
)
from chain.events import (
    Anchored,
    Answered,
    Bonded,
    BondReleased,
    Challenged,
    RolledBack,
    SourceListed,
    Upheld,
    WordsApplied,
)
from verifier.canonical import keccak256
from verifier.reliability.bundle import NO_ROOT

MOST_ROLLED_BACK: Final = 64
"""Epochs of one rollback: the contract lets eight be open at a time."""

_START: Final[dict[str, Any]] = {
    "latest": 0,
    "latest_at": 0,
    "applied": 0,
    "words": 0,
    "bonded": False,
    "disputed": None,
    "listed": 0,
    "upheld": 0,
    "up_to": 0,
    "held_since": 0,
}


def _tick(scope: Scope, **changes: Any) -> None:
    before = {} if scope.rows.get(AnchorClock, THE_CLOCK) else _START
    scope.rows.put(AnchorClock, THE_CLOCK, **{**before, **changes})


def _clock(scope: Scope) -> dict[str, Any]:
    return scope.rows.get(AnchorClock, THE_CLOCK) or _START


def _anchored(scope: Scope, event: Anchored) -> None:
    previous = _standing_root(scope, event.epoch - 1)
    told = (
        event.epoch.to_bytes(32, "big")
        + event.published_at.to_bytes(32, "big")
        + event.root
        + event.bundle_hash
        + event.words_hash
        + previous
    )
    scope.rows.put(
        EpochRecord,
        event.epoch,
        published_at=event.published_at,
        root=event.root,
        bundle_hash=event.bundle_hash,
        words_hash=event.words_hash,
        previous_root=previous,
        claim=keccak256(told),
        block_number=event.log.block_number,
        tx_hash=event.log.transaction_hash,
        challenges=0,
    )
    _tick(scope, latest=event.epoch, latest_at=event.published_at)


def _standing_root(scope: Scope, epoch: int) -> bytes:
    """The root of the highest epoch up to this one that was not rolled back: what is continued."""
    while row := scope.rows.get(EpochRecord, epoch):
        if row["proven"] is None:
            root: bytes = row["root"]
            return root
        epoch -= 1
    return NO_ROOT


def _challenged(scope: Scope, event: Challenged) -> None:
    row = scope.rows.get(EpochRecord, event.epoch)
    number = 1 if row is None else row["challenges"] + 1
    if row is not None:
        scope.rows.put(EpochRecord, event.epoch, challenges=number)
    scope.rows.put(
        EpochChallenge,
        event.epoch,
        number,
        challenger=event.challenger,
        challenged_at=scope.timestamp,
        answer_by=event.answer_by,
    )
    _tick(scope, disputed=event.epoch)


def _answered(scope: Scope, event: Answered) -> None:
    _settle(scope, event.epoch, request_hash=event.request_hash, decide_by=event.decide_by)


def _upheld(scope: Scope, event: Upheld) -> None:
    _settle(scope, event.epoch, outcome="upheld", settled_at=scope.timestamp)
    latest = _clock(scope)["latest"]
    _tick(scope, disputed=None, upheld=event.epoch, up_to=latest, held_since=scope.timestamp)


def _rolled_back(scope: Scope, event: RolledBack) -> None:
    outcome = "proven" if event.proven else "undecided"
    _settle(scope, event.first, outcome=outcome, settled_at=scope.timestamp)
    for epoch in range(event.first, min(event.last, event.first + MOST_ROLLED_BACK) + 1):
        if scope.rows.get(EpochRecord, epoch) is not None:
            moment = scope.timestamp
            scope.rows.put(EpochRecord, epoch, rolled_back_at=moment, proven=event.proven)
    _tick(scope, disputed=None)
    if event.proven:
        _tick(scope, bonded=False)


def _settle(scope: Scope, epoch: int, **changes: Any) -> None:
    row = scope.rows.get(EpochRecord, epoch)
    number = 0 if row is None else row["challenges"]
    if scope.rows.get(EpochChallenge, epoch, number) is not None:
        scope.rows.put(EpochChallenge, epoch, number, **changes)


def _words_applied(scope: Scope, event: WordsApplied) -> None:
    if scope.rows.get(EpochRecord, event.epoch) is not None:
        scope.rows.put(EpochRecord, event.epoch, applied_at=scope.timestamp)
    _tick(scope, applied=event.epoch, words=event.words)


def _listed(scope: Scope, event: SourceListed) -> None:
    scope.rows.put(ListedSource, event.index, source=event.source, domain=event.domain)
    _tick(scope, listed=event.index + 1)


def _bonded(scope: Scope, _event: Bonded) -> None:
    _tick(scope, bonded=True)


def _bond_released(scope: Scope, _event: BondReleased) -> None:
    _tick(scope, bonded=False)


RULES: Rules = {
    Anchored: _anchored,
    Challenged: _challenged,
    Answered: _answered,
    Upheld: _upheld,
    RolledBack: _rolled_back,
    WordsApplied: _words_applied,
    SourceListed: _listed,
    Bonded: _bonded,
    BondReleased: _bond_released,
}
