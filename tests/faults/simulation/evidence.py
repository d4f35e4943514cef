"""What every seed's sources begin with: a bonded anchor, and evidence that askers have signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chain.anchors import ANCHOR, deploy_anchor
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.structs import AnchorTerms
from chain.types import AgentId, Wei
from chain.units import ETHER
from tests.support.actors import person
from verifier import reputation
from verifier.reliability.epoch import Rules
from verifier.reliability.evidence import Anchor, Item

ONE: Final = reputation.OBSERVATION
DOMAIN: Final = b"\x0d" * 32
RULES: Final = Rules(reputation.Policy(half_life=30 * 86_400), asker_cap=3 * ONE)
REPORTER: Final = 8
"""A local account."""

SOURCES: Final = (1, 2)
"""Agents of the stage."""

EPOCHS: Final = 4
"""So many have evidence; a story that comes further reports no more."""


@dataclass(frozen=True)
class Evidence:
    """Where epochs are anchored, on which terms, and what there is for each of them."""

    anchor: Anchor
    terms: AnchorTerms
    items: dict[int, tuple[Item, ...]]


def set_up(door: Gateway, agent_id: AgentId, asker: Signer, file: Path) -> Evidence:
    """Puts an anchor on the chain and into the deployment file. `agent_id` answers for it."""
    assert door.deployment is not None
    reporter = local_signer(REPORTER, door.chain_id())
    terms = AnchorTerms(
        agent_id=agent_id,
        reporter=reporter.address,
        profile_id=door.deployment.profile_id("exact-bytes"),
        window=90,
        answer_window=90,
        court_window=900,
        slots=0,
        bond=Wei(ETHER),
        challenge_bond=Wei(ETHER // 10),
    )
    done = deploy_anchor(door, reporter, terms, file)
    own = person(door.with_deployment(done), REPORTER)
    own.send(ANCHOR, "deposit", value=terms.bond)
    for source in SOURCES:
        own.send(ANCHOR, "list", source, DOMAIN)
    anchor = Anchor(done.chain_id, done.address(ANCHOR))
    items = {epoch: _signed(asker, anchor, epoch) for epoch in range(1, EPOCHS + 1)}
    return Evidence(anchor, terms, items)


def _signed(asker: Signer, anchor: Anchor, epoch: int) -> tuple[Item, ...]:
    """One source helps, one pollutes."""
    made = []
    for source, worth in zip(SOURCES, (ONE, -ONE // 2), strict=True):
        query = epoch.to_bytes(32, "big")
        item = Item(source, DOMAIN, asker.address, query, worth, epoch)
        made.append(replace(item, signature=asker.sign_typed(item.typed(anchor))))
    return tuple(sorted(made))
