"""The node's smaller parts: where tasks and engines come from, whose turn it is, what is missed."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from chain.errors import RevertError, RpcRejected
from chain.events import Event, RoundSubmitted
from chain.types import Phase
from tests.node.fake_chain import COURT, FakeChain, FakeSender, signer
from tests.node.harness import ME, PROFILE, EchoEngine, InlineWorkers, task
from verifier import profiles
from verifier.errors import DigestError, EngineError, ProfileError, TaskError
from verifier.node.court_view import CourtView
from verifier.node.delivery import Provider, upload_sealed
from verifier.node.engine_book import DEFAULT, EngineBook, EngineConfig
from verifier.node.errors import NodeError
from verifier.node.poker import BackOff, Poke, Poker, Role, due
from verifier.node.receipts import SignedReceipt
from verifier.node.recipes import RecipeBook
from verifier.node.records import KnownRound
from verifier.node.retries import Retries
from verifier.node.statedir import StateDir
from verifier.node.store import Store
from verifier.node.tasks import TaskSource
from verifier.node.watcher import Watcher
from verifier.node.workers import GeneratorThread, SendingThreads
from verifier.seal import unseal
from verifier.tasks import MAX_TASK_BYTES

pytestmark = pytest.mark.unit

WORK = task()
NAME = b"\x01" * 32


# ------------------------------------------------------------------ tasks


def source(answer: httpx.Response | Exception, asked: list[str] | None = None) -> TaskSource:
    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(f"{request.method} {request.url.path}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    return TaskSource("http://backend.test/", transport=httpx.MockTransport(handle))


def test_task__when_it_is_in_the_uri__then_nothing_is_requested() -> None:
    asked: list[str] = []
    found = source(httpx.Response(200), asked).fetch(WORK.uri(), WORK.hash())
    assert (found, asked) == (WORK, [])


def test_task__when_it_is_at_a_backend__then_only_its_own_hash_is_requested() -> None:
    asked: list[str] = []
    tasks = source(httpx.Response(200, content=WORK.canonical()), asked)
    assert tasks.fetch(f"assay:{WORK.hash().hex()}", WORK.hash()) == WORK
    assert asked == [f"GET /v1/artifacts/0x{WORK.hash().hex()}"]


@pytest.mark.parametrize(
    ("uri", "answer", "words"),
    [
        (None, httpx.Response(404), "answered 404 for the task"),
        (None, httpx.Response(200, content=b"x" * (MAX_TASK_BYTES + 1)), "it is no task"),
        (None, httpx.Response(200, content=task("other").canonical()), "was committed"),
        (None, httpx.Response(200, content=b"{"), "is not valid JSON"),
        (None, httpx.ConnectError("refused"), "cannot be reached"),
        ("https://elsewhere.test/task", httpx.Response(404), "answered 404"),
        ("ftp://elsewhere.test/task", httpx.Response(200), "neither a data: URI, nor assay:"),
        ("assay:" + "ff" * 32, httpx.Response(200), "neither a data: URI, nor assay:"),
    ],
)
def test_task__when_it_cannot_be_had__then_says_why(
    uri: str | None, answer: httpx.Response | Exception, words: str
) -> None:
    with pytest.raises(TaskError, match=words):
        source(answer).fetch(uri or f"assay:0x{WORK.hash().hex()}", WORK.hash())


def test_task__when_the_backends_url_has_a_password__then_no_error_shows_it() -> None:
    tasks = TaskSource(
        "http://user:s3cret@backend.test",
        transport=httpx.MockTransport(lambda _request: httpx.Response(503)),
    )
    with pytest.raises(TaskError) as caught:
        tasks.fetch(f"assay:{WORK.hash().hex()}", WORK.hash())
    assert "http://backend.test answered 503" in str(caught.value)


def test_task__when_no_backend_is_configured__then_says_so() -> None:
    with pytest.raises(TaskError, match="set backend_url"):
        TaskSource(None).fetch(f"assay:{WORK.hash().hex()}", WORK.hash())


# ------------------------------------------------------------------ engines


def test_engines__when_a_profile_has_its_own__then_it_goes_before_the_default(
    tmp_path: Path,
) -> None:
    own = EngineConfig("command", {"argv": ["own"]})
    book = EngineBook({DEFAULT: EngineConfig("builtin"), PROFILE.name: own})
    assert book.engine(PROFILE).info()["command"] == "own"
    assert book.engine(PROFILE) is book.engine(PROFILE)


def test_engines__when_none_is_configured__then_says_where_to() -> None:
    with pytest.raises(EngineError, match=r"add \[engines.exact-bytes\]"):
        EngineBook({}).engine(PROFILE)


def test_engines__when_the_profile_pins_another__then_it_is_refused() -> None:
    pinned = profiles.load("text-exact-smollm2")
    book = EngineBook({}, {pinned.profile_id: EchoEngine()})
    with pytest.raises(EngineError, match="install what the profile pins"):
        book.check(pinned)


def test_engines__when_the_key_file_is_missing__then_says_so(tmp_path: Path) -> None:
    settings = {"base_url": "http://127.0.0.1:1/v1", "api_key_file": str(tmp_path / "none")}
    book = EngineBook({DEFAULT: EngineConfig("openai", settings)})
    with pytest.raises(EngineError, match="give the right api_key_file"):
        book.engine(PROFILE)


# ------------------------------------------------------------------ recipes, watching


def watcher(chain: FakeChain, store: Store) -> Watcher:
    court = CourtView(chain)
    return Watcher(chain, court, store, RecipeBook(store, chain, 0), ME, 0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "node.sqlite3", COURT, ME)


def submit(chain: FakeChain, name: str) -> bytes:
    return chain.submit(name, 9, PROFILE.profile_id, WORK.uri(), WORK.hash())


def test_recipe__when_nobody_has_it__then_the_profile_is_unknown(store: Store) -> None:
    with pytest.raises(ProfileError, match="No recipe here has the profileId"):
        RecipeBook(store, FakeChain(), 0).profile(NAME)


def test_watcher__when_far_behind__then_reads_every_round_once(store: Store) -> None:
    chain = FakeChain()
    for number in range(30):
        submit(chain, str(number))
        chain.mine(number % 3)
    watcher(chain, store).catch_up(chain.head())
    watcher(chain, store).catch_up(chain.head())
    assert store.round_count() == 30
    assert store.cursor() == (chain.head().number, chain.head().hash)


def test_watcher__when_the_chain_is_reorganised__then_forgets_what_is_gone(store: Store) -> None:
    chain = FakeChain()
    chain.mine(2)
    kept = submit(chain, "kept")
    chain.mine(3)
    gone = submit(chain, "gone")
    chain.mine()
    watcher(chain, store).catch_up(chain.head())
    chain.reorganise(2)
    again = submit(chain, "new")
    watcher(chain, store).catch_up(chain.head())
    assert store.round(kept) is not None
    assert store.round(gone) is None
    assert store.round(again) is not None


def test_watcher__when_an_answer_left_out_a_log__then_the_count_brings_it_back(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    chain = FakeChain()
    name = submit(chain, "missed")
    hidden, chain.events = chain.events, {}
    watcher(chain, store).catch_up(chain.head())
    assert store.round(name) is None
    chain.events = hidden
    watcher(chain, store).reconcile()
    assert store.round(name) is not None
    assert "1 rounds were missed" in caplog.text


def test_watcher__when_rounds_came_since_it_read__then_they_are_not_missed(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    chain = FakeChain()
    watcher(chain, store).catch_up(chain.head())
    submit(chain, "new")
    watcher(chain, store).reconcile()
    assert "missed" not in caplog.text


def test_watcher__when_reorganised_while_it_reads__then_it_reads_the_new_branch(
    store: Store,
) -> None:
    chain = FakeChain()
    chain.mine(3)
    gone = submit(chain, "gone")
    chain.mine(3)
    read = chain.logs_of_block
    fresh: list[bytes] = []

    def reorganising(block_hash: bytes) -> list[Event]:
        if chain.block(block_hash) is None:
            raise RpcRejected("The node answered: unknown block", -32000, "unknown block")
        found = read(block_hash)
        if not fresh and any(isinstance(event, RoundSubmitted) for event in found):
            chain.reorganise(4)
            del chain.blocks[-5:]
            fresh.append(submit(chain, "new"))
            chain.mine(4)
        return found

    chain.logs_of_block = reorganising  # type: ignore[method-assign]
    for _ in range(3):
        with suppress(RpcRejected):
            watcher(chain, store).catch_up(chain.head())
    assert store.round(gone) is None
    assert store.round(fresh[0]) is not None


def test_seat__when_the_draw_was_taken_back__then_says_so() -> None:
    chain = FakeChain()
    name = submit(chain, "drawn no more")
    with pytest.raises(NodeError, match="taken back by a reorganisation"):
        CourtView(chain).seat(name, 1)


def test_watcher__when_an_older_head_is_answered__then_nothing_is_forgotten(store: Store) -> None:
    chain = FakeChain()
    name = submit(chain, "seen")
    chain.mine(2)
    watcher(chain, store).catch_up(chain.head())
    cursor = store.cursor()
    newest = [chain.blocks.pop(), chain.blocks.pop(), chain.blocks.pop()]
    watcher(chain, store).catch_up(chain.head())
    assert store.round(name) is not None
    assert store.cursor() == cursor
    chain.blocks += reversed(newest)
    watcher(chain, store).catch_up(chain.head())
    assert store.cursor() == cursor


# ------------------------------------------------------------------ pokes


def known(agent_id: int) -> KnownRound:
    return KnownRound(NAME, agent_id, PROFILE.profile_id, "0x", NAME, NAME, "", 1)


def test_back_off__when_several_wait__then_the_provider_is_first_and_bystanders_last() -> None:
    back_off = BackOff()
    committee = [back_off.delay(Role.COMMITTEE, agent, NAME) for agent in range(50)]
    bystander = [back_off.delay(Role.BYSTANDER, agent, NAME) for agent in range(50)]
    assert back_off.delay(Role.PROVIDER, 3, NAME) == 0
    assert 1 <= min(committee) < max(committee) < 4 < 6 <= min(bystander)
    assert len(set(committee)) == 50
    assert committee[7] == BackOff().delay(Role.COMMITTEE, 7, NAME)


def test_due__when_the_entropy_block_is_mined__then_the_draw_is() -> None:
    chain = FakeChain()
    name = submit(chain, "round")
    court = CourtView(chain)
    view = court.round(name)
    assert view is not None
    before, at = chain.blocks[-1], view.entropy_block
    assert due(view, before, 0) is None
    chain.mine(int(at) - before.number)
    assert due(view, chain.head(), 0) is Poke.DRAW


class Refusing(FakeSender):
    def send(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        self.chain.refused.append("asked")
        raise RevertError("RoundWrongPhase", {}, "Somebody was faster.")


def test_poker__when_somebody_was_faster__then_it_is_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain = FakeChain()
    name = submit(chain, "round")
    chain.mine(5)
    view = CourtView(chain).round(name)
    assert view is not None
    now = [0.0]
    workers = InlineWorkers()
    poker = Poker(ME, Refusing(chain), workers.sendings, BackOff(), clock=lambda: now[0])
    for moment, asked in ((0.0, 1), (0.1, 1), (1.2, 2)):  # a pause after each refusal
        now[0] = moment
        poker.consider(known(ME), view, chain.head(), 0, Role.PROVIDER)
        assert len(chain.refused) == asked
    assert "refused" not in caplog.text


def test_poker__when_it_is_a_bystander__then_it_waits_for_its_turn() -> None:
    chain = FakeChain()
    name = submit(chain, "round")
    chain.mine(5)
    view = CourtView(chain).round(name)
    assert view is not None
    assert view.phase is Phase.DRAWING
    now = [100.0]
    poker = Poker(ME, FakeSender(chain), InlineWorkers().sendings, BackOff(), lambda: now[0])
    turn = BackOff().delay(Role.BYSTANDER, ME, name)
    theirs = replace(known(9), request_hash=name)
    for moment, sent in ((100.0, 0), (100.0 + turn - 0.1, 0), (100.0 + turn + 0.1, 1)):
        now[0] = moment
        poker.consider(theirs, view, chain.head(), 0, Role.BYSTANDER)
        assert sum(1 for _, verb, _ in chain.sent if verb == "draw") == sent


# ------------------------------------------------------------------ threads, pauses


def test_generator__when_several_wait__then_the_earliest_deadline_is_first() -> None:
    wake, gate, order = threading.Event(), threading.Event(), list[int]()
    generator = GeneratorThread(wake)
    generator.submit("first", 0.0, lambda: gate.wait(10))
    finished = threading.Event()
    for deadline in (30, 10, 20):
        generator.submit(deadline, deadline, lambda d=deadline: order.append(d))
    generator.submit("last", 99.0, finished.set)
    generator.submit(10, 1.0, lambda: order.append(-1))  # known already
    gate.set()
    assert finished.wait(10)
    assert order == [10, 20, 30]
    assert wake.is_set()


def test_generator__when_a_job_fails__then_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    generator, finished = GeneratorThread(threading.Event()), threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    generator.submit("bad", 0.0, fail)
    generator.submit("good", 1.0, finished.set)
    assert finished.wait(10)
    assert "unexpected failure" in caplog.text


def test_sendings__when_one_runs__then_no_second_of_its_name_does() -> None:
    wake, gate, ran = threading.Event(), threading.Event(), list[int]()
    sendings = SendingThreads(wake)

    def job() -> None:
        ran.append(1)
        gate.wait(10)

    sendings.start("seat", job)
    sendings.start("seat", job)
    assert sendings.busy("seat")
    gate.set()
    assert wake.wait(10)
    assert not sendings.busy("seat")
    assert ran == [1]


def test_retries__when_it_fails_again__then_the_pauses_grow_to_a_limit() -> None:
    now = [0.0]
    retries = Retries(first=1.0, longest=3.0, clock=lambda: now[0])
    assert retries.ready("x")
    assert [retries.failed("x") for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]
    assert not retries.ready("x")
    now[0] = 3.0
    assert retries.ready("x")
    retries.succeeded("x")
    assert retries.failed("x") == 1.0


# ------------------------------------------------------------------ deliveries


def signed_receipt(tmp_path: Path, store: Store) -> SignedReceipt:
    files = StateDir(tmp_path)
    files.create()
    provider = Provider(ME, COURT, signer(ME), store, files)
    client = signer(5).address
    return provider.deliver(WORK, PROFILE, b"the work", client, 2_000_000_000, 1024)


def test_delivery__when_too_large_to_be_published__then_no_receipt_is_signed(
    tmp_path: Path, store: Store
) -> None:
    provider = Provider(ME, COURT, signer(ME), store, StateDir(tmp_path))
    with pytest.raises(NodeError, match="has 8 bytes, and the profile exact-bytes allows 7"):
        provider.deliver(WORK, PROFILE, b"the work", signer(5).address, 2_000_000_000, 7)
    assert store.deliveries() == []


def test_delivery__when_the_profile_does_not_admit_the_output__then_no_receipt_is_signed(
    tmp_path: Path, store: Store
) -> None:
    image = profiles.load("image-perceptual-terrain128")
    provider = Provider(ME, COURT, signer(ME), store, StateDir(tmp_path))
    with pytest.raises(DigestError):
        provider.deliver(WORK, image, b"no image", signer(5).address, 2_000_000_000, 1024)
    assert store.deliveries() == []


def test_upload__when_the_backend_takes_it__then_it_has_ciphertext_only(
    tmp_path: Path, store: Store
) -> None:
    signed, taken = signed_receipt(tmp_path, store), list[httpx.Request]()

    def take(request: httpx.Request) -> httpx.Response:
        taken.append(request)
        return httpx.Response(201)

    salt = store.deliveries()[0].salt
    transport = httpx.MockTransport(take)
    assert upload_sealed("http://backend.test", signed, b"the work", salt, transport=transport)
    (request,) = taken
    assert (request.method, request.url.path) == ("POST", "/v1/artifacts")
    assert b"the work" not in request.content
    assert unseal(request.content, salt) == b"the work"
    assert request.headers["Assay-Signature"] == "0x" + signed.signature.hex()
    assert json.loads(request.headers["Assay-Receipt"])["agentId"] == "0"


@pytest.mark.parametrize("status", [403, 500, None])
def test_upload__when_the_backend_fails__then_it_is_a_warning(
    tmp_path: Path, store: Store, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    signed = signed_receipt(tmp_path, store)

    def refuse(request: httpx.Request) -> httpx.Response:
        if status is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(status)

    transport = httpx.MockTransport(refuse)
    assert not upload_sealed("http://backend.test", signed, b"x", bytes(32), transport=transport)
    assert "did not take the sealed output" in caplog.text
