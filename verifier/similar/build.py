"""Making an index of items: sketches of texts, or digests under a key that everybody knows."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import numpy as np

from verifier.digest import digest_batch, from_words, to_words
from verifier.errors import SimilarError, VerifierError
from verifier.profiles import Profile
from verifier.similar.banded import BandedDigests
from verifier.similar.digests import SEARCH_KEY
from verifier.similar.indexfile import About, IndexFile
from verifier.similar.items import Item
from verifier.similar.sketches import Sketching
from verifier.similar.storage import RedisStorage
from verifier.similar.texts import TextIndex

__all__ = ["SEARCH_KEY", "build_digests", "build_texts", "digest_item"]


class _Droppable(Protocol):
    def drop(self) -> None: ...


def build_texts(
    items: Iterable[Item], sketching: Sketching, storage: RedisStorage | None = None
) -> IndexFile:
    """An index of texts; their sketches are in the file, or in a Redis."""
    ids: list[str] = []

    def sketches() -> Iterator[tuple[str, Any]]:
        for item in items:
            with _named(item):
                sketch = sketching.sketch(item.content)
            ids.append(item.id)
            yield item.id, sketch

    if storage is None:
        rows = [sketch for _, sketch in sketches()]
    else:
        rows = []
        index = TextIndex(sketching, storage=storage)
        with _whole(index):
            index.add(sketches())
    about = About(
        "texts",
        len(ids),
        sketching.shingle,
        sketching.permutations,
        redis=storage.url if storage else None,
        name=storage.name if storage else None,
    )
    return _file(about, ids, rows)


def build_digests(
    items: Iterable[Item], profile: Profile | None = None, storage: RedisStorage | None = None
) -> IndexFile:
    """An index of digests: those that items carry, or those that `profile` gives their contents."""
    ids: list[str] = []

    def digests() -> Iterator[tuple[str, bytes]]:
        for item in items:
            with _named(item):
                found = digest_item(item, profile)
            ids.append(item.id)
            yield item.id, found

    if storage is None:
        rows = list(to_words([found for _, found in digests()]))
    else:
        rows = []
        index = BandedDigests(storage)
        with _whole(index):
            index.add(digests())
    about = About(
        "digests",
        len(ids),
        profile=profile.name if profile else None,
        profile_id="0x" + profile.profile_id.hex() if profile else None,
        redis=storage.url if storage else None,
        name=storage.name if storage else None,
    )
    return _file(about, ids, rows)


def digest_item(item: Item, profile: Profile | None) -> bytes:
    """The digest that an item carries, or that `profile` gives its content under SEARCH_KEY."""
    if item.digest is not None:
        return item.digest
    if profile is None:
        raise SimilarError("Without a profile only digests can be searched for.")
    return from_words(digest_batch([item.content], profile, SEARCH_KEY))[0]


def _file(about: About, ids: list[str], rows: list[Any]) -> IndexFile:
    if about.redis:
        return IndexFile(about, (), np.zeros((0, about.columns), about.dtype))
    return IndexFile(about, ids, np.stack(rows))


@contextmanager
def _named(item: Item) -> Iterator[None]:
    """Says of which item a refusal is."""
    try:
        yield
    except VerifierError as refusal:
        raise SimilarError(f"{item.id} cannot be indexed: {refusal}") from None


@contextmanager
def _whole(index: _Droppable) -> Iterator[None]:
    """Leaves nothing in a Redis of an index that was not finished, if the Redis still answers."""
    try:
        yield
    except BaseException:
        with suppress(SimilarError):
            index.drop()
        raise
