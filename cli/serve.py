"""`assay serve`: index of the chain, artifact store and REST API in one process."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final

import typer

from backend.api import Access, Bucket
from backend.artifacts.addresses import is_any, is_public
from backend.artifacts.foreign import Foreign
from backend.server import Options, serve
from chain import deployment
from chain.errors import ConfigError
from chain.keys import is_local
from cli import settings
from cli.signing import signer_from

READS_PER_SECOND: Final = 200.0
READS_AT_ONCE: Final = 1_000
WRITES_PER_SECOND: Final = 2.0
WRITES_AT_ONCE: Final = 20

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment_file: Annotated[str | None, settings.flag("deployment")] = None,
    database: Annotated[str | None, settings.flag("database")] = None,
    artifacts_dir: Annotated[str | None, settings.flag("artifacts_dir")] = None,
    artifacts_url: Annotated[str | None, settings.flag("artifacts_url")] = None,
    foreign_uris: Annotated[str | None, settings.flag("foreign_uris")] = None,
    ipfs_gateway: Annotated[str | None, settings.flag("ipfs_gateway")] = None,
    host: Annotated[str | None, settings.flag("host")] = None,
    port: Annotated[str | None, settings.flag("port")] = None,
    port_file: Annotated[
        Path | None, typer.Option(help="File to write the port to once requests are answered.")
    ] = None,
    rpc_fallbacks: Annotated[str | None, settings.flag("rpc_fallbacks")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    api_key_file: Annotated[str | None, settings.flag("api_key")] = None,
    submit: Annotated[
        bool,
        typer.Option(
            "--submit", help="Take the steps of rounds that wait for anybody, paid by the key."
        ),
    ] = False,
    relay: Annotated[
        bool,
        typer.Option(
            "--relay",
            help="Post for whole committees what their nodes hand in under /v1/relay, paid by the "
            "key.",
        ),
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Drop the index and derive it anew from the chain.")
    ] = False,
) -> None:
    """Run the backend until it is stopped: it follows the chain and answers under /v1.

    Ends at once, with a sentence, if the node does not answer, serves another chain or lacks the
    contracts, or if the port or the database cannot be used. While it runs it waits out a silent
    node; `/ready` says so. Needs no key and signs nothing, unless told to --submit: then it draws
    and advances the rounds that nobody else does; or to --relay: then it posts what nodes hand in,
    all of a committee at once. Give it an account that nothing else sends from.
    """
    chosen = settings.load(
        rpc_url=rpc_url,
        deployment=deployment_file,
        database=database,
        artifacts_dir=artifacts_dir,
        artifacts_url=artifacts_url,
        foreign_uris=foreign_uris,
        ipfs_gateway=ipfs_gateway,
        host=host,
        port=port,
        rpc_fallbacks=rpc_fallbacks,
        keystore=keystore,
        keystore_password_file=keystore_password_file,
        local_account=local_account,
        api_key_file=api_key_file,
    )
    deployed = deployment.load(chosen.deployment)

    def announce(bound: int) -> None:
        shown = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
        typer.echo(f"Serving http://{shown}:{bound} (try /v1/network, /v1/rounds, /openapi.json)")
        if port_file is not None:
            _write_whole(port_file, f"{bound}\n")

    serve(
        Options(
            rpc_urls=[chosen.rpc_url, *_listed(chosen.rpc_fallbacks)],
            deployment=deployed,
            database=chosen.database,
            artifacts=chosen.artifacts_dir,
            artifacts_url=chosen.artifacts_url,
            foreign=_foreign(chosen, deployed.chain_id),
            trusted_proxies=networks(chosen.trusted_proxies),
            host=chosen.host,
            port=chosen.port,
            rebuild=rebuild,
            signer=signer_from(chosen, deployed.chain_id) if submit or relay else None,
            pokes=submit,
            relays=relay,
            access=Access(
                reads=Bucket(READS_PER_SECOND, READS_AT_ONCE),
                writes=Bucket(WRITES_PER_SECOND, WRITES_AT_ONCE),
                api_key=chosen.api_key,
                origins=tuple(_listed(chosen.cors_origins)),
            ),
        ),
        announce,
    )


def _foreign(chosen: settings.Settings, chain_id: int) -> Foreign | None:
    if chosen.foreign_uris == "off":
        return None
    if chosen.foreign_uris == "any" and not is_local(chain_id):
        raise ConfigError(
            f"On chain {chain_id}, which is not a local chain, anybody could make this server ask "
            "its own network for things: give --foreign-uris public."
        )
    allowed = is_public if chosen.foreign_uris == "public" else is_any
    return Foreign(allowed=allowed, ipfs_gateway=chosen.ipfs_gateway)


def networks(text: str | None) -> tuple[str, ...] | None:
    """Whom to believe about addresses: not everybody, who could then say any."""
    if text is None:
        return None
    found = tuple(_listed(text))
    for each in found:
        try:
            is_one = ip_network(each).prefixlen > 0
        except ValueError:
            is_one = False
        if not is_one:
            raise ConfigError(
                f"trusted_proxies lists {each!r}, which is no address or network of a balancer's: "
                "give some such as 10.0.0.5 or 10.0.0.0/24."
            )
    return found


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _write_whole(path: Path, text: str) -> None:
    """Whoever waits for the file finds it complete."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="ascii")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"The port file {path} cannot be written: {error.strerror}.") from None
