"""The demo itself, as a person runs it: real chain, processes, models. Run once for all tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.demo.story import STORIES

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]


@dataclass(frozen=True)
class Ended:
    status: int
    output: str
    document: dict[str, Any]
    folder: Path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", "demo", *arguments]


def processes_of(folder: Path) -> list[str]:
    """Command lines of running processes that mention a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(folder) in line:
                found.append(line)
    return found


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("demo") / "state"
    document = folder.parent / "demo.json"
    process = subprocess.run(
        command("--json", str(document), "--folder", str(folder)),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    output = process.stdout + process.stderr
    assert document.exists(), output
    return Ended(process.returncode, output, json.loads(document.read_text()), folder)


def test_demo__whole_run__ends_with_0_and_every_verdict_as_it_must(ended: Ended) -> None:
    assert ended.document["findings"] == []
    assert ended.status == 0, ended.output
    verdicts = [(r["title"], r["verdict"]) for r in ended.document["rounds"]]
    assert verdicts == [(story.title, story.expected.label) for story in STORIES]


def test_demo__exam__passes_who_knows_and_nobody_who_guesses_or_copies(ended: Ended) -> None:
    assert ended.document["exam"]["passed"] == {"Nora": True, "Gus": False}
    assert ended.document["exam"]["copiedSheet"] == "ExamSheetMismatch"


def test_demo__sources__are_ranked_by_what_they_gave_and_proved_on_chain(ended: Ended) -> None:
    found = ended.document["sources"]
    assert found["means"]["Ada"] > found["means"]["Iris"] > found["means"]["Mallory"]
    assert (found["proved"], found["flatteredScoreTaken"]) == (True, False)
    assert found["evidence"] == "holds"
    assert "not signed" in found["forgedEvidence"]


def test_demo__committees__differ_and_hold_nobody_twice(ended: Ended) -> None:
    committees = [tuple(s["agentId"] for s in r["seats"]) for r in ended.document["rounds"]]
    assert all(len(set(seats)) == len(seats) for seats in committees)
    assert len({frozenset(seats) for seats in committees}) > len(committees) // 3
    assert len({agent for seats in committees for agent in seats}) == 8


def test_demo__digests_and_distances__explain_the_verdicts(ended: Ended) -> None:
    for found in ended.document["rounds"]:
        for seat in found["seats"]:
            if seat["distance"] is None:
                continue
            bits = (int(seat["digest"], 16) ^ int(found["claim"], 16)).bit_count()
            assert seat["distance"] == bits
            honest = seat["behaviour"] == "honest"
            if found["verdict"] == "Accepted" and honest:
                assert bits <= found["tolerance"]
            if seat["behaviour"] == "lazy":
                assert bits > found["tolerance"]


def test_demo__minority_seats_that_opened__keep_their_stake(ended: Ended) -> None:
    minority = [
        seat
        for found in ended.document["rounds"]
        for seat in found["seats"]
        if seat["state"] == "Opened" and not seat["inCluster"]
    ]
    assert {seat["behaviour"] for seat in minority} >= {"lazy", "colluder"}
    assert all(seat["slashedWei"] == "0" and seat["paidWei"] == "0" for seat in minority)


def test_demo__killed_verifier__opened_and_was_paid(ended: Ended) -> None:
    killed = [s for r in ended.document["rounds"] for s in r["seats"] if s["killed"]]
    assert killed
    assert all(seat["state"] == "Opened" and int(seat["paidWei"]) > 0 for seat in killed)
    assert "SIGKILL" in ended.output


def test_demo__reputation__was_unknown_and_moved(ended: Ended) -> None:
    before = ended.document["reputation"]["before"]
    after = ended.document["reputation"]["after"]
    assert all(score["mean"] is None for score in before)
    means = {(s["agent"], s["role"], s["profile"]): s["mean"] for s in after}
    assert means[("Ada", "provider", "text-exact-smollm2")] > 0.5
    assert means[("Iris", "provider", "image-perceptual-terrain128")] > 0.5
    assert means[("Mallory", "provider", "text-exact-smollm2")] < 0.5


def test_demo__outputs_of_others__are_never_opened_before_publication(ended: Ended) -> None:
    """Each node keeps its files in a folder of its own; outputs are named by their hash."""
    for log in (ended.folder / "logs").glob("V*.log"):
        text = log.read_text()
        others = {p.name for p in (ended.folder / "nodes").iterdir()} - {log.stem}
        assert not [name for name in others if f"nodes/{name}" in text]


def test_demo__at_its_end__leaves_no_process(ended: Ended) -> None:
    assert processes_of(ended.folder) == []


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("--rounds", "1", "--keep", "--folder", str(tmp_path / "state")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def status_of(process: subprocess.Popen[str]) -> int:
    """Its exit status; if it does not end, where each of its threads is."""
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(process.communicate()[0])


def test_demo__interrupted_while_work_is_made__ends_every_process(
    running: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert running.stdout is not None
    for line in running.stdout:
        if "up to four at a time" in line:
            break
    else:
        pytest.fail("the rounds never began")
    folder = tmp_path / "state"
    assert len(processes_of(folder)) > 8
    running.send_signal(signal.SIGINT)
    assert status_of(running) == 130
    deadline = time.monotonic() + 5
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(folder) == []


def test_demo__folder_in_use__is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    process = subprocess.run(
        command("--folder", str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert process.returncode == 1
    assert process.stderr.strip() == f"assay: The folder {tmp_path} is not empty: give a new one."
