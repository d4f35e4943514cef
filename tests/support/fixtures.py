"""Fixtures for everybody: a chain of one's own, ended by its pid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.deploy import deploy
from chain.deployment import Deployment
from chain.gateway import Gateway
from chain.keys import Signer, local_signer
from chain.parameters import preset
from cli.anvil import Anvil, AnvilOptions, start_anvil
from cli.deploy import shipped_profiles
from tests.support.anvil import Control


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A chain of the test's own that mines each transaction at once."""
    with start_anvil(tmp_path / "anvil.log", AnvilOptions(block_time=0)) as chain:
        yield chain


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


@pytest.fixture
def deployment(gateway: Gateway, signer: Signer, tmp_path: Path) -> Deployment:
    """The contracts and the shipped profiles, deployed with the local parameters."""
    file = tmp_path / "deployment.json"
    return deploy(gateway, signer, preset("local"), shipped_profiles(), file)


@pytest.fixture
def court(gateway: Gateway, deployment: Deployment) -> Gateway:
    """A gateway that knows the deployment."""
    return gateway.with_deployment(deployment)
