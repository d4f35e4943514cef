"""`assay check`: whether contracts do what the standards demand, and an environment works."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from chain import aggregated
from chain import deployment as deployments
from chain.conformance import surface
from chain.conformance.run import Result, Verdict, run
from chain.conformance.scene import Subject
from chain.conformance.stage import Real, Simulated, Stage
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.keys import is_local
from chain.rpc import Rpc
from chain.types import Address
from cli import settings
from cli.doctor import Finding, Patient, examine
from cli.doctor import Result as Outcome
from cli.output import print_json, print_table, say
from cli.session import address, agent_id
from verifier.tasks import Task

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Check contracts, or an environment."
)

_NAMES = {
    surface.IDENTITY: "IdentityRegistry",
    surface.REPUTATION: "ReputationRegistry",
    surface.VALIDATION: "ValidationRegistry",
    surface.NETWORK: "VerificationRounds",
}
"""What the deployment file calls them."""


@app.callback()
def check() -> None:
    """Check contracts against the standards that they follow, or an operator's environment."""


@app.command()
def erc8004(
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    identity: Annotated[
        str | None, typer.Option(help="The Identity Registry.", metavar="ADDRESS")
    ] = None,
    reputation: Annotated[
        str | None, typer.Option(help="The Reputation Registry.", metavar="ADDRESS")
    ] = None,
    validation: Annotated[
        str | None, typer.Option(help="The Validation Registry.", metavar="ADDRESS")
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="A validation network (ERC-8294).", metavar="ADDRESS")
    ] = None,
    from_block: Annotated[
        int, typer.Option(min=0, help="Look at the network's requests from this block on.")
    ] = 0,
    attestations: Annotated[
        list[Path] | None,
        typer.Option(
            help="The file behind an answer, if not on chain (repeatable).", metavar="FILE"
        ),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave a check out (repeatable).", metavar="ID")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Send real transactions instead: local chains only.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check ERC-8004 registries, and an ERC-8294 network, on any chain.

    The node simulates each scene, so nothing is sent and nothing is paid. Without any address the
    deployment's contracts are checked. Exit status 1 if a check fails.
    """
    chosen = settings.load(rpc_url=rpc_url, deployment=deployment, local_account=local_account)
    given = dict(zip(_NAMES, (identity, reputation, validation, network), strict=True))
    addresses = {name: address(text) for name, text in given.items() if text is not None}
    rpc = Rpc(chosen.rpc_url)
    gateway = Gateway(chosen.rpc_url, rpc=rpc)
    try:
        if not addresses:
            found = deployments.load(chosen.deployment)
            found.check(gateway)
            addresses = {name: found.address(ours) for name, ours in _NAMES.items()}
            from_block = max(from_block, found.block)
        _require_contracts(gateway, addresses)
        files = dict(map(_attested, attestations or ()))
        subject = Subject(rpc, addresses, from_block, files)
        results = run(subject, _stage(gateway, rpc, write, chosen.local_account), skip or ())
        failed = _show(list(results), as_json)
    finally:
        gateway.close()
    if failed:
        raise typer.Exit(1)


@app.command()
def environment(
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    rpc_fallbacks: Annotated[str | None, settings.flag("rpc_fallbacks")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    database: Annotated[str | None, settings.flag("database")] = None,
    artifacts_dir: Annotated[str | None, settings.flag("artifacts_dir")] = None,
    artifacts_url: Annotated[str | None, settings.flag("artifacts_url")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    state_dir: Annotated[str | None, settings.flag("state_dir")] = None,
    backend_url: Annotated[str | None, settings.flag("backend_url")] = None,
    engine: Annotated[str | None, settings.flag("engine")] = None,
    engine_url: Annotated[str | None, settings.flag("engine_url")] = None,
    engine_command: Annotated[str | None, settings.flag("engine_command")] = None,
    engine_key_file: Annotated[str | None, settings.flag("engine_key")] = None,
    agent: Annotated[
        str | None, typer.Option(help="The key must act for this agent.", metavar="AGENT")
    ] = None,
    task: Annotated[
        Path | None,
        typer.Option(help="Task (JSON) for the engine; a tiny text if absent.", metavar="FILE"),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave a check out (repeatable).", metavar="ID")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check what an operator's machine, nodes, database, key and engine are good for.

    Each check ends in a sentence that says what to do where one fails; what is not set up is left
    out. Nothing is sent to the chain. Exit status 1 if a check fails.
    """
    chosen = settings.load(
        rpc_url=rpc_url,
        rpc_fallbacks=rpc_fallbacks,
        deployment=deployment,
        database=database,
        artifacts_dir=artifacts_dir,
        artifacts_url=artifacts_url,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        state_dir=state_dir,
        backend_url=backend_url,
        engine=engine,
        engine_url=engine_url,
        engine_command=engine_command,
        engine_key_file=engine_key_file,
    )
    patient = Patient(
        chosen,
        agent_id(agent) if agent is not None else None,
        _task(task) if task is not None else None,
    )
    try:
        findings = list(examine(patient, skip or ()))
    finally:
        patient.close()
    failed = sum(finding.result is Outcome.FAILED for finding in findings)
    _tell(findings, failed, as_json)
    if failed:
        raise typer.Exit(1)


def _tell(findings: list[Finding], failed: int, as_json: bool) -> None:
    if as_json:
        print_json({"failed": failed, "checks": findings})
        return
    print_table(
        ("check", "result", "what was found"),
        [(finding.check, str(finding.result), finding.sentence) for finding in findings],
    )
    left_out = sum(finding.result is Outcome.LEFT_OUT for finding in findings)
    say(f"{len(findings) - failed - left_out} passed, {failed} failed, {left_out} left out")


def _task(path: Path) -> Task:
    try:
        return Task.from_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"The task {path} cannot be read: {error.strerror}.") from None


def _stage(
    gateway: Gateway, rpc: Rpc, write: bool, local_account: int | None
) -> Callable[[], Stage]:
    if not write:
        return lambda: Simulated(rpc)
    if not is_local(gateway.chain_id()):
        raise ConfigError(
            f"Chain {gateway.chain_id()} is not a local chain, and real transactions cost money "
            "there: leave out --write, and the node simulates them."
        )
    real = Real(gateway, rpc, local_account or 0)
    return lambda: real


def _attested(path: Path) -> tuple[bytes, bytes]:
    """An attestation file, by the hash of its request."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    return aggregated.read(content, 0).request_hash, content


def _require_contracts(gateway: Gateway, addresses: dict[str, Address]) -> None:
    for name, where in addresses.items():
        if not gateway.code(where):
            raise ConfigError(
                f"There is no contract at {where}, which should be the {name}: check the address "
                "and the RPC URL."
            )


def _show(results: list[Result], as_json: bool) -> int:
    """Prints all results; returns how many failed."""
    failed = sum(result.verdict is Verdict.FAILED for result in results)
    if as_json:
        print_json({"failed": failed, "checks": [_plain(result) for result in results]})
        return failed
    rows = [
        (result.check.id, str(result.verdict), result.detail or result.check.demand)
        for result in results
    ]
    print_table(("check", "result", "demand, or what is instead"), rows)
    say(_tally(results))
    return failed


def _plain(result: Result) -> dict[str, Any]:
    return {
        "id": result.check.id,
        "contract": result.check.contract,
        "demand": result.check.demand,
        "result": str(result.verdict),
        "detail": result.detail or None,
    }


def _tally(results: Iterable[Result]) -> str:
    counts = dict.fromkeys(Verdict, 0)
    for result in results:
        counts[result.verdict] += 1
    words = {Verdict.PASSED: "passed", Verdict.FAILED: "failed"}
    return ", ".join(f"{count} {words.get(kind, kind)}" for kind, count in counts.items())
