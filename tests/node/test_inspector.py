"""What a node says of what was published, and what it cannot be made to say or to pay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from chain.events import CommitteeDrawn, Event, Opened, OutputReferenced
from chain.structs import Flag
from chain.types import (
    PROVIDER_SEAT,
    ZERO_ADDRESS,
    AgentId,
    Bytes32,
    FlagKind,
    Phase,
    RequestHash,
    Wei,
)
from tests.node.fake_chain import COURT, FakeChain, _log, _revert, _seat, profile
from tests.node.harness import ME, PROFILE, InlineWorkers
from tests.node.test_daemon import Delivered
from verifier import profiles
from verifier.canonical import keccak256
from verifier.digest import digest
from verifier.digest.logprobs import implausible_digest
from verifier.node.court_view import CourtView
from verifier.node.errors import NodeError
from verifier.node.inspector import Inspector
from verifier.node.outputs import OutputSource
from verifier.node.poker import BackOff
from verifier.node.records import KnownRound
from verifier.node.store import Store

pytestmark = pytest.mark.unit

OUTPUT = b"what was promised"
KEY = keccak256(b"key")
BOND, WINDOW, NOW = 2, 100, 5_000
LATE = NOW + WINDOW // 2
FLAGGED = ("flag", FlagKind.UNAVAILABLE, BOND)
CLAIM_FLAGGED = ("flag", FlagKind.CLAIM, BOND)
SOUND, FAULTY = ("vote", 1, False), ("vote", 1, True)


class Publication:
    """One that was made by reference, in a round in which this node has seat 1; the chain, the
    backend and the sender in one."""

    def __init__(self, store: Store, name: bytes = b"round", budget: int = 10 * BOND) -> None:
        self.content: bytes | None = OUTPUT
        self.silent, self.refusal = False, ""
        self.claim, self.recipe = digest(OUTPUT, PROFILE, KEY), PROFILE
        self.sent: list[tuple[Any, ...]] = []
        self._name, self._time = RequestHash(keccak256(name)), 0.0
        chain = FakeChain()
        self._view = chain.rounds[chain.submit("x", 9, PROFILE.profile_id, "", b"")].data
        world: Any = self
        self._inspector = Inspector(
            ME, budget, store, CourtView(world), world, world, InlineWorkers(), world, world,
            BackOff(committee=(0.0, 0.0)), lambda: self._time,
        )  # fmt: skip

    def look(self, phase: Phase, at: int = NOW) -> list[tuple[Any, ...]]:
        """What the node sends when it looks at a moment."""
        self.sent, self._time = [], self._time + 1_000
        known = KnownRound(
            self._name, 9, PROFILE.profile_id, "", bytes(32), bytes(32), "", 0, drawn_us=True
        )
        self._inspector.consider(known, replace(self._view, phase=phase), at)
        return self.sent

    # ------------------------------------------------------------------ chain

    def head(self) -> Any:
        return FakeChain().head()

    def logs(self, _first: int, _last: int) -> list[Event]:
        content = Bytes32(keccak256(OUTPUT))
        return [
            CommitteeDrawn(_log(0), self._name, 0, Bytes32(KEY), (), (), 0),
            Opened(_log(0), self._name, AgentId(9), 0, PROVIDER_SEAT, Bytes32(self.claim), content),
            OutputReferenced(_log(0), RequestHash(KEY), Bytes32(KEY), Bytes32(KEY), "of another"),
            OutputReferenced(_log(0), self._name, content, Bytes32(KEY), "https://host.example"),
        ]

    def call(self, _contract: str, function: str, *_arguments: Any, **_options: Any) -> Any:
        return {
            "flagOf": Flag(ZERO_ADDRESS, 0, NOW + WINDOW, 0, 0),
            "seatsAt": [_seat(7), _seat(ME), _seat(8)],
            "profile": profile(flag_window=WINDOW, appeal_bond=Wei(BOND)),
        }[function]

    def profile(self, _profile_id: bytes) -> Any:
        return self.recipe

    def send(self, _contract: str, verb: str, _name: bytes, *rest: Any, **options: Any) -> None:
        if self.refusal:
            raise _revert(self.refusal)
        self.sent.append((verb, *rest, *([options["value"]] if "value" in options else [])))

    # ------------------------------------------------------------------ backend

    def fetch(self, content_hash: bytes) -> bytes | None:
        assert content_hash == keccak256(OUTPUT)
        if self.silent:
            raise NodeError("The backend does not answer.")
        return self.content


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store", COURT, ME)
    yield made
    made.close()


def test_inspector__when_all_is_right__then_it_votes_so_and_flags_nothing(store: Store) -> None:
    published = Publication(store)
    assert published.look(Phase.FLAGGING, LATE) == []
    assert published.look(Phase.VOTING) == [SOUND]
    assert published.look(Phase.PUBLISHING) == published.look(Phase.FINAL) == []


def test_inspector__when_the_bytes_are_not_what_was_claimed__then_flagged_and_voted_faulty(
    store: Store,
) -> None:
    published = Publication(store)
    published.claim = digest(b"something else", PROFILE, KEY)
    assert published.look(Phase.FLAGGING) == [CLAIM_FLAGGED]
    assert published.look(Phase.VOTING) == [FAULTY]


def test_inspector__when_nothing_is_there__then_it_waits_for_half_of_the_window(
    store: Store,
) -> None:
    published = Publication(store)
    published.content = None
    for phase, act in ((Phase.FLAGGING, FLAGGED), (Phase.VOTING, FAULTY)):
        assert published.look(phase, LATE - 1) == []
        assert published.look(phase, LATE) == [act]


def test_inspector__when_the_backend_cannot_say__then_neither_flag_nor_vote(store: Store) -> None:
    """Else whoever silences a node's backend has it vote against honest providers."""
    published = Publication(store)
    published.silent = True
    for phase in (Phase.FLAGGING, Phase.VOTING):
        assert published.look(phase, LATE) == []
    assert store.spent_on_appeals() == 0


def test_inspector__when_it_is_baited__then_it_loses_no_more_than_its_budget(store: Store) -> None:
    """A provider shows its output only once it was flagged, round after round."""
    flags = 0
    for number in range(5):
        published = Publication(store, b"bait %d" % number, budget=2 * BOND)
        published.content = None
        flags += len(published.look(Phase.FLAGGING, LATE))
        published.content = OUTPUT
        assert published.look(Phase.VOTING, LATE) == [SOUND]
    assert (flags, store.spent_on_appeals()) == (2, 2 * BOND)


def test_inspector__when_it_has_no_budget__then_it_votes_and_says_once_why_it_does_not_flag(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    published = Publication(store, budget=0)
    published.content = None
    assert published.look(Phase.FLAGGING, LATE) == published.look(Phase.FLAGGING, LATE) == []
    assert caplog.text.count("not flagged as unavailable") == 1
    assert published.look(Phase.VOTING, LATE) == [FAULTY]


def test_inspector__when_another_flags_first__then_nothing_is_spent(store: Store) -> None:
    published = Publication(store)
    published.content, published.refusal = None, "RoundWrongPhase"
    assert published.look(Phase.FLAGGING, LATE) == []
    assert store.spent_on_appeals() == 0


def test_inspector__when_a_claim_is_void__then_it_is_none_as_for_the_court(store: Store) -> None:
    published = Publication(store)
    published.recipe = profiles.load("logprobs-smollm2")
    published.claim = implausible_digest(KEY)
    assert published.look(Phase.VOTING) == [SOUND]


# ------------------------------------------------------------------ the provider's side


class Backend:
    """Takes sealed outputs, each agent's own; a stranger has left rubbish under every hash, and
    perhaps, with the provider's receipt, in its name.
    """

    def __init__(self, *, takes: bool = True, answers: bool = True, taken: bool = False) -> None:
        self.takes, self.answers, self.taken = takes, answers, taken
        self.sealed: set[str] = {"666"} | ({str(ME)} if taken else set())
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.answers:
            raise httpx.ConnectError("refused")
        self.asked.append(request.method)
        if request.method == "POST" and self.taken:
            return httpx.Response(409)
        if request.method == "POST":
            self.sealed |= {str(ME)} if self.takes else set()
            return httpx.Response(201 if self.takes else 507)
        by = request.url.params.get("sealedBy")
        found = bool(self.sealed) if by is None else by in self.sealed
        return httpx.Response(409 if found else 404)


def publishing(root: Path, backend: Backend, *, fits: bool) -> Delivered:
    """My work was accepted, and can be published by reference."""
    story = Delivered(root)
    limit = 1024 if fits else 1
    story.chain.parameters = profile(flag_window=WINDOW, max_output_bytes=limit)
    source = OutputSource("http://backend.test", transport=httpx.MockTransport(backend))
    clerk: Any = story.node.daemon._clerk
    clerk._tools = replace(clerk._tools, outputs=source)
    referred: Any = story.chain
    referred._do_publishByReference = lambda name, *_: story.chain._change(name, phase=Phase.FINAL)
    story.draw()
    story.node.tick(3)
    story.others_open()
    story.node.tick(3)
    return story


def test_provider__when_a_stranger_left_rubbish_under_its_hash__then_it_hands_in_its_own(
    tmp_path: Path,
) -> None:
    """Else it would publish a reference to what nobody can open, and lose its bond."""
    backend = Backend()
    story = publishing(tmp_path, backend, fits=False)
    assert str(ME) in backend.sealed
    assert story.sent("publishByReference") == 1


@pytest.mark.parametrize(
    "backend", [Backend(takes=False), Backend(answers=False), Backend(taken=True)]
)
def test_provider__when_no_backend_holds_its_output__then_it_publishes_no_reference(
    tmp_path: Path, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    story = publishing(tmp_path, backend, fits=False)
    assert story.sent("publishByReference") == story.sent("publish") == 0
    assert "no backend holds it" in caplog.text
    assert "Traceback" not in caplog.text


def test_provider__when_the_backend_fails_and_the_bytes_fit__then_it_publishes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Dear, but not lost: bytes of another family than `exact`, above what goes by reference.
    from verifier.node import clerk

    monkeypatch.setattr(clerk, "REFERRED_ABOVE", 1)
    monkeypatch.setattr(clerk, "Family", SimpleNamespace(EXACT=None))
    story = publishing(tmp_path, Backend(answers=False), fits=True)
    assert story.sent("publish") == 1
