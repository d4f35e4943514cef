"""Real nodes, each a process, on a real chain: rounds, kills at every step, and what they open."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chain.structs import Seat
from chain.types import SeatState, Verdict
from tests.node.network import COURT, Network, NodeProcess, answer, open_network
from tests.support.polling import eventually
from verifier.node.daemon import ExitCode
from verifier.node.records import Step
from verifier.node.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with open_network(tmp_path) as found:
        yield found


def seat_steps(network: Network, node: NodeProcess) -> list[Step]:
    store = Store(node.files.store, network.deployment.court, node.actor.agent_id)
    try:
        return [record.step for record in store.seats()]
    finally:
        store.close()


def test_round__when_every_node_dies_at_every_step__then_it_is_accepted_and_nothing_is_lost(
    network: Network,
) -> None:
    steps = [step.value for step in Step]
    for node in network.nodes:
        node.start(kills=steps)
    name = network.verify("Name a colour.")
    assert network.finish([name]) == [Verdict.ACCEPTED]

    def all_done() -> bool:
        for node in network.nodes:
            node.revive()
        return all(
            Step.DONE in seat_steps(network, node)
            # Started again after its last death, too.
            and node.starts > len(list(node.root.glob("killed-*")))
            for node in seated
        )

    drawn = {seat.agent_id for seat in network.gateway.call(COURT, "seats", name)}
    seated = [network.provider]
    seated += [node for node in network.verifiers if node.actor.agent_id in drawn]
    eventually(all_done, "the last step of every seat", 60)
    for node in seated:
        died = {path.name.removeprefix("killed-") for path in node.root.glob("killed-*")}
        expected = set(steps) if node is network.provider else set(steps) - {"published"}
        assert died == expected
        assert node.starts >= len(expected)  # the last death may not have been answered yet
    network.settled([name])
    assert network.nobody_lost_anything()


def test_rounds__when_nodes_die_at_twenty_random_moments__then_all_are_accepted(
    network: Network,
) -> None:
    seed = 20_260_117
    chance = random.Random(seed)
    for node in network.nodes:
        node.start()
    names = [network.verify(f"Say {number}.") for number in range(4)]
    for _ in range(20):
        time.sleep(chance.uniform(0.0, 0.6))  # the random moment itself
        victim = chance.choice([node for node in network.nodes if node.is_alive])
        victim.kill()
        victim.revive()
    names += [network.verify("Say it again.")]
    assert network.finish(names) == [Verdict.ACCEPTED] * 5, f"seed {seed}"
    assert sum(node.starts - 1 for node in network.nodes) == 20
    network.settled(names)
    assert network.nobody_lost_anything()


def test_round__when_the_provider_delivers_something_else__then_it_is_rejected(
    network: Network,
) -> None:
    for node in network.nodes:
        node.start()
    name = network.submit(network.deliver(network.task("Add 1 and 1."), b"3"))
    assert network.finish([name]) == [Verdict.REJECTED]
    assert network.slashed() == 0


def test_node__when_told_to_stop_between_commit_and_open__then_it_opens_first(
    network: Network,
) -> None:
    for node in network.nodes:
        node.start()
    name = network.verify("Stop after this.")

    def seats() -> list[Seat]:
        return list(network.gateway.call(COURT, "seats", name))

    def committed() -> list[Seat]:
        return [seat for seat in seats() if seat.state is SeatState.COMMITTED]

    chosen = eventually(committed, "a commitment", 60)[0].agent_id
    node = next(node for node in network.verifiers if node.actor.agent_id == chosen)
    node.terminate()
    assert node.exit_code(60) == ExitCode.DONE
    assert next(seat.state for seat in seats() if seat.agent_id == chosen) is SeatState.OPENED
    assert network.finish([name]) == [Verdict.ACCEPTED]
    node.start()  # what it earned waits for it
    network.settled([name])
    assert network.nobody_lost_anything()


class Backend:
    """Serves one task, refuses everything else, and writes down what it was asked."""

    def __init__(self, path: str, content: bytes) -> None:
        asked = self.asked = []  # type: list[str]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"{self.command} {self.path}")
                self.send_response(200 if self.path == path else 404)
                self.end_headers()
                if self.path == path:
                    self.wfile.write(content)

            do_POST = do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_verifiers__in_a_whole_round__then_open_and_request_nothing_but_their_own(
    network: Network,
) -> None:
    task = network.task("Work alone.")
    signed = network.deliver(task, answer("Work alone."))
    backend = Backend(f"/v1/artifacts/0x{task.hash().hex()}", task.canonical())
    try:
        for number, node in enumerate(network.nodes):
            (node.root / "node.toml").unlink()
            network.make_node(
                node.root,
                node.actor,
                2 + number,
                backend_url=f"http://127.0.0.1:{backend.port}",
            )
            node.start(watch=True)
        name = network.submit(signed, f"assay:{task.hash().hex()}")
        assert network.finish([name]) == [Verdict.ACCEPTED]
    finally:
        backend.close()
    # Once per seat of the committee, and never anything but the task.
    assert backend.asked == [f"GET /v1/artifacts/0x{task.hash().hex()}"] * 3
    ports = {str(backend.port), network.url.rsplit(":", 1)[1]}
    for node in network.verifiers:
        others = [str(other.root) for other in network.nodes if other is not node]
        assert ("sqlite3.connect", str(node.files.store)) in node.watched()
        for event, what in node.watched():
            assert not any(what.startswith(other + "/") for other in others), (event, what)
            if event == "socket.connect":
                assert any(f"'127.0.0.1', {port}" in what for port in ports), what
