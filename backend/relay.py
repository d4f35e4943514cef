"""The relayer's book: what seats handed in, checked against the index before it is taken.

Nobody has to trust it. A commitment is signed for one seat of one draw and tells no digest; an
opening is refused until committing is over, when it tells nothing that could still be used. What is
not posted the node posts itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.exc import IntegrityError

from backend.artifacts import Authority
from backend.errors import QueryMissing, RelayRefused, WriteForbidden
from backend.store import (
    LevelRecord,
    RelayEntry,
    RoundRecord,
    SeatRecord,
    Store,
    phase_at,
    position,
)
from chain.errors import MessageError
from chain.messages import Court, commitment, recover_commitment_signer
from chain.structs import Opening, SignedCommitment
from chain.types import AgentId, Bytes32, Phase

KEPT_SECONDS: Final = 7 * 24 * 3600
"""Longer than a round's windows; then an entry is forgotten."""


class Kind(StrEnum):
    """What an entry is."""

    COMMITMENT = "commitment"
    OPENING = "opening"


@dataclass(frozen=True)
class Place:
    """A seat of one draw: `key` tells it from the same seat before a reorganisation."""

    request_hash: bytes
    level: int
    seat: int
    key: bytes


class Relay:
    """Takes entries. Safe for several replicas: the database decides."""

    def __init__(self, store: Store, court: Court, acts_for: Authority) -> None:
        self._store = store
        self._court = court
        self._acts_for = acts_for

    def take_commitment(self, place: Place, signed: SignedCommitment) -> None:
        """Raises QueryMissing, RelayRefused or WriteForbidden unless it could be posted now."""
        seat = self._seat(place, Phase.COMMITTING)
        if seat.commitment is not None:
            return  # It is on chain already.
        agent_id = AgentId(seat.agent_id)
        try:
            signer = recover_commitment_signer(
                signed, self._court, place.request_hash, place.level, agent_id, place.key
            )
        except MessageError as error:
            raise WriteForbidden(str(error)) from None
        if not self._acts_for(agent_id, signer):
            raise WriteForbidden(
                f"The commitment is signed by {signer}, who does not act for agent {agent_id} on"
                f" chain {self._court.chain_id}: sign it with the key of its owner or its wallet."
            )
        self._keep(place, Kind.COMMITMENT, signed.commitment, signed.r, signed.vs)

    def take_opening(self, place: Place, opening: Opening) -> None:
        """Raises QueryMissing, RelayRefused or WriteForbidden unless it could be posted now."""
        seat = self._seat(place, Phase.OPENING)
        if seat.digest is not None:
            return
        expected = commitment(
            self._court,
            place.request_hash,
            place.level,
            place.key,
            AgentId(seat.agent_id),
            opening.digest,
            opening.evidence_hash,
            opening.salt,
        )
        if seat.commitment != expected:
            raise WriteForbidden("This does not open what the seat committed.")
        digest, evidence = opening.digest, opening.evidence_hash
        self._keep(place, Kind.OPENING, opening.salt, digest, evidence)

    def _seat(self, place: Place, wanted: Phase) -> SeatRecord:
        """The seat, if its draw is the round's present one and its phase the wanted one."""
        here = (SeatRecord.request_hash == place.request_hash, SeatRecord.level == place.level)
        with self._store.read() as session:
            at = position(session)
            now = max(int(time.time()), 0 if at is None else at.timestamp)
            row = session.execute(
                select(LevelRecord.key, phase_at(now))
                .join(RoundRecord, _present(LevelRecord))
                .where(RoundRecord.request_hash == place.request_hash)
                .where(RoundRecord.level == place.level)
            ).one_or_none()
            seat = session.scalar(select(SeatRecord).where(*here, SeatRecord.seat == place.seat))
        if row is None or seat is None or row[0] != place.key:
            raise QueryMissing(
                "There is no such seat as of the newest indexed block: ask again shortly, or post"
                " it yourself."
            )
        if Phase(row[1]) is not wanted:
            raise RelayRefused(
                f"The round is in the phase {Phase(row[1]).label}: this is taken while it is in"
                f" {wanted.label}."
            )
        return seat

    def _keep(self, place: Place, kind: Kind, word: bytes, first: bytes, second: bytes) -> None:
        now = int(time.time())
        try:
            with self._store.write() as connection:
                connection.execute(
                    delete(RelayEntry).where(RelayEntry.taken_at < now - KEPT_SECONDS)
                )
                connection.execute(
                    insert(RelayEntry).values(
                        **vars(place),
                        kind=kind.value,
                        word=Bytes32(word),
                        first=Bytes32(first),
                        second=Bytes32(second),
                        taken_at=now,
                    )
                )
        except IntegrityError:
            return  # The first word of a seat counts; the same is handed in again after a restart.


def _present(level: type[LevelRecord]) -> ColumnElement[bool]:
    return and_(level.request_hash == RoundRecord.request_hash, level.level == RoundRecord.level)
