"""`assay devnet` as a process: what a person meets, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chain import deployment as deployments
from chain.deployment import Deployment
from chain.errors import ConfigError
from chain.gateway import Gateway
from chain.keys import local_signer
from chain.types import BlockNumber
from cli.anvil import find_anvil
from tests.support.polling import eventually

pytestmark = pytest.mark.integration

ASSAY = [sys.executable, "-c", "from cli.main import main; main()"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    return {**ours, "PYTHONPATH": str(Path.cwd()), "ASSAY_ANVIL": str(find_anvil()), **more}


@contextmanager
def running_devnet(folder: Path, *arguments: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The process and what it said once it was ready."""
    command = [*ASSAY, "devnet", "--json", "--block-time", "0.2", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def assay(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ASSAY, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answers(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_devnet__when_it_is_ended__then_its_chain_ends_with_it(
    number: signal.Signals, tmp_path: Path
) -> None:
    with running_devnet(tmp_path, "--no-deploy") as (process, said):
        assert answers(said["rpcUrl"])
        assert said["deployment"] is None
        process.send_signal(number)
        code = process.wait(20)

    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    eventually(lambda: not answers(said["rpcUrl"]), "the chain's end")


def test_devnet__when_it_is_up__then_the_contracts_stand_and_blocks_come(
    tmp_path: Path,
) -> None:
    with running_devnet(tmp_path) as (_process, said):
        done = deployments.load(tmp_path / said["deployment"])
        gateway = Gateway(said["rpcUrl"], done)
        done.check(gateway)
        assert gateway.chain_id() == said["chainId"]
        assert set(done.profiles) >= {"text-minhash-smollm2", "image-perceptual-terrain128"}
        last = local_signer(said["accounts"] - 1, said["chainId"])
        assert gateway.balance(last.address) == 10_000 * 10**18
        head = gateway.head().number
        eventually(lambda: gateway.head().number >= head + 3, "three more blocks")
        assert 0 < gateway.finalized().number < gateway.head().number
        gateway.close()


def test_devnet__when_two_run_side_by_side__then_they_are_two_chains(tmp_path: Path) -> None:
    with (
        running_devnet(tmp_path, "--no-deploy") as (_, one),
        running_devnet(tmp_path, "--no-deploy") as (_, other),
    ):
        assert one["chainId"] != other["chainId"]
        assert one["rpcUrl"] != other["rpcUrl"]


def test_devnet__when_the_port_is_taken__then_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = assay(tmp_path, "devnet", "--port", port)

    assert done.returncode == 1
    assert (
        done.stderr == f"assay: Port {port} is taken: choose another one, or none for a free one.\n"
    )


def test_devnet__when_the_file_is_a_public_deployment__then_it_is_not_touched(
    tmp_path: Path,
) -> None:
    file = tmp_path / "deployment.json"
    Deployment(chain_id=1, block=BlockNumber(0)).save(file)

    done = assay(tmp_path, "devnet")

    assert done.returncode == 1
    assert "deployment.json is the deployment on chain 1: name another" in done.stderr
    assert deployments.load(file).chain_id == 1


@pytest.mark.parametrize(
    ("configured", "sentence"),
    [("/no/such/anvil", "ASSAY_ANVIL is /no/such/anvil, which is not a program.")],
)
def test_devnet__when_anvil_is_not_there__then_one_sentence(
    configured: str, sentence: str, tmp_path: Path
) -> None:
    done = assay(tmp_path, "devnet", ASSAY_ANVIL=configured)

    assert (done.returncode, done.stderr) == (1, f"assay: {sentence}\n")


def test_find_anvil__when_nothing_is_installed__then_it_says_how_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ASSAY_ANVIL", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("cli.anvil._installed", lambda: iter([Path("/nowhere/anvil")]))

    with pytest.raises(ConfigError, match="anvil is not installed: run `npm ci`"):
        find_anvil()
