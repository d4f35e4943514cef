"""Whole committees posted by the backend: what it takes, what it sends, what it never repeats."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.api import Services, bodies, create_app
from backend.relay import Relay
from backend.server import authority
from backend.submitter import JobStatus, Outbox, Submitter
from backend.submitter.submit import chain_name
from chain import messages
from chain.errors import RpcRejected, RpcUnreachable
from chain.events import CommitteeDrawn, EntrySkipped, Opened
from chain.fees import SendPolicy
from chain.keys import Signer, local_signer
from chain.structs import Opening
from chain.types import PROVIDER_SEAT, Bytes32, Phase
from cli.anvil import AnvilOptions
from tests.backend.conftest import World, relaying
from tests.backend.live import Index
from tests.support.asgi import AsgiClient
from tests.support.court import EVIDENCE, LOCAL, ROUNDS, Court, digest_of, open_court
from verifier.node.records import SeatId
from verifier.node.relay import Relay as Door

pytestmark = pytest.mark.integration

# Windows that a slow machine does not outlast; where one is to end, the chain's clock is moved.
PARAMETERS = replace(LOCAL, commit_window=300, open_window=300, unbonding_delay=36_000)
QUICK = SendPolicy(poll=0.02, resend_after=0.3, give_up_after=20.0)


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """One chain for this file; its tests only add to it."""
    folder = tmp_path_factory.mktemp("court")
    with open_court(folder, AnvilOptions(block_time=0), PARAMETERS) as court:
        court.control.pass_time(3600)
        yield court


class Backend:
    """Index, relayer and submitter, stepped by the test; seats ask as nodes do."""

    def __init__(self, court: Court, folder: Path) -> None:
        self.court = court
        self.index = Index(folder, court.door)
        index = self.index
        acts_for = authority(lambda: court.door)
        services = Services(
            index.store,
            index.files,
            index.network,
            index.status,
            acts_for,
            relay=Relay(index.store, index.network.court, acts_for),
        )
        self.client = client = AsgiClient(create_app(services))
        self.answers: list[httpx.Response] = []
        self.sent: list[dict[str, Any]] = []

        def ask(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content)
            self.sent.append(body)
            answer = client.post(request.url.path, content=json.dumps(body))
            self.answers.append(answer)
            return httpx.Response(answer.status_code, content=answer.content)

        self.door = Door("http://relayer", transport=httpx.MockTransport(ask))
        self.signer = local_signer(19, court.door.chain_id())
        self.outbox = Outbox(index.store, chain_name(court.door))
        self.submitter = Submitter(
            lambda: court.door,
            self.signer,
            index.store,
            self.outbox,
            index.status,
            policy=QUICK,
            pokes=False,
            relays=True,
        )

    def work(self) -> int:
        """One look; returns how many transactions the relayer paid for."""
        before = self.court.door.nonce(self.signer.address)
        self.index.catch_up()
        self.submitter.step()
        self.index.catch_up()
        return self.court.door.nonce(self.signer.address) - before

    def place(self, drawn: CommitteeDrawn, seat: int) -> SeatId:
        return SeatId(drawn.request_hash, drawn.level, seat, bytes(drawn.key))

    def hand_commitment(
        self, drawn: CommitteeDrawn, seat: int, digest: bytes, signer: Signer | None = None
    ) -> bool:
        actor, court = self.court.holder(drawn, seat), self.court.deployment.court
        where = (drawn.request_hash, drawn.level)
        word = messages.commitment(
            court,
            *where,
            drawn.key,
            actor.agent_id,
            digest,
            EVIDENCE,
            self.court.salt(drawn, seat),
        )
        signed = messages.sign_commitment(
            signer or actor.signer, court, *where, seat, actor.agent_id, drawn.key, word
        )
        return self.door.commitment(self.place(drawn, seat), actor.agent_id, signed)

    def hand_opening(self, drawn: CommitteeDrawn, seat: int, digest: bytes) -> bool:
        salt = self.court.salt(drawn, seat)
        opening = Opening(seat, Bytes32(digest), Bytes32(EVIDENCE), salt)
        return self.door.opening(self.place(drawn, seat), opening)

    def refusal(self) -> tuple[int, str]:
        answer = self.answers[-1]
        return answer.status_code, answer.json()["error"]["message"]


@pytest.fixture
def backend(court: Court, tmp_path: Path) -> Iterator[Backend]:
    made = Backend(court, tmp_path)
    yield made
    made.index.close()


def drawn_round(court: Court, backend: Backend, task: bytes) -> tuple[CommitteeDrawn, list[int]]:
    drawn = court.draw(court.submit(court.receipt(task)[0]))
    backend.index.catch_up()
    return drawn, [PROVIDER_SEAT, *range(len(drawn.agent_ids))]


def logged(court: Court, kind: type[Any], drawn: CommitteeDrawn) -> list[Any]:
    head = court.door.head().number
    events = court.door.logs(drawn.log.block_number, head, about=drawn.request_hash)
    return [event for event in events if isinstance(event, kind)]


def test_relay__when_all_hand_in__then_two_transactions_and_a_verdict(
    court: Court, backend: Backend
) -> None:
    drawn, seats = drawn_round(court, backend, b"relayed")
    claim = digest_of(drawn.key, b"x")
    assert not backend.hand_opening(drawn, 0, claim)
    assert backend.refusal()[0] == 409, "an opening is not for a relayer while others may commit"
    assert not backend.hand_commitment(drawn, 0, claim, signer=court.client.signer)
    assert backend.refusal()[0] == 403
    for seat in seats[1:]:
        assert backend.hand_commitment(drawn, seat, claim)
    assert backend.work() == 0, "one is missing, and there is time"
    for _ in range(2):
        assert backend.hand_commitment(drawn, seats[0], claim)
    assert backend.work() == 1
    assert backend.work() == 0
    assert court.phase(drawn.request_hash) is Phase.OPENING
    assert not backend.hand_opening(drawn, 0, digest_of(drawn.key, b"another"))
    assert backend.refusal() == (403, "This does not open what the seat committed.")
    for seat in seats:
        assert backend.hand_opening(drawn, seat, claim)
    assert backend.work() == 1
    assert backend.work() == 0
    assert court.phase(drawn.request_hash) is Phase.PUBLISHING
    assert logged(court, EntrySkipped, drawn) == []
    assert backend.outbox.counts()[JobStatus.FAILED] == 0


def test_relay__when_some_post_by_themselves__then_only_what_is_owed_is_posted(
    court: Court, backend: Backend
) -> None:
    drawn, seats = drawn_round(court, backend, b"partly by themselves")
    claim = digest_of(drawn.key, b"x")
    speaking, own = seats[:4], seats[2]
    for seat in speaking:
        assert backend.hand_commitment(drawn, seat, claim)
    court.commit(drawn, own, claim)
    assert backend.work() == 0
    court.control.pass_time(PARAMETERS.commit_window * 2 // 5)
    assert backend.work() == 1, "so much of the window is gone that nobody is waited for"
    committed = [seat.state.name for seat in court.door.call(ROUNDS, "seats", drawn.request_hash)]
    assert committed.count("COMMITTED") == 3
    court.control.pass_time(PARAMETERS.commit_window * 3 // 5)
    backend.index.catch_up()
    for seat in speaking:
        assert backend.hand_opening(drawn, seat, claim)
    court.open(drawn, own, claim)
    assert backend.work() == 1, "those of the batch; the other has opened by itself"
    assert {event.seat for event in logged(court, Opened, drawn)} == set(speaking)
    assert logged(court, EntrySkipped, drawn) == []


def test_relay__when_a_node_answers_for_few_blocks_at_once__then_old_rounds_are_opened_too(
    court: Court, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = court.door.logs

    def narrow(first: int, last: int, **options: Any) -> Any:
        if last - first >= 3:
            raise RpcRejected("The node answered: too wide.", -32005, "block range is too wide")
        return whole(first, last, **options)

    drawn, seats = drawn_round(court, backend, b"of long ago")
    for _ in range(8):
        court.control("evm_mine")
    claim = digest_of(drawn.key, b"x")
    for seat in seats:
        assert backend.hand_commitment(drawn, seat, claim)
    assert backend.work() == 1
    for seat in seats:
        assert backend.hand_opening(drawn, seat, claim)
    monkeypatch.setattr(court.door, "logs", narrow)
    backend.submitter.step()
    monkeypatch.undo()
    assert court.phase(drawn.request_hash) is Phase.PUBLISHING


@pytest.mark.campaign
def test_relay__when_one_round_is_refused__then_the_others_are_posted(
    court: Court, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [drawn_round(court, backend, task) for task in (b"refused", b"taken")]
    for each, seats in drawn:
        for seat in seats:
            assert backend.hand_commitment(each, seat, digest_of(each.key, b"x"))
    refused, call = drawn[0][0].request_hash, court.door.call

    def some(contract: str, function: str, *arguments: Any, **options: Any) -> Any:
        if function == "seatsAt" and arguments[0] == refused:
            raise RpcRejected("The node answered: no.", -32000, "no")
        return call(contract, function, *arguments, **options)

    monkeypatch.setattr(court.door, "call", some)
    assert backend.work() == 1
    monkeypatch.undo()
    assert court.phase(drawn[1][0].request_hash) is Phase.OPENING


def test_s12_relay__when_somebody_else_was_first__then_needless_and_nothing_is_paid(
    court: Court, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, seats = drawn_round(court, backend, b"somebody else was first")
    claim = digest_of(drawn.key, b"x")
    for seat in seats:
        assert backend.hand_commitment(drawn, seat, claim)
    send = backend.submitter._sender().send_call

    def late(call: Any, *, job: str) -> Any:
        for seat in seats:
            court.commit(drawn, seat, claim)
        return send(call, job=job)

    monkeypatch.setattr(backend.submitter._sender(), "send_call", late)
    assert backend.work() == 0
    assert backend.outbox.counts()[JobStatus.NEEDLESS] == 1


def test_relay__when_it_is_not_posted_yet__then_nothing_said_has_signature_or_salt(
    court: Court,
    backend: Backend,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)

    def secrets() -> set[str]:
        return {
            body[name][2:] for body in backend.sent for name in ("r", "vs", "salt") & body.keys()
        }

    def said() -> str:
        paths = ("/metrics", "/ready", "/status", "/v1/rounds", f"/v1/rounds/0x{name}")
        told = [backend.client.get(path) for path in paths] + backend.answers
        assert [answer.status_code for answer in told if answer.status_code >= 500] == []
        return caplog.text + "".join(answer.text for answer in told)

    def silent(*_: Any, **_options: Any) -> None:
        raise RpcUnreachable("Nothing answers.")

    drawn, seats = drawn_round(court, backend, b"told to nobody")
    claim, name = digest_of(drawn.key, b"x"), drawn.request_hash.hex()
    for seat in seats:
        assert backend.hand_commitment(drawn, seat, claim)
    assert not backend.hand_opening(drawn, 0, claim), "too early"
    with monkeypatch.context() as patch:
        patch.setattr(backend.submitter._sender(), "send_call", silent)
        assert backend.work() == 0
    assert [word for word in secrets() if word in said()] == []

    backend.work()
    backend.sent.clear()
    for seat in seats[1:]:
        assert backend.hand_opening(drawn, seat, claim)
    assert not backend.hand_opening(drawn, seats[0], digest_of(drawn.key, b"another"))
    wrong = backend.sent[0]
    for body in (wrong | {"level": "none"}, wrong | {"key": "0x"}, wrong | {"more": "x" * 3000}):
        backend.answers.append(backend.client.post("/v1/relay/openings", content=json.dumps(body)))
    assert [answer.status_code for answer in backend.answers[-3:]] == [422, 422, 413]
    court.control.pass_time(PARAMETERS.open_window * 2 // 5)
    with monkeypatch.context() as patch:
        patch.setattr(backend.submitter._sender(), "send_call", silent)
        assert backend.work() == 0
    assert [word for word in secrets() if word in said()] == []


@pytest.mark.parametrize("what", ["commitments", "openings"])
def test_relay__when_a_body_does_not_end__then_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(bodies, "UPLOAD_SECONDS", 0.05)
    services = replace(world.services(), relay=relaying(world))

    async def slow() -> AsyncIterator[bytes]:
        yield b'{"requestHash": '
        await asyncio.sleep(30)

    answer = AsgiClient(create_app(services)).post(f"/v1/relay/{what}", content=slow())
    assert answer.status_code == 408
    assert "did not end" in answer.json()["error"]["message"]


def test_relay__when_the_body_is_not_one__then_one_sentence(backend: Backend) -> None:
    client = backend.client
    for body in (b"", b"[]", b"{}", b'{"requestHash": 1}', b"\xff", b"[" * 2000):
        answer = client.post("/v1/relay/commitments", content=body)
        assert answer.status_code == 422, body
        assert answer.json()["error"]["code"] == "query_invalid"
    assert client.post("/v1/relay/openings", content=b"x" * 3000).status_code == 413


def test_relay__when_the_server_relays_nothing__then_it_says_so(
    world: World, client: AsgiClient
) -> None:
    world.catch_up()
    answer = client.post("/v1/relay/openings", content=b"{}")
    assert answer.status_code == 404
    assert "relays nothing" in answer.json()["error"]["message"]
