"""node.toml and the receipt file: what is written is read again, and every mistake is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chain.structs import Receipt
from chain.types import Address, AgentId, Bytes32
from tests.node.fake_chain import COURT, signer
from tests.node.harness import PROFILE, task
from verifier.errors import TaskError
from verifier.node import receipts
from verifier.node.config import NodeConfig
from verifier.node.engine_book import DEFAULT, EngineConfig
from verifier.node.errors import ReceiptFileError, StateError
from verifier.node.exams.config import ExaminerConfig, SitMode, SittingConfig
from verifier.node.receipts import SignedReceipt
from verifier.node.statedir import StateDir

pytestmark = pytest.mark.unit

CLIENT = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


@pytest.fixture
def files(tmp_path: Path) -> StateDir:
    found = StateDir(tmp_path)
    found.create()
    return found


def config(**changes: Any) -> NodeConfig:
    values: dict[str, Any] = {
        "agent_id": 0,
        "chain_id": 31337,
        "rpc_url": 'http://127.0.0.1:8545/a"b',
        "deployment": Path("/somewhere/deployment.json"),
        "local_account": 0,
        "engines": {
            DEFAULT: EngineConfig("builtin"),
            "exact-bytes": EngineConfig("command", {"argv": ["run", "-x"], "timeout": 3.5}),
        },
    }
    return NodeConfig(**{**values, **changes})


@pytest.mark.parametrize(
    "written",
    [
        config(),
        config(agent_id=(1 << 256) - 1, confirmations=None, backend_url="http://127.0.0.1:1"),
        config(local_account=None, keystore=Path("/k"), keystore_password_file=Path("/p")),
        config(exams=SittingConfig(SitMode.GATED, ("exact-bytes",), 60, 10**19, 3)),
        config(examiner=ExaminerConfig(Path("/tasks"), 0.5, 60, 10**18, 1.5)),
    ],
)
def test_config__when_written__then_it_is_read_again(files: StateDir, written: NodeConfig) -> None:
    written.save(files)
    assert NodeConfig.load(files) == written
    assert files.config.stat().st_mode & 0o077 == 0


def test_config__when_a_node_is_there__then_it_is_not_overwritten(files: StateDir) -> None:
    config().save(files)
    with pytest.raises(StateError, match="There is a node in"):
        config(agent_id=3).save(files)


FIRST = '\n[engines."default"]'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("assay/node/1", "assay/node/7", "is not of schema assay/node/1"),
        ("chain_id = 31337", "", "The setting chain_id is missing"),
        (FIRST, '\n[exams]\nsit = "often"' + FIRST, "sit in .* must be one of off, gated, all"),
        (FIRST, "\n[exams]\nfee = 1" + FIRST, "no setting named fee"),
        (FIRST, "\n[examiner]\ngold_share = 2" + FIRST, "gold_share .* from 0 to 1"),
        (FIRST, '\n[exams]\nmax_fee = "x"' + FIRST, "max_fee in .* a whole number"),
        ("chain_id = 31337", 'chain_id = "x"', "chain_id in .* must be a number"),
        ('agent = "0"', 'agent = "-1"', "must be an agent's number"),
        ("confirmations = 0", 'confirmations = "soon"', 'a number or "finalized"'),
        ("poll_seconds = 1.0", "poll_seconds = 0", "a number of seconds"),
        ("poll_seconds", "pol_seconds", "There is no setting named pol_seconds"),
        ('name = "builtin"', "name = 3", "a table with the name of an engine"),
        ("chain_id = 31337", "chain_id = = 1", "is not valid TOML"),
    ],
)
def test_config__when_it_has_a_mistake__then_the_sentence_names_it(
    files: StateDir, old: str, new: str, words: str
) -> None:
    config().save(files)
    text = files.config.read_text()
    assert old in text
    files.config.write_text(text.replace(old, new))
    with pytest.raises(StateError, match=words):
        NodeConfig.load(files)


def test_config__when_missing__then_says_how_to_make_one(files: StateDir) -> None:
    with pytest.raises(StateError, match="make one with `assay node init`"):
        NodeConfig.load(files)


def signed_receipt() -> SignedReceipt:
    work = task()
    receipt = Receipt(
        CLIENT,
        AgentId((1 << 256) - 1),
        PROFILE.profile_id,
        Bytes32(work.hash()),
        Bytes32(b"\x05" * 32),
        1_900_000_000,
    )
    return receipts.sign(receipt, COURT, signer(3), work)


def test_receipt__when_written__then_it_is_read_again_with_its_signer() -> None:
    signed = signed_receipt()
    again = SignedReceipt.from_json(signed.to_json())
    assert again == signed
    assert again.signer() == signer(3).address
    again.check_task()


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["schema"], "assay/receipt/9", "this version reads 'assay/receipt/1'"),
        (["receipt", "client"], "0x12", "client must be a checksummed 0x address"),
        (["receipt", "agentId"], "-4", "agentId must be a whole number"),
        (["receipt", "deadline"], 1 << 64, "deadline must be a whole number"),
        (["receipt", "taskHash"], "0x00", "taskHash must be 0x followed by 64"),
        (["receipt", "more"], 1, "unknown field 'more'"),
        (["receipt"], 7, "must be an object"),
        (["signature"], "0x00", "signature must be 0x followed by 130"),
        (["taskURI"], 7, "taskURI must be text"),
        (["chainId"], True, "chainId must be a whole number"),
    ],
)
def test_receipt__when_damaged__then_the_sentence_names_the_field(
    path: list[str], value: object, words: str
) -> None:
    raw = json.loads(signed_receipt().to_json())
    place = raw
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(ReceiptFileError, match=words):
        SignedReceipt.from_json(json.dumps(raw).encode())


def test_receipt__when_its_task_is_another__then_it_is_refused() -> None:
    raw = json.loads(signed_receipt().to_json())
    raw["taskURI"] = task("Something else.").uri()
    with pytest.raises(TaskError, match="was committed"):
        SignedReceipt.from_json(json.dumps(raw).encode()).check_task()


def test_receipt__when_there_is_no_file__then_says_who_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ReceiptFileError, match="the provider writes it when it delivers"):
        SignedReceipt.load(tmp_path / "none.json")
