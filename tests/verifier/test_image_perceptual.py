"""Family `image-perceptual`: exact integers, an angle, and no say for cheap guesses."""

import json
from fractions import Fraction
from math import cos, floor, pi
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.images import grey
from verifier import digest, profiles
from verifier.digest import keystream
from verifier.digest.image_perceptual import ImagePerceptual
from verifier.digest.pixels import (
    SIDE,
    area_resample,
    chrominance,
    cosines,
    low_frequencies,
    luminance,
)
from verifier.digest.png import encode_png
from verifier.digest.projection import project

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
GOLDEN = Path(__file__).parent.parent / "golden" / "digests.json"


def terrain() -> ImagePerceptual:
    family = profiles.load("image-perceptual-terrain128").digester
    assert isinstance(family, ImagePerceptual)
    return family


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 99))
def test_area_resample__when_compared_with_fractions__then_it_is_the_same(height, width, seed):
    plane = grey(height, width, seed)
    found = area_resample(plane)
    rng = np.random.default_rng(seed)
    for row, column in rng.integers(0, SIDE, (4, 2)).tolist():
        total = Fraction(0)
        for y in range(height):
            top, bottom = max(row * height, y * SIDE), min((row + 1) * height, (y + 1) * SIDE)
            if top < bottom:
                for x in range(width):
                    left = max(column * width, x * SIDE)
                    right = min((column + 1) * width, (x + 1) * SIDE)
                    if left < right:
                        total += int(plane[y, x]) * (bottom - top) * (right - left)
        assert found[row, column] == half_up(256 * total / (height * width))


@pytest.mark.parametrize("block", [4, 16, 32])
def test_low_frequencies__when_computed_in_plain_integers__then_they_are_the_same(block):
    cells = np.random.default_rng(5).integers(0, 65_281, (SIDE, SIDE))
    table = cosines(block).tolist()
    rows = [
        [
            (sum(c * v for c, v in zip(table[u], line, strict=True)) + (1 << 13)) >> 14
            for u in range(block)
        ]
        for line in cells.tolist()
    ]
    expected = [
        [
            (sum(table[v][y] * rows[y][u] for y in range(SIDE)) + (1 << 19)) >> 20
            for u in range(block)
        ]
        for v in range(block)
    ]
    assert low_frequencies(cells, block).tolist() == expected


def test_cosines__when_rounded__then_no_entry_is_near_a_half():
    # So every correct cosine gives the same integers, whatever its last digit.
    for u in range(32):
        for x in range(SIDE):
            exact = 2**14 * cos(pi * (2 * x + 1) * u / (2 * SIDE))
            assert abs(abs(exact - floor(exact)) - 0.5) > 1e-4
            assert cosines(32)[u, x] == round(exact)


def test_luminance__when_an_rgb_image_is_grey__then_it_is_that_grey():
    plane = grey()
    colour = np.stack([plane] * 3, axis=2)
    np.testing.assert_array_equal(luminance(colour), plane)
    for chroma in chrominance(colour):
        assert (chroma == 128).all()
    for chroma in chrominance(plane):
        assert (chroma == 128).all()


def test_chrominance__when_colours_are_extreme__then_it_stays_in_a_byte():
    corners = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)])
    colour = corners.astype(np.uint8).reshape(2, 4, 3)
    for chroma, factors in zip(
        chrominance(colour), ((-43, -85, 128), (128, -107, -21)), strict=True
    ):
        expected = (corners @ np.array(factors) + 32_895) >> 8
        assert expected.min() >= 0
        assert expected.max() <= 255
        np.testing.assert_array_equal(chroma.ravel(), expected)


def test_digest__when_colour_counts__then_a_tint_changes_it():
    features = json.loads(GOLDEN.read_text())["image-features"]["colour"]
    family = ImagePerceptual.parse(features, 1 << 20)
    plane = grey(40, 40)
    plain = np.stack([plane] * 3, axis=2)
    tinted = plain.copy()
    tinted[:20, :, 0] = 0
    rows = family.digest([encode_png(plane), encode_png(plain), encode_png(tinted)], KEY)
    assert digest.distances(rows[0], rows[1]) == 0
    assert digest.distances(rows[0], rows[2]) > 20


def test_project__when_computed_in_plain_integers__then_it_is_the_same():
    features = np.random.default_rng(2).integers(-127, 128, (3, 40))
    matrix = keystream.signs("t", KEY, 256, 40).astype(int)
    bits = [[int(sum(matrix[i] * row) > 0) for i in range(256)] for row in features]
    expected = [sum(bit << i for i, bit in enumerate(row)).to_bytes(32) for row in bits]
    assert digest.from_words(project(features, "t", KEY)) == expected


def test_project__when_a_sum_is_zero__then_the_bit_is_zero():
    assert not project(np.zeros((1, 40), dtype=np.int16), "t", KEY).any()


def test_project__when_keys_vary__then_the_mean_distance_is_the_angle():
    rng = np.random.default_rng(8)
    a = rng.integers(-100, 101, 300)
    for share in (0.2, 0.5, 0.9):
        b = np.where(rng.random(300) < share, rng.integers(-100, 101, 300), a)
        angle = np.arccos(a @ b / np.sqrt((a @ a) * (b @ b)))
        found = []
        for _ in range(60):
            rows = project(np.stack([a, b]), "t", rng.bytes(32))
            found.append(int(digest.distances(rows[0], rows[1])))
        assert abs(np.mean(found) - 256 * angle / np.pi) < 4 * 8 / np.sqrt(60)


def test_features__when_the_image_is_the_population_mean__then_it_gains_nothing():
    rng = np.random.default_rng(4)
    family = terrain()
    mean_guess = np.zeros((1, len(family.whitening)), dtype=np.int16)
    honest = family.features(grey(128, 128))[None]
    found = []
    for _ in range(200):
        key = rng.bytes(32)
        a, b = family.project(honest, key), family.project(mean_guess, key)
        found.append(int(digest.distances(a[0], b[0])))
    assert abs(np.mean(found) - 128) < 4 * 8 / np.sqrt(200)
    assert min(found) > profiles.load("image-perceptual-terrain128").tolerance


def test_features__when_an_image_is_flat__then_they_stay_in_range():
    for value in (0, 255):
        features = terrain().features(np.full((128, 128), value, np.uint8))
        assert features.min() >= -127
        assert features.max() <= 127


def test_digest__when_one_grey_level_flickers__then_it_hardly_moves():
    rng = np.random.default_rng(6)
    smooth = np.add.outer(np.arange(128), np.arange(128)) // 3 + grey(128, 128) // 32
    base = smooth.astype(np.uint8)
    flicker = (base + (rng.random(base.shape) < 0.01)).astype(np.uint8)
    profile = profiles.load("image-perceptual-terrain128")
    a, b = (digest.digest(encode_png(image), profile, KEY) for image in (base, flicker))
    assert digest.distance(a, b) <= profile.tolerance // 2
