"""The same with real processes: SIGKILL of the backend and of nodes while the chain reorganises.

What happens is of the seed, but not when: processes take the time they take.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from backend.artifacts import ArtifactFiles
from backend.bundles import BundleChecker
from backend.errors import StoreUnavailable
from backend.store import Store, dump
from backend.submitter import JobStatus, Outbox, Task
from backend.submitter.submit import chain_name
from chain.blocks import Call
from chain.deployment import load
from chain.errors import AssayError
from chain.keys import local_signer
from chain.types import Address, Phase, RequestHash, Wei
from cli.anvil import AnvilOptions
from tests.backend.live import Index, serve_arguments, serving
from tests.faults.simulation.evidence import REPORTER, set_up
from tests.faults.simulation.ground import REORGANISED_AT_MOST
from tests.faults.simulation.sources import Sources
from tests.faults.simulation.truth import settled
from tests.node.network import COURT, Network, open_network
from tests.support.actors import person
from tests.support.anvil import Control
from tests.support.forked import Assay
from tests.support.polling import eventually
from tests.support.proxy import FaultProxy
from tests.support.weather import SeededWeather

pytestmark = [pytest.mark.integration, pytest.mark.campaign, pytest.mark.timeout(900)]

CHOSEN = os.environ.get("SEED")
SEEDS = [int(CHOSEN)] if CHOSEN is not None else range(5)
STORM = {
    "lose_request": 0.01,
    "lose_reply": 0.01,
    "late": 0.02,
    "rate_limit": 0.01,
    "overloaded": 0.01,
    "no_logs": 0.02,
    "flip": 0.005,
}
STORM_SECONDS = 20.0
ROUNDS, PAYMENTS = 2, 4
ASKER = 9
"""A local account, also the doubter's."""

ENDED = {JobStatus.FINAL, JobStatus.NEEDLESS, JobStatus.FAILED, JobStatus.CANCELLED}


class Story:
    """Processes, what may happen to them, and what was begun."""

    def __init__(self, seed: int, network: Network, proxy: FaultProxy) -> None:
        self.dice = random.Random(f"{seed}/processes")
        self.network = network
        self.proxy = proxy
        self.control = Control(network.url)
        self.folder = network.folder / "served"
        asker = local_signer(ASKER, network.gateway.chain_id())
        file = network.folder / "deployment.json"
        evidence = set_up(network.gateway, network.provider.actor.agent_id, asker, file)
        self.deployment = load(file)
        self.arguments = serve_arguments(
            self.folder, proxy.url, self.deployment, "--submit", "--local-account=19"
        )
        self.door = network.gateway.with_deployment(self.deployment)
        self.files = ArtifactFiles(self.folder / "artifacts")
        self.anchor = evidence.anchor
        self.sources = Sources(
            self.dice,
            evidence,
            self.door,
            person(self.door, REPORTER).sender,
            person(self.door, ASKER).sender,
            self.files,
            lambda _task, _output: None,
        )
        self.store = Store(f"sqlite:///{self.folder / 'index.sqlite3'}")
        self.outbox = Outbox(self.store, chain_name(network.gateway))
        self.rounds: list[RequestHash] = []
        self.payees: dict[str, Address] = {}
        self.kills = 0
        self._backend: Assay | None = None

    def keep_running(self) -> None:
        """Starts again whoever is not there."""
        if self._backend is None or not self._backend.is_running:
            log = self.folder / "serve.log"
            self._backend = Assay("backend", self.arguments, log=log)
        for node in self.network.nodes:
            if not node.is_alive:
                node.start()

    def kill_somebody(self) -> None:
        whom = self.dice.choice([None, None, *self.network.nodes])
        if whom is not None and whom.is_alive:
            whom.kill()
            self.kills += 1
        elif whom is None and self._backend is not None and self._backend.is_running:
            self._backend.kill()
            self._backend.wait()
            self.kills += 1

    def reorganise(self) -> None:
        self.control("anvil_reorg", self.dice.randint(1, REORGANISED_AT_MOST), [])

    def begin(self) -> None:
        """A round, or a job, of which an effect twice would show."""
        if len(self.rounds) < ROUNDS and self.dice.random() < 0.5:
            self.rounds.append(self.network.verify(f"work {len(self.rounds)}"))
        elif len(self.payees) < PAYMENTS:
            number = len(self.payees) + 1
            payee = Address(f"0x{number:040x}".replace("0x00", "0x77"))
            with suppress(AssayError):  # Whoever writes the index has the database for a moment.
                call = Call(payee, b"", Wei(number), "a payment")
                self.outbox.put(Task(f"payment {number}", "pay", call))
                self.payees[f"payment {number}"] = payee

    def storm(self) -> None:
        until = time.monotonic() + STORM_SECONDS
        while time.monotonic() < until or len(self.rounds) < ROUNDS or not self.sources.anchored:
            self.keep_running()
            acts: list[Callable[[], None]] = [
                self.begin,
                self.kill_somebody,
                self.reorganise,
                self.sources.report,
                self.sources.doubt,
            ]
            self.dice.choices(acts, [3, 3, 1, 2, 1])[0]()
            time.sleep(self.dice.random() * 1.5)

    def settle(self) -> None:
        """Until everything that was begun has ended; windows are not waited for."""
        assert self.proxy.weather is not None
        self.proxy.weather.rates.clear()  # type: ignore[attr-defined]
        patience = time.monotonic() + 15.0

        def over() -> bool:
            nonlocal patience
            self.keep_running()
            if time.monotonic() > patience:
                # Not again at once: a draw has to happen within an epoch.
                self.control("evm_increaseTime", 60)
                patience = time.monotonic() + 10.0
            self.sources.settle()
            return not self.sources.wait_for_something() and not self._unfinished()

        eventually(over, "the end of everything that was begun", 300)

    def stop(self) -> None:
        for node in self.network.nodes:
            if node.is_alive:
                node.kill()
        if self._backend is not None and self._backend.is_running:
            assert self._backend.stop(grace=60.0) == 0

    def close(self) -> None:
        with suppress(AssertionError):
            self.stop()
        self.store.close()
        self.control.close()

    def checked(self) -> int:
        """How many bundles the backend has checked, of epochs that there are."""
        return len(settled(dump(self.store))["checked_bundles"])

    def _unfinished(self) -> bool:
        time.sleep(0.2)
        try:
            waiting = [name for name, n in self.outbox.counts().items() if n and name not in ENDED]
        except StoreUnavailable:
            return True
        return bool(waiting) or any(self._goes_on(name) for name in self.rounds)

    def _goes_on(self, name: RequestHash) -> bool:
        # None: a reorganisation took it, and its client does not come back.
        return self.network.round(name).phase not in (Phase.NONE, Phase.FINAL)


@contextmanager
def story(seed: int, folder: Path) -> Iterator[Story]:
    options = AnvilOptions(block_time=0.5, slots_in_an_epoch=REORGANISED_AT_MOST + 1)
    with ExitStack() as stack:
        network = stack.enter_context(open_network(folder, options))
        weather = SeededWeather(seed, STORM)
        proxy = stack.enter_context(FaultProxy(network.url, weather=weather, raise_percent=10))
        for node in network.nodes:
            node.talk_to(proxy.url)
        told = Story(seed, network, proxy)
        stack.callback(told.close)
        yield told


@pytest.mark.parametrize("seed", SEEDS)
def test_processes__when_killed_at_random__then_tables_and_payments_are_the_chains(
    seed: int, tmp_path: Path
) -> None:
    print(f"again: SEED={seed} .venv/bin/python -m pytest -m campaign {Path(__file__).name}")
    with story(seed, tmp_path) as told:
        told.storm()
        told.settle()
        told.stop()
        assert told.kills > 0
        network = told.network
        told.control("evm_setIntervalMining", 0)
        told.control.mine(2 * REORGANISED_AT_MOST + 4)
        for job, payee in told.payees.items():
            task = told.outbox.get(job)
            assert task is not None
            wei = task.call.value if task.status is JobStatus.FINAL else 0
            assert int(network.gateway.balance(payee)) == wei, (job, task.status)
        head = network.gateway.head().number
        anew = Index(tmp_path / "anew", told.door)
        anew.catch_up()
        BundleChecker(anew.store, told.files, told.anchor).step()
        truth = settled(anew.dump())
        anew.close()
        checked = len(truth["checked_bundles"])
        assert len(truth["epochs"]) == told.sources.clock().latest
        for more in ((), ("--rebuild",)):
            with serving(told.folder, network.url, told.deployment, *more) as served:
                served.at_block(head)
                eventually(lambda: told.checked() >= checked, "the bundles were checked", 30)
            assert settled(dump(told.store)) == truth, more
        assert len(truth["rounds"]) == network.gateway.call(COURT, "roundCount")
