"""`assay similar` as a person meets it: build, query, pairs, remove."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from cli import main
from tests.similar.words import text
from tests.verifier.images import grey
from verifier.digest.png import encode_png

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five texts, two of them alike, and the folder they are in as the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main.logs, "setup", lambda *_: None)
    (tmp_path / "texts").mkdir()
    for seed in range(4):
        (tmp_path / f"texts/{seed}.txt").write_bytes(text(seed))
    (tmp_path / "texts/copy.txt").write_bytes(text(2, changed=1))
    return tmp_path


def assay(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What the command says: on stdout, or its one sentence when it fails."""
    capsys.readouterr()
    assert main.run(["similar", *arguments]) == status
    said = capsys.readouterr()
    if status:
        assert said.out == ""
        (line,) = said.err.strip().splitlines()
        assert line.startswith("assay: ")
        return line
    return said.out


def test_query__when_a_text_is_like_some__then_they_are_shown_the_most_alike_first(capsys) -> None:
    assert assay(capsys, "build", "texts", "--index", "i") == "i: 5 texts\n"
    shown = assay(capsys, "query", "texts/2.txt", "--index", "i")
    assert shown.startswith("2 of 5 texts are like it\n")
    assert "1.00" in shown
    assert shown.index("2.txt") < shown.index("copy.txt")
    answer = json.loads(assay(capsys, "query", "texts/2.txt", "--index", "i", "--json"))
    assert (answer["kind"], answer["searched"]) == ("texts", 5)
    assert [match["id"] for match in answer["matches"]] == ["2.txt", "copy.txt"]
    assert answer["matches"][0]["similarity"] == 1.0
    assert "0 of 5 texts" in assay(capsys, "query", "--text", "quite another", "--index", "i")


def test_query__when_limits_are_given__then_they_hold(capsys) -> None:
    assay(capsys, "build", "texts", "--index", "i", "--pattern", "[0-9].txt")
    query = ["query", "--text", text(2, changed=1).decode(), "--index", "i"]
    assert "1 of 4 texts" in assay(capsys, *query)
    assert "0 of 4 texts" in assay(capsys, *query, "--min-similarity", "0.999")
    assert "2 of 4 texts" in assay(capsys, *query, "--min-similarity", "0", "--limit", "2")


def test_query__when_the_text_is_on_standard_input__then_it_is_found(capsys, monkeypatch) -> None:
    assay(capsys, "build", "texts", "--index", "i")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text(3))))
    assert "1 of 5 texts" in assay(capsys, "query", "-", "--index", "i")


def test_query__when_images_are_digested_by_a_profile__then_near_ones_are_found(
    capsys, folder: Path
) -> None:
    (folder / "images").mkdir()
    for seed in range(3):
        (folder / f"images/{seed}.png").write_bytes(encode_png(grey(128, 128, seed)))
    near = grey(128, 128, 1)
    near[:4, :4] ^= 8
    (folder / "near.png").write_bytes(encode_png(near))
    profile = ["--profile", "image-perceptual-terrain128"]
    assert assay(capsys, "build", "images", "--index", "i", *profile) == "i: 3 digests\n"
    answer = json.loads(assay(capsys, "query", "near.png", "--index", "i", "--json"))
    [match] = answer["matches"]
    assert (match["id"], match["distance"] < 32) == ("1.png", True)
    assert "3 of 3" in assay(
        capsys, "query", "near.png", "--index", "i", "--max-distance", "256", "--limit", "9"
    )


def test_query__when_digests_come_from_outside__then_one_is_found_by_itself(
    capsys, folder: Path
) -> None:
    lines = [{"id": f"d{n}", "digest": f"0x{n:064x}"} for n in (0, 1, 0xFF)]
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert assay(capsys, "build", "lines.jsonl", "--index", "i") == "i: 3 digests\n"
    near = ["query", f"0x{3:064x}", "--index", "i", "--max-distance", "2"]
    answer = json.loads(assay(capsys, *near, "--json"))
    assert answer["matches"] == [{"id": "d1", "distance": 1}, {"id": "d0", "distance": 2}]
    shown = json.loads(assay(capsys, "pairs", "--index", "i", "--max-distance", "7", "--json"))
    assert shown["pairs"] == [
        {"distance": 1, "ids": ["d0", "d1"]},
        {"distance": 7, "ids": ["d1", "d255"]},
    ]


def test_pairs__when_two_texts_are_alike__then_they_are_shown(capsys) -> None:
    assay(capsys, "build", "texts", "--index", "i")
    shown = assay(capsys, "pairs", "--index", "i")
    assert shown.startswith("1 pairs are alike\n")
    assert "copy.txt" in shown
    assert "2.txt" in shown


def test_remove__then_the_file_is_gone(capsys, folder: Path) -> None:
    assay(capsys, "build", "texts", "--index", "i")
    assert assay(capsys, "remove", "--index", "i") == "removed i\n"
    assert not (folder / "i").exists()


BAD = {
    "no source": (["build", "absent", "--index", "i"], "neither a folder nor a file"),
    "no folder for the index": (["build", "texts", "--index", "no/i"], "cannot write no/i"),
    "a folder as the index": (["build", "texts", "--index", "texts"], "cannot write texts"),
    "an unknown profile": (
        ["build", "texts", "--index", "i", "--profile", "x"],
        "No profile is named 'x'",
    ),
    "nothing that matches": (
        ["build", "texts", "--index", "i", "--pattern", "*.png"],
        "has nothing to index; look at --pattern",
    ),
    "a text for images": (
        ["build", "texts", "--index", "i", "--profile", "image-perceptual-terrain128"],
        "0.txt cannot be indexed: The image is no PNG",
    ),
    "no Redis": (
        ["build", "texts", "--index", "i", "--redis-url", "localhost"],
        "is no address of a Redis",
    ),
    "nothing to look for": (["query", "--index", "good"], "Say what to look for"),
    "two things to look for": (["query", "a", "--text", "b", "--index", "good"], "one of them"),
    "a file that is absent": (["query", "absent", "--index", "good"], "absent cannot be read"),
    "a digest among texts": (
        ["query", "0x" + "00" * 32, "--index", "good"],
        "give a text, not a digest",
    ),
    "a short digest": (["query", "0x12", "--index", "good"], "0x followed by 64"),
    "a blank text": (["query", "--text", " ", "--index", "good"], "The text is blank"),
    "no index": (["query", "--text", "x", "--index", "absent"], "cannot be read (No such file"),
    "a foreign index": (["query", "--text", "x", "--index", "texts/0.txt"], "no index at all"),
    "no index to remove": (["remove", "--index", "absent"], "cannot be read (No such file"),
}


@pytest.mark.parametrize("case", BAD)
def test_similar__when_the_input_is_bad__then_one_sentence_and_nothing_is_written(
    case: str, capsys, folder: Path
) -> None:
    assay(capsys, "build", "texts", "--index", "good")
    before = sorted(folder.rglob("*"))
    arguments, says = BAD[case]
    assert says in assay(capsys, *arguments, status=1)
    assert sorted(folder.rglob("*")) == before
