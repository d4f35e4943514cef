"""The court: a round from its receipt to its verdict, and the money it moves."""

from __future__ import annotations

from typing import Final

from backend.indexer.rules.scope import Rules, Scope, text
from backend.store import (
    AnchorCredit,
    AppealRecord,
    Credit,
    FlagRecord,
    LevelRecord,
    ProfileRecord,
    RoundRecord,
    SeatRecord,
)
from chain.anchors import ANCHOR
from chain.events import (
    AcceptedForGood,
    Appealed,
    AppealVoid,
    Committed,
    CommitteeDrawn,
    Credited,
    DrawPostponed,
    FlagClosed,
    Flagged,
    FlagsOpened,
    Opened,
    OutputPublished,
    OutputReferenced,
    ProviderSettled,
    RoundFinalized,
    RoundSubmitted,
    SeatSettled,
    Tallied,
    Voted,
    Withdrawn,
)
from chain.levels import DECISIVE, size_at, standing_after
from chain.types import PROVIDER_SEAT, ZERO_ADDRESS, Phase, RequestHash, Verdict

FIRST_LEVEL: Final = 0
COURT: Final = "VerificationRounds"

_ACCOUNTS: Final[dict[str, type[Credit] | type[AnchorCredit]]] = {
    COURT: Credit,
    ANCHOR: AnchorCredit,
}


def _submitted(scope: Scope, event: RoundSubmitted) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        agent_id=event.agent_id,
        profile_id=event.profile_id,
        client=event.client,
        payer=event.payer,
        task_hash=event.task_hash,
        output_hash=event.output_hash,
        task_uri=text(event.task_uri),
        entropy_block=event.entropy_block,
        fee=event.fee,
        bond=event.bond,
        level=FIRST_LEVEL,
        standing=int(Verdict.NONE),
        audit_due=False,
        phase=int(Phase.DRAWING),
        verdict=int(Verdict.NONE),
        postponements=0,
        submitted_block=event.log.block_number,
        log_index=event.log.log_index,
        submitted_at=scope.timestamp,
        submitted_tx=event.log.transaction_hash,
    )


def _postponed(scope: Scope, event: DrawPostponed) -> None:
    postponements = scope.rows.need(RoundRecord, event.request_hash)["postponements"] + 1
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        entropy_block=event.entropy_block,
        postponements=postponements,
    )


def _drawn(scope: Scope, event: CommitteeDrawn) -> None:
    row = scope.rows.need(RoundRecord, event.request_hash)
    profile = scope.rows.need(ProfileRecord, row["profile_id"])
    scope.rows.put(
        LevelRecord,
        event.request_hash,
        event.level,
        key=event.key,
        committee_size=len(event.agent_ids),
        majority=size_at(profile["committee_size"], event.level) // 2 + 1,
        committed=0,
        opened=0,
        claim_due=False,
        drawn_at=scope.timestamp,
        drawn_tx=event.log.transaction_hash,
        commit_closes_at=event.commit_closes_at,
        open_closes_at=event.commit_closes_at + profile["open_window"],
    )
    scope.rows.put(RoundRecord, event.request_hash, level=event.level, phase=int(Phase.COMMITTING))
    for seat, (agent_id, operator) in enumerate(zip(event.agent_ids, event.operators, strict=True)):
        scope.agent(agent_id)
        scope.rows.put(
            SeatRecord, event.request_hash, event.level, seat, agent_id=agent_id, operator=operator
        )
    scope.rows.put(
        SeatRecord, event.request_hash, event.level, PROVIDER_SEAT, agent_id=row["agent_id"]
    )


def _committed(scope: Scope, event: Committed) -> None:
    level = scope.rows.need(RoundRecord, event.request_hash)["level"]
    scope.rows.put(
        SeatRecord,
        event.request_hash,
        level,
        event.seat,
        commitment=event.commitment,
        committed_at=scope.timestamp,
        committed_tx=event.log.transaction_hash,
    )
    if event.seat == PROVIDER_SEAT:
        scope.rows.put(LevelRecord, event.request_hash, level, claim_due=True)
    else:
        _count(scope, event.request_hash, level, "committed")
    _close_if_complete(scope, event.request_hash, level)


def _close_if_complete(scope: Scope, request_hash: RequestHash, level: int) -> None:
    """Once all seats and the provider have committed, the window is over before its time, and
    opening lasts as long as ever: the court tells no more of it."""
    row = scope.rows.need(LevelRecord, request_hash, level)
    if row["committed"] < row["committee_size"] or not row["claim_due"]:
        return
    window = row["open_closes_at"] - row["commit_closes_at"]
    scope.rows.put(
        LevelRecord,
        request_hash,
        level,
        commit_closes_at=scope.timestamp,
        open_closes_at=scope.timestamp + window,
    )
    scope.rows.put(RoundRecord, request_hash, phase=int(Phase.OPENING))


def _opened(scope: Scope, event: Opened) -> None:
    scope.rows.put(
        SeatRecord,
        event.request_hash,
        event.level,
        event.seat,
        digest=event.digest,
        evidence_hash=event.evidence_hash,
        opened_at=scope.timestamp,
        opened_tx=event.log.transaction_hash,
    )
    if event.seat == PROVIDER_SEAT:
        scope.rows.put(LevelRecord, event.request_hash, event.level, claim_due=False)
    else:
        _count(scope, event.request_hash, event.level, "opened")


def _count(scope: Scope, request_hash: RequestHash, level: int, what: str) -> None:
    row = scope.rows.need(LevelRecord, request_hash, level)
    scope.rows.put(LevelRecord, request_hash, level, **{what: row[what] + 1})


def _tallied(scope: Scope, event: Tallied) -> None:
    row = scope.rows.need(RoundRecord, event.request_hash)
    profile = scope.rows.need(ProfileRecord, row["profile_id"])
    standing = standing_after(event.level, Verdict(row["standing"]), event.verdict)
    audited = bool(event.appeal_closes_at and profile["audit_bps"] and standing in DECISIVE)
    scope.rows.put(
        LevelRecord,
        event.request_hash,
        event.level,
        verdict=int(event.verdict),
        opened_mask=event.opened,
        agreeing_mask=event.agreeing,
        cluster_mask=event.cluster,
        appeal_closes_at=event.appeal_closes_at or None,
        publish_closes_at=event.publish_closes_at or None,
        tallied_at=scope.timestamp,
        tallied_tx=event.log.transaction_hash,
    )
    changes = {"standing": int(standing), "audit_due": audited}
    if event.appeal_closes_at:
        changes["phase"] = int(Phase.APPEALING)
    elif standing is Verdict.ACCEPTED:
        changes["phase"] = int(Phase.PUBLISHING)
    scope.rows.put(RoundRecord, event.request_hash, **changes)


def _appealed(scope: Scope, event: Appealed) -> None:
    scope.rows.put(
        AppealRecord,
        event.request_hash,
        event.level,
        appellant=None if event.appellant == ZERO_ADDRESS else event.appellant,
        fees=event.fees,
        bond=event.bond,
        void=False,
        appealed_at=scope.timestamp,
        appealed_tx=event.log.transaction_hash,
    )
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        level=event.level,
        phase=int(Phase.DRAWING),
        entropy_block=event.entropy_block,
        audit_due=False,
    )


def _appeal_void(scope: Scope, event: AppealVoid) -> None:
    scope.rows.put(AppealRecord, event.request_hash, event.level, void=True)
    scope.rows.put(RoundRecord, event.request_hash, level=event.level - 1)


def _accepted_for_good(scope: Scope, event: AcceptedForGood) -> None:
    scope.rows.put(
        LevelRecord, event.request_hash, event.level, publish_closes_at=event.publish_closes_at
    )
    scope.rows.put(RoundRecord, event.request_hash, phase=int(Phase.PUBLISHING), audit_due=False)


def _published(scope: Scope, event: OutputPublished | OutputReferenced) -> None:
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        content_hash=event.content_hash,
        salt=event.salt,
        output_uri=text(event.uri) if isinstance(event, OutputReferenced) else None,
        published_at=scope.timestamp,
        published_tx=event.log.transaction_hash,
    )


def _flags_opened(scope: Scope, event: FlagsOpened) -> None:
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        phase=int(Phase.FLAGGING),
        flags_close_at=event.closes_at,
    )


def _flagged(scope: Scope, event: Flagged) -> None:
    scope.rows.put(
        FlagRecord,
        event.request_hash,
        flagger=event.flagger,
        kind=int(event.kind),
        level=event.level,
        bond=event.bond,
        closes_at=event.closes_at,
        faulty_mask=0,
        sound_mask=0,
        flagged_at=scope.timestamp,
        flagged_tx=event.log.transaction_hash,
    )
    scope.rows.put(RoundRecord, event.request_hash, phase=int(Phase.VOTING))


def _voted(scope: Scope, event: Voted) -> None:
    row = scope.rows.need(FlagRecord, event.request_hash)
    mask = "faulty_mask" if event.faulty else "sound_mask"
    scope.rows.put(FlagRecord, event.request_hash, **{mask: row[mask] | 1 << event.seat})


def _flag_closed(scope: Scope, event: FlagClosed) -> None:
    scope.rows.put(FlagRecord, event.request_hash, upheld=event.upheld, returned=event.returned)


def _seat_settled(scope: Scope, event: SeatSettled) -> None:
    scope.rows.put(
        SeatRecord,
        event.request_hash,
        event.level,
        event.seat,
        paid=event.paid,
        slashed=event.slashed,
        settled_tx=event.log.transaction_hash,
    )


def _provider_settled(scope: Scope, event: ProviderSettled) -> None:
    scope.rows.put(RoundRecord, event.request_hash, provider_slashed=event.slashed)


def _finalized(scope: Scope, event: RoundFinalized) -> None:
    scope.rows.put(
        RoundRecord,
        event.request_hash,
        phase=int(Phase.FINAL),
        verdict=int(event.verdict),
        tag=text(event.tag),
        finalizer=event.finalizer,
        final_block=event.log.block_number,
        final_at=scope.timestamp,
        final_tx=event.log.transaction_hash,
    )


def _credited(scope: Scope, event: Credited) -> None:
    _owe(scope, event, credited=event.amount)


def _withdrawn(scope: Scope, event: Withdrawn) -> None:
    _owe(scope, event, withdrawn=event.amount)


def _owe(scope: Scope, event: Credited | Withdrawn, credited: int = 0, withdrawn: int = 0) -> None:
    # Exam books owe as well; nobody asks the index for that.
    accounts = _ACCOUNTS.get(event.log.contract)
    if accounts is None:
        return
    row = scope.rows.get(accounts, event.account) or {"credited": 0, "withdrawn": 0}
    scope.rows.put(
        accounts,
        event.account,
        credited=row["credited"] + credited,
        withdrawn=row["withdrawn"] + withdrawn,
    )


RULES: Rules = {
    RoundSubmitted: _submitted,
    DrawPostponed: _postponed,
    CommitteeDrawn: _drawn,
    Committed: _committed,
    Opened: _opened,
    Tallied: _tallied,
    Appealed: _appealed,
    AppealVoid: _appeal_void,
    AcceptedForGood: _accepted_for_good,
    OutputPublished: _published,
    OutputReferenced: _published,
    FlagsOpened: _flags_opened,
    Flagged: _flagged,
    Voted: _voted,
    FlagClosed: _flag_closed,
    SeatSettled: _seat_settled,
    ProviderSettled: _provider_settled,
    RoundFinalized: _finalized,
    Credited: _credited,
    Withdrawn: _withdrawn,
}
