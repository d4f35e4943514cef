"""Fixtures for everybody: a chain of one's own, ended by its pid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from cli.anvil import Anvil, AnvilOptions, start_anvil
from tests.support.anvil import Control


@pytest.fixture(scope="session")
def session_anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """One anvil per test session that mines each transaction at once."""
    log = tmp_path_factory.mktemp("anvil") / "anvil.log"
    with start_anvil(log, AnvilOptions(block_time=0)) as chain:
        yield chain


@pytest.fixture
def anvil(session_anvil: Anvil) -> Iterator[Anvil]:
    """The session's anvil, as it was at its start again after each test."""
    control = Control(session_anvil.url)
    snapshot = control("evm_snapshot")
    yield session_anvil
    control("evm_revert", snapshot)
    control.close()


@pytest.fixture
def control(anvil: Anvil) -> Iterator[Control]:
    """anvil's own methods."""
    handle = Control(anvil.url)
    yield handle
    handle.close()


@pytest.fixture
def gateway(anvil: Anvil) -> Iterator[Gateway]:
    """A gateway to the anvil, without a deployment."""
    door = Gateway(anvil.url)
    yield door
    door.close()


@pytest.fixture
def signer(anvil: Anvil) -> Signer:
    """The first of anvil's funded accounts."""
    return local_signer(0, anvil.chain_id)
