"""The ERC-8004 Validation and Reputation Registries. Anybody writes there; nothing is trusted."""

from __future__ import annotations

from backend.indexer.rules.scope import Rules, Scope, text
from backend.store import Feedback, Validation
from chain.events import FeedbackRevoked, NewFeedback, ValidationRequest, ValidationResponse


def _requested(scope: Scope, event: ValidationRequest) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(
        Validation,
        event.request_hash,
        agent_id=event.agent_id,
        validator=event.validator_address,
        request_uri=text(event.request_uri),
        requested_block=event.log.block_number,
        requested_at=scope.timestamp,
        responses=0,
    )


def _responded(scope: Scope, event: ValidationResponse) -> None:
    row = scope.rows.get(Validation, event.request_hash)
    if row is None:
        # Asked before the deployment began; the registry still tells who and whom.
        scope.agent(event.agent_id)
        row = {
            "agent_id": event.agent_id,
            "validator": event.validator_address,
            "request_uri": None,
            "responses": 0,
        }
    row["responses"] += 1
    if row["responses"] == 1:
        row |= {
            "response": event.response,
            "response_uri": text(event.response_uri),
            "response_hash": event.response_hash,
            "tag": text(event.tag),
            "responded_at": scope.timestamp,
        }
    row.pop("request_hash", None)
    scope.rows.put(Validation, event.request_hash, **row)


def _feedback_given(scope: Scope, event: NewFeedback) -> None:
    scope.agent(event.agent_id)
    scope.rows.put(
        Feedback,
        event.agent_id,
        event.client_address,
        event.feedback_index,
        value=str(event.value),
        value_decimals=event.value_decimals,
        tag1=text(event.tag1),
        tag2=text(event.tag2),
        endpoint=text(event.endpoint),
        uri=text(event.feedback_uri),
        hash=event.feedback_hash,
        given_block=event.log.block_number,
        log_index=event.log.log_index,
        given_at=scope.timestamp,
    )


def _feedback_revoked(scope: Scope, event: FeedbackRevoked) -> None:
    key = (event.agent_id, event.client_address, event.feedback_index)
    if scope.rows.get(Feedback, *key) is not None:
        scope.rows.put(Feedback, *key, revoked_at=scope.timestamp)


RULES: Rules = {
    ValidationRequest: _requested,
    ValidationResponse: _responded,
    NewFeedback: _feedback_given,
    FeedbackRevoked: _feedback_revoked,
}
