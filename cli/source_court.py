"""The doubters' side of `assay source`: checking an epoch, challenging it, the round about it."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from chain import messages
from chain.anchors import ANCHOR
from chain.epochs import PublishedEpoch, find_epoch
from chain.errors import ConfigError
from chain.events import Challenged, OutputPublished, RolledBack, Upheld
from chain.gateway import Gateway
from chain.history import round_events
from chain.structs import Dispute, Profile, Round
from chain.types import RequestHash, Verdict, Wei
from chain.units import show_ether, show_moment
from cli import output, settings
from cli.backend_door import asking
from cli.session import chosen as signing_settings
from cli.session import reading, signing
from verifier.errors import ReliabilityError
from verifier.node.config import NodeConfig
from verifier.node.court_view import CourtView
from verifier.node.delivery import Provider
from verifier.node.launch import OpenNode
from verifier.node.statedir import StateDir
from verifier.reliability.evidence import Anchor
from verifier.reliability.transcript import Published, examine
from verifier.tasks import Task

COURT: Final = "VerificationRounds"
DAY: Final = 86_400
NOBODY: Final = "0x" + "00" * 20

_EPOCH = Annotated[int, typer.Argument(metavar="EPOCH", min=1, help="The epoch's number.")]
_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_KEYSTORE = Annotated[str | None, settings.flag("keystore")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_LOCAL = Annotated[int | None, settings.flag("local_account")]


def check(
    epoch: _EPOCH,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="Its evidence; the backend's if absent."),
    ] = None,
    backend_url: Annotated[str | None, settings.flag("backend_url")] = None,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Compute an epoch again from its evidence and compare it with what the chain has.

    Ends with status 1 where it does not hold: then a challenge pays.
    """
    chosen = settings.load(backend_url=backend_url, rpc_url=rpc_url, deployment=deployment)
    with reading(chosen) as gateway:
        at = find_epoch(gateway, epoch)
        assert gateway.deployment is not None
        anchor = Anchor(gateway.deployment.chain_id, gateway.deployment.address(ANCHOR))
    if bundle is None:
        with asking(chosen.backend_url) as client:
            data = client.artifact("0x" + at.header.bundle_hash.hex())
    else:
        try:
            data = bundle.read_bytes()
        except OSError as error:
            raise ConfigError(f"Cannot read {bundle}: {error.strerror}.") from None
    header = at.header
    if messages.content_hash(data) != header.bundle_hash:
        raise ConfigError(f"This is not the evidence that epoch {epoch} was anchored with.")
    found = examine(data, Published(anchor, epoch, header.published_at, bytes(at.previous_root)))
    if (found.root, found.words_hash) != (header.root, header.words_hash):
        raise ReliabilityError(
            f"Epoch {epoch} is false: from its evidence follows the root 0x{found.root.hex()}, and "
            f"0x{header.root.hex()} was anchored. Challenge it."
        )
    if as_json:
        output.print_json({"epoch": epoch, "holds": True, "root": header.root, "stands": at.stands})
        return
    output.say(f"epoch {epoch} holds: its root follows from {len(data)} bytes of signed evidence")
    if not at.stands:
        output.say("it was rolled back all the same")


def challenge(
    epoch: _EPOCH,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Doubt an epoch: post a bond, so that a committee recomputes it. `check` it first.

    The bond comes back, with a quarter of the reporter's, if the epoch is false or nobody answers
    for it; it is lost if the epoch holds.
    """
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        header = _standing(session.gateway, epoch).header
        bond: Wei = session.gateway.call(ANCHOR, "challengeBond")
        mined = session.sender.send(ANCHOR, "challenge", header, value=bond)
        event = mined.one(Challenged)
    output.say(
        f"epoch {epoch} is challenged for {show_ether(bond)}; the reporter has to answer until "
        f"{show_moment(event.answer_by)}"
    )


def answer(
    epoch: _EPOCH,
    state_dir: Annotated[str | None, settings.flag("state_dir")] = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Answer a challenge with the reporter's node: deliver the recomputation, open its round.

    The node in the state folder has to run, and defends the round by itself. The key pays the
    round's fee: give it another one than the node's, which is sending at the same time.
    """
    chosen = settings.load(
        state_dir=state_dir,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
    )
    files = StateDir(chosen.state_dir.absolute())
    config = NodeConfig.load(files)
    paying = settings.load(
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        rpc_url=config.rpc_url,
        deployment=config.deployment,
    )
    with (
        OpenNode(files, config) as node,
        signing(paying) as session,
    ):
        gateway = session.gateway
        header = _standing(gateway, epoch).header
        work = Task.from_json(gateway.call(ANCHOR, "taskOf", header))
        profile = node.recipes.profile(work.profile)
        terms: Profile = CourtView(node.gateway).profile(profile.profile_id)
        made = node.engines.engine(profile, work).generate(work)
        provider = Provider(config.agent_id, node.court, node.signer, node.store, files)
        client, deadline = session.signer.address, int(time.time()) + DAY
        signed = provider.deliver(work, profile, made, client, deadline, terms.max_output_bytes)
        nonce = secrets.token_bytes(32)
        name = messages.request_hash(signed.receipt, node.court, nonce)
        session.sender.send(
            "Router",
            "verify",
            signed.receipt,
            signed.signature,
            signed.task_uri,
            nonce,
            value=terms.fee,
        )
        session.sender.send(ANCHOR, "answer", signed.receipt, nonce)
    output.say(f"round 0x{name.hex()} is open about epoch {epoch}; it cost {show_ether(terms.fee)}")


def settle(
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """End the open challenge by what the court said, or by time run out; anyone may."""
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        dispute: Dispute = session.gateway.call(ANCHOR, "disputeOf")
        if dispute.challenger == NOBODY:
            raise ConfigError("No epoch is challenged, so there is nothing to settle.")
        shown = _output(session.gateway, dispute.request_hash)
        if shown is None:
            mined = session.sender.send(ANCHOR, "settleUnproven")
        else:
            mined = session.sender.send(ANCHOR, "settle", shown.salt, shown.output)
    if any(isinstance(event, Upheld) for event in mined.events):
        output.say(f"epoch {dispute.epoch} is upheld")
        return
    event = mined.one(RolledBack)
    why = "proven false, or not answered for" if event.proven else "without a verdict in time"
    output.say(f"epochs {event.first} to {event.last} are rolled back: {why}")


def withdraw(
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Pay out what the anchor owes the key's account."""
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        owed: Wei = session.gateway.call(ANCHOR, "creditOf", session.signer.address)
        session.sender.send(ANCHOR, "withdraw")
    output.say(f"{show_ether(owed)} are paid out to {session.signer.address}")


def _standing(gateway: Gateway, epoch: int) -> PublishedEpoch:
    found = find_epoch(gateway, epoch)
    if not found.stands:
        raise ConfigError(f"Epoch {epoch} was rolled back already.")
    return found


def _output(gateway: Gateway, name: RequestHash) -> OutputPublished | None:
    """What the round about the challenge published; None unless it was accepted."""
    if not any(name):
        return None
    found: Round = gateway.call(COURT, "round", name)
    if found.verdict is not Verdict.ACCEPTED:
        return None
    events = round_events(gateway, name, found.entropy_block)
    return next((each for each in events if isinstance(each, OutputPublished)), None)
