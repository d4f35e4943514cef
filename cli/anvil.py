"""A local chain: finds anvil, starts it on a port of its own, and checks it is the right one."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from chain.errors import ConfigError, ProcessError, RpcError
from chain.gateway import Gateway
from chain.keys import DEVNET_CHAIN_IDS
from cli.processes import Process

START_SECONDS: Final = 20.0
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class AnvilOptions:
    """How a local chain behaves.

    Attributes:
        port: 0 takes a free one.
        chain_id: 0 derives one from the port, so that two chains are never mistaken for each other.
        block_time: seconds between blocks; 0 mines each transaction at once.
        accounts: well-known test accounts that hold 10,000 ETH each.
        slots_in_an_epoch: a block is final after twice as many.
        genesis_time: Unix seconds of block 0; None for now.
        steps: keeps every step of a transaction, for debug_traceTransaction.
    """

    port: int = 0
    chain_id: int = 0
    block_time: float = 1.0
    accounts: int = 40
    slots_in_an_epoch: int = 1
    genesis_time: int | None = None
    steps: bool = False


class Anvil:
    """A running anvil process. A context manager: leaving it ends the process by its pid."""

    def __init__(self, process: Process, port: int, chain_id: int, states: Path) -> None:
        """
        Args:
            states: folder of its own that goes when it ends.
        """
        self.process = process
        self._states = states
        self.port = port
        self.chain_id = chain_id
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self._states, ignore_errors=True)

    def __enter__(self) -> Anvil:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_anvil(log: Path, options: AnvilOptions | None = None) -> Anvil:
    """Starts a local chain and waits until it answers.

    Args:
        log: file for anvil's output; beside it a folder for the states of old blocks, which go to
            disk (left to itself, anvil keeps them in the home folder, and for good).

    Raises:
        ConfigError: anvil is missing, or the port asked for is taken.
        ProcessError: it does not start.
    """
    options = options or AnvilOptions()
    program = find_anvil()
    if options.port:
        if not _is_free(options.port):
            raise ConfigError(
                f"Port {options.port} is taken: choose another one, or none for a free one."
            )
        return _start(program, log, options, options.port)
    for _ in range(_TRIES - 1):
        try:
            return _start(program, log, options, free_port())
        except ProcessError:
            continue  # somebody else took the port in between
    return _start(program, log, options, free_port())


def find_anvil() -> Path:
    """The anvil program: $ASSAY_ANVIL, then PATH, then an npm install.

    Raises:
        ConfigError: there is none.
    """
    if configured := os.environ.get("ASSAY_ANVIL"):
        if not os.access(configured, os.X_OK):
            raise ConfigError(f"ASSAY_ANVIL is {configured}, which is not a program.")
        return Path(configured)
    if found := shutil.which("anvil"):
        return Path(found)
    for candidate in _installed():
        if os.access(candidate, os.X_OK):
            return candidate
    raise ConfigError(
        "anvil is not installed: run `npm ci` in Assay's folder, install Foundry, or set "
        "ASSAY_ANVIL to the program."
    )


def free_port() -> int:
    """A TCP port on the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _installed() -> Iterator[Path]:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"@foundry-rs/anvil-{sys.platform}-{machine.lower()}/bin/anvil"
    here = Path(__file__).resolve().parents[1]
    for folder in (Path.cwd(), *Path.cwd().parents, here, Path(sys.prefix)):
        yield folder / "node_modules" / package


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def _start(program: Path, log: Path, options: AnvilOptions, port: int) -> Anvil:
    chain_id = options.chain_id or DEVNET_CHAIN_IDS.start + port
    states = log.with_name(f"{log.name}.states").absolute()
    command = [
        str(program),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
        *("--chain-id", str(chain_id)),
        *("--accounts", str(options.accounts)),
        *("--slots-in-an-epoch", str(options.slots_in_an_epoch)),
        *("--cache-path", str(states)),
        "--quiet",
    ]
    if options.block_time:
        command += ["--block-time", f"{options.block_time:g}"]
    if options.genesis_time is not None:
        command += ["--timestamp", str(options.genesis_time)]
    if options.steps:
        command += ["--steps-tracing"]
    process = Process("anvil", command, log=log)
    try:
        _await_chain(process, port, chain_id)
    except BaseException:
        process.kill()
        shutil.rmtree(states, ignore_errors=True)
        raise
    return Anvil(process, port, chain_id, states)


def _await_chain(process: Process, port: int, chain_id: int) -> None:
    gateway = Gateway(f"http://127.0.0.1:{port}", timeout=2.0, tries=1)
    deadline = time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline:
            if not process.is_running:
                raise ProcessError(f"anvil ended at once: {process.last_words() or 'no output'}")
            try:
                actual = gateway.chain_id()
            except RpcError:
                time.sleep(0.05)
                continue
            if actual != chain_id:
                raise ProcessError(f"Another chain ({actual}) answers on port {port}.")
            return
    finally:
        gateway.close()
    raise ProcessError(f"anvil did not answer within {START_SECONDS:.0f} seconds.")
