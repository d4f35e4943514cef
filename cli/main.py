"""`assay`: reads the command line, runs one verb, and turns every failure into one sentence.

Exit status: 0 done, 1 something failed (said on stderr), 2 the command line makes no sense,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, Any

import typer

from chain.errors import AssayError
from cli import logs, settings
from cli.verbs import DISTRIBUTION, LazyGroup, is_ours, missing_package

app = typer.Typer(
    name="assay",
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class NotInstalled(AssayError):
    """The packages run from a source tree that was never installed, so there is no version."""


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"assay {metadata.version(DISTRIBUTION)}")
        except metadata.PackageNotFoundError as error:
            raise NotInstalled("Assay is not installed here: run `make setup`") from error
        raise typer.Exit


@app.callback()
def assay(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Show the version."),
    ] = False,
    log_level: Annotated[str | None, settings.flag("log_level")] = None,
    log_format: Annotated[str | None, settings.flag("log_format")] = None,
) -> None:
    """Reputation and verification for generative work."""
    chosen = settings.load(log_level=log_level, log_format=log_format)
    logs.setup(chosen.log_level, chosen.log_format)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own); returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = app(arguments or ["--help"], prog_name="assay", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except AssayError as error:
        return _fail(str(error))
    except MemoryError:
        return _fail("there is not enough memory for this: is a file far larger than it should be?")
    except Exception as error:  # noqa: BLE001 - a person must never meet a traceback
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            return _fail_usage(error)
        if isinstance(error, ModuleNotFoundError) and not is_ours(error):
            return _fail(str(missing_package(error)))
        if isinstance(error, OSError) and error.filename is not None:
            return _fail(f"{error.filename} cannot be used: {error.strerror}.")
        if isinstance(error, UnicodeEncodeError):
            return _fail(f"{error.object!r} is not valid Unicode: give another text.")
        return _fail(_unexpected(error))
    return status if isinstance(status, int) else 0


def _fail(sentence: str, status: int = 1) -> int:
    print(f"assay: {logs.visible(sentence)}", file=sys.stderr)
    return status


def _fail_usage(error: Any) -> int:
    """`error` is what typer raises for a command line that makes no sense."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if message.startswith("Usage:"):  # a group without a command: its help, as asked for
        print(message, file=sys.stderr)
        return int(error.exit_code)
    command = context.command_path if context else "assay"
    sentence = message if message.endswith((".", "?")) else f"{message}."
    return _fail(f"{sentence} Try '{command} --help'.", int(error.exit_code))


def _unexpected(error: Exception) -> str:
    """One sentence for a bug of ours; the traceback goes where the sentence says."""
    what = f"unexpected {type(error).__name__}: {error}".rstrip(": ")
    if os.environ.get("ASSAY_DEBUG"):
        traceback.print_exception(error)
        return what
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="assay-",
        suffix=".traceback.txt",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        traceback.print_exception(error, file=file)
    return f"{what}; please report it with {file.name} (ASSAY_DEBUG=1 shows it here)"


def main() -> None:
    """Entry point of the `assay` command."""
    sys.exit(run())
