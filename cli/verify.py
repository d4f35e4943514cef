"""`assay verify`: have a piece of work verified, and read from the chain what came of it."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from chain import messages
from chain.errors import ConfigError, InsufficientFunds
from chain.events import FeedbackPublished
from chain.gateway import Gateway
from chain.structs import Profile
from chain.types import Phase, RequestHash
from chain.units import show_ether, show_moment
from cli import round_report, settings
from cli.agent import router_approved
from cli.appeal import appeal
from cli.attestations import attestations
from cli.flag import flag
from cli.score import score
from cli.session import Session, reading, request_hash, signing
from cli.session import chosen as signing_settings
from cli.verify_reputation import reputation
from verifier.node.agents import owner_of, require_operator
from verifier.node.receipts import SignedReceipt

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Have a piece of work verified, and watch the round.",
)

app.command()(attestations)
app.command()(score)


@app.command()
def submit(
    receipt: Annotated[
        Path, typer.Option("--receipt", metavar="FILE", help="The provider's receipt.")
    ],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the round is final.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Open a round for the work behind a receipt; the key's account pays the fee."""
    signed = SignedReceipt.load(receipt)
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        profile = _check(session, signed)
        nonce = secrets.token_bytes(32)
        name = messages.request_hash(signed.receipt, session.deployment.court, nonce)
        session.sender.send(
            "Router",
            "verify",
            signed.receipt,
            signed.signature,
            signed.task_uri,
            nonce,
            value=profile.fee,
        )
        if not as_json:
            typer.echo(f"round 0x{name.hex()} is open; it cost {show_ether(profile.fee)}")
        if wait:
            _wait(session.gateway, name, quiet=as_json)
        if as_json:
            typer.echo(json.dumps(round_report.describe(session.gateway, name), indent=2))
        elif wait:
            _print(round_report.describe(session.gateway, name))


@app.command()
def show(
    request: Annotated[str, typer.Argument(metavar="REQUEST_HASH", help="The round's hash.")],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Show a round: its phase, its seats, their distances, the verdict and what it means."""
    name = request_hash(request)
    with reading(settings.load(rpc_url=rpc_url, deployment=deployment)) as gateway:
        found = round_report.describe(gateway, name)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _print(found)


@app.command()
def rate(
    name: Annotated[
        str,
        typer.Argument(metavar="REQUEST", help="The round's request hash, as submit prints it."),
    ],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
) -> None:
    """Write a final round's outcome to the ERC-8004 Reputation Registry; anyone may, once."""
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        mined = session.sender.send("FeedbackPublisher", "publish", request_hash(name))
        rated = mined.one(FeedbackPublished)
        publisher = session.deployment.address("FeedbackPublisher")
        typer.echo(f"agent {rated.agent_id} is rated {rated.value} % by {publisher}")


app.command()(appeal)
app.command()(flag)
app.command()(reputation)


def _check(session: Session, signed: SignedReceipt) -> Profile:
    """What the chain would refuse, refused before anything is paid."""
    receipt, gateway = signed.receipt, session.gateway
    court = session.deployment.court
    if signed.court != court:
        raise ConfigError(
            f"The receipt is for the court {signed.court.rounds} on chain {signed.court.chain_id}, "
            f"and this is {court.rounds} on chain {court.chain_id}: use that deployment's file."
        )
    signed.check_task()
    require_operator(gateway, receipt.agent_id, signed.signer())
    if receipt.deadline < gateway.head().timestamp:
        raise ConfigError(
            f"The receipt was valid until {show_moment(receipt.deadline)}: ask the provider for a "
            "new one."
        )
    if not gateway.call("ProfileRegistry", "isRegistered", receipt.profile_id):
        raise ConfigError(
            f"The receipt's profile 0x{receipt.profile_id.hex()} is not registered on this chain: "
            "ask the provider for a receipt with a profile that is."
        )
    if not router_approved(gateway, receipt.agent_id, owner_of(gateway, receipt.agent_id)):
        raise ConfigError(
            f"The provider, agent {receipt.agent_id}, has not approved the Router, so its work "
            "cannot be verified: it has to approve it in the Identity Registry."
        )
    profile: Profile = gateway.call("ProfileRegistry", "profile", receipt.profile_id)
    held = gateway.balance(session.signer.address)
    if held <= profile.fee:
        raise InsufficientFunds(
            f"The account {session.signer.address} holds {show_ether(held)}, and the round costs "
            f"{show_ether(profile.fee)} and gas: send it funds."
        )
    return profile


def _wait(gateway: Gateway, name: RequestHash, *, quiet: bool) -> None:
    """Until the round is final, saying each phase once."""
    said: Phase | None = None
    while True:
        phase = gateway.call("VerificationRounds", "phaseOf", name)
        if phase is not said and not quiet:
            typer.echo(f"  {round_report.phase_words(phase)}")
        said = phase
        if phase is Phase.FINAL:
            return
        time.sleep(0.5)


def _print(found: dict[str, Any]) -> None:
    for line in round_report.lines(found):
        typer.echo(line)
