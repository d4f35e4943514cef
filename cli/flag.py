"""`assay verify flag`: say that what a round published is missing or wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from chain.errors import ConfigError, RevertError
from chain.events import Flagged
from chain.structs import Profile, Round
from chain.types import FlagKind, Phase
from chain.units import show_ether, show_moment
from cli import settings
from cli.session import chosen as signing_settings
from cli.session import request_hash, signing

COURT = "VerificationRounds"
KINDS = {kind.label.lower(): kind for kind in FlagKind}


def flag(
    request: Annotated[str, typer.Argument(metavar="REQUEST_HASH", help="The round's hash.")],
    kind: Annotated[str, typer.Argument(help=f"What is wrong: {', '.join(KINDS)}.")],
    rpc_url: Annotated[str | None, settings.flag("rpc_url")] = None,
    deployment: Annotated[str | None, settings.flag("deployment")] = None,
    keystore: Annotated[str | None, settings.flag("keystore")] = None,
    keystore_password_file: Annotated[str | None, settings.flag("keystore_password")] = None,
    local_account: Annotated[int | None, settings.flag("local_account")] = None,
) -> None:
    """Flag what a round published; the key's account pays the bond.

    The committee whose verdict stands then votes on it. If it finds a fault the provider is
    rejected, and the flagger earns a share of what it loses; if it finds none the bond is lost.
    """
    name = request_hash(request)
    if kind not in KINDS:
        raise ConfigError(f"{kind!r} is no kind of flag; there are {', '.join(KINDS)}.")
    chosen = signing_settings(rpc_url, deployment, keystore, keystore_password_file, local_account)
    with signing(chosen) as session:
        try:
            found: Round = session.gateway.call(COURT, "round", name)
        except RevertError as error:
            raise ConfigError(f"There is no round 0x{name.hex()} at this court.") from error
        if found.phase is not Phase.FLAGGING:
            raise ConfigError(
                f"Round 0x{name.hex()} is {found.phase.label}: it can be flagged only while it is "
                "Flagging, after its output was published and if nobody has flagged it."
            )
        profile: Profile = session.gateway.call("ProfileRegistry", "profile", found.profile_id)
        mined = session.sender.send(COURT, "flag", name, KINDS[kind], value=profile.appeal_bond)
        event = mined.one(Flagged)
    typer.echo(
        f"round 0x{name.hex()} is flagged for a bond of {show_ether(event.bond)}; the seats of "
        f"level {event.level} vote until {show_moment(event.closes_at)}"
    )
