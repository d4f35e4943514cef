"""`assay verify reputation`: a backend's scores recomputed from the chain's own events.

Only three things of the chain are read: who owned the agent, what evidence was recorded, and the
times of those blocks. Everything else, decay included, is the ledger's integer rule, applied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from chain.deployment import Deployment
from chain.errors import AssayError, RpcRejected, RpcTimeout
from chain.events import Event, EvidenceRecorded, Transfer
from chain.gateway import Gateway
from chain.messages import evidence_domain
from chain.types import ProfileId
from cli import output, settings
from cli.reputation import ROLES, from_backend, understood
from cli.session import agent_id, reading
from verifier.reputation import (
    BASIS_POINTS,
    OBSERVATION,
    Evidence,
    Policy,
    add,
    decayed,
    score,
)

WIDEST: Final = 2_000
"""Blocks asked for at once; fewer where the node refuses."""


class ScoreDiffers(AssayError):
    """The backend says something else than the chain."""


@dataclass
class Ledger:
    """One agent's evidence, written step by step as the contract writes it.

    Attributes:
        owner: the agent's present owner; None until an event tells it.
        alpha_owner: per domain, to whom the good evidence belongs.
    """

    policy: Policy
    owner: str | None = None
    evidence: dict[bytes, Evidence] = field(default_factory=dict)
    alpha_owner: dict[bytes, str] = field(default_factory=dict)

    def apply(self, event: Event, timestamp: int) -> None:
        """The next event of the agent, at its block's time."""
        if isinstance(event, Transfer):
            self.owner = event.to
        elif isinstance(event, EvidenceRecorded):
            # A registry older than the deployment: the first evidence tells who owns the agent.
            self.owner = self.owner or event.owner
            before = self.evidence.get(event.domain, Evidence(0, 0, timestamp))
            good = event.alpha_added
            if event.owner == self.owner:
                if self.alpha_owner.get(event.domain) != event.owner:
                    before = Evidence(0, before.beta, before.updated_at)
                self.alpha_owner[event.domain] = event.owner
            else:
                good = 0
            self.evidence[event.domain] = add(
                before, timestamp, good, event.beta_added, self.policy
            )

    def score_at(self, domain: bytes, now: int) -> dict[str, Any]:
        """What the API's `ScoreView` should hold of a domain."""
        held = self.evidence.get(domain)
        if held is None:
            return dict.fromkeys(("alpha", "beta", "n", "mean", "lowerBound", "lastUpdate"))
        alpha = held.alpha if self.alpha_owner.get(domain) == self.owner else 0
        counted = Evidence(alpha, held.beta, held.updated_at)
        found, faded = score(counted, now, self.policy), decayed(counted, now, self.policy)
        return {
            "alpha": str(faded.alpha),
            "beta": str(faded.beta),
            "n": found.effective_n / OBSERVATION,
            "mean": found.mean_bps / BASIS_POINTS if found.known else None,
            "lowerBound": found.lower_bps / BASIS_POINTS if found.known else None,
            "lastUpdate": held.updated_at,
        }


def reputation(
    agent: Annotated[str, typer.Argument(help="ERC-8004 agentId; 0 is one.")],
    backend_url: Annotated[str | None, settings.flag("backend_url")] = None,
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Recompute a backend's scores of an agent from a node, and say whether they are equal."""
    number = agent_id(agent)
    chosen = settings.load(backend_url=backend_url, rpc_url=rpc_url, deployment=deployment)
    told = from_backend(chosen.backend_url, number)
    with reading(chosen) as gateway, understood(chosen.backend_url):
        rows = compare(gateway, number, told)
    equal = all(row["equal"] for row in rows)
    if as_json:
        output.print_json({"equal": equal, "block": told["block"], "scores": rows})
    else:
        columns = ("domain", "number", "backend", "chain", "equal")
        output.print_table(columns, [[row[name] for name in columns] for row in rows])
    if not equal:
        raise ScoreDiffers(
            f"The backend at {chosen.backend_url} says something else of agent {number} than the"
            f" chain at block {told['block']['number']}: do not use its answer."
        )
    if not as_json:
        output.say(
            f"Equal: every score of agent {number} follows from the chain at block"
            f" {told['block']['number']}."
        )


def compare(gateway: Gateway, agent: int, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Each number of the backend's answer beside the one recomputed at the answer's own block.

    Raises:
        ScoreDiffers: the answer's block is not on the chain.
        RpcError: the node did not answer.
    """
    assert gateway.deployment is not None
    block = gateway.block(told["block"]["number"])
    if block is None or "0x" + block.hash.hex() != told["block"]["hash"]:
        raise ScoreDiffers(
            f"The chain has another block {told['block']['number']} than the backend's answer: ask"
            " again, and if it stays so the backend follows another chain."
        )
    ledger = Ledger(Policy(half_life=gateway.call("ReputationLedger", "halfLife")))
    times: dict[int, int] = {}
    for event in events_of(gateway, agent, gateway.deployment.block, block.number):
        at = event.log.block_number
        if at not in times:
            found = gateway.block(at)
            assert found is not None
            times[at] = found.timestamp
        ledger.apply(event, times[at])
    rows = []
    for shown in told["scores"]:
        domain = bytes.fromhex(shown["domain"][2:])
        recomputed = ledger.score_at(domain, block.timestamp)
        where = _name_of(gateway.deployment, shown)
        rows += [
            {
                "domain": where,
                "number": name,
                "backend": shown[name],
                "chain": value,
                "equal": shown[name] == value,
            }
            for name, value in recomputed.items()
        ]
    missing = set(ledger.evidence) - {bytes.fromhex(s["domain"][2:]) for s in told["scores"]}
    rows += [
        {
            "domain": "0x" + domain.hex(),
            "number": "evidence",
            "backend": None,
            "chain": "recorded",
            "equal": False,
        }
        for domain in sorted(missing)
    ]
    return rows


def _name_of(deployment: Deployment, shown: dict[str, Any]) -> str:
    """What a domain is, by the chain's own rule and the deployment's names, not the backend's.

    Raises:
        ScoreDiffers: the domain is of another profile or role than the backend says.
    """
    domain, profile, role = shown["domain"], shown["profileId"], shown["role"]
    if profile is None:
        return str(domain)
    profile_id = ProfileId(bytes.fromhex(profile[2:]))
    if role not in ROLES or domain != "0x" + evidence_domain(profile_id, role).hex():
        raise ScoreDiffers(
            f"The backend calls the domain {domain} that of a {role} of {profile}, which is another"
            " one: do not use its answer."
        )
    return f"{deployment.profile_name(profile_id) or profile} {role}"


def events_of(gateway: Gateway, agent: int, first: int, last: int) -> Iterator[Event]:
    """Transfers of an agent and evidence of it, in the order of the chain."""
    width = WIDEST
    while first <= last:
        end = min(last, first + width - 1)
        try:
            events = gateway.logs(first, end)
        except (RpcRejected, RpcTimeout):
            if end == first:
                raise
            width = max(1, (end - first + 1) // 2)
            continue
        for event in events:
            mine = isinstance(event, Transfer) and event.token_id == agent
            if mine or (isinstance(event, EvidenceRecorded) and event.agent_id == agent):
                yield event
        first = end + 1
