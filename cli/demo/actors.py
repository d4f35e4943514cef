"""Seats that misbehave. Each differs from the honest `Seat` in the one thing its name says."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Final

from chain.gateway import Gateway
from chain.structs import Seat as SeatOnChain
from chain.types import Phase, SeatState
from cli.demo.script import Script, ScriptDir
from verifier.canonical import keccak256
from verifier.node.court_view import COURT
from verifier.node.seat import Assignment, Produced, Seat, SeatFactory, Toolbox

_log = logging.getLogger("assay.demo")
_POLL_SECONDS: Final = 0.1


class Actor(Seat):
    """A seat with a part. What is not overridden is the daemon's own honest behaviour."""

    def __init__(
        self, assignment: Assignment, tools: Toolbox, gateway: Gateway, script: Script
    ) -> None:
        super().__init__(assignment, tools)
        self.gateway = gateway
        self.script = script

    def phase(self) -> Phase:
        return Phase(self.gateway.call(COURT, "phaseOf", self.assignment.id.request_hash))


class Lazy(Actor):
    """Saves itself the work and guesses a digest."""

    def generate(self) -> bytes:
        return b"did not look"

    def produce_digest(self, output: bytes) -> Produced:
        seat = self.assignment.id
        guess = keccak256(output + seat.request_hash + bytes([seat.seat]))
        return Produced(guess, b"{}")


class Copycat(Lazy):
    """Copies the first commitment that another seat makes, hoping to copy its opening too."""

    def commit(self, commitment: bytes, job: str) -> bool:
        own = self.assignment.id
        while self.phase() is Phase.COMMITTING:
            seats: tuple[SeatOnChain, ...] = tuple(
                self.gateway.call(COURT, "seats", own.request_hash)
            )
            for number, seat in enumerate(seats):
                if number != own.seat and seat.state is SeatState.COMMITTED:
                    _log.info("round %s: copies the commitment of seat %d", own.short, number)
                    return super().commit(bytes(seat.commitment), job)
            time.sleep(_POLL_SECONDS)
        return False


class Silent(Actor):
    """Commits and never opens."""

    def open(self, produced: Produced, job: str) -> bool:
        return False


class Absent(Actor):
    """Never commits."""

    def commit(self, commitment: bytes, job: str) -> bool:
        return False


class Colluder(Actor):
    """Vouches for the provider: digests the output it was handed instead of its own."""

    def generate(self) -> bytes:
        if self.script.vouch_for is None:
            raise ValueError("a colluder needs the output to vouch for")
        return self.script.vouch_for.read_bytes()


class WaitsForGate(Actor):
    """An honest provider that takes its time, until something else has happened."""

    def commit(self, commitment: bytes, job: str) -> bool:
        gate = self.script.gate
        while gate is not None and not gate.exists() and self.phase() is Phase.COMMITTING:
            time.sleep(_POLL_SECONDS)
        return super().commit(commitment, job)


class ClaimsHonestDigest(Actor):
    """A provider that delivered other bytes, but claims the digest an honest one would have."""

    def produce_digest(self, output: bytes) -> Produced:
        honest = self.tools.engine(self.assignment.profile).generate(self.task())
        return super().produce_digest(honest)


PARTS: Final[Mapping[str, type[Actor]]] = {
    "lazy": Lazy,
    "copycat": Copycat,
    "silent": Silent,
    "absent": Absent,
    "colluder": Colluder,
    "waits-for-gate": WaitsForGate,
    "claims-honest-digest": ClaimsHonestDigest,
}


def scripted(scripts: ScriptDir, gateway: Gateway) -> SeatFactory:
    """A factory that gives each drawn seat its part, and honest behaviour where it has none."""

    def make(assignment: Assignment, tools: Toolbox) -> Seat:
        script = scripts.read(assignment.id.request_hash)
        part = script.part(assignment.id.seat)
        if part == "honest":
            return Seat(assignment, tools)
        return PARTS[part](assignment, tools, gateway, script)

    return make
