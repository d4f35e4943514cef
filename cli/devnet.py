"""`assay devnet`: a local chain with the contracts on it, until Ctrl-C.

`start_devnet` is the same for programs: the demo and tests build on it.
"""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chain import deployment as deployments
from chain.deploy import deploy
from chain.deployment import Deployment
from chain.errors import ConfigError, DeploymentError, ProcessError
from chain.gateway import Gateway
from chain.keys import is_local, local_signer
from chain.parameters import Parameters, preset
from cli import settings
from cli.anvil import Anvil, AnvilOptions, start_anvil
from cli.deploy import shipped_profiles

app = typer.Typer(add_completion=False, rich_markup_mode=None)

DEPLOYER_ACCOUNT = 0
"""The local account that deploys; the others are free to use."""

_POLL = 0.5


@dataclass(frozen=True, slots=True)
class Devnet:
    """A running local chain and what stands on it; `deployment` is None if nothing was deployed."""

    anvil: Anvil
    deployment: Deployment | None
    file: Path

    @property
    def url(self) -> str:
        return self.anvil.url


@contextmanager
def start_devnet(
    file: Path,
    log: Path,
    options: AnvilOptions | None = None,
    parameters: Parameters | None = None,
    *,
    with_contracts: bool = True,
    on_progress: Callable[[str], None] = lambda _line: None,
) -> Iterator[Devnet]:
    """Starts a chain, deploys the contracts and the shipped profiles, and ends it on leaving.

    Args:
        file: where the deployment file is written; a local chain's old one is replaced.
        log: anvil's output.

    Raises:
        ConfigError: anvil is missing, the port is taken, or `file` belongs to a public chain.
    """
    _make_room(file)
    with start_anvil(log, options) as anvil:
        done = None
        if with_contracts:
            gateway = Gateway(anvil.url)
            try:
                done = deploy(
                    gateway,
                    local_signer(DEPLOYER_ACCOUNT, anvil.chain_id),
                    parameters or preset("local"),
                    shipped_profiles(),
                    file,
                    on_progress=on_progress,
                )
            finally:
                gateway.close()
        yield Devnet(anvil, done, file)


@app.command()
def devnet(
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    port: Annotated[
        int, typer.Option(help="Port of the chain's RPC; 0 takes a free one.", min=0, max=65535)
    ] = 0,
    block_time: Annotated[
        float, typer.Option(help="Seconds between blocks.", min=0.1, max=3600)
    ] = 1.0,
    accounts: Annotated[int, typer.Option(help="Funded test accounts.", min=1, max=1000)] = 40,
    preset_name: Annotated[
        str, typer.Option("--preset", help="Economics: local or public.", metavar="NAME")
    ] = "local",
    no_deploy: Annotated[bool, typer.Option("--no-deploy", help="Leave the chain empty.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Run a local chain with the contracts deployed, until Ctrl-C."""
    chosen = settings.load(deployment=deployment)
    parameters = preset(preset_name)
    ended = _until_signal()
    options = AnvilOptions(port=port, block_time=block_time, accounts=accounts)
    with (
        tempfile.TemporaryDirectory(prefix="assay-devnet-") as folder,
        start_devnet(
            chosen.deployment,
            Path(folder) / "anvil.log",
            options,
            parameters,
            with_contracts=not no_deploy,
            on_progress=lambda line: typer.echo(line, err=as_json),
        ) as chain,
    ):
        _show(chain, accounts, as_json)
        while not ended.wait(_POLL):
            if not chain.anvil.process.is_running:
                words = chain.anvil.process.last_words() or "it said nothing"
                raise ProcessError(f"anvil ended by itself: {words}.")


def _show(chain: Devnet, accounts: int, as_json: bool) -> None:
    if as_json:
        shown = {
            "rpcUrl": chain.url,
            "chainId": chain.anvil.chain_id,
            "accounts": accounts,
            "deployment": str(chain.file) if chain.deployment else None,
        }
        typer.echo(json.dumps(shown))
        return
    typer.echo(f"chain {chain.anvil.chain_id} at {chain.url}")
    typer.echo(
        f"{accounts} test accounts with 10,000 ETH each: --local-account 0 to {accounts - 1} "
        "(everybody knows their keys)"
    )
    if chain.deployment:
        typer.echo(f"contracts: {chain.file}")
    typer.echo("Ctrl-C ends it")


def _make_room(file: Path) -> None:
    """Removes the deployment of an earlier local chain; refuses to touch any other."""
    if not file.exists():
        return
    try:
        old = deployments.load(file)
    except DeploymentError:
        raise ConfigError(f"{file} is in the way and is not a deployment file.") from None
    if not is_local(old.chain_id):
        raise ConfigError(
            f"{file} is the deployment on chain {old.chain_id}: name another with --deployment."
        )
    file.unlink()
    file.with_name(file.name + ".journal").unlink(missing_ok=True)


def _until_signal() -> threading.Event:
    """Set by SIGTERM and SIGINT, so that what was started is ended in order."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended
