"""Scores from indexed evidence, by the ledger's own integer rule: equal to `scoreOf` on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from verifier.reputation import (
    BASIS_POINTS,
    Evidence,
    Policy,
    Score,
    score,
    wilson_lower_bps,
)

Role = Literal["provider", "verifier"]


class Recorded(Protocol):
    """Evidence as it was last written: a row of `EvidenceRecord`, or these columns of one."""

    @property
    def alpha(self) -> Any: ...
    @property
    def beta(self) -> Any: ...
    @property
    def alpha_owner(self) -> Any: ...
    @property
    def timestamp(self) -> Any: ...


@dataclass(frozen=True)
class DomainScore:
    """An agent's score in one domain.

    Attributes:
        profile_id, profile_name, role: null for a domain that no registered profile has.
        score: None without any evidence. Where it is not `known`, its mean and bound mean nothing.
        updated_at: time of the last evidence.
    """

    domain: bytes
    profile_id: bytes | None
    profile_name: str | None
    role: Role | None
    score: Score | None
    updated_at: int | None


def score_of(record: Recorded, owner: str | None, now: int, policy: Policy) -> Score:
    """Good evidence counts only while the agent belongs to the owner who earned it."""
    alpha = record.alpha if owner is not None and record.alpha_owner == owner else 0
    return score(Evidence(alpha, record.beta, record.timestamp), now, policy)


def upper_bps(found: Score) -> int:
    """Wilson's one-sided 95 % upper bound: one less the lower bound of the opposite evidence."""
    return BASIS_POINTS - wilson_lower_bps(found.beta, found.alpha)
