"""Deploys through ape: the network that ape is connected to, the same steps, the same addresses.

    ape run ape_deploy --network http://127.0.0.1:8545 --file deployment.json
    ape run ape_deploy --network https://rpc.example --keystore key.json --password-file pass --yes

What it does is `assay deploy`'s, over ape's connection. Profiles are left to `assay deploy`, run
with the same file: it finds the contracts and registers what is missing.
"""

import sys
from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from chain.deploy import deploy  # noqa: E402
from chain.errors import AssayError  # noqa: E402
from chain.gateway import Gateway  # noqa: E402
from chain.keys import is_local, load_keystore, local_signer  # noqa: E402
from chain.parameters import preset  # noqa: E402


@click.command(cls=ConnectedProviderCommand)
@click.option("--file", type=Path, default=Path("deployment.json"), help="The deployment file.")
@click.option("--keystore", type=Path, help="Keystore of the key that pays.")
@click.option("--password-file", type=Path, help="File with the keystore's password.")
@click.option("--yes", is_flag=True, help="Deploy where money is worth something.")
def cli(provider, file, keystore, password_file, yes):
    """Deploy the contracts to the network that ape is connected to."""
    try:
        gateway = Gateway(provider.http_uri)
        chain_id = gateway.chain_id()
        local = is_local(chain_id)
        if not local and not yes:
            raise click.ClickException(f"chain {chain_id} is not a local chain: say --yes")
        if keystore is not None and password_file is not None:
            signer = load_keystore(keystore, password_file.read_text().strip())
        else:
            signer = local_signer(0, chain_id)
        parameters = preset("local" if local else "public")
        done = deploy(gateway, signer, parameters, [], file, on_progress=click.echo)
    except AssayError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(done.contracts)} contracts on chain {chain_id}: {file}")
