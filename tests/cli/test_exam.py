"""`assay exam` on a real chain: an exam held, sat, graded, and cheated at by its commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.exam_messages import Book, doubt_id, sealed_key, sheet_commitment
from chain.gateway import Gateway
from chain.types import DoubtKind
from cli import main
from cli.anvil import AnvilOptions
from cli.devnet import Devnet, start_devnet
from tests.support.actors import person
from tests.support.anvil import Control
from verifier.exams.papers import Paper

pytestmark = pytest.mark.integration

Run = Callable[..., str]
ECHO = "import json, sys; print(json.load(sys.stdin)['prompt'], end='')"
WRONG = "print('something else', end='')"
ITEMS = 3
REGISTRAR, EXAMINERS, GOOD, COPY, WEAK = 0, (1, 2, 3), 4, 5, 6


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    folder = tmp_path_factory.mktemp("exams")
    options = AnvilOptions(block_time=0)
    with start_devnet(folder / "deployment.json", folder / "anvil.log", options) as running:
        yield running


@pytest.fixture
def door(devnet: Devnet) -> Iterator[Gateway]:
    gateway = Gateway(devnet.url, devnet.deployment)
    yield gateway
    gateway.close()


@pytest.fixture
def control(devnet: Devnet) -> Iterator[Control]:
    control = Control(devnet.url)
    yield control
    control.close()


@pytest.fixture
def assay(
    devnet: Devnet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command for an account; returns what it printed, or the one sentence it refused by."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_RPC_URL", devnet.url)
    monkeypatch.setenv("ASSAY_DEPLOYMENT", str(devnet.file))

    def run(account: int | None, *arguments: str, refused: bool = False) -> str:
        key = () if account is None else ("--local-account", str(account))
        status = main.run([*arguments, *key])
        said = capsys.readouterr()
        assert status == int(refused), said.err
        assert "Traceback" not in said.err
        return said.err if refused else said.out

    return run


def engine(program: str = ECHO) -> tuple[str, ...]:
    command = f"{sys.executable} -c {json.dumps(program)}"
    return ("--engine", "command", "--engine-command", command)


def write_tasks(devnet: Devnet, section: int, name: str) -> str:
    assert devnet.deployment is not None
    profile = "0x" + devnet.deployment.profile_id("exact-bytes").hex()
    lines = [
        json.dumps(
            {
                "schema": "assay/task/1",
                "profile": profile,
                "modality": "text",
                "model": "echo",
                "prompt": f"{name}: question {index} of section {section}",
                "parameters": {},
            }
        )
        for index in range(ITEMS)
    ]
    Path(f"tasks{section}.jsonl").write_text("\n".join(lines))
    return f"tasks{section}.jsonl"


def test_exam__when_held_by_its_commands__then_who_knows_passes_and_cheats_do_not(
    assay: Run, devnet: Devnet, door: Gateway, control: Control
) -> None:
    assert devnet.deployment is not None
    deployment = devnet.deployment
    agents = {account: _register(assay, account) for account in (*EXAMINERS, GOOD, COPY, WEAK)}
    board = [flag for each in EXAMINERS for flag in ("--examiner", agents[each])]
    windows = ("--prepare", "600", "--sitting", "600", "--keys", "300", "--doubts", "300")
    marks = ("--items", str(ITEMS), "--mark", "8", "--section-mark", "2")
    assay(REGISTRAR, "exam", "terms", "exact-bytes", *board, *marks, *windows)
    refusal = assay(GOOD, "exam", "announce", "exact-bytes", "0", refused=True)
    assert "does not act for agent" in refusal
    assert "exam 1 is announced" in assay(EXAMINERS[0], "exam", "announce", "exact-bytes", "0")

    for section, account in enumerate(EXAMINERS):
        files = ("--tasks", write_tasks(devnet, section, "first"), "--key", f"key{section}.json")
        assay(account, "exam", "post", "1", str(section), *files, *engine())
    assert "Sitting" in assay(None, "exam", "list")

    assay(GOOD, "exam", "sit", "1", agents[GOOD], "--sheet", "good.json", *engine())
    assay(WEAK, "exam", "sit", "1", agents[WEAK], "--sheet", "weak.json", *engine(WRONG))
    again = ("exam", "sit", "1", agents[GOOD], "--sheet", "good.json")
    assert "an owner sits once" in assay(GOOD, *again, refused=True)
    early = assay(EXAMINERS[0], "exam", "open", "1", "key0.json", refused=True)
    assert "Sitting" in early

    # The contract's hashes are those computed here.
    book = Book(devnet.anvil.chain_id, deployment.address("ExamBook"))
    good, key = Paper.load(Path("good.json")), Paper.load(Path("key1.json"))
    assert door.call("ExamBook", "commitmentOf", 1, good.sheet()) == sheet_commitment(
        book, 1, good.sheet()
    )
    assert door.call("ExamBook", "sealedKeyOf", 1, 1, key.key(), key.salt) == sealed_key(
        book, 1, 1, key.key(), key.salt
    )
    assert door.call("ExamBook", "doubtIdOf", 1, 2, 3, 1) == doubt_id(1, 2, 3, DoubtKind.DIGEST)

    # A copy of the good sheet's commitment, handed in by another.
    commitment = sheet_commitment(book, 1, good.sheet())
    thief = person(door, COPY)
    fee = door.call("ExamBook", "examOf", 1).fee
    thief.send("ExamBook", "sit", 1, int(agents[COPY]), commitment, value=fee)
    control.pass_time(600)
    late = ("exam", "sit", "1", agents[COPY], "--sheet", "late.json", *engine())
    assert "only while it is Sitting" in assay(COPY, *late, refused=True)
    for section in range(3):
        assay(REGISTRAR, "exam", "open", "1", f"key{section}.json")
    control.pass_time(300)

    said = assay(REGISTRAR, "exam", "grade", "1", "good.json", "weak.json")
    assert f"agent {agents[GOOD]} passed: 9 answers are right" in said
    assert f"agent {agents[WEAK]} failed: 0 answers are right" in said
    copied = json.loads(Path("good.json").read_text())
    copied |= {"agentId": agents[COPY], "owner": thief.address}
    Path("copy.json").write_text(json.dumps(copied))
    stolen = assay(COPY, "exam", "grade", "1", "copy.json", refused=True)
    assert "is not the sheet that" in stolen

    shown = json.loads(assay(None, "exam", "show", "1", "--json"))
    passed = {each["agentId"]: each["passed"] for each in shown["candidates"]}
    assert passed == {agents[GOOD]: True, agents[WEAK]: False, agents[COPY]: None}
    assert "its sheet is sealed" in assay(None, "exam", "show", "1")

    # Everything can be counted again from the chain, and with an engine the keys too.
    checked = assay(None, "exam", "check", "1", "--answers", *engine())
    assert "WRONG" not in checked
    assert f"agent {agents[GOOD]}: 9 answers are right, passed" in checked
    assert "this engine says what the keys say" in checked

    # A gate lets in who passed and nobody else.
    assay(REGISTRAR, "exam", "gate", "exact-bytes", "--at", "1")
    held = json.loads(assay(None, "exam", "capability", agents[GOOD], "exact-bytes", "--json"))
    assert held["capable"]
    assert held["until"]
    assert "may not" in assay(None, "exam", "capability", agents[WEAK], "exact-bytes")
    assay(GOOD, "agent", "stake", agents[GOOD], "2")
    assay(GOOD, "agent", "enrol", agents[GOOD], "exact-bytes")
    assay(WEAK, "agent", "stake", agents[WEAK], "2")
    barred = assay(WEAK, "agent", "enrol", agents[WEAK], "exact-bytes", refused=True)
    assert "has not proved its capability" in barred

    control.pass_time(3 * 24 * 3600)
    assert "exam 1 is Concluded" in assay(REGISTRAR, "exam", "conclude", "1")
    assay(EXAMINERS[0], "exam", "withdraw")
    assert "owes" in assay(EXAMINERS[0], "exam", "withdraw", refused=True)


def test_exam__when_a_key_stays_shut__then_fees_go_back(
    assay: Run, devnet: Devnet, control: Control
) -> None:
    board = [_register(assay, account) for account in EXAMINERS]
    candidate = _register(assay, GOOD)
    flags = [flag for each in board for flag in ("--examiner", each)]
    windows = ("--prepare", "600", "--sitting", "600", "--keys", "300", "--doubts", "300")
    marks = ("--items", str(ITEMS), "--mark", "8", "--section-mark", "2")
    assay(REGISTRAR, "exam", "terms", "exact-bytes", *flags, *marks, *windows)
    number = assay(EXAMINERS[0], "exam", "announce", "exact-bytes", "0").split()[1]
    for section, account in enumerate(EXAMINERS):
        files = ("--tasks", write_tasks(devnet, section, "second"), "--key", f"key{section}.json")
        assay(account, "exam", "post", number, str(section), *files, *engine())
    assay(GOOD, "exam", "sit", number, candidate, "--sheet", "good.json", *engine())
    control.pass_time(600)
    assay(REGISTRAR, "exam", "open", number, "key0.json")
    assert "cannot end before" in assay(REGISTRAR, "exam", "conclude", number, refused=True)
    control.pass_time(300)
    assert "is over" in assay(REGISTRAR, "exam", "open", number, "key1.json", refused=True)
    assert "is Void" in assay(REGISTRAR, "exam", "conclude", number)
    assay(GOOD, "exam", "withdraw")


def test_exam__when_there_is_none__then_one_sentence(assay: Run) -> None:
    assert "There is no exam 99" in assay(None, "exam", "show", "99", refused=True)


def _register(assay: Run, account: int) -> str:
    number: str = json.loads(assay(account, "agent", "register", "--json"))["agentId"]
    return number
