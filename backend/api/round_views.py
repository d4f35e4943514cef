"""Rounds as answers, built from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from backend.api.explain import Situation, explain
from backend.api.schemas.common import Finality, amount, amount_or_none, hexed, hexed_or_none
from backend.api.schemas.rounds import (
    AppealView,
    ClaimView,
    FlagView,
    LevelView,
    PhaseName,
    RoundSummary,
    SeatView,
    TallyView,
    VerdictName,
)
from backend.store import (
    AppealRecord,
    FlagRecord,
    LevelRecord,
    ProfileRecord,
    RoundRecord,
    SeatRecord,
)
from chain.types import PROVIDER_SEAT, FlagKind, Phase, Verdict
from verifier.digest import distance
from verifier.digest.logprobs import implausible_digest


@dataclass
class RoundRows:
    """Everything the tables hold of one round. `phase` is that of the snapshot's moment."""

    round: RoundRecord
    profile: ProfileRecord
    phase: Phase
    levels: list[LevelRecord] = field(default_factory=list)
    seats: dict[int, list[SeatRecord]] = field(default_factory=dict)
    appeals: list[AppealRecord] = field(default_factory=list)
    flag: FlagRecord | None = None

    def claim(self, level: int) -> SeatRecord:
        return next(row for row in self.seats[level] if row.seat == PROVIDER_SEAT)

    def committee(self, level: int) -> list[SeatRecord]:
        return [row for row in self.seats[level] if row.seat != PROVIDER_SEAT]

    def distance(self, seat: SeatRecord) -> int | None:
        """Bits between a seat's digest and the claim; None until both are open."""
        claim = self.claim(seat.level).digest
        if claim is None or seat.digest is None:
            return None
        return distance(claim, seat.digest)


def summary_fields(rows: RoundRows, finalized: int) -> dict[str, Any]:
    """The fields of `RoundSummary`."""
    row = rows.round
    last = row.final_block
    finality: Finality = "finalized" if last is not None and last <= finalized else "head"
    return {
        "request_hash": hexed(row.request_hash),
        "agent_id": row.agent_id,
        "profile_id": hexed(row.profile_id),
        "profile_name": rows.profile.name,
        "client": row.client,
        "phase": cast(PhaseName, rows.phase.label),
        "verdict": verdict_name(row.verdict),
        "finality": finality,
        "submitted_at": row.submitted_at,
        "submitted_block": row.submitted_block,
        "final_at": row.final_at,
        "explanation": explain(_situation(rows)),
    }


def summary(rows: RoundRows, finalized: int) -> RoundSummary:
    return RoundSummary(**summary_fields(rows, finalized))


def level_view(rows: RoundRows, level: LevelRecord) -> LevelView:
    committee = rows.committee(level.level)
    return LevelView(
        level=level.level,
        key=hexed(level.key),
        committee_size=level.committee_size,
        majority=level.majority,
        drawn_at=level.drawn_at,
        drawn_tx=hexed(level.drawn_tx),
        commit_closes_at=level.commit_closes_at,
        open_closes_at=level.open_closes_at,
        appeal_closes_at=level.appeal_closes_at,
        publish_closes_at=level.publish_closes_at,
        claim=ClaimView(**_claim_fields(rows.claim(level.level))),
        seats=[_seat_view(rows, level, seat) for seat in committee],
        tally=_tally_view(level),
    )


def appeal_view(appeal: AppealRecord) -> AppealView:
    return AppealView(
        level=appeal.level,
        appellant=appeal.appellant,
        fees=amount(appeal.fees),
        bond=amount(appeal.bond),
        void=appeal.void,
        appealed_at=appeal.appealed_at,
        appealed_tx=hexed(appeal.appealed_tx),
    )


def flag_view(flag: FlagRecord) -> FlagView:
    return FlagView(
        flagger=flag.flagger,
        kind=cast(Literal["Unavailable", "Mismatch", "Claim"], FlagKind(flag.kind).label),
        level=flag.level,
        bond=amount(flag.bond),
        closes_at=flag.closes_at,
        faulty=_bits(flag.faulty_mask),
        sound=_bits(flag.sound_mask),
        upheld=flag.upheld,
        returned=amount_or_none(flag.returned),
        flagged_at=flag.flagged_at,
        flagged_tx=hexed(flag.flagged_tx),
    )


def verdict_name(verdict: int) -> VerdictName | None:
    """The verdict's name; null while there is none."""
    if verdict == Verdict.NONE:
        return None
    return cast(VerdictName, Verdict(verdict).label)


def _claim_fields(seat: SeatRecord) -> dict[str, Any]:
    return {
        "agent_id": seat.agent_id,
        "commitment": hexed_or_none(seat.commitment),
        "committed_at": seat.committed_at,
        "committed_tx": hexed_or_none(seat.committed_tx),
        "digest": hexed_or_none(seat.digest),
        "evidence_hash": hexed_or_none(seat.evidence_hash),
        "opened_at": seat.opened_at,
        "opened_tx": hexed_or_none(seat.opened_tx),
    }


def _seat_view(rows: RoundRows, level: LevelRecord, seat: SeatRecord) -> SeatView:
    distance = rows.distance(seat)
    return SeatView(
        **_claim_fields(seat),
        seat=seat.seat,
        operator=seat.operator,
        distance=distance,
        agrees=None if distance is None else distance <= rows.profile.tolerance,
        in_cluster=None
        if level.cluster_mask is None
        else bool(level.cluster_mask >> seat.seat & 1),
        paid=amount_or_none(seat.paid),
        slashed=amount_or_none(seat.slashed),
        settled_tx=hexed_or_none(seat.settled_tx),
    )


def _tally_view(level: LevelRecord) -> TallyView | None:
    if level.tallied_at is None or level.tallied_tx is None or level.verdict is None:
        return None
    return TallyView(
        verdict=cast(VerdictName, Verdict(level.verdict).label),
        opened=_bits(level.opened_mask),
        agreeing=_bits(level.agreeing_mask),
        cluster=_bits(level.cluster_mask),
        tallied_at=level.tallied_at,
        tx_hash=hexed(level.tallied_tx),
    )


def _bits(mask: int | None) -> list[int]:
    return [bit for bit in range((mask or 0).bit_length()) if (mask or 0) >> bit & 1]


def _situation(rows: RoundRows) -> Situation:
    level = _deciding(rows)
    committee: Sequence[SeatRecord] = [] if level is None else rows.committee(level.level)
    distances = [found for seat in committee if (found := rows.distance(seat)) is not None]
    return Situation(
        phase=rows.phase,
        verdict=Verdict(rows.round.verdict),
        seats=len(committee),
        majority=rows.profile.committee_size // 2 + 1 if level is None else level.majority,
        tolerance=rows.profile.tolerance,
        provider_opened=level is not None and rows.claim(level.level).opened_at is not None,
        committed=0 if level is None else level.committed,
        opened=0 if level is None else level.opened,
        tallied=Verdict(level.verdict or 0) if level is not None else Verdict.NONE,
        cluster=len(_bits(level.cluster_mask)) if level is not None else None,
        distances=sorted(distances),
        published=rows.round.published_at is not None,
        flag_upheld=rows.flag is not None and bool(rows.flag.upheld),
        void_claim=level is not None and _is_void(rows, level),
        entropy_block=rows.round.entropy_block,
        deadline=None if level is None else _deadline(rows, level),
    )


def _is_void(rows: RoundRows, level: LevelRecord) -> bool:
    """Whether the claim is the digest that stands for no answer: it counts as not opened."""
    claim = rows.claim(level.level).digest
    if claim is None or not rows.profile.void_digests:
        return False
    return distance(claim, implausible_digest(level.key)) <= rows.profile.tolerance


def _deciding(rows: RoundRows) -> LevelRecord | None:
    """The last level, but of a round that is over the last that gave the verdict it ended with."""
    gave = [level for level in rows.levels if level.verdict == rows.round.verdict]
    levels = gave or rows.levels
    return levels[-1] if levels else None


def _deadline(rows: RoundRows, level: LevelRecord) -> int | None:
    return {
        Phase.COMMITTING: level.commit_closes_at,
        Phase.OPENING: level.open_closes_at,
        Phase.APPEALING: level.appeal_closes_at,
        Phase.PUBLISHING: level.publish_closes_at,
        Phase.FLAGGING: rows.round.flags_close_at,
        Phase.VOTING: None if rows.flag is None else rows.flag.closes_at,
    }.get(rows.phase)
