"""Real nodes with a relayer: one that works, one that is silent, one that repeats and reorders."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from chain.events import Committed
from chain.keys import local_signer
from chain.types import Verdict
from tests.backend.live import serving
from tests.node.network import Network, open_network

pytestmark = [pytest.mark.integration, pytest.mark.campaign, pytest.mark.timeout(600)]

RELAYER = 9
"""The account that pays for what the backend posts."""

Answer = Callable[[str, bytes], tuple[int, bytes]]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with open_network(tmp_path) as found:
        yield found


@contextmanager
def relayer(answer: Answer) -> Iterator[str]:
    """The URL of a relayer that answers a path and a body as it likes."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def judged(network: Network, relay: str, prompt: str) -> None:
    """An honest round with nodes that hand in there: accepted, and nobody loses anything."""
    for node in network.nodes:
        node.configure(relay=relay)
        node.start()
    name = network.verify(prompt)
    assert network.finish([name], 240) == [Verdict.ACCEPTED]
    network.settled([name])
    assert network.nobody_lost_anything()


def sent_by(network: Network, account: int) -> int:
    signer = local_signer(account, network.deployment.chain_id)
    return network.gateway.nonce(signer.address)


def committed_in(network: Network) -> set[bytes]:
    """Transactions that recorded commitments."""
    head = network.gateway.head().number
    events = network.gateway.logs(int(network.deployment.block), head)
    return {event.log.transaction_hash for event in events if isinstance(event, Committed)}


def test_relay__when_the_backend_posts__then_two_transactions_for_a_whole_round(
    network: Network, tmp_path: Path
) -> None:
    more = ("--relay", f"--local-account={RELAYER}")
    with serving(tmp_path / "served", network.url, network.deployment, *more) as served:
        judged(network, served.url, "Relayed.")
        assert sent_by(network, RELAYER) == 2
        assert len(committed_in(network)) == 1


def test_relay__when_it_takes_everything_and_posts_nothing__then_the_nodes_do_at_half_the_window(
    network: Network,
) -> None:
    heard: list[str] = []

    def silent(path: str, _body: bytes) -> tuple[int, bytes]:
        heard.append(path)
        return 202, b"{}"

    with relayer(silent) as url:
        judged(network, url, "Nobody posts.")
    assert {"/v1/relay/commitments", "/v1/relay/openings"} == set(heard)
    assert len(committed_in(network)) == 4


def test_relay__when_it_repeats_and_reorders__then_the_same_round(
    network: Network, tmp_path: Path
) -> None:
    more = ("--relay", f"--local-account={RELAYER}")
    with serving(tmp_path / "served", network.url, network.deployment, *more) as served:
        held: list[tuple[str, bytes]] = []

        def mangling(path: str, body: bytes) -> tuple[int, bytes]:
            """Holds each back until the next comes, then gives the newest first and both twice."""
            held.append((path, body))
            if json.loads(body)["seat"] == 255 or len(held) > 2:
                for each in [*reversed(held), *held]:
                    httpx.post(served.url + each[0], content=each[1], timeout=10)
                held.clear()
            return 202, b"{}"

        with relayer(mangling) as url:
            judged(network, url, "Repeated.")
