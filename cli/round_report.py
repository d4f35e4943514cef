"""A round in JSON and in plain words, from the chain's views and events alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from chain.errors import ConfigError, RevertError
from chain.events import (
    Appealed,
    AppealVoid,
    CommitteeDrawn,
    Event,
    FlagClosed,
    Flagged,
    Opened,
    OutputReferenced,
    RoundSubmitted,
    Tallied,
    Voted,
)
from chain.gateway import Gateway
from chain.history import round_events
from chain.structs import Profile, Round, Seat
from chain.types import PROVIDER_SEAT, ZERO_ADDRESS, Phase, RequestHash, SeatState, Verdict
from chain.units import show_moment
from verifier.digest import distance

_PHASES: Final = {
    Phase.DRAWING: "waiting for the committee to be drawn",
    Phase.COMMITTING: "the committee works and commits",
    Phase.OPENING: "the committee opens what it committed",
    Phase.TALLYING: "all is open; waiting to be counted",
    Phase.APPEALING: "counted; a larger committee may still be asked",
    Phase.PUBLISHING: "accepted, if the provider publishes the output in time",
    Phase.FLAGGING: "published; what was published may still be flagged",
    Phase.VOTING: "flagged; the committee says whether anything is wrong with what was published",
    Phase.FINAL: "final",
}
_VERDICTS: Final = {
    Verdict.ACCEPTED: "Accepted: a majority of the committee made the same output by itself.",
    Verdict.REJECTED: "Rejected: the provider's output is not what its task gives, or it did not "
    "stand by it.",
    Verdict.INCONCLUSIVE: "Inconclusive: no majority of the committee agreed on anything.",
    Verdict.EXPIRED: "Expired: too few of the committee took part; the fee goes back.",
}


def phase_words(phase: Phase) -> str:
    """A phase for people."""
    return _PHASES.get(phase, "unknown")


def describe(gateway: Gateway, name: RequestHash) -> dict[str, Any]:
    """A round as JSON. Distances are bits from the provider's claim, null until both are open.

    Raises:
        ConfigError: there is no such round.
    """
    try:
        found: Round = gateway.call("VerificationRounds", "round", name)
    except RevertError as error:
        if error.name != "RoundUnknown":
            raise
        found = None  # type: ignore[assignment]
    if found is None or found.phase is Phase.NONE:
        raise ConfigError(
            f"There is no round 0x{name.hex()} at this court: check the hash and the deployment."
        )
    phase = found.phase
    seats: Sequence[Seat] = gateway.call("VerificationRounds", "seats", name)
    claim: Seat = gateway.call("VerificationRounds", "providerSeat", name)
    profile: Profile = gateway.call("ProfileRegistry", "profile", found.profile_id)
    deployment = gateway.deployment
    events = round_events(gateway, name, found.entropy_block)
    receipt = next((event for event in events if isinstance(event, RoundSubmitted)), None)
    digests = _digests(events, found.level)
    claimed = digests.get(PROVIDER_SEAT)
    return {
        "requestHash": _hex(name),
        "phase": phase.label,
        "verdict": found.verdict.label if found.verdict is not Verdict.NONE else None,
        "agentId": str(found.agent_id),
        "client": receipt.client if receipt else None,
        "profileId": _hex(found.profile_id),
        "profile": deployment.profile_name(found.profile_id) if deployment else None,
        "taskHash": _hex(receipt.task_hash) if receipt else None,
        "outputHash": _hex(receipt.output_hash) if receipt else None,
        "tolerance": profile.tolerance,
        "majority": found.quorum,
        "closesAt": _closes(found, phase),
        "levels": _levels(events),
        "outputUri": next((e.uri for e in events if isinstance(e, OutputReferenced)), None),
        "flag": _flag(events),
        "provider": _seat(claim, claimed, claimed),
        "seats": [
            {"seat": number, **_seat(seat, digests.get(number), claimed)}
            for number, seat in enumerate(seats)
        ],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The description for people."""
    verdict = found["verdict"]
    report = [
        f"round      {found['requestHash']}",
        f"provider   agent {found['agentId']}, profile {found['profile'] or found['profileId']}",
        f"task       {found['taskHash']}, for {found['client']}",
        f"phase      {found['phase']}: {_PHASES[Phase[found['phase'].upper()]]}",
    ]
    if found["closesAt"]:
        report.append(f"until      {show_moment(found['closesAt'])}")
    if len(found["levels"]) > 1:
        report += [f"level {each['level']:<4} {_level_words(each)}" for each in found["levels"]]
    if found["outputUri"]:
        report.append(f"output     {found['outputUri']}")
    if found["flag"]:
        report.append(f"flag       {_flag_words(found['flag'])}")
    report.append(f"claim      {_digest_words(found['provider'], found)}")
    for seat in found["seats"]:
        report.append(f"seat {seat['seat']:<5} agent {seat['agentId']}: {_words(seat, found)}")
    if verdict:
        report.append(f"verdict    {_VERDICTS[Verdict[verdict.upper()]]}")
    return report


def _levels(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Each level's committee, who had it asked, and what it said."""
    levels: dict[int, dict[str, Any]] = {0: _new_level(0)}
    for event in events:
        match event:
            case Appealed():
                levels[event.level] = _new_level(event.level)
                by_lot = event.appellant == ZERO_ADDRESS
                levels[event.level]["appellant"] = None if by_lot else event.appellant
                levels[event.level]["appealed"] = True
            case AppealVoid():
                levels[event.level]["void"] = True
            case CommitteeDrawn():
                levels[event.level]["seats"] = len(event.agent_ids)
            case Tallied():
                levels[event.level]["verdict"] = event.verdict.label
            case _:
                pass
    return list(levels.values())


def _flag(events: Sequence[Event]) -> dict[str, Any] | None:
    """The flag on what was published, with the votes on it."""
    flag: dict[str, Any] | None = None
    for event in events:
        match event:
            case Flagged():
                flag = {
                    "flagger": event.flagger,
                    "kind": event.kind.label,
                    "level": event.level,
                    "faulty": [],
                    "sound": [],
                    "upheld": None,
                }
            case Voted() if flag is not None:
                flag["faulty" if event.faulty else "sound"].append(event.seat)
            case FlagClosed() if flag is not None:
                flag["upheld"] = event.upheld
            case _:
                pass
    return flag


def _flag_words(flag: dict[str, Any]) -> str:
    votes = f"{len(flag['faulty'])} seats of level {flag['level']} say so"
    against = f"{len(flag['sound'])} say that nothing is wrong"
    ended = {None: "", True: ": upheld", False: ": not upheld"}[flag["upheld"]]
    return f"{flag['kind'].lower()}, by {flag['flagger']}; {votes}, {against}{ended}"


def _new_level(number: int) -> dict[str, Any]:
    return {
        "level": number,
        "seats": None,
        "verdict": None,
        "appealed": False,
        "appellant": None,
        "void": False,
    }


def _level_words(level: dict[str, Any]) -> str:
    asked = ""
    if level["appealed"]:
        asked = f", asked by {level['appellant'] or 'the protocol, by lot'}"
    if level["void"]:
        return f"too few could be drawn{asked}"
    seats = "not drawn yet" if level["seats"] is None else f"{level['seats']} seats"
    return f"{seats}: {level['verdict'] or 'not counted yet'}{asked}"


def _digests(events: Sequence[Event], level: int) -> dict[int, bytes]:
    """What was opened at a level, by seat: the court forgets what it counts at once."""
    return {
        event.seat: bytes(event.digest)
        for event in events
        if isinstance(event, Opened) and event.level == level
    }


def _seat(seat: Seat, digest: bytes | None, claim: bytes | None) -> dict[str, Any]:
    return {
        "agentId": str(seat.agent_id),
        "state": seat.state.label,
        "digest": _hex(digest) if digest else None,
        "distance": distance(digest, claim) if digest and claim else None,
    }


def _closes(found: Round, phase: Phase) -> int | None:
    return {
        Phase.COMMITTING: found.commit_closes_at,
        Phase.OPENING: found.open_closes_at,
        Phase.APPEALING: found.appeal_closes_at,
        Phase.PUBLISHING: found.publish_closes_at,
        Phase.FLAGGING: found.open_closes_at,
        Phase.VOTING: found.open_closes_at,
    }.get(phase)


def _words(seat: dict[str, Any], found: dict[str, Any]) -> str:
    if seat["distance"] is None:
        return _digest_words(seat, found)
    agrees = seat["distance"] <= found["tolerance"]
    return (
        f"{seat['distance']} of 256 bits from the claim, "
        f"{'within' if agrees else 'beyond'} the tolerance of {found['tolerance']}"
    )


def _digest_words(seat: dict[str, Any], found: dict[str, Any]) -> str:
    phase = Phase[found["phase"].upper()]
    if seat["digest"]:
        return f"opened {seat['digest'][:18]}…"
    if seat["state"] == SeatState.COMMITTED.label:
        return "committed, not open yet" if phase <= Phase.OPENING else "committed, never opened"
    return "not committed yet" if phase <= Phase.COMMITTING else "did not commit"


def _hex(value: bytes) -> str:
    return "0x" + bytes(value).hex()
