"""Engine `command`: a program gets the task and gives the output, within time and size."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.verifier.tasks import image_task, text_task
from verifier.engines.command import Command
from verifier.errors import EngineError, EngineUnavailable

pytestmark = pytest.mark.integration

ECHO = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"


def python(code: str, *words: str, **settings) -> Command:
    return Command([sys.executable, "-c", code, *words], **settings)


def test_generate__when_the_program_echoes__then_the_task_was_its_input():
    task = text_task(seed=7)
    assert python(ECHO).generate(task) == task.canonical()


def test_generate__when_words_have_fields__then_they_are_filled_and_no_shell_runs():
    code = "import sys, json; print(json.dumps(sys.argv[1:]), end='')"
    task = text_task(model="a b; echo x")
    found = python(code, "--model={model}", "{task_hash}", "{modality}", "$HOME").generate(task)
    assert json.loads(found) == ["--model=a b; echo x", "0x" + task.hash().hex(), "text", "$HOME"]


@pytest.mark.parametrize("model", ["a\0b", "--delete", "../../secret", "a\nb"])
def test_generate__when_the_model_would_be_no_mere_word__then_refused(model):
    with pytest.raises(EngineError, match="cannot be a word of a command"):
        python(ECHO, "{model}").generate(text_task(model=model))


def test_generate__when_the_modality_is_image__then_bytes_stay_as_they_are():
    code = r"import sys; sys.stdout.buffer.write(b'\x89PNG\xff e\xcc\x81')"
    assert python(code).generate(image_task()) == b"\x89PNG\xff e\xcc\x81"


def test_generate__when_text_is_decomposed__then_it_becomes_nfc():
    code = r"import sys; sys.stdout.buffer.write(b'e\xcc\x81')"
    assert python(code).generate(text_task()) == "é".encode()


def test_generate__when_the_program_ignores_its_input__then_that_is_no_error():
    task = text_task(prompt="x" * 60_000)
    assert python("import os; os.close(0); print('hi', end='')").generate(task) == b"hi"


def test_generate__when_both_streams_are_full__then_neither_blocks_the_other():
    code = "import sys; sys.stderr.write('e' * 300000); sys.stdout.write('o' * 300000)"
    assert python(code).generate(text_task()) == b"o" * 300_000


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit('it broke')", r"ended with code 1 \(it broke\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with code -9"),
        ("pass", "returned no text"),
        (r"import sys; sys.stdout.buffer.write(b'\xff')", "not UTF-8"),
    ],
)
def test_generate__when_the_program_fails__then_one_sentence_says_how(code, says):
    with pytest.raises(EngineError, match=says) as problem:
        python(code).generate(text_task())
    assert "\n" not in str(problem.value)


def test_generate__when_an_image_is_empty__then_it_is_an_error():
    with pytest.raises(EngineError, match="wrote nothing"):
        python("pass").generate(image_task())


def test_generate__when_the_output_is_too_large__then_it_is_stopped():
    endless = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with pytest.raises(EngineError, match="more than 100000 bytes"):
        python(endless, max_bytes=100_000).generate(text_task())


def test_generate__when_time_is_up__then_the_program_and_its_children_end(tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    with pytest.raises(EngineUnavailable, match="did not finish within 2 s"):
        python(code, timeout=2).generate(text_task())
    deadline = time.monotonic() + 20
    while any(alive(int(pid)) for pid in pids.read_text().split()):
        assert time.monotonic() < deadline, "a process of the command is still alive"
        time.sleep(0.05)


def test_generate__when_the_streams_close_but_the_program_lingers__then_time_still_counts():
    code = "import os, time; os.close(0); os.close(1); os.close(2); time.sleep(600)"
    with pytest.raises(EngineUnavailable, match="did not finish"):
        python(code, timeout=1).generate(text_task())


def test_generate__when_the_program_is_not_there__then_it_says_so():
    with pytest.raises(EngineError, match="'no-such-program' was not found"):
        Command(["no-such-program"]).generate(text_task())


@pytest.mark.parametrize("argv", [[], "echo hi", [1]])
def test_command__when_it_is_no_list_of_words__then_it_is_refused(argv):
    with pytest.raises(EngineError, match="list of words"):
        Command(argv)


def alive(pid: int) -> bool:
    """Whether a process runs (one that has ended but was not yet reaped does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"
