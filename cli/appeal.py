"""`assay verify appeal`: have a larger committee decide a round anew."""

from __future__ import annotations

from typing import Annotated

import typer

from chain.errors import ConfigError, RevertError
from chain.events import Appealed
from chain.gateway import Gateway
from chain.levels import size_at
from chain.structs import Profile, Round
from chain.types import Phase, RequestHash, Wei
from chain.units import show_ether, show_moment
from cli import settings
from cli.session import chosen as signing_settings
from cli.session import reading, request_hash, signing

COURT = "VerificationRounds"


def appeal(
    request: Annotated[str, typer.Argument(metavar="REQUEST_HASH", help="The round's hash.")],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it costs, and until when.")
    ] = False,
) -> None:
    """Have a fresh, larger committee decide a round anew; the key's account pays.

    What is paid are the new committee's fees and a bond. The bond returns, and with it what is left
    of the fees of the level appealed against, if the round ends otherwise than that level.
    """
    name = request_hash(request)
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    if dry_run:
        with reading(chosen) as gateway:
            fees, bond, seats, closes_at = _look(gateway, name)
        typer.echo(
            f"an appeal to {seats} verifiers costs {show_ether(Wei(fees + bond))}: fees of "
            f"{show_ether(fees)} and a bond of {show_ether(bond)}; it is possible until "
            f"{show_moment(closes_at)}"
        )
        return
    with signing(chosen) as session:
        fees, bond, seats, _ = _look(session.gateway, name)
        mined = session.sender.send(COURT, "appeal", name, value=Wei(fees + bond))
        event = mined.one(Appealed)
    typer.echo(
        f"round 0x{name.hex()} goes to level {event.level}, to {seats} verifiers; it cost "
        f"{show_ether(Wei(fees + bond))}, of which {show_ether(bond)} are the bond"
    )


def _look(gateway: Gateway, name: RequestHash) -> tuple[Wei, Wei, int, int]:
    """Fees, bond, seats of the next level and the end of the window, of a round to be appealed."""
    try:
        found: Round = gateway.call(COURT, "round", name)
    except RevertError as error:
        raise ConfigError(f"There is no round 0x{name.hex()} at this court.") from error
    if found.phase is not Phase.APPEALING:
        raise ConfigError(
            f"Round 0x{name.hex()} is {found.phase.label}: it can be appealed only while it is "
            "Appealing, after a level was counted."
        )
    fees, bond = gateway.call(COURT, "appealCost", name)
    profile: Profile = gateway.call("ProfileRegistry", "profile", found.profile_id)
    seats = size_at(profile.committee_size, found.level + 1)
    return Wei(fees), Wei(bond), seats, found.appeal_closes_at
