"""`assay similar`: which past outputs are like this one?"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from chain.errors import ConfigError
from cli import output, settings
from verifier import profiles
from verifier.canonical import from_hex
from verifier.errors import SimilarError
from verifier.similar import build as building
from verifier.similar import items as sources
from verifier.similar import search
from verifier.similar.indexfile import IndexFile
from verifier.similar.items import Item
from verifier.similar.sketches import MAX_BYTES, Sketching
from verifier.similar.storage import RedisStorage, new_name

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Find look-alikes of outputs.")

_INDEX = Annotated[Path, typer.Option("--index", metavar="FILE", help="The index.")]
_PASSWORD = Annotated[str | None, settings.flag("redis_password")]
_JSON = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
_LIMIT = Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many.")]
_DISTANCE = Annotated[
    int,
    typer.Option(
        min=0, max=256, metavar="BITS", help="Digests: the largest distance; chance is 128."
    ),
]
_SIMILARITY = Annotated[
    float, typer.Option(min=0, max=1, metavar="SHARE", help="Texts: the least similarity, 0 to 1.")
]


@app.command()
def build(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help='Folder of outputs, or .jsonl file of lines {"id": …, "text": …} or '
            '{"id": …, "digest": "0x…"}.',
        ),
    ],
    index: _INDEX,
    pattern: Annotated[
        str, typer.Option(metavar="GLOB", help="Which files of a folder, by name.")
    ] = "*",
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Digest by this profile; without, texts are sketched."),
    ] = None,
    shingle: Annotated[
        int, typer.Option(min=1, max=16, metavar="WORDS", help="Words in a shingle of a text.")
    ] = 3,
    permutations: Annotated[
        int, typer.Option(min=16, max=1024, metavar="N", help="Numbers in a sketch of a text.")
    ] = 128,
    redis_url: Annotated[str | None, settings.flag("redis_url")] = None,
    redis_password_file: _PASSWORD = None,
) -> None:
    """Make an index: of a folder's files or of lines, in a file or in a Redis."""
    chosen = settings.load(redis_url=redis_url, redis_password_file=redis_password_file)
    _require_folder_of(index)
    storage = None
    if chosen.redis_url is not None:
        storage = RedisStorage(chosen.redis_url, new_name(), chosen.redis_password)
        storage.config()  # an address that is none is refused before anything is read
    recipe = profiles.load(profile) if profile else None
    max_bytes = recipe.max_bytes if recipe else MAX_BYTES
    found = _counted(sources.read(source, pattern, max_bytes))
    if recipe or sources.first_digest(source):
        made = building.build_digests(found, recipe, storage)
    else:
        made = building.build_texts(found, Sketching(shingle, permutations), storage)
    made.save(index)
    where = f" in {chosen.redis_url}" if storage else ""
    output.say(f"{index}: {made.about.count:,} {made.about.kind}{where}")


@app.command()
def query(
    index: _INDEX,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[WHAT]", help="A file, a digest 0x…, or - for standard input."),
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="This text, instead of a file.")
    ] = None,
    limit: _LIMIT = 10,
    max_distance: _DISTANCE = 64,
    min_similarity: _SIMILARITY = 0.5,
    redis_password_file: _PASSWORD = None,
    as_json: _JSON = False,
) -> None:
    """Show what in the index is most like a text, an output or a digest."""
    password = settings.load(redis_password_file=redis_password_file).redis_password
    found = IndexFile.load(index)
    item = _wanted(found, what, text)
    matches: Sequence[Any]
    if found.about.kind == "texts":
        if item.digest is not None:
            raise ConfigError(f"{index} is an index of texts: give a text, not a digest")
        matches = search.find_texts(found, item.content, min_similarity, limit, password)
    else:
        matches = search.find_digests(found, item, max_distance, limit, password)
    if as_json:
        fields = {"index": index, "kind": found.about.kind, "searched": found.about.count}
        output.print_json(fields | {"matches": [match._asdict() for match in matches]})
        return
    column = "similarity" if found.about.kind == "texts" else "distance"
    rows = [(getattr(match, column), match.id) for match in matches]
    output.say(f"{len(rows)} of {found.about.count:,} {found.about.kind} are like it")
    if rows:
        output.print_table((column, "id"), [(_shown(value), id) for value, id in rows])


@app.command()
def pairs(
    index: _INDEX,
    limit: _LIMIT = 100,
    max_distance: _DISTANCE = 64,
    min_similarity: _SIMILARITY = 0.5,
    as_json: _JSON = False,
) -> None:
    """Show what in the index is like something else in it."""
    found = IndexFile.load(index)
    matches: Sequence[tuple[str, Any]]
    if found.about.kind == "texts":
        matches, column = search.text_pairs(found, min_similarity), "similarity"
    else:
        matches, column = search.digest_pairs(found, max_distance), "distance"
    rows = [(getattr(match, column), id, match.id) for id, match in matches[:limit]]
    if as_json:
        listed = [{column: value, "ids": ids} for value, *ids in rows]
        output.print_json({"index": index, "found": len(matches), "pairs": listed})
        return
    output.say(f"{len(matches):,} pairs are alike")
    if rows:
        output.print_table(
            (column, "id", "like"), [(_shown(value), id, other) for value, id, other in rows]
        )


@app.command()
def remove(index: _INDEX, redis_password_file: _PASSWORD = None) -> None:
    """Remove an index: its file, and what it has in a Redis."""
    password = settings.load(redis_password_file=redis_password_file).redis_password
    search.drop(IndexFile.load(index), password)
    try:
        index.unlink()
    except OSError as error:
        raise ConfigError(f"cannot remove {index}: {error.strerror}") from None
    output.say(f"removed {index}")


def _wanted(index: IndexFile, what: str | None, text: str | None) -> Item:
    """What to search for, from the one of the two that was given."""
    if (what is None) == (text is None):
        raise ConfigError("Say what to look for: a file, a digest, - or --text TEXT, one of them")
    if text is not None:
        return Item("", text.encode("utf-8", "surrogateescape"))
    assert what is not None
    if what.startswith("0x"):
        return Item("", digest=from_hex(what, 32, "digest", SimilarError))
    profile = search.profile_of(index.about)
    max_bytes = profile.max_bytes if profile else MAX_BYTES
    if what == "-":
        return Item("", sys.stdin.buffer.read(max_bytes + 1))
    return Item("", sources.read_content(Path(what), max_bytes))


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _require_folder_of(file: Path) -> None:
    """Better now than after an hour."""
    if file.is_dir() or not os.access(file.absolute().parent, os.W_OK):
        raise ConfigError(f"cannot write {file}: give a file in a folder that can be written")


def _counted(items: Iterable[Item]) -> Iterator[Item]:
    """The items; a count goes up on stderr while they pass."""
    columns = (TextColumn("{task.completed:,} items"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("items")
        for item in items:
            yield item
            bar.advance(task)
