"""The aggregated attestation file of a round of ours, made from the chain's events alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from chain.aggregated import MAJORITY, Aggregated
from chain.attestations import Attestation
from chain.errors import MessageError
from chain.events import (
    AttestationsAggregated,
    CommitteeDrawn,
    Event,
    Opened,
    RequestAccepted,
    RoundSubmitted,
    Tallied,
)

PASSED: Final = 100

E_ = TypeVar("E_", bound=Event)


def file_of(events: Sequence[Event], issued_at: int) -> Aggregated:
    """What the seats of the last level that was counted with a verdict attest.

    Args:
        events: a round's, in the order of the chain.
        issued_at: the time of the block that `last_count` names.

    Raises:
        MessageError: no level was counted with a verdict.
    """
    told = last_count(events)
    before = events[: list(events).index(told)]
    drawn = _last(before, CommitteeDrawn)
    tallied = next(e for e in _all(events, Tallied) if e.level == drawn.level)
    submitted = _last(events, RoundSubmitted)
    opened = {e.seat: e.digest for e in _all(events, Opened) if e.level == drawn.level}
    attestations = [
        Attestation(
            request_hash=told.request_hash,
            agent_id=submitted.agent_id,
            validator=operator,
            verdict=PASSED if (tallied.agreeing >> seat) & 1 else 0,
            evidence_hash=opened[seat],
            issued_at=issued_at,
            challenge_kind=submitted.profile_id,
            nonce_hash=drawn.key,
        )
        for seat, operator in enumerate(drawn.operators)
        # A seat whose enrolment changed since the draw is left out.
        if seat in opened and operator in told.validators
    ]
    return Aggregated(
        request_hash=told.request_hash,
        policy=_last(events, RequestAccepted).policy,
        validators=told.validators,
        attestations=tuple((attestation, b"") for attestation in attestations),
        root=told.attestations_root,
        verdict=told.aggregated_verdict,
        mode=MAJORITY,
    )


def last_count(events: Sequence[Event]) -> AttestationsAggregated:
    """The event of the last level that was counted with a verdict.

    Raises:
        MessageError: there is none.
    """
    told = [event for event in _all(events, AttestationsAggregated) if event.validators]
    if not told:
        raise MessageError("No committee of this round came to a verdict, so nothing is attested.")
    return told[-1]


def _all(events: Sequence[Event], kind: type[E_]) -> list[E_]:
    return [event for event in events if isinstance(event, kind)]


def _last(events: Sequence[Event], kind: type[E_]) -> E_:
    return _all(events, kind)[-1]
