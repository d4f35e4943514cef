"""Searching an index file, wherever its rows are."""

from verifier import profiles
from verifier.digest import allpairs
from verifier.errors import SimilarError
from verifier.profiles import Profile
from verifier.similar.banded import BandedDigests
from verifier.similar.build import digest_item
from verifier.similar.digests import DigestIndex, Near
from verifier.similar.indexfile import About, IndexFile
from verifier.similar.items import Item
from verifier.similar.sketches import Sketching
from verifier.similar.storage import RedisStorage
from verifier.similar.texts import Alike, TextIndex, most_alike

__all__ = ["digest_pairs", "drop", "find_digests", "find_texts", "profile_of", "text_pairs"]


def find_texts(
    index: IndexFile, content: bytes, least: float, limit: int, password: str | None = None
) -> list[Alike]:
    """The texts most like a UTF-8 text, at least `least` (0..1).

    In a file: of all, by comparing with all. In a Redis: of those that MinHashLSH names.
    """
    sketching = _sketching(index.about)
    sketch = sketching.sketch(content)
    storage = _storage(index.about, password)
    if storage is None:
        return most_alike(index.ids, index.rows, sketch, least, limit)
    stored = TextIndex(sketching, storage=storage)
    if len(stored) != index.about.count:
        raise _lost(index.about)
    return stored.alike(sketch, least, limit)


def find_digests(
    index: IndexFile, item: Item, radius: int, limit: int, password: str | None = None
) -> list[Near]:
    """The digests within `radius` of an item's digest, all that there are, the nearest first."""
    query = digest_item(item, profile_of(index.about))
    storage = _storage(index.about, password)
    if storage is None:
        return DigestIndex(index.ids, index.rows).within(query, radius, limit)
    stored = BandedDigests(storage)
    if index.about.count and stored.is_empty():
        raise _lost(index.about)
    return stored.within(query, radius, limit)


def text_pairs(index: IndexFile, least: float) -> list[tuple[str, Alike]]:
    """Pairs of texts at least `least` alike that MinHashLSH finds, the most alike first."""
    _require_file(index.about)
    sketching = _sketching(index.about)
    found, before = [], TextIndex(sketching)
    for id, sketch in zip(index.ids, index.rows, strict=True):
        found += [(id, other) for other in before.alike(sketch, least)]
        before.add([(id, sketch)])
    return sorted(found, key=lambda pair: -pair[1].similarity)


def digest_pairs(index: IndexFile, radius: int) -> list[tuple[str, Near]]:
    """All pairs of digests within `radius`, the nearest first."""
    _require_file(index.about)
    pairs = allpairs.pairs_within(index.rows, index.rows, radius)
    once = pairs.first < pairs.second
    named = zip(pairs.first[once], pairs.second[once], pairs.distance[once], strict=True)
    found = [(index.ids[a], Near(index.ids[b], int(apart))) for a, b, apart in named]
    return sorted(found, key=lambda pair: pair[1].distance)


def drop(index: IndexFile, password: str | None = None) -> None:
    """Takes out of its Redis what an index has there."""
    storage = _storage(index.about, password)
    if storage is None:
        return
    if index.about.kind == "texts":
        TextIndex(_sketching(index.about), storage=storage).drop()
    else:
        BandedDigests(storage).drop()


def profile_of(about: About) -> Profile | None:
    """The profile that an index digests by; refused if it is no longer the same recipe."""
    if about.profile is None:
        return None
    profile = profiles.load(about.profile)
    if "0x" + profile.profile_id.hex() != about.profile_id:
        raise SimilarError(
            f"The index was built by another recipe of {about.profile}; build it again."
        )
    return profile


def _sketching(about: About) -> Sketching:
    return Sketching(about.shingle, about.permutations)


def _storage(about: About, password: str | None) -> RedisStorage | None:
    if about.redis is None or about.name is None:
        return None
    return RedisStorage(about.redis, about.name, password)


def _require_file(about: About) -> None:
    if about.redis:
        raise SimilarError("Pairs are found in an index in a file; this one is in a Redis.")


def _lost(about: About) -> SimilarError:
    return SimilarError(
        f"The Redis at {about.redis} no longer holds the {about.count} items of this index: "
        "build it again."
    )
