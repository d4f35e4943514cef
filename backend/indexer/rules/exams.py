"""Exams: what was posted, handed in, opened, doubted and counted."""

from __future__ import annotations

from backend.indexer.rules.scope import Rules, Scope, text
from backend.store import (
    CapabilityRecord,
    ExamDoubt,
    ExamGate,
    ExamRecord,
    ExamSection,
    ExamSitting,
    ExamTermsRecord,
    ProfileRecord,
    missing,
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
    KeyOpened,
    KeysComplete,
    Refunded,
    Sat,
    SectionPosted,
    SittingOpened,
    TermsSet,
)
from chain.types import DoubtKind, Family


def _terms_set(scope: Scope, event: TermsSet) -> None:
    terms = event.terms
    scope.rows.put(
        ExamTermsRecord,
        event.terms_id,
        profile_id=event.profile_id,
        fee=terms.fee,
        bond=terms.bond,
        items=terms.items,
        mark=terms.mark,
        section_mark=terms.section_mark,
        key_window=terms.key_window,
        challenge_window=terms.challenge_window,
        grade_window=terms.grade_window,
        validity=terms.validity,
    )


def _gated(scope: Scope, event: Gated) -> None:
    scope.rows.put(ExamGate, event.profile_id, gated_from=event.from_)


def _announced(scope: Scope, event: ExamAnnounced) -> None:
    scope.rows.put(
        ExamRecord,
        event.exam_id,
        profile_id=event.profile_id,
        terms_id=event.terms_id,
        key=event.key,
        announced_at=scope.timestamp,
        prepare_closes_at=event.prepare_closes_at,
        doubts=0,
        candidates=0,
        graded=0,
    )


def _posted(scope: Scope, event: SectionPosted) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(
        ExamSection,
        event.exam_id,
        event.section,
        agent_id=event.agent_id,
        items_root=event.items_root,
        sealed_key=event.sealed_key,
        items_uri=text(event.items_uri),
        posted_at=scope.timestamp,
    )


def _sitting_opened(scope: Scope, event: SittingOpened) -> None:
    scope.rows.put(ExamRecord, event.exam_id, sit_closes_at=event.sit_closes_at)


def _sat(scope: Scope, event: Sat) -> None:
    scope.owner_learned(event, event.agent_id, event.owner)
    scope.rows.put(
        ExamSitting,
        event.exam_id,
        event.owner,
        agent_id=event.agent_id,
        payer=event.payer,
        commitment=event.commitment,
        sat_at=scope.timestamp,
    )
    _add(scope, event.exam_id, "candidates", 1)


def _key_opened(scope: Scope, event: KeyOpened) -> None:
    scope.rows.put(
        ExamSection,
        event.exam_id,
        event.section,
        opened_at=scope.timestamp,
        digests=b"".join(event.digests),
        contents=b"".join(event.contents),
    )


def _keys_complete(scope: Scope, event: KeysComplete) -> None:
    moment = event.challenges_close_at
    scope.rows.put(ExamRecord, event.exam_id, challenges_close_at=moment, grades_from=moment)


def _doubted(scope: Scope, event: Doubted) -> None:
    scope.rows.put(
        ExamDoubt,
        event.doubt_id,
        exam_id=event.exam_id,
        section=event.section,
        index=event.index,
        kind=int(event.kind),
        challenger=event.challenger,
        task_hash=event.task_hash,
        answer_by=event.answer_by,
    )
    _add(scope, event.exam_id, "doubts", 1)


def _doubt_answered(scope: Scope, event: DoubtAnswered) -> None:
    scope.rows.put(ExamDoubt, event.doubt_id, request_hash=event.request_hash)


def _doubt_upheld(scope: Scope, event: DoubtUpheld) -> None:
    """An upheld output leaves its digest to be doubted for another window, as the book has it."""
    scope.rows.put(ExamDoubt, event.doubt_id, upheld_at=scope.timestamp)
    _add(scope, event.exam_id, "doubts", -1)
    doubt = scope.rows.need(ExamDoubt, event.doubt_id)
    exam = scope.rows.need(ExamRecord, event.exam_id)
    if exam["grades_from"] is None:
        raise missing(ExamRecord, (event.exam_id,))
    terms = scope.rows.need(ExamTermsRecord, exam["terms_id"])
    profile = scope.rows.need(ProfileRecord, exam["profile_id"])
    more = doubt["kind"] == DoubtKind.OUTPUT and profile["family"] != Family.EXACT
    settled = scope.timestamp + (terms["challenge_window"] if more else 0)
    grades_from = max(exam["grades_from"], settled)
    scope.rows.put(ExamRecord, event.exam_id, grades_from=grades_from)


def _graded(scope: Scope, event: Graded) -> None:
    scope.rows.put(
        ExamSitting,
        event.exam_id,
        event.owner,
        marks=event.marks,
        passed=event.passed,
        graded_at=scope.timestamp,
    )
    _add(scope, event.exam_id, "graded", 1)


def _capability_granted(scope: Scope, event: CapabilityGranted) -> None:
    scope.rows.put(
        CapabilityRecord,
        event.agent_id,
        event.profile_id,
        owner=event.owner,
        granted_at=scope.timestamp,
        until=event.until,
    )


def _concluded(scope: Scope, event: ExamConcluded) -> None:
    scope.rows.put(ExamRecord, event.exam_id, outcome="concluded", ended_at=scope.timestamp)


def _voided(scope: Scope, event: ExamVoided) -> None:
    scope.rows.put(
        ExamRecord,
        event.exam_id,
        outcome="void",
        slashed=event.slashed,
        ended_at=scope.timestamp,
    )


def _refunded(scope: Scope, event: Refunded) -> None:
    scope.rows.put(ExamSitting, event.exam_id, event.owner, refunded_at=scope.timestamp)


def _add(scope: Scope, exam_id: int, column: str, change: int) -> None:
    exam = scope.rows.need(ExamRecord, exam_id)
    scope.rows.put(ExamRecord, exam_id, **{column: exam[column] + change})


RULES: Rules = {
    TermsSet: _terms_set,
    Gated: _gated,
    ExamAnnounced: _announced,
    SectionPosted: _posted,
    SittingOpened: _sitting_opened,
    Sat: _sat,
    KeyOpened: _key_opened,
    KeysComplete: _keys_complete,
    Doubted: _doubted,
    DoubtAnswered: _doubt_answered,
    DoubtUpheld: _doubt_upheld,
    Graded: _graded,
    CapabilityGranted: _capability_granted,
    ExamConcluded: _concluded,
    ExamVoided: _voided,
    Refunded: _refunded,
}
