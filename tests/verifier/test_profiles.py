"""`verifier.profiles`: recipes are data, hashed, and refused when they are not what they claim."""

import json
from importlib import resources

import pytest

from scripts import index_profiles
from verifier import profiles
from verifier.canonical import keccak256
from verifier.errors import ProfileError
from verifier.profiles import Profile

pytestmark = pytest.mark.unit


def recipe(of: str = "text-minhash-smollm2", **changes: object) -> bytes:
    text = (resources.files("verifier.profiles") / f"{of}.json").read_bytes()
    return json.dumps({**json.loads(text), **changes}).encode()


@pytest.mark.parametrize("name", profiles.names())
def test_load__when_a_profile_ships__then_its_id_is_keccak_of_its_recipe(name):
    profile = profiles.load(name)
    assert profile.name == name
    assert profile.profile_id == keccak256(profile.recipe)
    assert profiles.by_id(profile.profile_id) is profile


def test_names__when_listed__then_each_recipe_file_is_there():
    files = {path.name for path in resources.files("verifier.profiles").iterdir()}
    recipes = {name.removesuffix(".json") for name in files if name.endswith(".json")} - {"index"}
    assert set(profiles.names()) == recipes


def test_index__when_the_script_runs__then_it_is_not_stale():
    assert (index_profiles.FOLDER / "index.json").read_text() == index_profiles.index()


def test_parse__when_spacing_and_order_differ__then_the_id_is_the_same():
    expected = profiles.load("text-minhash-smollm2").profile_id
    assert Profile.parse(recipe()).profile_id == expected


def test_parse__when_a_recipe_was_altered__then_it_says_so():
    expected = profiles.load("text-minhash-smollm2").profile_id
    with pytest.raises(ProfileError, match="was altered"):
        Profile.parse(recipe(tolerance=7), expected)


def test_load__when_the_name_is_unknown__then_the_known_ones_are_listed():
    with pytest.raises(ProfileError, match="known: exact-bytes, image-perceptual-terrain128"):
        profiles.load("nothing")


def test_by_id__when_it_is_unknown__then_it_says_what_to_do():
    with pytest.raises(ProfileError, match=r"No recipe here has the profileId 0x1111.*upgrade"):
        profiles.by_id(b"\x11" * 32)


SHINGLES = {"wordShingle": 3, "characterShingle": 5}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schema": "assay/profile/2"}, "reads 'assay/profile/1'"),
        ({"surprise": 1}, "unknown field 'surprise'"),
        ({"version": 0}, "version must be an integer from 1"),
        ({"version": "1"}, "version must be an integer"),
        ({"version": True}, "version must be an integer"),
        ({"name": ""}, "name must be text"),
        ({"family": "phash"}, "'phash' is unknown; known: exact"),
        ({"modality": "sound"}, "must be one of text, image, any"),
        ({"canonicalisation": "bytes"}, "must be one of utf8-nfc"),
        ({"tolerance": 256}, "from 0 to 255"),
        ({"tolerance": -1}, "from 0 to 255"),
        ({"maxBytes": 0}, "maxBytes must be an integer from 1"),
        ({"features": []}, "features must be a JSON object"),
        ({"features": {"wordShingle": 3}}, "lacks the field 'characterShingle'"),
        ({"features": {**SHINGLES, "x": 1}}, "unknown field 'x'"),
        ({"features": {"wordShingle": 0, "characterShingle": 0}}, "use no shingles"),
        ({"features": {**SHINGLES, "wordShingle": 17}}, "from 0 to 16"),
        ({"environment": 1}, "environment must be a JSON object"),
        ({"environment": {"pins": {}}}, "lacks the field 'variesWith'"),
        ({"environment": {"pins": {"a": 1}, "variesWith": []}}, "object of texts"),
        ({"environment": {"pins": {}, "variesWith": [1]}}, "list of texts"),
    ],
)
def test_parse__when_a_field_is_wrong__then_one_sentence_says_which(changes, says):
    with pytest.raises(ProfileError, match=says) as problem:
        Profile.parse(recipe(**changes))
    assert "\n" not in str(problem.value)


def test_parse__when_an_exact_recipe_has_a_tolerance__then_it_is_refused():
    with pytest.raises(ProfileError, match="from 0 to 0"):
        Profile.parse(recipe("exact-bytes", tolerance=1))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lumaBlock": 3}, "lumaBlock must be an integer from 4"),
        ({"lumaBlock": 8}, "mean must be a list of 63 integers"),
        ({"chromaBlock": 1}, "mean must be a list of 257 integers"),
        ({"maxPixels": 1 << 30}, "maxPixels must be"),
        ({"scale": [0] * 255}, "scale must be an integer from 1"),
        ({"mean": [0.5] * 255}, "mean must be an integer"),
    ],
)
def test_parse__when_an_image_feature_is_wrong__then_one_sentence_says_which(changes, says):
    name = "image-perceptual-terrain128"
    features = {**json.loads(recipe(name))["features"], **changes}
    with pytest.raises(ProfileError, match=says):
        Profile.parse(recipe(name, features=features))


@pytest.mark.parametrize("field", ["schema", "name", "family", "modality", "canonicalisation"])
@pytest.mark.parametrize("value", ["x" * 60_000, ["y"] * 9000, {"z" * 30_000: 1}])
def test_parse__when_a_wrong_value_is_long__then_only_its_beginning_is_quoted(field, value):
    with pytest.raises(ProfileError) as problem:
        Profile.parse(recipe(**{field: value}))
    assert len(str(problem.value)) < 300
    with pytest.raises(ProfileError, match="unknown field") as problem:
        Profile.parse(recipe(**{"x" * 50_000: 1}))
    assert len(str(problem.value)) < 300


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"schema":"assay/profile/1"}'])
def test_parse__when_it_is_no_profile__then_it_is_refused(data):
    with pytest.raises(ProfileError):
        Profile.parse(data)
