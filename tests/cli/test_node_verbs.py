"""`assay agent`, `node` and `verify` on a real chain: what they do by hand, and how they refuse."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from chain.keys import create_keystore, local_signer
from chain.rpc import Rpc
from cli import main
from cli.anvil import AnvilOptions
from cli.devnet import Devnet, start_devnet
from verifier.node.receipts import SignedReceipt
from verifier.node.statedir import StateDir

pytestmark = pytest.mark.integration

Assay = Callable[..., str]
PROVIDER = ("--local-account", "1")
ECHO = "import json, sys; print(json.load(sys.stdin)['prompt'], end='')"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    folder = tmp_path_factory.mktemp("devnet")
    with start_devnet(
        folder / "deployment.json", folder / "anvil.log", AnvilOptions(block_time=0)
    ) as running:
        # Agent 0, of account 1, is there for all tests; each other agent belongs to one test.
        flags = ["--rpc-url", running.url, "--deployment", str(running.file), *PROVIDER]
        assert main.run(["agent", "register", *flags]) == 0
        assert main.run(["agent", "stake", "0", "3", *flags]) == 0
        assert main.run(["agent", "enrol", "0", "exact-bytes", *flags]) == 0
        yield running


@pytest.fixture
def here(devnet: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; the devnet is the one in the settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_RPC_URL", devnet.url)
    monkeypatch.setenv("ASSAY_DEPLOYMENT", str(devnet.file))
    return tmp_path


@pytest.fixture
def assay(here: Path, capsys: pytest.CaptureFixture[str]) -> Assay:
    """Runs a command that must work; returns what it printed."""

    def run(*arguments: str) -> str:
        status = main.run(arguments)
        said = capsys.readouterr()
        assert status == 0, said.err
        return said.out

    return run


@pytest.fixture
def refused(here: Path, capsys: pytest.CaptureFixture[str]) -> Assay:
    """Runs a command that must be refused in one sentence with exit status 1; returns it."""

    def run(*arguments: str) -> str:
        status = main.run(arguments)
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if line.startswith("assay: ")]
        assert (status, said.out, len(lines)) == (1, "", 1), said
        assert "Traceback" not in said.err
        return lines[0]

    return run


def make_node(assay: Assay, *more: str, agent: str = "0", key: Sequence[str] = PROVIDER) -> None:
    command = f"{sys.executable} -c {json.dumps(ECHO)}"
    engine = more or ("--engine", "command", "--engine-command", command)
    assay("node", "init", "--agent", agent, *key, *engine)


def write_task(here: Path, devnet: Devnet, **changes: Any) -> str:
    assert devnet.deployment is not None
    task = {
        "schema": "assay/task/1",
        "profile": "0x" + devnet.deployment.profile_id("exact-bytes").hex(),
        "modality": "text",
        "model": "echo",
        "prompt": "Say this.",
        "parameters": {},
    }
    (here / "task.json").write_text(json.dumps({**task, **changes}))
    return "task.json"


def deliver(assay: Assay, here: Path, devnet: Devnet, prompt: str, *more: str) -> str:
    client = local_signer(5, devnet.anvil.chain_id).address
    task = write_task(here, devnet, prompt=prompt)
    assay("node", "deliver", "--task", task, "--client", client, "--receipt", "receipt.json", *more)
    return "receipt.json"


def change(path: str, **changes: Any) -> None:
    raw = json.loads(Path(path).read_text())
    inner = {name: raw["receipt"][name] for name in changes if name in raw["receipt"]}
    raw["receipt"] |= {name: changes.pop(name) for name in inner}
    Path(path).write_text(json.dumps(raw | changes))


# ------------------------------------------------------------------ by hand


def test_agent__from_registering_to_leaving__then_the_chain_says_so_at_each_step(
    assay: Assay,
) -> None:
    flags = ("--local-account", "2")
    number = json.loads(assay("agent", "register", "--json", "--uri", "a:b", *flags))["agentId"]
    assert "3.5 ETH at stake" in assay("agent", "stake", number, "3.5", *flags)
    assert "may be drawn for exact-bytes" in assay("agent", "enrol", number, "exact-bytes", *flags)
    assert "1 ETH unbonding until" in assay("agent", "unstake", number, "1", *flags)
    found = json.loads(assay("agent", "show", number, "--json"))
    assert found["routerApproved"] is True
    assert found["uri"] == "a:b"
    assert found["stake"]["bonded"] == "2500000000000000000"
    assert [each["profile"] for each in found["enrolments"]] == ["exact-bytes"]
    assert "profile    exact-bytes" in assay("agent", "show", number)
    assert "is no longer drawn" in assay("agent", "leave", number, "exact-bytes", *flags)
    assert "it is never drawn" in assay("agent", "show", number)


def test_work__when_delivered_and_submitted__then_the_round_can_be_shown(
    assay: Assay, here: Path, devnet: Devnet
) -> None:
    make_node(assay)
    receipt = deliver(assay, here, devnet, "Deliver this.", "--output", "work.txt")
    assert Path("work.txt").read_text() == "Deliver this."
    promised = SignedReceipt.load(Path(receipt)).receipt
    assert promised.agent_id == 0
    status = json.loads(assay("node", "status", "--json"))
    assert status["running"] is False
    assert len(status["deliveries"]) == 1
    opened = json.loads(
        assay("verify", "submit", "--receipt", receipt, "--json", "--local-account", "5")
    )
    assert (opened["phase"], opened["verdict"], opened["seats"]) == ("Drawing", None, [])
    assert opened["client"] == promised.client
    assert opened["taskHash"] == "0x" + promised.task_hash.hex()
    assert opened["outputHash"] == "0x" + promised.output_hash.hex()
    shown = assay("verify", "show", opened["requestHash"])
    assert "waiting for the committee to be drawn" in shown
    assert json.loads(assay("verify", "show", opened["requestHash"], "--json")) == opened


def test_node__when_run_and_told_to_stop__then_ends_with_nothing_left_to_do(
    assay: Assay, here: Path
) -> None:
    key = ("--local-account", "4")
    number = json.loads(assay("agent", "register", "--json", *key))["agentId"]
    assay("agent", "stake", number, "3", *key)
    assay("agent", "enrol", number, "exact-bytes", *key)
    make_node(assay, agent=number, key=key)
    command = [sys.executable, "-c", "from cli.main import main; main()", "node", "run"]
    source = str(Path(main.__file__).parents[1])
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source}
    ) as process:
        assert process.stderr is not None
        lines = []
        while f"node of agent {number} on chain" not in (line := process.stderr.readline()):
            assert line, lines
            lines.append(line)
        assert json.loads(assay("node", "status", "--json"))["running"] is True
        process.terminate()
        assert process.wait(20) == 0
    assert any("profile exact-bytes: engine command" in line for line in lines)


# ------------------------------------------------------------------ refusals


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_command__when_nothing_answers__then_says_where(refused: Assay) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert f"Nothing answers at {url}" in refused("agent", "show", "0", "--rpc-url", url)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["agent", "show", "99"], "There is no agent 99 on this chain"),
        (["agent", "show", "zero"], "'zero' is not an agent's number"),
        (["agent", "stake", "0", "much", *PROVIDER], "'much' is not an amount"),
        (["agent", "stake", "0", "0.1234567890123456789", *PROVIDER], "at most 18 decimals"),
        (["agent", "stake", "0", "1"], "No key to sign with"),
        (["agent", "stake", "0", "99999", *PROVIDER], "send it funds"),
        (["agent", "enrol", "0", "exact-bytes", *PROVIDER], "is enrolled for profile"),
        (["agent", "enrol", "0", "unheard-of", *PROVIDER], "has no profile 'unheard-of'"),
        (["agent", "leave", "0", "exact-bytes", "--local-account", "7"], "does not act for agent"),
        (["agent", "withdraw", "0", *PROVIDER], "nothing to withdraw"),
        (["node", "init", "--agent", "99", *PROVIDER], "There is no agent 99"),
        (["node", "init", "--agent", "0", "--local-account", "7"], "does not act for agent 0"),
        (["node", "init", "--agent", "0", *PROVIDER, "--engine", "openai"], "needs --engine-url"),
        (["node", "init", "--agent", "0", *PROVIDER, "--confirmations", "x"], "as a number"),
        (["node", "run"], "There is no node in"),
        (["node", "status"], "There is no node in"),
        (["verify", "show", "0x12"], "is not a request hash"),
        (["verify", "show", "0x" + "12" * 32], "There is no round 0x1212"),
        (["verify", "submit", "--receipt", "none", *PROVIDER], "There is no receipt file none"),
    ],
)
def test_command__when_the_input_is_bad__then_refuses_in_one_sentence(
    refused: Assay, arguments: list[str], words: str
) -> None:
    assert words in refused(*arguments)


def test_key__when_the_keystore_or_its_password_is_wrong__then_says_which(
    refused: Assay, here: Path
) -> None:
    create_keystore(here / "key.json", "right")
    (here / "wrong").write_text("wrong\n")
    (here / "right").write_text("right\n")
    stake = ("agent", "stake", "0", "1", "--keystore")
    password = ("--keystore-password-file",)
    assert "There is no keystore file" in refused(*stake, "none", *password, "right")
    assert "needs its password" in refused(*stake, "key.json")
    assert "cannot read absent" in refused(*stake, "key.json", *password, "absent")
    assert "does not open the keystore" in refused(*stake, "key.json", *password, "wrong")
    assert "send it funds" in refused(
        "agent", "register", "--keystore", "key.json", *password, "right"
    )


def test_node__when_its_password_file_is_gone__then_does_not_start(
    refused: Assay, assay: Assay, here: Path
) -> None:
    make_node(assay)
    create_keystore(here / "key.json", "right")
    config = StateDir(here / ".assay").config
    text = config.read_text().replace("local_account = 1", f'keystore = "{here}/key.json"')
    config.write_text(text)
    assert "The password of the keystore" in refused("node", "run")
    config.write_text(f'keystore_password_file = "{here}/gone"\n' + text)
    assert "There is no password file" in refused("node", "run")


def test_node__when_the_deployment_is_of_another_chain__then_does_not_start(
    refused: Assay, assay: Assay, here: Path, devnet: Devnet
) -> None:
    make_node(assay)
    raw = json.loads(devnet.file.read_text())
    other = here / "other.json"
    config = StateDir(here / ".assay").config
    config.write_text(config.read_text().replace(str(devnet.file), str(other)))
    other.write_text(json.dumps({**raw, "chainId": 5}))
    assert "is for chain 5: give the right file" in refused("node", "run")
    config.write_text(config.read_text().replace(f"chain_id = {raw['chainId']}", "chain_id = 5"))
    assert "local chain: give a keystore file" in refused("node", "run")
    assert "The deployment is for chain 5, but" in refused(
        "agent", "show", "0", "--deployment", str(other)
    )


def test_command__when_there_is_no_contract_at_an_address__then_says_so(
    refused: Assay, here: Path, devnet: Devnet
) -> None:
    raw = json.loads(devnet.file.read_text())
    raw["contracts"]["StakeVault"]["address"] = local_signer(9, 31337).address
    (here / "other.json").write_text(json.dumps(raw))
    sentence = refused("agent", "show", "0", "--deployment", "other.json")
    assert "There is no contract at" in sentence
    assert "StakeVault" in sentence


def test_node__when_another_runs_on_its_folder__then_does_not_start(
    refused: Assay, assay: Assay, here: Path
) -> None:
    make_node(assay)
    files = StateDir(here / ".assay")
    files.acquire()
    assert "Another node runs on the state folder" in refused("node", "run")
    files.release()


def test_node__when_its_engine_is_down__then_does_not_start(refused: Assay, assay: Assay) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    make_node(assay, "--engine", "openai", "--engine-url", url)
    assert "see whether it is running" in refused("node", "run")


def test_node__when_the_models_are_not_installed__then_names_the_package(
    refused: Assay, assay: Assay, devnet: Devnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    flags = ("--local-account", "3")
    number = json.loads(assay("agent", "register", "--json", *flags))["agentId"]
    assay("agent", "stake", number, "3", *flags)
    assay("agent", "enrol", number, "text-exact-smollm2", *flags)
    assay("node", "init", "--agent", number, "--engine", "builtin", *flags)
    monkeypatch.setattr(metadata, "version", missing)
    assert "is not installed; install assay-network[node]" in refused("node", "run")


def test_node__when_its_account_is_empty__then_does_not_start(
    refused: Assay, assay: Assay, devnet: Devnet
) -> None:
    make_node(assay)
    rpc = Rpc(devnet.url)
    owner = local_signer(1, devnet.anvil.chain_id).address
    held = rpc.request("eth_getBalance", owner, "latest")
    rpc.request("anvil_setBalance", owner, "0x0")
    try:
        assert "holds nothing on chain" in refused("node", "run")
    finally:
        rpc.request("anvil_setBalance", owner, held)
        rpc.close()


def test_delivery__when_the_task_or_the_client_is_bad__then_says_what(
    refused: Assay, assay: Assay, here: Path, devnet: Devnet
) -> None:
    make_node(assay)
    client = local_signer(5, devnet.anvil.chain_id).address

    def refusal(**changes: Any) -> str:
        task = write_task(here, devnet, **changes)
        return refused("node", "deliver", "--task", task, "--client", client)

    assert "the unknown field 'more'" in refusal(more=1)
    assert "No recipe here has the profileId" in refusal(profile="0x" + "12" * 32)
    assert "must have either a prompt or a condition" in refusal(condition=3)
    assert "is not an address" in refused(
        "node", "deliver", "--task", write_task(here, devnet), "--client", "me"
    )
    assert "cannot be read" in refused("node", "deliver", "--task", "no", "--client", client)
    (here / "task.json").write_text("{")
    assert "is not valid JSON" in refused(
        "node", "deliver", "--task", "task.json", "--client", client
    )


def test_delivery__when_the_engine_makes_nothing__then_no_receipt_is_signed(
    refused: Assay, assay: Assay, here: Path, devnet: Devnet
) -> None:
    make_node(assay, "--engine", "command", "--engine-command", f"{sys.executable} -c pass")
    client = local_signer(5, devnet.anvil.chain_id).address
    task = write_task(here, devnet)
    assert "returned no text" in refused("node", "deliver", "--task", task, "--client", client)
    assert json.loads(assay("node", "status", "--json"))["deliveries"] == []


def test_receipt__when_the_chain_would_refuse_it__then_nothing_is_paid(
    refused: Assay, assay: Assay, here: Path, devnet: Devnet
) -> None:
    make_node(assay)
    receipt = deliver(assay, here, devnet, "Judge this.", "--deadline", "1")
    client = ("--local-account", "5")
    submit = ("verify", "submit", "--receipt", receipt)
    assert "The receipt was valid until 1970-01-01" in refused(*submit, *client)
    deliver(assay, here, devnet, "Judge this.")
    whole = Path(receipt).read_text()
    change(receipt, deadline=2_000_000_000)
    assert "does not act for agent 0" in refused(*submit, *client)
    Path(receipt).write_text(whole)
    change(receipt, chainId=5)
    assert "on chain 5, and this is" in refused(*submit, *client)
    Path(receipt).write_text(whole)
    change(receipt, signature="0x" + "00" * 65)
    assert "signature is malformed" in refused(*submit, *client)
    Path(receipt).write_text(whole)
    assay(*submit, *client)
    assert "This work was submitted before" in refused(*submit, *client)
