"""Who stands where in a domain: every agent with evidence, scored at one block, best first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.reputation import score_of, upper_bps
from backend.store import EvidenceRecord, Ownership
from verifier.reputation import Policy, Score

Order = Literal["lowerBound", "upperBound", "mean"]

REMEMBERED: Final = 16
"""Standings kept, one per domain and block: they change with every block only."""


@dataclass(frozen=True)
class Standing:
    """One agent in one domain. Its score is known. Bounds and mean in basis points."""

    agent_id: int
    owner: str | None
    score: Score
    updated_at: int

    def by(self, order: Order) -> int:
        """What it is ranked by, basis points."""
        if order == "upperBound":
            return upper_bps(self.score)
        return self.score.mean_bps if order == "mean" else self.score.lower_bps


class Standings:
    """Computes and remembers standings. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bytes, bytes, Order], Sequence[Standing]] = OrderedDict()
        self._lock = threading.Lock()

    def of(
        self,
        session: Session,
        policy: Policy,
        domain: bytes,
        order: Order,
        block: tuple[int, bytes, int],
    ) -> Sequence[Standing]:
        """Best first; of equals the lower agentId first.

        Args:
            block: (number, hash, timestamp): evidence after it is left out, and what is before
                decays to it.
        """
        number, block_hash, timestamp = block
        key = (block_hash, domain, order)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = sorted(
            _scored(session, policy, domain, number, timestamp),
            key=lambda standing: (-standing.by(order), standing.agent_id),
        )
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return found


def _scored(
    session: Session, policy: Policy, domain: bytes, number: int, timestamp: int
) -> list[Standing]:
    newest = (
        func.row_number()
        .over(
            partition_by=EvidenceRecord.agent_id,
            order_by=(EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc()),
        )
        .label("age")
    )
    evidence = (
        select(EvidenceRecord.block_number, EvidenceRecord.log_index, newest)
        .where(EvidenceRecord.domain == domain, EvidenceRecord.block_number <= number)
        .subquery()
    )
    query = select(EvidenceRecord).join(
        evidence,
        (EvidenceRecord.block_number == evidence.c.block_number)
        & (EvidenceRecord.log_index == evidence.c.log_index),
    )
    owners = _owners(session, domain, number)
    found = []
    for record in session.scalars(query.where(evidence.c.age == 1)):
        owner = owners.get(record.agent_id)
        scored = score_of(record, owner, timestamp, policy)
        if scored.known:
            found.append(Standing(record.agent_id, owner, scored, record.timestamp))
    return found


def _owners(session: Session, domain: bytes, number: int) -> dict[int, str]:
    """The owner of each agent with evidence in a domain, at a block."""
    ranked = select(EvidenceRecord.agent_id).where(EvidenceRecord.domain == domain)
    newest = (
        func.row_number()
        .over(
            partition_by=Ownership.agent_id,
            order_by=(Ownership.block_number.desc(), Ownership.log_index.desc()),
        )
        .label("age")
    )
    latest = (
        select(Ownership.agent_id, Ownership.owner, newest)
        .where(Ownership.block_number <= number, Ownership.agent_id.in_(ranked))
        .subquery()
    )
    rows = session.execute(select(latest.c.agent_id, latest.c.owner).where(latest.c.age == 1))
    return {row.agent_id: row.owner for row in rows}
