"""`assay reputation show`: what the network knows about an agent, from the chain or a backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import httpx
import typer

from chain import deployment
from chain.errors import AssayError, ConfigError, RevertError
from chain.gateway import Gateway
from chain.messages import evidence_domain
from chain.structs import Score
from cli import output, settings
from verifier.engines.base import shown_url

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ROLES: Final = ("provider", "verifier")
BASIS_POINTS: Final = 10_000
OBSERVATION: Final = 10**9
TIMEOUT_SECONDS: Final = 10.0


class BackendRefusal(AssayError):
    """A backend did not answer, or answered with an error."""


@app.callback()
def reputation() -> None:
    """Show what the network knows about an agent."""


@app.command()
def show(
    agent: Annotated[int, typer.Argument(min=0, help="ERC-8004 agentId; 0 is one.")],
    api: Annotated[
        str | None,
        typer.Option(help="Ask the backend at this address instead of the chain.", metavar="URL"),
    ] = None,
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment_file: Annotated[str | None, settings.flag("deployment")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show an agent's scores: mean, lower bound and how much they rest on, per profile and role.

    Asks the ledger itself, or with --api a backend; both say the same of the same block.
    """
    if api is not None:
        found = from_backend(api, agent)
    else:
        chosen = settings.load(rpc_url=rpc_url, deployment=deployment_file)
        found = from_chain(chosen.rpc_url, deployment.load(chosen.deployment), agent)
    if as_json:
        output.print_json(found)
        return
    with understood(api) if api is not None else nullcontext():
        block = found["block"]
        first = (
            f"Agent {agent} of {found['registry']}, owner {found['owner'] or 'unknown'},"
            f" as of block {block['number']} ({_when(block['timestamp'])})"
        )
        rows = [_row(item) for item in found["scores"]]
    output.say(first)
    columns = ("profile", "role", "mean", "lower bound", "n", "last update")
    output.print_table(columns, rows)


def from_chain(rpc_url: str, deployed: deployment.Deployment, agent: int) -> dict[str, Any]:
    """Asks `ReputationLedger.scoreOf` for each profile of the deployment, all at one block.

    Returns:
        What `/v1/agents/{agentId}/reputation` answers.

    Raises:
        AssayError: the chain is another one, does not answer, or knows no such agent.
    """
    gateway = Gateway(rpc_url, deployed)
    deployed.check(gateway)
    head, final = gateway.head(), gateway.finalized().number
    try:
        owner = gateway.call("IdentityRegistry", "ownerOf", agent, block=head.number)
    except RevertError:
        raise ConfigError(
            f"There is no agent {agent} in the registry on chain {deployed.chain_id}."
        ) from None
    scores = []
    for name, profile_id in deployed.profiles.items():
        for role in ROLES:
            domain = evidence_domain(profile_id, role)
            score: Score = gateway.call(
                "ReputationLedger", "scoreOf", agent, domain, block=head.number
            )
            place = {
                "domain": domain,
                "profileId": profile_id,
                "profileName": name,
                "role": role,
            }
            scores.append(place | _numbers(score))
    found = {
        "registry": f"eip155:{deployed.chain_id}:{deployed.address('IdentityRegistry')}",
        "agentId": agent,
        "owner": owner,
        "scores": scores,
        "block": {
            "number": head.number,
            "hash": head.hash,
            "timestamp": head.timestamp,
            "finality": "finalized" if head.number <= final else "head",
            "finalizedNumber": final,
        },
    }
    plain: dict[str, Any] = output.plain(found)
    return plain


def from_backend(api: str, agent: int) -> dict[str, Any]:
    """Asks a backend's `/v1/agents/{agentId}/reputation`.

    Raises:
        BackendRefusal: it does not answer, or says why not.
    """
    url = f"{api.rstrip('/')}/v1/agents/{agent}/reputation"
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS)
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        raise BackendRefusal(
            f"No backend answers at {shown_url(api)}: start one with `assay serve`, or give its"
            " address."
        ) from None
    except (ValueError, RecursionError):
        body = None
    with understood(api):
        if "error" in body:
            raise BackendRefusal(str(body["error"]["message"]))
        if not isinstance(body["scores"], list):
            raise TypeError
        return dict(body)


@contextmanager
def understood(api: str) -> Iterator[None]:
    """Where an answer is read.

    Raises:
        BackendRefusal: it is not what a backend answers.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError):
        raise BackendRefusal(
            f"What answers at {shown_url(api)} is not a backend of Assay."
        ) from None


def _numbers(score: Score) -> dict[str, Any]:
    """As the API has them: without any evidence everything is unknown."""
    if score.updated_at == 0:
        unknown = ("mean", "lowerBound", "n", "alpha", "beta", "lastUpdate")
        return {**dict.fromkeys(unknown), "policyId": score.policy_id}
    return {
        "mean": score.mean_bps / BASIS_POINTS if score.known else None,
        "lowerBound": score.lower_bps / BASIS_POINTS if score.known else None,
        "n": score.effective_n / OBSERVATION,
        "alpha": str(score.alpha),
        "beta": str(score.beta),
        "lastUpdate": score.updated_at,
        "policyId": score.policy_id,
    }


def _row(item: Mapping[str, Any]) -> list[Any]:
    n, updated = item["n"], item["lastUpdate"]
    return [
        item["profileName"] or item["profileId"] or item["domain"],
        item["role"],
        _percent(item["mean"]),
        _percent(item["lowerBound"]),
        None if n is None else f"{n:.2f}",
        None if updated is None else _when(updated),
    ]


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.2%}"


def _when(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
