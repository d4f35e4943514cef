"""Runs the stories, up to four at a time, narrates them, and keeps what the contract recorded."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chain import events, messages
from chain.errors import AssayError
from chain.structs import Seat
from chain.types import RequestHash, SeatState
from cli.demo.report import Narrator, Outcome, coloured
from cli.demo.story import Story
from cli.demo.works import WORKS, Bench
from cli.demo.world import World
from verifier.digest import distance
from verifier.node.court_view import COURT
from verifier.profiles import Profile
from verifier.tasks import Task

_OVERLAP: Final = 4
_POLL_SECONDS: Final = 0.2
_RECEIPT_SECONDS: Final = 3600
_PARTS: Final = {
    "lazy": "guesses",
    "copycat": "copies a commitment",
    "silent": "will not open",
    "absent": "stays away",
    "colluder": "vouches for the provider",
}


class DemoStuck(AssayError):
    """A round did not end long after its windows."""


@dataclass
class Performance:
    """A round in progress."""

    story: Story
    outcome: Outcome
    begun: float
    gate: Path
    names: list[str] = field(default_factory=list)
    settled: dict[int, tuple[int, int]] = field(default_factory=dict)
    cluster: int = 0
    killed: str | None = None
    done: bool = False


class Director:
    """Plays stories in a world. One instance plays one list."""

    def __init__(self, world: World, narrator: Narrator) -> None:
        self._world = world
        self._narrator = narrator
        self._stage: dict[bytes, Performance] = {}
        self._lock = threading.Lock()
        self._seen: dict[str, bytes] = {}
        self._next_block = world.gateway.head().number + 1

    def play(self, stories: Sequence[Story]) -> list[Performance]:
        """Plays all of them; returns them in their order.

        Raises:
            DemoStuck: a round did not end.
        """
        waiting = deque(enumerate(stories, 1))
        played: list[Performance] = []
        patience = self._world.longest_round * 3
        hands = ThreadPoolExecutor(1)
        try:
            begun: Future[Performance] | None = None
            while waiting or begun or any(not p.done for p in played):
                if begun is not None and begun.done():
                    begun.result()
                    begun = None
                if begun is None and waiting and len(self._on_stage()) < _OVERLAP:
                    number, story = waiting.popleft()
                    performance = self._cast(number, story)
                    played.append(performance)
                    begun = hands.submit(self._begin, performance)
                self._follow()
                self._world.check_processes()
                for performance in played:
                    if not performance.done and time.monotonic() - performance.begun > patience:
                        raise DemoStuck(
                            f"Round {performance.outcome.number} ({performance.story.title}) did "
                            f"not end within {patience:.0f} s: see the logs in {self._world.logs}."
                        )
                time.sleep(_POLL_SECONDS)
        finally:
            # Interrupted, it does not wait for what was begun: that fails once the chain has ended.
            hands.shutdown(wait=False, cancel_futures=True)
        return played

    # ------------------------------------------------------------------ beginning

    def _on_stage(self) -> list[Performance]:
        with self._lock:
            return [performance for performance in self._stage.values() if not performance.done]

    def _cast(self, number: int, story: Story) -> Performance:
        profile = self._world.profile(story.profile)
        outcome = Outcome(
            number=number,
            title=story.title,
            story=story.lesson,
            profile=story.profile,
            family=profile.family.name,
            provider=story.provider,
            expected=story.expected.label,
            tolerance=profile.tolerance,
        )
        gate = self._world.root / "gates" / str(number)
        return Performance(story, outcome, time.monotonic(), gate)

    def _begin(self, performance: Performance) -> Performance:
        """The provider makes and delivers the work; its client asks for the round."""
        story, world = performance.story, self._world
        profile = world.profile(story.profile)
        task = world.task(story.prompt, profile)
        output = self._make(story, task, profile)
        signed = world.provider(story.provider).deliver(
            task,
            profile,
            output,
            client=world.client.address,
            deadline=world.gateway.head().timestamp + _RECEIPT_SECONDS,
            limit=world.on_chain(profile).max_output_bytes,
        )
        nonce = secrets.token_bytes(32)
        request_hash = messages.request_hash(signed.receipt, world.court, nonce)
        performance.outcome.request_hash = "0x" + request_hash.hex()
        performance.begun = time.monotonic()
        performance.gate.parent.mkdir(parents=True, exist_ok=True)
        handed = world.root / "handed" / str(performance.outcome.number)
        handed.parent.mkdir(parents=True, exist_ok=True)
        handed.write_bytes(output)
        world.scripts.write(
            request_hash,
            story.provider_acts,
            story.seats,
            vouch_for=handed,
            gate=performance.gate,
        )
        with self._lock:
            self._stage[request_hash] = performance
        fee = world.fee(profile)
        world.client_sender.send(
            "Router", "verify", signed.receipt, signed.signature, signed.task_uri, nonce, value=fee
        )
        return performance

    def _make(self, story: Story, task: Task, profile: Profile) -> bytes:
        engine = self._world.engines.engine(profile)
        output = WORKS[story.work](task, Bench(engine, dict(self._seen)))
        if story.work == "honest":
            self._seen.setdefault(task.modality, output)
        return output

    # ------------------------------------------------------------------ following

    def _follow(self) -> None:
        for played in self._on_stage():
            self._reopen(played)
        head = self._world.gateway.head().number
        if head < self._next_block:
            return
        for event in self._world.gateway.logs(self._next_block, head):
            request_hash = getattr(event, "request_hash", None)
            with self._lock:
                performance = self._stage.get(request_hash) if request_hash else None
            if performance is not None:
                self._tell(performance, event)
        self._next_block = head + 1

    def _tell(self, performance: Performance, event: events.Event) -> None:
        number, story = performance.outcome.number, performance.story
        match event:
            case events.RoundSubmitted():
                self._narrator.say(
                    f"[bold]{story.title}[/bold]: {story.provider} delivered "
                    f"{_kind(story)}, and a client asks for a verdict",
                    number,
                )
            case events.DrawPostponed():
                self._narrator.say("the draw missed its block and moves to a later one", number)
            case events.CommitteeDrawn():
                performance.names = [self._world.name_of(agent) for agent in event.agent_ids]
                self._narrator.say(f"drawn by stake: {_cast_list(performance)}", number)
            case events.Committed() if event.seat == story.kill and not performance.killed:
                self._kill(performance, performance.names[event.seat])
            case events.Tallied():
                performance.cluster = event.cluster
                self._narrator.say(
                    _count(event, len(performance.names)),
                    number,
                )
            case events.OutputPublished():
                self._narrator.say(
                    f"{story.provider} published {len(event.output):,} bytes; "
                    "the contract checked them",
                    number,
                )
            case events.SeatSettled():
                performance.settled[event.seat] = (int(event.paid), int(event.slashed))
                self._close(performance, event.request_hash)
            case events.RoundFinalized():
                self._finish(performance, event)
            case _:
                pass

    def _kill(self, performance: Performance, name: str) -> None:
        number = performance.outcome.number
        performance.killed = name
        self._world.kill(name)
        self._narrator.say(f"{name} committed; its process gets SIGKILL", number)
        self._world.start_node(name)

    def _reopen(self, performance: Performance) -> None:
        """Opening begins once who was killed is back, however long that takes this machine."""
        name, gate = performance.killed, performance.gate
        if name is not None and not gate.exists() and self._world.is_up(name):
            gate.touch()
            self._narrator.say(f"{name} is started again", performance.outcome.number)

    def _finish(self, performance: Performance, event: events.RoundFinalized) -> None:
        outcome, story = performance.outcome, performance.story
        outcome.verdict = event.verdict.label
        outcome.seconds = time.monotonic() - performance.begun
        self._close(performance, event.request_hash)
        mark = "" if outcome.verdict == outcome.expected else " [red]— not as it must[/red]"
        self._narrator.say(
            f"{coloured(outcome.verdict)} after {outcome.seconds:.0f} s: {story.lesson}{mark}",
            outcome.number,
        )

    def _close(self, performance: Performance, request_hash: RequestHash) -> None:
        """The round is over once the nodes have settled every seat, too."""
        final = performance.outcome.verdict is not None
        if final and len(performance.settled) == len(performance.names):
            self._record(performance, request_hash)
            performance.done = True

    def _record(self, performance: Performance, request_hash: RequestHash) -> None:
        """Takes digests and money from the chain, not from what was planned."""
        gateway, outcome = self._world.gateway, performance.outcome
        claim: Seat = gateway.call(COURT, "providerSeat", request_hash)
        claimed = claim.state is SeatState.OPENED
        outcome.claim = "0x" + claim.digest.hex() if claimed else None
        seats: Sequence[Seat] = gateway.call(COURT, "seats", request_hash)
        for number, seat in enumerate(seats):
            opened = seat.state is SeatState.OPENED
            paid, slashed = performance.settled.get(number, (0, 0))
            outcome.seats.append(
                {
                    "seat": number,
                    "agentId": int(seat.agent_id),
                    "agent": self._world.name_of(seat.agent_id),
                    "behaviour": performance.story.seats.get(number, "honest"),
                    "killed": performance.story.kill == number,
                    "state": seat.state.label,
                    "digest": "0x" + seat.digest.hex() if opened else None,
                    "distance": distance(bytes(claim.digest), bytes(seat.digest))
                    if opened and claimed
                    else None,
                    "inCluster": bool(performance.cluster >> number & 1),
                    "paidWei": str(paid),
                    "slashedWei": str(slashed),
                }
            )


def _count(event: events.Tallied, seats: int) -> str:
    agreeing = event.agreeing.bit_count()
    return f"{event.opened.bit_count()} of {seats} opened, {agreeing} agree with the claim"


def _kind(story: Story) -> str:
    return "an image" if story.prompt["modality"] == "image" else "a text"


def _cast_list(performance: Performance) -> str:
    parts = performance.story.seats
    words = []
    for number, name in enumerate(performance.names):
        part = parts.get(number)
        words.append(f"{name} ({_PARTS[part]})" if part else name)
    if performance.story.provider_acts == "silent":
        words.append(f"— and {performance.story.provider} will not open")
    return ", ".join(words)
