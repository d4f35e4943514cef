"""Profiles with their reputation domains, and the evidence written to them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from backend.indexer.rules.scope import Rules, Scope, placed, text
from backend.store import AlphaOwner, Domain, EvidenceRecord, ProfileRecord
from chain.events import EvidenceRecorded, ProfileRegistered
from chain.messages import evidence_domain

ROLES: Final = ("provider", "verifier")


def _profile_registered(scope: Scope, event: ProfileRegistered) -> None:
    parameters = asdict(event.profile) | {"family": int(event.profile.family)}
    scope.rows.put(
        ProfileRecord,
        event.profile_id,
        name=_name_in(event.recipe),
        recipe=event.recipe,
        registered_block=event.log.block_number,
        log_index=event.log.log_index,
        **parameters,
    )
    for role in ROLES:
        domain = evidence_domain(event.profile_id, role)
        scope.rows.put(Domain, domain, profile_id=event.profile_id, role=role)


def _name_in(recipe: bytes) -> str | None:
    """The recipe's own name; anybody may register a recipe, so it may be anything."""
    try:
        name = json.loads(recipe)["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return text(name) if isinstance(name, str) else None


def _evidence_recorded(scope: Scope, event: EvidenceRecorded) -> None:
    scope.owner_learned(event, event.agent_id, event.owner)
    if event.owner == scope.agent(event.agent_id)["owner"]:
        scope.rows.put(AlphaOwner, event.agent_id, event.domain, owner=event.owner)
    alpha_owner = scope.rows.get(AlphaOwner, event.agent_id, event.domain) or {"owner": None}
    scope.rows.append(
        EvidenceRecord,
        **placed(event),
        agent_id=event.agent_id,
        domain=event.domain,
        owner=event.owner,
        alpha_owner=alpha_owner["owner"],
        alpha_added=event.alpha_added,
        beta_added=event.beta_added,
        alpha=event.alpha,
        beta=event.beta,
        timestamp=scope.timestamp,
        tx_hash=event.log.transaction_hash,
    )


RULES: Rules = {
    ProfileRegistered: _profile_registered,
    EvidenceRecorded: _evidence_recorded,
}
