"""The reporter's side of `assay source`: an anchor, signed evidence, and epochs of it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from chain.anchors import ANCHOR, deploy_anchor, terms_of
from chain.epochs import PublishedEpoch, newest_standing
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.structs import AnchorTerms, Clock
from chain.types import Wei
from chain.units import show_ether, show_moment
from cli import output, settings
from cli.backend_door import asking, hand_in_bundle
from cli.session import Session, agent_id, ether, signing
from cli.session import chosen as signing_settings
from verifier import reputation
from verifier.canonical import from_hex
from verifier.errors import ReliabilityError
from verifier.node.agents import require_operator
from verifier.node.statedir import write_whole
from verifier.reliability.bundle import NO_ROOT, Bundle
from verifier.reliability.epoch import Entry, Rules
from verifier.reliability.evidence import Anchor, Item
from verifier.reliability.reporter import Reporter
from verifier.reliability.transcript import recompute

DAY: Final = 86_400
EVIDENCE: Final = "*.jsonl"

_RPC = Annotated[str | None, settings.flag("rpc_url")]
_DEPLOYMENT = Annotated[str | None, settings.flag("deployment")]
_KEYSTORE = Annotated[str | None, settings.flag("keystore")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_LOCAL = Annotated[int | None, settings.flag("local_account")]


def deploy(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The reporter's number.")],
    profile: Annotated[
        str, typer.Option(help="Profile of family exact by which a challenged root is judged.")
    ] = "exact-bytes",
    window: Annotated[int, typer.Option(min=8, help="Seconds to challenge an epoch.")] = DAY,
    answer_window: Annotated[int, typer.Option(min=1, help="Seconds to open a round.")] = DAY,
    court_window: Annotated[int, typer.Option(min=1, help="Seconds for that round.")] = 7 * DAY,
    slots: Annotated[int, typer.Option(min=0, help="Epochs that are kept; 0 for all.")] = 0,
    bond: Annotated[str, typer.Option(metavar="ETH", help="The reporter's bond.")] = "1",
    challenge_bond: Annotated[str, typer.Option(metavar="ETH", help="A challenger's.")] = "0.1",
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Put an anchor for the key's reports on the chain and into the deployment file."""
    number = agent_id(agent)
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        require_operator(session.gateway, number, session.signer.address)
        terms = AnchorTerms(
            agent_id=number,
            reporter=session.signer.address,
            profile_id=session.deployment.profile_id(profile),
            window=window,
            answer_window=answer_window,
            court_window=court_window,
            slots=slots,
            bond=ether(bond),
            challenge_bond=ether(challenge_bond),
        )
        done = deploy_anchor(session.gateway, session.signer, terms, chosen.deployment)
    output.say(f"the anchor of agent {number} is {done.address(ANCHOR)}, in {chosen.deployment}")


def attest(
    source: Annotated[str, typer.Option("--source", metavar="AGENT", help="The source.")],
    domain: Annotated[str, typer.Option("--domain", metavar="HEX", help="0x and 64 digits.")],
    query: Annotated[
        str, typer.Option("--query", metavar="HEX", help="Your name of the query: 0x, 64 digits.")
    ],
    contribution: Annotated[
        str, typer.Option("--contribution", metavar="SHARE", help="From -1 (misled) to 1 (helped).")
    ],
    epoch: Annotated[
        int | None, typer.Option("--epoch", min=1, help="Which epoch; the next one if absent.")
    ] = None,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Sign, as an asker, what a source contributed to an answer: one line for the reporter."""
    worth = _nano(contribution)
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        clock: Clock = session.gateway.call(ANCHOR, "clockOf")
        item = Item(
            int(agent_id(source)),
            from_hex(domain, 32, "domain", ReliabilityError),
            session.signer.address,
            from_hex(query, 32, "query", ReliabilityError),
            worth,
            epoch or clock.latest + 1,
        )
        signature = session.signer.sign_typed(item.typed(_anchor(session)))
    typer.echo(json.dumps(replace(item, signature=signature).to_json()))


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help=f"Where the evidence is: {EVIDENCE}.")
    ],
    half_life_days: Annotated[
        int, typer.Option(min=1, help="Of evidence, for a first epoch; then as it was.")
    ] = 30,
    asker_cap: Annotated[
        int, typer.Option(min=1, help="Observations per asker and source, for a first epoch.")
    ] = 20,
    upload: Annotated[
        bool, typer.Option("--upload/--no-upload", help="Store the evidence at the backend first.")
    ] = True,
    backend_url: Annotated[str | None, settings.flag("backend_url")] = None,
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Anchor the next epoch from a folder of signed evidence; deposits the bond if it is missing.

    The bundle is kept in FOLDER/epochs and stored at the backend before anything is sent: without
    it nobody could defend the epoch. Evidence of other epochs in the folder is passed over.
    """
    chosen = settings.load(
        rpc_url=rpc_url,
        deployment=deployment,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        backend_url=backend_url,
    )
    rules = Rules(
        reputation.Policy(half_life=half_life_days * DAY),
        asker_cap=asker_cap * reputation.OBSERVATION,
    )
    with signing(chosen) as session:
        gateway = session.gateway
        terms = terms_of(gateway)
        reporter = Reporter(gateway, session.sender)
        bundle = _bundle(session, folder, reporter.clock(), rules)
        _check_size(gateway, terms, bundle)
        data = bundle.to_bytes()
        kept = _kept(folder, bundle.epoch, bundle.hash)
        write_whole(kept, data, 0o644)
        if upload:
            court = session.deployment.court
            hand_in_bundle(chosen.backend_url, data, terms.agent_id, court, session.signer)
        reporter.bond()
        header, found = reporter.publish(bundle)
    final_at = header.published_at + terms.window
    if as_json:
        output.print_json(
            {
                "epoch": header.epoch,
                "root": header.root,
                "bundleHash": header.bundle_hash,
                "items": len(bundle.items),
                "scores": len(found.entries),
                "finalAt": final_at,
                "bundle": kept,
            }
        )
        return
    output.say(
        f"epoch {header.epoch} is anchored: {len(bundle.items)} pieces of evidence, "
        f"{len(found.entries)} scores, root 0x{header.root.hex()}"
    )
    output.say(f"it can be challenged until {show_moment(final_at)}; its evidence is {kept}")


def release(
    rpc_url: _RPC = None,
    deployment: _DEPLOYMENT = None,
    keystore: _KEYSTORE = None,
    keystore_password_file: _PASSWORD = None,
    local_account: _LOCAL = None,
) -> None:
    """Take the reporter's bond back, once nothing of it can be challenged any more."""
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        session.sender.send(ANCHOR, "release")
        bond: Wei = session.gateway.call(ANCHOR, "bond")
    output.say(f"{show_ether(bond)} are yours: `assay source withdraw` pays them out")


def _bundle(session: Session, folder: Path, clock: Clock, rules: Rules) -> Bundle:
    epoch = clock.latest + 1
    before = newest_standing(session.gateway, clock.latest)
    items = _items(folder, epoch)
    if not items:
        raise ConfigError(f"No evidence of epoch {epoch} is in {folder}: put its {EVIDENCE} there.")
    anchor, at = _anchor(session), session.gateway.head().timestamp
    if before is None:
        return Bundle(anchor, epoch, at, rules, NO_ROOT, (), items)
    previous, root = _previous(session, folder, before), bytes(before.header.root)
    entries = _entries(previous, root)
    return Bundle(anchor, epoch, at, previous.rules, root, entries, items, previous.packed)


def _entries(previous: Bundle, root: bytes) -> tuple[Entry, ...]:
    found = recompute(previous)
    if found.root != root:
        raise ReliabilityError(
            f"The root of epoch {previous.epoch} does not follow from its evidence, so nothing can "
            "continue it: have it challenged."
        )
    return found.entries


def _previous(session: Session, folder: Path, before: PublishedEpoch) -> Bundle:
    """The bundle of the last epoch that stands, kept here or at the backend."""
    header = before.header
    try:
        data = _kept(folder, header.epoch, header.bundle_hash).read_bytes()
    except OSError:
        with asking(session.settings.backend_url) as client:
            data = client.artifact("0x" + header.bundle_hash.hex())
    found = Bundle.parse(data)
    if found.hash != header.bundle_hash:
        raise ReliabilityError(f"The evidence at hand is not the one of epoch {header.epoch}.")
    return found


def _items(folder: Path, epoch: int) -> tuple[Item, ...]:
    try:
        files = sorted(folder.glob(EVIDENCE))
        lines = [(path, line) for path in files for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The evidence in {folder} cannot be read: {error}.") from None
    items = []
    for path, line in lines:
        if line.strip():
            try:
                items.append(Item.parse(json.loads(line)))
            except (ValueError, RecursionError):
                raise ConfigError(f"A line of {path} is not JSON: {line[:60]!r}.") from None
    return tuple(sorted(item for item in items if item.epoch == epoch))


def _check_size(gateway: Gateway, terms: AnchorTerms, bundle: Bundle) -> None:
    """Refuses what no round could defend: the recomputation has to fit the court's output."""
    profile = gateway.call("ProfileRegistry", "profile", terms.profile_id)
    size = len(recompute(bundle).transcript)
    if size > profile.max_output_bytes:
        raise ReliabilityError(
            f"The recomputation of this epoch has {size} bytes, and a round takes "
            f"{profile.max_output_bytes}: report less evidence at a time."
        )


def _kept(folder: Path, epoch: int, bundle_hash: bytes) -> Path:
    """By its hash too: a second try must not take the place of what the first one anchored."""
    place = folder / "epochs"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {place} cannot be made: {error.strerror}.") from None
    return place / f"{epoch}-{bundle_hash.hex()[:16]}.json"


def _anchor(session: Session) -> Anchor:
    return Anchor(session.deployment.chain_id, session.deployment.address(ANCHOR))


def _nano(text: str) -> int:
    try:
        share = Decimal(text) * reputation.OBSERVATION
    except InvalidOperation:
        share = Decimal("NaN")
    if not share.is_finite() or share != int(share) or abs(share) > reputation.OBSERVATION:
        raise ConfigError(f"{text!r} is not a contribution: give a number from -1 to 1.")
    return int(share)
