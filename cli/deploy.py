"""`assay deploy`: puts the contracts on a chain, or finishes a deployment that was interrupted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer
from eth_utils.crypto import keccak

from chain import deploy as deploying
from chain import registries as registry_book
from chain.deploy import ProfileSpec
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.keys import is_local
from chain.parameters import preset
from chain.types import Address, Bytes32
from chain.units import show_ether
from cli import settings
from cli.session import address
from cli.signing import signer_from
from verifier import profiles

ENGINE_FORMS = ("bytes", "utf8-nfc", "png-8bit")
"""Canonicalisations of what the engines of a node generate."""

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def deploy(
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[str | None, settings.flag("local_account")] = None,
    preset_name: Annotated[
        str | None, typer.Option("--preset", help="Economics: local or public.", metavar="NAME")
    ] = None,
    identity_registry: Annotated[
        str | None, typer.Option(help="Use this ERC-8004 Identity Registry.", metavar="ADDRESS")
    ] = None,
    reputation_registry: Annotated[
        str | None, typer.Option(help="Use this ERC-8004 Reputation Registry.", metavar="ADDRESS")
    ] = None,
    validation_registry: Annotated[
        str | None, typer.Option(help="Use this ERC-8004 Validation Registry.", metavar="ADDRESS")
    ] = None,
    canonical: Annotated[
        str | None,
        typer.Option(help="Use ERC-8004's public registries: mainnet or testnet.", metavar="KIND"),
    ] = None,
    treasury: Annotated[
        str | None, typer.Option(help="Send slashed stake here, not burn it.", metavar="ADDRESS")
    ] = None,
    salt: Annotated[
        str,
        typer.Option(help="Another word gives other addresses to the same contracts."),
    ] = "assay/1",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done and what it costs.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Deploy to a chain whose money is worth something.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Deploy the contracts to a chain and write the deployment file.

    A deployment that was interrupted is resumed: run the same command again.
    """
    chosen = settings.load(
        rpc_url=rpc_url,
        deployment=deployment,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
    )
    gateway = Gateway(chosen.rpc_url)
    chain_id = gateway.chain_id()
    signer = signer_from(chosen, chain_id, default_account=0)
    parameters = preset(preset_name or ("local" if is_local(chain_id) else "public"))
    salted = Bytes32(keccak(text=salt))
    if treasury is not None:
        parameters = replace(parameters, treasury=address(treasury))
    registries = {
        **(registry_book.canonical(canonical) if canonical else {}),
        **_registries(identity_registry, reputation_registry, validation_registry),
    }
    specs = shipped_profiles()
    if dry_run:
        estimate = deploying.estimate(
            gateway,
            signer,
            parameters,
            specs,
            chosen.deployment,
            registries=registries,
            salt=salted,
        )
        _show_estimate(estimate, chain_id, as_json)
        return
    if not is_local(chain_id) and not yes:
        raise ConfigError(
            f"Chain {chain_id} is not a local chain, and deploying costs money there: look at "
            "--dry-run first, then say --yes."
        )
    done = deploying.deploy(
        gateway,
        signer,
        parameters,
        specs,
        chosen.deployment,
        registries=registries,
        salt=salted,
        on_progress=lambda line: typer.echo(line, err=as_json),
    )
    if as_json:
        typer.echo(chosen.deployment.read_text(encoding="utf-8"), nl=False)
    else:
        typer.echo(f"{len(done.contracts)} contracts on chain {chain_id}: {chosen.deployment}")


def shipped_profiles() -> list[ProfileSpec]:
    """The recipes that ship with the package and that nodes can run, as the deployment needs them.

    Others are for programs that make their contents themselves: no engine of a node does.
    """
    found = (profiles.load(name) for name in profiles.names())
    return [
        ProfileSpec(
            name=recipe.name,
            recipe=recipe.recipe,
            family=recipe.family.kind,
            tolerance=recipe.tolerance,
            max_output_bytes=recipe.max_bytes,
        )
        for recipe in found
        if recipe.canonicalisation in ENGINE_FORMS
    ]


def _registries(*given: str | None) -> dict[str, Address]:
    found = dict(zip(registry_book.REGISTRIES, given, strict=True))
    return {name: address(text) for name, text in found.items() if text is not None}


def _show_estimate(estimate: deploying.Estimate, chain_id: int, as_json: bool) -> None:
    if as_json:
        shown = {
            "chainId": chain_id,
            "steps": list(estimate.steps),
            "gas": estimate.gas,
            "costWei": str(estimate.cost),
        }
        typer.echo(json.dumps(shown, indent=2))
        return
    for step in estimate.steps:
        typer.echo(step)
    if not estimate.steps:
        typer.echo("nothing is left to do")
    typer.echo(f"at most {estimate.gas:,} gas, {show_ether(estimate.cost)} on chain {chain_id}")
