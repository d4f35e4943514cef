"""What seats handed in, as jobs: one transaction for all of a level that are still owed.

The chain is asked which seats those are, so that nothing is posted that somebody posted already.
A batch goes out once everybody has handed in, or when so much of the window is gone that the
others will not wait longer before they post by themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from backend.relay import Kind
from backend.store import LevelRecord, ProfileRecord, RelayEntry, RoundRecord, Store, phase_at
from backend.submitter.outbox import Task
from chain.batches import batch_of, commitments
from chain.errors import RevertError, RpcRejected
from chain.gateway import Gateway
from chain.structs import Opening, Seat, SignedCommitment
from chain.types import PROVIDER_SEAT, Bytes32, Phase, SeatState

COURT: Final = "VerificationRounds"
RELAY: Final = "relay"

PATIENCE_SHARE: Final = 3 / 8
"""Of a window: what has been handed in by then is posted. Nodes post by themselves at half."""

logger = logging.getLogger(__name__)

_OWED: Final = {Kind.COMMITMENT: SeatState.DRAWN, Kind.OPENING: SeatState.COMMITTED}
_PHASES: Final = {Phase.COMMITTING: Kind.COMMITMENT, Phase.OPENING: Kind.OPENING}


def due_relays(store: Store, gateway: Gateway, now: int) -> list[Task]:
    """Batches that could be posted now. `now`: Unix seconds, the chain's.

    Raises:
        RpcError: no node answers.
    """
    query = (
        select(RoundRecord, LevelRecord, ProfileRecord, phase_at(now))
        .join(
            LevelRecord,
            (LevelRecord.request_hash == RoundRecord.request_hash)
            & (LevelRecord.level == RoundRecord.level),
        )
        .join(ProfileRecord, ProfileRecord.profile_id == RoundRecord.profile_id)
        .where(RoundRecord.request_hash.in_(select(RelayEntry.request_hash)))
        .where(RoundRecord.phase.in_([int(phase) for phase in _PHASES]))
        .order_by(RoundRecord.submitted_block, RoundRecord.log_index)
    )
    found = []
    with store.read() as session:
        for round_, level, profile, number in session.execute(query):
            kind = _PHASES.get(Phase(number))
            if kind is None:
                continue
            entries = session.scalars(
                select(RelayEntry)
                .where(
                    RelayEntry.request_hash == round_.request_hash,
                    RelayEntry.level == level.level,
                    RelayEntry.key == level.key,
                    RelayEntry.kind == kind.value,
                )
                .order_by(RelayEntry.seat)
            ).all()
            if kind is Kind.COMMITMENT:
                closes, window = level.commit_closes_at, profile.commit_window
            else:
                closes, window = level.open_closes_at, profile.open_window
            over = now >= closes - window * (1 - PATIENCE_SHARE)
            try:
                task = _task(gateway, round_, level, kind, entries, patient=not over)
            except (RevertError, RpcRejected) as error:
                # What a node refuses about one round must not hold up the others.
                logger.warning("round 0x%s: not relayed: %s", round_.request_hash.hex()[:8], error)
                continue
            if task is not None:
                found.append(task)
    return found


def _task(
    gateway: Gateway,
    round_: RoundRecord,
    level: LevelRecord,
    kind: Kind,
    entries: Sequence[RelayEntry],
    *,
    patient: bool,
) -> Task | None:
    if not entries:
        return None
    owing = _owing(gateway, round_.request_hash, level.level, _OWED[kind])
    ours = [entry for entry in entries if entry.seat in owing]
    if not ours or (patient and len(ours) < len(owing)):
        return None
    seats = "-".join(str(entry.seat) for entry in ours)
    draw = f"0x{round_.request_hash.hex()}/{level.level}.{level.key.hex()[:8]}"
    name = f"{RELAY}/{draw}/{kind}/{seats}"
    where = (round_.request_hash, level.level)
    if kind is Kind.COMMITMENT:
        signed = [
            SignedCommitment(e.seat, Bytes32(e.word), Bytes32(e.first), Bytes32(e.second))
            for e in ours
        ]
        return Task(name, RELAY, gateway.prepare(COURT, "commitMany", *where, signed))
    openings = [Opening(e.seat, Bytes32(e.first), Bytes32(e.second), Bytes32(e.word)) for e in ours]
    head = gateway.head().number
    told = commitments(gateway, *where, round_.submitted_block, head)
    try:
        batch = batch_of(gateway, *where, told)
    except RevertError:
        return None  # The phase ended meanwhile.
    return Task(name, RELAY, gateway.prepare(COURT, "openMany", *where, openings, batch))


def _owing(gateway: Gateway, request_hash: bytes, level: int, state: SeatState) -> set[int]:
    """Seats of a level, the provider's among them, that are in a state, as the chain has it."""
    seats: Sequence[Seat] = gateway.call(COURT, "seatsAt", request_hash, level)
    provider: Seat = gateway.call(COURT, "providerSeat", request_hash)
    everybody = [*enumerate(seats), (PROVIDER_SEAT, provider)]
    return {number for number, seat in everybody if seat.state is state}
