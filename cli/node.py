"""`assay node`: one agent's node — make it, run it, look at it, deliver work with it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_utils.address import is_address, to_checksum_address

from chain import deployment as deployments
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.keys import is_local
from chain.structs import Stake
from chain.units import parse_ether, show_ether
from cli import node_exams, settings
from cli.agent import describe
from cli.engines import engine_config, file_of
from cli.session import agent_id
from cli.signing import signer_from
from verifier.node.agents import require_operator
from verifier.node.config import NodeConfig
from verifier.node.court_view import CourtView
from verifier.node.delivery import Provider, upload_sealed
from verifier.node.engine_book import DEFAULT
from verifier.node.errors import StateError
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig
from verifier.node.launch import OpenNode, run_node
from verifier.node.statedir import StateDir, write_whole
from verifier.node.store import Store
from verifier.tasks import Task

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Run a verifier node for one agent."
)

_STATE = Annotated[str | None, settings.flag("state_dir")]
_PASSWORD = Annotated[str | None, settings.flag("keystore_password")]
_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

DAY = 86_400  # seconds
SITTING, EXAMINING = SittingConfig(), ExaminerConfig()


@app.command()
def init(
    agent: Annotated[str, typer.Option("--agent", metavar="AGENT", help="The agent's number.")],
    state_dir: _STATE = None,
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: _PASSWORD = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    backend_url: Annotated[str | None, settings.flag("backend_url")] = None,
    relay: Annotated[str | None, settings.flag("relay")] = None,
    engine: Annotated[str | None, settings.flag("engine")] = None,
    engine_url: Annotated[str | None, settings.flag("engine_url")] = None,
    engine_command: Annotated[str | None, settings.flag("engine_command")] = None,
    engine_key_file: Annotated[str | None, settings.flag("engine_key")] = None,
    poll: Annotated[
        float, typer.Option("--poll", help="Seconds between looks at the chain.", min=0.05)
    ] = 1.0,
    appeal_budget: Annotated[
        str,
        typer.Option(
            help="What the node may spend in all on appeals, where it was outvoted and its work, "
            "done anew, comes out the same, and on flags.",
            metavar="ETH",
        ),
    ] = "0",
    confirmations: Annotated[
        str | None,
        typer.Option(
            help='Blocks to wait for before what cannot be undone, or "finalized"; by default 0 on '
            "a local chain and finalized elsewhere.",
            metavar="NUMBER",
        ),
    ] = None,
    sit_exams: node_exams.SitExams = SitMode.OFF,
    exam_profile: node_exams.ExamProfiles = None,
    exam_margin: node_exams.ExamMargin = SITTING.margin_seconds,
    exam_max_fee: node_exams.ExamMaxFee = "0.05",
    examine: node_exams.Examine = None,
    examine_every: node_exams.ExamineEvery = EXAMINING.every_seconds,
    gold_share: node_exams.GoldShare = EXAMINING.gold_share,
) -> None:
    """Make the state folder of a node: its configuration, checked against the chain."""
    chosen = settings.load(
        state_dir=state_dir,
        rpc_url=rpc_url,
        deployment=deployment,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        backend_url=backend_url,
        relay=relay,
        engine=engine,
        engine_url=engine_url,
        engine_command=engine_command,
        engine_key_file=engine_key_file,
    )
    number = agent_id(agent)
    found = deployments.load(chosen.deployment)
    signer = signer_from(chosen, found.chain_id)
    gateway = Gateway(chosen.rpc_url, found)
    found.check(gateway)
    require_operator(gateway, number, signer.address)
    config = NodeConfig(
        agent_id=number,
        chain_id=found.chain_id,
        rpc_url=chosen.rpc_url,
        deployment=chosen.deployment.absolute(),
        keystore=chosen.keystore.absolute() if chosen.keystore else None,
        keystore_password_file=file_of(chosen.keystore_password),
        local_account=chosen.local_account,
        backend_url=chosen.backend_url,
        relay=chosen.relay,
        confirmations=_confirmations(confirmations, found.chain_id),
        poll_seconds=poll,
        appeal_budget=_budget(appeal_budget),
        engines={DEFAULT: engine_config(chosen)},
        exams=node_exams.sitting(found, sit_exams, exam_profile, exam_margin, exam_max_fee),
        examiner=node_exams.examining(examine, examine_every, gold_share),
    )
    files = StateDir(chosen.state_dir.absolute())
    files.create()
    config.save(files)
    typer.echo(f"node of agent {number} in {files.root}: run it with `assay node run`")


@app.command()
def run(
    state_dir: _STATE = None,
    keystore_password_file: _PASSWORD = None,
    metrics_address: Annotated[str | None, settings.flag("metrics_address")] = None,
) -> int:
    """Run the node until SIGTERM or Ctrl-C; a second signal ends it at once.

    The first signal lets it finish the seats it holds. Exit status 3: seats were left unfinished.
    """
    chosen = settings.load(
        state_dir=state_dir,
        keystore_password_file=keystore_password_file,
        metrics_address=metrics_address,
    )
    return int(
        run_node(
            _files(chosen),
            password=chosen.keystore_password,
            metrics_address=chosen.metrics_address,
        )
    )


@app.command()
def status(state_dir: _STATE = None, as_json: _JSON = False) -> None:
    """Show a node's seats and how far they are, its deliveries, and its agent on the chain."""
    files = _files(settings.load(state_dir=state_dir))
    config = NodeConfig.load(files)
    found = deployments.load(config.deployment)
    store = Store(files.store, found.court, config.agent_id)
    gateway = Gateway(config.rpc_url, found)
    found.check(gateway)
    report: dict[str, Any] = {
        "agent": describe(gateway, config.agent_id),
        "running": files.is_locked(),
        "cursor": (cursor := store.cursor()) and cursor[0],
        "appeals": {"budget": str(config.appeal_budget), "spent": str(store.spent_on_appeals())},
        "seats": [
            {
                "requestHash": "0x" + record.id.request_hash.hex(),
                "level": record.id.level,
                "seat": record.id.seat,
                "role": "provider" if record.id.is_provider else "verifier",
                "profile": found.profile_name(record.profile_id),
                "step": record.step.value,
                "digest": "0x" + record.digest.hex() if record.digest else None,
                "outcome": record.outcome,
            }
            for record in store.seats()
        ],
        "deliveries": [
            {
                "outputHash": "0x" + delivery.output_hash.hex(),
                "taskHash": "0x" + delivery.task_hash.hex(),
                "client": delivery.client,
                "deadline": delivery.deadline,
            }
            for delivery in store.deliveries()
        ],
    }
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    held: Stake = gateway.call("StakeVault", "stakeOf", config.agent_id)
    typer.echo(f"agent {config.agent_id}: {show_ether(held.bonded)} at stake, "
               f"{show_ether(int(report['agent']['ownerCredit']))} of credit")  # fmt: skip
    state = "running" if report["running"] else "not running"
    typer.echo(f"node: {state}, read up to block {report['cursor']}")
    if config.appeal_budget:
        typer.echo(f"appeals: {show_ether(store.spent_on_appeals())} spent, of at most "
                   f"{show_ether(config.appeal_budget)}")  # fmt: skip
    for seat in report["seats"]:
        place = "provider" if seat["role"] == "provider" else f"seat {seat['seat']}"
        ending = f": {seat['outcome']}" if seat["outcome"] else ""
        typer.echo(f"{seat['requestHash'][:10]}  {place:<9} {seat['step']}{ending}")
    typer.echo(f"{len(report['seats'])} seats, {len(report['deliveries'])} deliveries")


@app.command()
def deliver(
    task: Annotated[Path, typer.Option("--task", metavar="FILE", help="The task's JSON.")],
    client: Annotated[
        str, typer.Option("--client", metavar="ADDRESS", help="Who may have it verified.")
    ],
    state_dir: _STATE = None,
    keystore_password_file: _PASSWORD = None,
    deadline: Annotated[
        int | None,
        typer.Option(help="Unix seconds until when it may be verified; a day from now if absent."),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Where to write the receipt."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where to write the work for the client."),
    ] = None,
) -> None:
    """Do a task with the node's engine, keep the work for its round, and sign a receipt for it."""
    chosen = settings.load(state_dir=state_dir, keystore_password_file=keystore_password_file)
    if not is_address(client):
        raise ConfigError(f"{client!r} is not an address: give 0x and 40 hexadecimal digits.")
    files = _files(chosen)
    work = Task.from_json(_read(task))
    with OpenNode(files, NodeConfig.load(files), password=chosen.keystore_password) as node:
        profile = node.recipes.profile(work.profile)
        terms = CourtView(node.gateway).profile(profile.profile_id)
        # More than the chain takes can be published by reference.
        limit = profile.max_bytes if terms.flag_window else terms.max_output_bytes
        made = node.engines.engine(profile, work).generate(work)
        provider = Provider(node.config.agent_id, node.court, node.signer, node.store, files)
        signed = provider.deliver(
            work,
            profile,
            made,
            str(to_checksum_address(client)),
            deadline if deadline is not None else int(time.time()) + DAY,
            limit,
        )
        delivery = node.store.delivery(bytes(signed.receipt.output_hash))
        if node.config.backend_url and delivery is not None:
            upload_sealed(node.config.backend_url, signed, made, delivery.salt)
    if output is not None:
        write_whole(output, made, 0o644)
    if receipt is None:
        typer.echo(signed.to_json().decode())
        return
    write_whole(receipt, signed.to_json() + b"\n", 0o644)
    typer.echo(f"delivered {len(made)} bytes; the receipt is {receipt}")


def _files(chosen: settings.Settings) -> StateDir:
    return StateDir(chosen.state_dir.absolute())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StateError(f"The file {path} cannot be read: {error.strerror}.") from None


def _budget(text: str) -> int:
    try:
        return parse_ether(text)
    except ValueError:
        raise ConfigError(
            f"{text!r} is not an amount: give --appeal-budget as ETH, such as 0.05, or 0."
        ) from None


def _confirmations(text: str | None, chain_id: int) -> int | None:
    if text is None:
        return 0 if is_local(chain_id) else None
    if text == "finalized":
        return None
    if not text.isdecimal():
        raise ConfigError('Give --confirmations as a number of blocks, or "finalized".')
    return int(text)
