"""Parts of the experiment on images: outputs that go on, edits, every two outputs, searches."""

import numpy as np
import pytest
from PIL import Image

from scripts.experiments import image_edits, image_outputs, image_pairs, rates
from scripts.experiments.image_guesses import GUESSES, Known, noise_features
from scripts.experiments.image_plan import VARIANTS, Plan, task
from scripts.experiments.image_search import first_within, search
from tests.experiments.pictures import Artist, artist, smooth
from verifier import profiles
from verifier.digest import distances
from verifier.digest.png import decode_png, encode_png

pytestmark = pytest.mark.unit

FAMILY = profiles.load("image-perceptual-terrain128").digester
PLAN = Plan(tasks=3, panel=1)


@pytest.fixture
def studio(monkeypatch):
    """The model is a stand-in that counts what it draws."""
    monkeypatch.setattr(image_outputs, "painter", artist)
    monkeypatch.setattr(Artist, "drawn", 0)
    return Artist


def picture(seed: int) -> np.ndarray:
    return np.clip(np.rint(smooth(np.random.default_rng(seed))), 0, 255).astype(np.uint8)


def features(count: int) -> np.ndarray:
    return np.stack([FAMILY.features(picture(seed)) for seed in range(count)])


def test_make__when_all_is_there__then_nothing_is_made_again(tmp_path, studio):
    image_outputs.make(PLAN, tmp_path, 1, lambda line: None)
    wanted = sum(PLAN.has(variant, each) for variant in VARIANTS for each in PLAN.all_tasks())
    assert len(list(tmp_path.glob("outputs/*/*.png"))) == wanted
    studio.drawn = 0
    image_outputs.make(PLAN, tmp_path, 1, lambda line: None)
    assert studio.drawn == 0


def test_make__when_one_is_gone__then_that_one_is_made_as_it_was(tmp_path, studio):
    image_outputs.make(PLAN, tmp_path, 1, lambda line: None)
    gone = tmp_path / image_outputs.path_of("repainted-0.8", task(0))
    was = gone.read_bytes()
    gone.unlink()
    studio.drawn = 0
    image_outputs.make(PLAN, tmp_path, 1, lambda line: None)
    assert gone.read_bytes() == was
    assert studio.drawn == 2  # what it is re-painted from, and itself


def test_make__when_the_model_fails__then_nothing_is_left_half_written(
    tmp_path, studio, monkeypatch
):
    def fails(self, levels):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Artist, "png", fails)
    with pytest.raises(OSError, match="No space"):
        image_outputs.make(PLAN, tmp_path, 1, lambda line: None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", image_edits.EDITS)
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_edit__then_a_picture_that_votes_admit_and_the_same_each_time(name, colour):
    pixels = picture(1)[:60, :80]
    original = encode_png(np.stack([pixels] * 3, axis=2) if colour else pixels)
    once, again = (image_edits.edited(name, original, "t1") for _ in range(2))
    assert once == again
    shape = decode_png(once, 1 << 20, 1 << 20).shape
    assert len(shape) == (3 if colour else 2)
    cropped = {"2 % cropped": 58, "5 % cropped": 56, "10 % cropped": 54, "half the size": 30}
    assert shape[0] == cropped.get(name, 90 if name.startswith("one and a half") else 60)


def test_edit__when_harmless__then_the_digest_stays_nearer_than_chance():
    original = encode_png(picture(2))
    for name in image_edits.HARMLESS:
        edit = FAMILY.digest([original, image_edits.edited(name, original, "t")], bytes(32))
        assert distances(edit[0], edit[1]) < 100


def test_to_png__when_palette_or_transparent__then_rgb():
    image = Image.new("RGBA", (4, 4), (1, 2, 3, 4))
    assert decode_png(image_edits.to_png(image), 1000, 100).shape == (4, 4, 3)


def test_pairs__then_as_counted_one_by_one(tmp_path):
    found = image_pairs.measure(features(12), FAMILY, 100, 3, tmp_path, lambda line: None)
    counts, by_image = np.zeros(257, dtype=int), np.zeros(12, dtype=int)
    for number in range(3):
        words = FAMILY.project(features(12), image_pairs.key_of("every two outputs", number))
        for first in range(12):
            for second in range(first):
                apart = int(distances(words[first], words[second]))
                counts[apart] += 1
                by_image[[first, second]] += apart <= 100
    assert (found.counts == counts).all()
    assert (found.by_image == by_image).all()
    assert found.pairs == counts.sum() == 3 * 66
    assert found.to_json()["rate"] == counts[:101].sum() / 198


def test_pairs__when_done_before__then_read_and_when_damaged__then_measured_anew(tmp_path):
    lines: list[str] = []
    once = image_pairs.measure(features(6), FAMILY, 30, 60, tmp_path, lines.append)
    assert len(lines) == 2
    again = image_pairs.measure(features(6), FAMILY, 30, 60, tmp_path, lines.append)
    assert len(lines) == 2
    next(tmp_path.iterdir()).write_bytes(b"damaged")
    third = image_pairs.measure(features(6), FAMILY, 30, 60, tmp_path, lines.append)
    assert len(lines) == 3
    assert (once.counts == again.counts).all()
    assert (once.counts == third.counts).all()


def test_expected__then_what_counting_finds():
    rows = features(40)
    found = image_pairs.expected(rows, 110)["rate"]
    within = [
        (distances(words[:, None], words[None])[np.triu_indices(40, 1)] <= 110).mean()
        for words in (FAMILY.project(rows, bytes([key]) * 32) for key in range(40))
    ]
    assert abs(np.mean(within) - found) < 0.15 * found


def test_search__when_the_key_is_known__then_passes_soon_and_not_under_another():
    honest = np.stack([FAMILY.features(picture(5))] * 3)
    found = search(picture(6), FAMILY, honest, bytes(32), 32, 300)
    assert found.passed
    assert 1 < found.tries < 100
    known = distances(FAMILY.project(FAMILY.features(found.image)[None], bytes(32)),
                      FAMILY.project(honest[:1], bytes(32)))  # fmt: skip
    assert known <= 32
    other = bytes([9]) * 32
    fresh = distances(
        FAMILY.project(FAMILY.features(found.image)[None], other), FAMILY.project(honest[:1], other)
    )
    assert fresh > 40


def test_search__when_given_too_few_tries__then_says_that_it_did_not_pass():
    honest = np.stack([FAMILY.features(picture(5))] * 3)
    found = search(picture(6), FAMILY, honest, bytes(32), 0, 3)
    assert (found.passed, found.tries) == (False, 3)


def test_first_within__then_counts_tries_until_two_of_three():
    tried = np.array([[50, 50, 10], [50, 20, 10], [1, 1, 1]])
    assert first_within(tried, 20) == 2
    assert first_within(tried, 0) is None


@pytest.mark.parametrize("name", GUESSES)
def test_guess__when_the_tasks_own_output_is_another__then_the_guess_is_the_same(name):
    """Nothing of the answer leaks into a guess (but an oracle's, which is of other outputs)."""
    tasks = [task(number) for number in range(16)]
    rows = features(16)
    known = Known(rows, np.array([each.condition for each in tasks]), noise_features(tasks))
    changed = rows.copy()
    changed[3] = -rows[3]
    altered = Known(changed, known.conditions, known.noise)
    once, again = GUESSES[name](known)[3], GUESSES[name](altered)[3]
    if "oracle" in name:
        assert any((once == row).all() for row in np.delete(rows, 3, axis=0))
    else:
        assert (once == again).all()


def test_rate__then_by_task_and_over_all_keys():
    apart = np.full((10, 4, 3), 100, dtype=np.uint16)
    apart[0] = 10  # a task that passes under all keys
    apart[1, 2, 0] = 10  # one verifier under one key
    one, majority = rates.by_one(apart, 32), rates.by_majority(apart, 32)
    assert (one.events, one.pairs) == (13, 120)
    assert (majority.events, majority.pairs, majority.trials) == (4, 40, 10)
    assert majority.trial_events == 1
    assert majority.bootstrap[0] < 0.1 < majority.bootstrap[1]
