"""What a command prints: tables and sentences for people on stdout, or JSON for machines."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.logs import visible

# No terminal folds what goes into a pipe or a file.
_PIPE_WIDTH = 100_000


def plain(value: Any) -> Any:
    """`value` as JSON knows it: bytes as 0x hex, enums by name, dataclasses as objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes | bytearray):
        return "0x" + bytes(value).hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def as_json(value: Any) -> str:
    """One JSON document, keys in the order given, readable by people too."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Print one JSON document and nothing else."""
    print(as_json(value), flush=True)


def say(sentence: str) -> None:
    """Print a line at once, also into a pipe."""
    print(visible(sentence), flush=True)


def cell(value: Any) -> str:
    """A table's text for a value; what is unknown is a dash, never 0."""
    return "-" if value is None else visible(str(plain(value)))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print a table. Numbers stand right; in a pipe it is as wide as its content."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        numeric = all(isinstance(row[number], int | float | None) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    Console(file=sys.stdout, highlight=False, width=width).print(table)
