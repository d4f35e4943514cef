"""Every verb and every command below it explains itself, and every setting is somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cli import main, settings, verbs
from tests.repo import tree

pytestmark = pytest.mark.unit


def commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands((*path, name), child)


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_verb__when_asked_for_help__then_each_command_and_option_has_some(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, command in commands((verb,), verbs.load(verb)):
        assert main.run([*path, "--help"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"Usage: assay {' '.join(path)}"), "set rich_markup_mode=None"
        assert command.help, path
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{' '.join(path)}: {parameter.name}"


def test_verbs__then_each_module_of_a_verb_is_in_the_table() -> None:
    with_app = {
        tree.name(path).removesuffix("/__init__.py").removesuffix(".py").removeprefix("cli/")
        for path in tree.python_files("cli")
        if re.search(r"^app = typer\.Typer\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert with_app - {"main"} <= {*verbs.VERBS, *(f"{verb}/app" for verb in verbs.VERBS)}
    assert isinstance(main.app, typer.Typer)


def test_settings__then_each_is_read_by_some_command() -> None:
    sources = "\n".join(
        path.read_text("utf-8")
        for path in tree.python_files("cli")
        if path.name not in {"settings.py", "settings_docs.py"}
    )
    unread = [name for name in settings.TABLE if not re.search(rf"\.{name}\b", sources)]
    assert unread == []
