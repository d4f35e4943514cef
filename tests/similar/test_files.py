"""Index files and what they are built from: whole or not at all, and refused in one sentence."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.similar.words import random_words, text
from verifier import profiles
from verifier.errors import SimilarError
from verifier.similar import indexfile, items, search
from verifier.similar.build import build_digests, build_texts
from verifier.similar.indexfile import About, IndexFile
from verifier.similar.items import Item
from verifier.similar.sketches import Sketching

pytestmark = pytest.mark.unit

TEXTS = [Item(f"t{seed}", text(seed)) for seed in range(4)]
INDEX = build_texts(TEXTS, Sketching())


def saved(folder: Path) -> Path:
    INDEX.save(folder / "index")
    return folder / "index"


def rewritten(path: Path, deflate: bool = False, **members: bytes | None) -> Path:
    """The archive with some members replaced, or left out where None."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept |= {name.replace("_", "."): data for name, data in members.items()}
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in kept.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def about(**changes: object) -> bytes:
    return json.dumps({**INDEX.about.to_json(), **changes}).encode()


@pytest.mark.parametrize("kind", ["texts", "digests"])
def test_index__when_saved_and_loaded__then_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    rows = random_words(3)
    digests = About("digests", 3, profile="exact-bytes", profile_id="0x12")
    made = INDEX if kind == "texts" else IndexFile(digests, ("a", "b\nc", "日本"), rows)
    made.save(tmp_path / "index")
    found = IndexFile.load(tmp_path / "index")
    assert found.about == made.about
    assert list(found.ids) == list(made.ids)
    np.testing.assert_array_equal(found.rows, made.rows)
    assert found.rows.dtype == made.rows.dtype


LZMA = b"\x09\x14\x05\x00\x5d\xff\xff\xff\xff" + bytes(range(1, 99))
"""Begins as zip's LZMA does: version, properties, a dictionary of 4 GiB."""


def forged(path: Path, offset: int, value: bytes) -> None:
    """The archive's directory says something else of ids.json."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"ids.json") - 46
    assert content[entry : entry + 4] == b"PK\1\2"
    content[entry + offset : entry + offset + len(value)] = value
    path.write_bytes(content)


REFUSED = {
    "a size beyond the file": (lambda path: forged(path, 20, b"\xff" * 8), "damaged"),
    "packed with LZMA of 4 GiB": (
        lambda path: forged(rewritten(path, ids_json=LZMA), 10, b"\x0e\0"),
        "damaged",
    ),
    "another program's file": (lambda path: path.write_bytes(b"hello"), "no index at all"),
    "an empty file": (lambda path: path.write_bytes(b""), "no index at all"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-9]), "damaged"),
    "a bit flipped": (
        lambda path: path.write_bytes(path.read_bytes().replace(b'"t2"', b'"t3"', 1)),
        "damaged",
    ),
    "another archive": (lambda path: rewritten(path, index_json=None), "no index at all"),
    "without rows": (lambda path: rewritten(path, rows=None), "damaged"),
    "deflated": (lambda path: rewritten(path, deflate=True), "damaged"),
    "a row too few": (lambda path: rewritten(path, rows=bytes(3 * 512)), "damaged"),
    "half a row": (lambda path: rewritten(path, rows=bytes(100)), "damaged"),
    "ids that are no texts": (lambda path: rewritten(path, ids_json=b"[1,2,3,4]"), "damaged"),
    "ids that are no list": (lambda path: rewritten(path, ids_json=b"{}"), "damaged"),
    "ids nested too deeply": (lambda path: rewritten(path, ids_json=b"[" * 99_999), "damaged"),
    "another schema": (
        lambda path: rewritten(path, index_json=about(schema="assay/similar/2")),
        "its schema is 'assay/similar/2' and this version reads 'assay/similar/1'",
    ),
    "an unknown field": (
        lambda path: rewritten(path, index_json=about(more=1)),
        "unknown field 'more'",
    ),
    "an unknown kind": (lambda path: rewritten(path, index_json=about(kind="sounds")), "malformed"),
    "a count that is none": (lambda path: rewritten(path, index_json=about(count=-1)), "malformed"),
    "a shingle of nothing": (lambda path: rewritten(path, index_json=about(shingle=0)), "malform"),
    "a profile that is no text": (
        lambda path: rewritten(path, index_json=about(profile=3)),
        "malformed",
    ),
    "not JSON": (lambda path: rewritten(path, index_json=b"{"), "not valid JSON"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_load__when_the_file_is_no_index__then_one_sentence_says_why(
    case: str, tmp_path: Path
) -> None:
    spoil, says = REFUSED[case]
    path = saved(tmp_path)
    spoil(path)
    with pytest.raises(SimilarError) as problem:
        IndexFile.load(path)
    sentence = str(problem.value)
    assert says in sentence
    assert sentence.endswith("make it anew with `assay similar build`.")
    assert "\n" not in sentence


@given(st.data())
def test_load__when_bytes_are_damaged_anywhere__then_it_loads_or_refuses(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = saved(tmp_path_factory.mktemp("damaged"))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = IndexFile.load(path)
    except SimilarError as refusal:
        problem = str(refusal)
        assert problem.endswith(".")
    else:
        assert len(found.ids) == len(found.rows)


def test_load__when_there_is_no_file__then_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SimilarError, match=r"No such file.*make one with `assay similar build`"):
        IndexFile.load(tmp_path / "absent")


def test_save__when_the_disk_is_full__then_the_old_index_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(indexfile.zipfile.ZipFile, "writestr", full)
    with pytest.raises(SimilarError, match=r"No space left on device; make room"):
        INDEX.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_items__when_a_folder_is_read__then_each_file_comes_once_by_its_path(
    tmp_path: Path,
) -> None:
    for name in ("b.txt", "sub/a.txt", "c.png", ".hidden.txt", ".git/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = list(items.read(tmp_path, "*.txt", 3))
    assert found == [Item("b.txt", b"b.tx"), Item("sub/a.txt", b"sub/")]
    assert [item.id for item in items.read(tmp_path, "*", 9)] == ["b.txt", "c.png", "sub/a.txt"]


def test_items__when_lines_are_read__then_each_is_an_item(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"id": "a", "text": "x y"}\n\n{"text": "é", "id": "b"}\n')
    assert list(items.read(path, "*", 9)) == [Item("a", b"x y"), Item("b", "é".encode())]
    assert not items.first_digest(path)
    path.write_text(json.dumps({"id": "a", "digest": "0x" + "1f" * 32}))
    assert list(items.read(path, "*", 9)) == [Item("a", digest=b"\x1f" * 32)]
    assert items.first_digest(path)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("", "has nothing to index"),
        ("{", "line 1 of .* is not valid JSON"),
        ("[]", "must be a JSON object, not list"),
        ('{"id": "a"}', "lacks the field 'text'"),
        ('{"id": "a", "text": "x", "more": 1}', "unknown field 'more'"),
        ('{"id": "", "text": "x"}', "id in line 1 .* must be a text that is not empty"),
        ('{"id": 3, "text": "x"}', "id in line 1 .* must be a text"),
        ('{"id": "a", "text": 3}', "text in line 1 .* must be a text"),
        ('{"id": "a", "text": "\\ud800"}', "half a surrogate pair"),
        ('{"id": "a", "digest": "0x12"}', "digest must be 0x followed by 64"),
        ('{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "has the id 'a' twice"),
        (
            '{"id": "a", "text": "x"}\n{"id": "b", "digest": "0x' + "00" * 32 + '"}',
            "Line 2 .* is a digest among texts",
        ),
    ],
)
def test_items__when_a_line_is_wrong__then_one_sentence_says_which(lines, says, tmp_path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(lines)
    with pytest.raises(SimilarError, match=says) as problem:
        list(items.read(path, "*", 9))
    assert "\n" not in str(problem.value)


def test_items__when_the_source_is_absent__then_one_sentence_says_so(tmp_path: Path) -> None:
    for name, says in (("absent", "neither a folder"), ("absent.jsonl", "No such file")):
        with pytest.raises(SimilarError, match=says):
            list(items.read(tmp_path / name, "*", 9))


def test_items__when_a_line_never_ends__then_it_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MAX_LINE_BYTES", 100)
    path = tmp_path / "lines.jsonl"
    path.write_text('{"id": "a", "text": "' + "x" * 1000)
    with pytest.raises(SimilarError, match="has 101 bytes; at most 100 are allowed"):
        list(items.read(path, "*", 9))


def test_build__when_an_item_is_bad__then_it_is_named() -> None:
    with pytest.raises(SimilarError, match=r"^b\.txt cannot be indexed: The text is not valid"):
        build_texts([*TEXTS, Item("b.txt", b"\xff")], Sketching())
    with pytest.raises(SimilarError, match=r"^t0 cannot be indexed: The image is no PNG"):
        build_digests(TEXTS, profiles.load("image-perceptual-terrain128"))
    with pytest.raises(SimilarError, match="Without a profile only digests"):
        build_digests(TEXTS)


def test_search__when_the_recipe_is_another_now__then_it_is_refused() -> None:
    made = build_digests(TEXTS, profiles.load("text-minhash-smollm2"))
    assert [one.id for one in search.find_digests(made, TEXTS[2], 0, 9)] == ["t2"]
    other = About("digests", 4, profile="text-minhash-smollm2", profile_id="0x00")
    with pytest.raises(SimilarError, match="another recipe of text-minhash-smollm2"):
        search.find_digests(IndexFile(other, made.ids, made.rows), TEXTS[2], 0, 9)


def test_pairs__when_items_are_alike__then_each_pair_comes_once_and_the_most_alike_first() -> None:
    alike = [Item(f"a{n}", text(1, changed=n)) for n in (0, 1, 4)]
    made = build_texts([*TEXTS[2:], *alike], Sketching())
    found = search.text_pairs(made, 0.4)
    assert [{id, other.id} for id, other in found] == [{"a0", "a1"}, {"a1", "a4"}, {"a0", "a4"}]
    digests = build_digests([*TEXTS[2:], *alike], profiles.load("text-minhash-smollm2"))
    near = search.digest_pairs(digests, 80)
    assert {frozenset((id, other.id)) for id, other in near} == {
        frozenset((id, other.id)) for id, other in found
    }
    assert [other.distance for _, other in near] == sorted(other.distance for _, other in near)
