"""A round in one sentence, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from chain.types import Phase, Verdict


@dataclass(frozen=True)
class Situation:
    """What the sentence is about.

    Attributes:
        seats: drawn verifiers; 0 if none were drawn.
        majority: how many of them decide.
        committed, opened: how many verifiers did.
        tallied: what the contract counted, NONE before.
        cluster: size of the largest group that agreed; None before the count.
        distances: of the opened seats to the provider's digest, ascending; empty without one.
        flag_upheld: the committee found a fault in what was published.
        void_claim: the provider's digest is the one that stands for no answer.
        deadline: when the present phase ends (Unix seconds), where it has an end.
    """

    phase: Phase
    verdict: Verdict
    seats: int
    majority: int
    tolerance: int
    provider_opened: bool
    committed: int
    opened: int
    tallied: Verdict
    cluster: int | None
    distances: Sequence[int]
    published: bool
    flag_upheld: bool
    void_claim: bool
    entropy_block: int
    deadline: int | None

    @property
    def agreeing(self) -> int:
        return sum(distance <= self.tolerance for distance in self.distances)


def explain(round_: Situation) -> str:
    """One plain sentence: what happened, or what the round waits for."""
    sentences = {
        Verdict.NONE: _waiting,
        Verdict.ACCEPTED: _accepted,
        Verdict.REJECTED: _rejected,
        Verdict.INCONCLUSIVE: _inconclusive,
        Verdict.EXPIRED: _expired,
    }
    return sentences[round_.verdict](round_)


def _waiting(round_: Situation) -> str:
    until = "" if round_.deadline is None else f" until {_utc(round_.deadline)}"
    match round_.phase:
        case Phase.DRAWING:
            return (
                f"Drawing: the hash of block {round_.entropy_block} will draw the committee; then"
                " anybody may call draw."
            )
        case Phase.COMMITTING:
            return (
                f"Committing: {round_.committed} of {_verifiers(round_.seats)} have committed; the"
                f" window is open{until}."
            )
        case Phase.OPENING:
            return (
                f"Opening: {round_.opened} of {_verifiers(round_.seats)} have opened their digests;"
                f" the window is open{until}."
            )
        case Phase.TALLYING:
            return "Tallying: nobody is waited for any more; anybody may call advance to count."
        case Phase.APPEALING:
            return (
                f"Appealing: counted as {round_.tallied.label}{_distances(round_)}; anybody may"
                f" have a larger committee decide anew{until}."
            )
        case Phase.FLAGGING:
            return (
                "Flagging: published, and accepted unless somebody flags it as missing or wrong"
                f"{until}."
            )
        case Phase.VOTING:
            return (
                "Voting: what was published is flagged, and the committee says whether anything is"
                f" wrong with it{until}."
            )
        case _:
            return (
                f"Publishing: the committee agreed with the provider{_distances(round_)}, which now"
                f" has to publish the output{until}."
            )


def _accepted(round_: Situation) -> str:
    return (
        f"Accepted: {round_.agreeing} of {_verifiers(round_.seats)} {_near(round_)} the provider's"
        f" digest{_distances(round_)}; {round_.majority} were needed."
    )


def _rejected(round_: Situation) -> str:
    if round_.flag_upheld:
        return (
            "Rejected: the committee agreed with the provider's digest, but found that what it"
            " published is missing or wrong."
        )
    if round_.tallied is Verdict.ACCEPTED and round_.published:
        return (
            "Rejected: the committee agreed with the provider's digest, but the output it published"
            " does not have that digest."
        )
    if round_.tallied is Verdict.ACCEPTED:
        return (
            "Rejected: the committee agreed with the provider's digest, but the provider did not"
            " publish the output in time."
        )
    if not round_.provider_opened:
        return (
            f"Rejected: the provider did not open its digest, while {round_.opened} of"
            f" {_verifiers(round_.seats)} opened theirs."
        )
    if round_.void_claim:
        return (
            "Rejected: the provider claimed the digest that stands for no answer, which counts as"
            " not opened."
        )
    if not round_.cluster:
        return "Rejected: a majority of the committee found the output implausible."
    return (
        f"Rejected: {round_.cluster} of {_verifiers(round_.seats)} agree on another output; only"
        f" {round_.agreeing} {_near(round_)} the provider's digest"
        f"{_distances(round_)}."
    )


def _inconclusive(round_: Situation) -> str:
    return (
        f"Inconclusive: no {round_.majority} of {_verifiers(round_.seats)} agree, neither with the"
        f" provider{_distances(round_)} nor on another output."
    )


def _expired(round_: Situation) -> str:
    if round_.seats == 0:
        return (
            "Expired: too few verifiers could be drawn for this profile; the fee went back to who"
            " paid it, less the finalizer's tip."
        )
    return (
        f"Expired: only {round_.opened} of {_verifiers(round_.seats)} opened a digest,"
        f" {round_.majority} were needed; the fee went back to who paid it, less the finalizer's"
        " tip."
    )


def _near(round_: Situation) -> str:
    if round_.tolerance == 0:
        return "got exactly"
    return f"came within {_bits(round_.tolerance)} of"


def _verifiers(count: int) -> str:
    return "1 verifier" if count == 1 else f"{count} verifiers"


def _bits(count: int) -> str:
    return "1 bit" if count == 1 else f"{count} bits"


def _distances(round_: Situation) -> str:
    if not round_.distances or round_.tolerance == 0:
        return ""  # How far a wrong hash is from the right one says nothing.
    listed = ", ".join(str(distance) for distance in round_.distances)
    return f" (distances {listed})" if len(round_.distances) > 1 else f" (distance {listed})"


def _utc(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
