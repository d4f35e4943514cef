"""`assay agent`: an agent's identity, its stake, and the profiles it may be drawn for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from chain.blocks import TxReceipt
from chain.errors import ConfigError, RevertError
from chain.events import Registered
from chain.gateway import Gateway
from chain.keys import create_keystore
from chain.structs import Stake
from chain.units import show_ether, show_moment
from cli import settings
from cli.logs import visible
from cli.session import agent_id, chosen, ether, reading, signing
from verifier.node.agents import owner_of

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Register an agent, stake for it, look at it."
)

_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_KEYSTORE = Annotated[str | None, settings.flag("keystore")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_LOCAL = Annotated[int | None, settings.flag("local_account")]
_AGENT = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's number.")]
_AMOUNT = Annotated[str, typer.Argument(metavar="ETH", help="How much, in ETH.")]
_PROFILE = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's name or 0x id.")]
_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@app.command()
def key(keystore: _KEYSTORE = None, keystore_password_file: _PASSWORD = None) -> None:
    """Make a new key in a keystore file, which is never overwritten, and print its address."""
    chosen = settings.load(keystore=keystore, keystore_password_file=keystore_password_file)
    if chosen.keystore is None or chosen.keystore_password is None:
        raise ConfigError(
            "A new key needs a file and a password: give --keystore and --keystore-password-file."
        )
    typer.echo(create_keystore(chosen.keystore, chosen.keystore_password).address)


@app.command()
def register(
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
    uri: Annotated[
        str, typer.Option("--uri", metavar="URI", help="Where the agent's description is.")
    ] = "",
    as_json: _JSON = False,
) -> None:
    """Register a new agent, owned by the key's account, and let the Router open rounds for it."""
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(settled) as session:
        receipt = session.sender.send("IdentityRegistry", "register(string)", uri)
        number = receipt.one(Registered).agent_id
        session.sender.send(
            "IdentityRegistry", "approve", session.deployment.address("Router"), number
        )
        if as_json:
            typer.echo(json.dumps({"agentId": str(number), "owner": session.signer.address}))
        else:
            typer.echo(f"agent {number} is registered, owned by {session.signer.address}")


@app.command()
def stake(
    agent: _AGENT,
    amount: _AMOUNT,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Add stake; it counts for draws from the next epoch on."""
    number, wei = agent_id(agent), ether(amount)
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(settled) as session:
        owner_of(session.gateway, number)
        session.sender.send("StakeVault", "stake", number, value=wei)
        typer.echo(f"agent {number} has {_stake(session.gateway, number)}")


@app.command()
def unstake(
    agent: _AGENT,
    amount: _AMOUNT,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Ask for stake back; it can be withdrawn once it has finished unbonding."""
    number, wei = agent_id(agent), ether(amount)
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(settled) as session:
        owner_of(session.gateway, number)
        session.sender.send("StakeVault", "requestUnstake", number, wei)
        typer.echo(f"agent {number} has {_stake(session.gateway, number)}")


@app.command()
def withdraw(
    agent: _AGENT,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Pay out what the agent may have: stake that finished unbonding, and the account's fees."""
    number = agent_id(agent)
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(settled) as session:
        owner_of(session.gateway, number)
        refusals = [
            refusal
            for refusal in (
                _unless_nothing(lambda: session.sender.send("StakeVault", "withdraw", number)),
                _unless_nothing(lambda: session.sender.send("VerificationRounds", "withdraw")),
            )
            if refusal is not None
        ]
        if len(refusals) == 2:
            raise refusals[0]
        typer.echo(f"paid out; agent {number} has {_stake(session.gateway, number)}")


@app.command()
def enrol(
    agent: _AGENT,
    profile: _PROFILE,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Let the agent be drawn as a verifier for a profile: run its node from then on."""
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    _with_profile(settled, "enrol", agent, profile, "may be drawn for")


@app.command()
def leave(
    agent: _AGENT,
    profile: _PROFILE,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """End an enrolment; seats drawn already remain the agent's."""
    settled = chosen(rpc_url, deployment, keystore, keystore_password_file, local_account)
    _with_profile(settled, "unenrol", agent, profile, "is no longer drawn for")


@app.command()
def show(
    agent: _AGENT,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    as_json: _JSON = False,
) -> None:
    """Show an agent as the chain knows it."""
    number = agent_id(agent)
    with reading(settings.load(rpc_url=rpc_url, deployment=deployment)) as gateway:
        found = describe(gateway, number)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    stake = found["stake"]
    typer.echo(f"agent      {found['agentId']}  {visible(found['uri'])}".rstrip())
    typer.echo(f"owner      {found['owner']}")
    if found["wallet"]:
        typer.echo(f"wallet     {found['wallet']}")
    typer.echo(f"stake      {show_ether(int(stake['bonded']))}, of it locked by open rounds "
               f"{show_ether(int(stake['locked']))}")  # fmt: skip
    if stake["unbonding"] != "0":
        until = show_moment(stake["unbondsAt"])
        typer.echo(f"unbonding  {show_ether(int(stake['unbonding']))} until {until}")
    typer.echo(f"credit     {show_ether(int(found['ownerCredit']))} of its owner")
    typer.echo(f"receipts   {_receipts(found)}")
    for each in found["enrolments"]:
        weight = show_ether(int(each["weightGwei"]) * 10**9)
        typer.echo(f"profile    {each['profile'] or each['profileId']}, weight now {weight}")
    if not found["enrolments"]:
        typer.echo("profile    none: it is never drawn (see `assay agent enrol`)")


def describe(gateway: Gateway, number: int) -> dict[str, Any]:
    """An agent as JSON; amounts in wei as text."""
    owner = owner_of(gateway, number)
    held: Stake = gateway.call("StakeVault", "stakeOf", number)
    epoch = gateway.call("StakeVault", "currentEpoch")
    wallet = gateway.call("IdentityRegistry", "getAgentWallet", number)
    return {
        "agentId": str(number),
        "owner": owner,
        "wallet": wallet if int(wallet, 16) else None,
        "uri": gateway.call("IdentityRegistry", "tokenURI", number),
        "routerApproved": router_approved(gateway, number, owner),
        "stake": {
            "bonded": str(held.bonded),
            "unbonding": str(held.unbonding),
            "locked": str(held.locked),
            "unbondsAt": held.unbonds_at or None,
        },
        "ownerCredit": str(gateway.call("VerificationRounds", "creditOf", owner)),
        "enrolments": [
            {
                "profileId": "0x" + bytes(profile_id).hex(),
                "profile": _name(gateway, profile_id),
                "weightGwei": str(
                    gateway.call("StakeVault", "weightOf", number, profile_id, epoch)
                ),
            }
            for profile_id in gateway.call("StakeVault", "enrolmentsOf", number)
        ],
    }


def router_approved(gateway: Gateway, number: int, owner: str) -> bool:
    """Whether the Router may open rounds for an agent, as receipts need."""
    if gateway.deployment is None:
        return False
    router = gateway.deployment.address("Router")
    if gateway.call("IdentityRegistry", "getApproved", number) == router:
        return True
    return bool(gateway.call("IdentityRegistry", "isApprovedForAll", owner, router))


def _with_profile(
    settled: settings.Settings, verb: str, agent: str, profile: str, words: str
) -> None:
    number = agent_id(agent)
    with signing(settled) as session:
        owner_of(session.gateway, number)
        profile_id = session.deployment.profile_id(profile)
        session.sender.send("StakeVault", verb, number, profile_id)
        name = session.deployment.profile_name(profile_id)
        typer.echo(f"agent {number} {words} {name}")


def _stake(gateway: Gateway, number: int) -> str:
    held: Stake = gateway.call("StakeVault", "stakeOf", number)
    words = f"{show_ether(held.bonded)} at stake"
    if held.unbonding:
        until = show_moment(held.unbonds_at)
        words += f" and {show_ether(held.unbonding)} unbonding until {until}"
    return words


def _unless_nothing(pay: Callable[[], TxReceipt]) -> RevertError | None:
    """The refusal if there was nothing to pay."""
    try:
        pay()
    except RevertError as refusal:
        if refusal.name not in {
            "VaultNothingToWithdraw",
            "VaultStillUnbonding",
            "RoundNoWithdrawal",
        }:
            raise
        return refusal
    return None


def _receipts(found: dict[str, Any]) -> str:
    if found["routerApproved"]:
        return "clients can have its work verified (the Router is approved)"
    return "nobody can have its work verified: the Router is not approved"


def _name(gateway: Gateway, profile_id: bytes) -> str | None:
    return gateway.deployment.profile_name(profile_id) if gateway.deployment else None
