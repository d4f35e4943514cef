"""`assay verify attestations`: the ERC-8294 file of a round, from the chain's events alone."""

from __future__ import annotations

from typing import Annotated

import typer

from chain.attested import file_of, last_count
from chain.errors import ConfigError, RevertError
from chain.gateway import Gateway
from chain.history import round_events
from chain.structs import Round
from chain.types import RequestHash
from cli import settings
from cli.session import reading, request_hash


def attestations(
    request: Annotated[str, typer.Argument(metavar="REQUEST_HASH", help="The round's hash.")],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
) -> None:
    """Write what a round's committee attests, as the file that ERC-8294 describes.

    It is of the last level that was counted with a verdict. Nobody signs it: it follows from what
    the seats opened, and its root is the one that the court put on chain.
    """
    name = request_hash(request)
    with reading(settings.load(rpc_url=rpc_url, deployment=deployment)) as gateway:
        typer.echo(made(gateway, name).decode())


def made(gateway: Gateway, name: RequestHash) -> bytes:
    """The file of a round.

    Raises:
        ConfigError: there is no such round.
        MessageError: no committee of it came to a verdict.
    """
    try:
        found: Round = gateway.call("VerificationRounds", "round", name)
    except RevertError as error:
        raise ConfigError(f"There is no round 0x{name.hex()} at this court.") from error
    events = round_events(gateway, name, found.entropy_block)
    block = gateway.block(last_count(events).log.block_number)
    if block is None:
        raise ConfigError("The node lacks the block of the count: ask one that has it.")
    return file_of(events, block.timestamp).write()
