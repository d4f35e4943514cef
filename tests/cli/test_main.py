"""The command line as a person meets it: help, version, and every failure as one sentence."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest
import typer

from chain.errors import AssayError
from cli import main, verbs

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def install_verb(monkeypatch: pytest.MonkeyPatch, name: str, command: object) -> None:
    """Stand `command` in for the verb `name`."""
    app = typer.Typer(add_completion=False)
    app.command()(command)  # type: ignore[arg-type]
    module = types.ModuleType(f"cli.{name}")
    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"cli.{name}", module)


def raising(error: BaseException) -> object:
    def command() -> None:
        raise error

    return command


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("ASSAY_DEBUG", raising=False)


def test_help__when_asked__then_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for verb, text in verbs.VERBS.items():
        assert f"{verb} " in shown
        assert text in shown


def test_help__when_no_argument__then_same_as_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) == 0
    alone = capsys.readouterr().out
    assert main.run(["--help"]) == 0
    assert capsys.readouterr().out == alone


def test_help__when_shown__then_imports_no_verb_and_no_heavy_package() -> None:
    heavy = {"web3", "fastapi", "sqlalchemy", "numpy", "onnxruntime"}
    heavy |= {f"cli.{verb}" for verb in verbs.VERBS}
    code = "import sys; from cli.main import run; run(['--help']); print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    imported = set(done.stdout.splitlines())
    assert "cli.verbs" in imported
    assert heavy & imported == set()


def test_verb__when_named__then_runs_with_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(who: str) -> None:
        print(f"hello {who}")

    install_verb(monkeypatch, "demo", command)
    assert main.run(["demo", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"


def test_verb__when_it_exits_with_a_status__then_that_is_the_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_verb(monkeypatch, "demo", raising(typer.Exit(3)))
    assert main.run(["demo"]) == 3


def test_known_failure__then_one_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_verb(monkeypatch, "demo", raising(AssayError("the chain is gone: start it")))
    assert main.run(["demo"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "assay: the chain is gone: start it\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frob"], "No such command 'frob'. Try 'assay --help'."),
        (["demoo"], "No such command 'demoo'. Did you mean 'demo'? Try 'assay --help'."),
        (["--nope"], "No such option: --nope. Try 'assay --help'."),
        (["demo"], "Missing argument 'who'. Try 'assay demo --help'."),
    ],
)
def test_wrong_usage__then_one_sentence_and_status_2(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def command(who: str) -> None:
        print(who)

    install_verb(monkeypatch, "demo", command)
    assert main.run(arguments) == 2
    assert capsys.readouterr().err == f"assay: {sentence}\n"


def test_group__when_no_command_is_given__then_its_help_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("show")(lambda: None)
    group.command("stake")(lambda: None)
    module = types.ModuleType("cli.agent")
    module.app = group  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cli.agent", module)
    assert main.run(["agent"]) == 2
    assert capsys.readouterr().err.startswith("Usage: assay agent [OPTIONS] COMMAND")


def test_interrupt__then_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    install_verb(monkeypatch, "demo", raising(KeyboardInterrupt()))
    assert main.run(["demo"]) == 130


def test_unexpected_failure__then_sentence_names_the_file_with_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    install_verb(monkeypatch, "demo", raising(ValueError("seven is not prime")))
    assert main.run(["demo"]) == 1
    said = capsys.readouterr().err
    (file,) = tmp_path.glob("assay-*.traceback.txt")
    assert said.startswith("assay: unexpected ValueError: seven is not prime; please report")
    assert str(file) in said
    assert "Traceback" not in said
    assert "Traceback (most recent call last)" in file.read_text()


def test_unexpected_failure__when_debugging__then_traceback_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ASSAY_DEBUG", "1")
    install_verb(monkeypatch, "demo", raising(ValueError("seven is not prime")))
    assert main.run(["demo"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "install"),
    [
        ("fastapi.responses", "assay-network[backend]"),
        ("xllamacpp", "assay-network[node]"),
        ("web3", "assay-network"),
    ],
)
def test_package_missing__then_sentence_says_what_to_install(
    module: str,
    install: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ModuleNotFoundError(f"No module named {module!r}", name=module)
    install_verb(monkeypatch, "serve", raising(error))
    assert main.run(["serve"]) == 1
    package = module.partition(".")[0]
    assert capsys.readouterr().err == (
        f"assay: this needs the Python package {package}, which is not installed:"
        f" install {install}\n"
    )


def test_package_missing__when_verb_module_imports_it__then_same_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def import_module(name: str) -> object:
        raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")

    monkeypatch.setattr("importlib.import_module", import_module)
    assert main.run(["serve"]) == 1
    assert capsys.readouterr().err.endswith("install assay-network[backend]\n")


def test_setting__when_wrong__then_one_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_verb(monkeypatch, "demo", raising(AssertionError("must not run")))
    assert main.run(["--log-level", "loud", "demo"]) == 1
    assert capsys.readouterr().err == (
        "assay: log_level must be one of debug, info, warning, error, not 'loud'"
        " (on the command line)\n"
    )


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OSError(36, "File name too long", "x" * 300), "cannot be used: File name too long."),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "no"), "is not valid Unicode"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_input__when_no_library_can_use_it__then_one_sentence_and_status_1(
    failure: Exception,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install_verb(monkeypatch, "demo", raising(failure))
    assert main.run(["demo"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert "unexpected" not in line
