"""Family `logprobs`: only who ran the model knows what counts; implausible outputs are all one."""

from types import SimpleNamespace

import numpy as np
import pytest

from verifier import digest
from verifier.canonical import keccak256
from verifier.digest import keystream
from verifier.digest.logprobs import Logprobs, encode, implausible_digest, record_type
from verifier.errors import DigestError, ProfileError

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
FEATURES = {
    "clip": 1024,
    "shortfallCap": 512,
    "shortfallLimit": 52_429,  # 24 of 60 tokens may fall short by the cap
    "suffix": 4,
    "top": 8,
    "vocabulary": 5000,
}
ANYTHING = {"shortfallLimit": 1 << 22}
MASK = (1 << 64) - 1


def family(**changes) -> Logprobs:
    return Logprobs.parse({**FEATURES, **changes}, 1 << 20)


class Model:
    """A table of logits per (position, token): what a deterministic model says of given tokens."""

    def __init__(self, seed: int, noise: float = 0.0, noise_seed: int = 0) -> None:
        self.logits = np.random.default_rng(seed).normal(0, 3, (80, 5000))
        self.logits += noise * np.random.default_rng(noise_seed).normal(0, 1, self.logits.shape)

    def greedy(self, count: int) -> np.ndarray:
        return self.logits[:count].argmax(axis=1)

    def content(self, output: np.ndarray, key: bytes, top: int = 8) -> bytes:
        given = np.concatenate([output, family().suffix_tokens(key)]).astype(np.int64)
        logits = self.logits[: len(given)]
        logprobs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        order = np.argsort(-logprobs, axis=1)[:, :top]
        return encode(given, order, np.take_along_axis(logprobs, order, axis=1))


def profile(name: str, tolerance: int) -> SimpleNamespace:
    return SimpleNamespace(family=digest.FAMILIES[name], tolerance=tolerance)


TRUE = Model(1)
OUTPUT = TRUE.greedy(60)


def mean_distance(other: Model, turns: int = 30) -> float:
    rng = np.random.default_rng(9)
    found = []
    for _ in range(turns):
        key = rng.bytes(32)
        contents = [model.content(OUTPUT, key) for model in (TRUE, other)]
        words = family(**ANYTHING).digest(contents, key)
        found.append(int(digest.distances(words[0], words[1])))
    return float(np.mean(found))


def test_distance__when_the_model_is_the_same_up_to_rounding__then_it_is_small():
    assert mean_distance(TRUE) == 0
    assert mean_distance(Model(1, noise=0.02, noise_seed=4)) < 8


def test_distance__when_the_model_is_another__then_it_is_as_chance():
    assert abs(mean_distance(Model(2)) - 128) < 4 * 8 / np.sqrt(30)


def test_weights__when_a_token_is_given__then_it_counts_nothing_and_the_rest_above_the_last():
    content = TRUE.content(OUTPUT, KEY)
    records = np.frombuffer(content, dtype=record_type(8))
    weights = family().weights(records)
    assert (weights[:60, 0] == 0).all()  # greedy: the given token is the first choice
    values = records["top"]["logprob"].astype(int)
    assert weights[5, 3] == min(1024, values[5, 3] - values[5, 7])
    assert (weights[:, 7] == 0).all()


def test_digest__when_written_down_again__then_each_bit_is_the_sign():
    content = TRUE.content(OUTPUT[:5], KEY)
    records = np.frombuffer(content, dtype=record_type(8))

    def draw(tag: str, count: int) -> list[int]:
        raw = keystream.stream(f"logprobs/{tag}", KEY, 8 * count)
        return [int.from_bytes(raw[8 * i : 8 * i + 8], "little") for i in range(count)]

    def mix64(value: int) -> int:
        value ^= value >> 33
        value = value * 0xFF51AFD7ED558CCD & MASK
        value ^= value >> 33
        value = value * 0xC4CEB9FE1A85EC53 & MASK
        return value ^ value >> 33

    (a, b), lanes = draw("element", 2), draw("lanes", 4)
    sums = [0] * 256
    for i, record in enumerate(records):
        last = int(record["top"]["logprob"][-1])
        for entry in record["top"]:
            token = int(entry["token"])
            weight = 0 if token == record["given"] else min(1024, int(entry["logprob"]) - last)
            x = mix64(a * (i + 1) + b * (token + 1) & MASK)
            for lane in range(256):
                bit = mix64(x + lanes[lane // 64] & MASK) >> (lane % 64) & 1
                sums[lane] += weight if bit else -weight
    expected = sum(int(total > 0) << lane for lane, total in enumerate(sums)).to_bytes(32)
    assert digest.from_words(family().digest([content], KEY)) == [expected]


def test_digest__when_positions_fill_several_blocks__then_order_still_counts():
    rng = np.random.default_rng(3)
    count = 1200
    tokens = np.argsort(rng.random((count, 100)), axis=1)[:, :8]
    logprobs = -np.cumsum(rng.random((count, 8)), axis=1)
    rule = family(suffix=0, **ANYTHING)
    forward = encode(np.zeros(count), tokens, logprobs)
    backward = encode(np.zeros(count), tokens[::-1], logprobs[::-1])
    words = rule.digest([forward, backward, forward], KEY)
    assert digest.distances(words[0], words[1]) > 80
    assert digest.distances(words[0], words[2]) == 0


def test_digest__when_the_output_is_implausible__then_it_is_the_one_digest_of_those():
    rng = np.random.default_rng(5)
    for seed in (1, 2):
        content = Model(seed).content(rng.integers(0, 5000, 60), KEY)
        assert digest.from_words(family().digest([content], KEY)) == [
            keccak256(b"implausible" + KEY)
        ]


def test_digest__when_tokens_fall_just_little_enough_short__then_it_is_plausible():
    for wrong, plausible in ((24, True), (25, False)):
        output = OUTPUT.copy()
        output[:wrong] = (output[:wrong] + 1) % 5000
        [found] = digest.from_words(family().digest([TRUE.content(output, KEY)], KEY))
        assert (found != keccak256(b"implausible" + KEY)) == plausible


def test_shortfalls__when_the_given_token_is_first_second_or_absent__then_as_far_as_it_is_below():
    tokens = np.array([[5, 6, 7]] * 4)
    logprobs = np.array([[-0.5, -0.75, -4.0]] * 4)
    raw = encode(np.array([5, 6, 7, 8]), tokens, logprobs)
    records = np.frombuffer(raw, dtype=record_type(3))
    assert family(top=3).shortfalls(records).tolist() == [0, 64, 512, 512]


def test_digest__when_the_second_choice_is_as_likely__then_it_is_plausible():
    tokens = np.array([[5, 6]] * 9)
    raw = encode(np.full(9, 6), tokens, np.full((9, 2), -0.5))
    found = family(top=2, suffix=0, shortfallLimit=0).digest([raw], KEY)
    assert digest.from_words(found) != [implausible_digest(KEY)]


def test_is_void__when_within_the_tolerance_of_the_implausible_digest__then_and_only_there():
    void = implausible_digest(KEY)
    assert void == keccak256(b"implausible" + KEY)
    for flipped, says in ((0, True), (1, True), (9, True), (10, False)):
        near = (int.from_bytes(void) ^ ((1 << flipped) - 1)).to_bytes(32)
        assert digest.is_void(near, profile("logprobs", 9), KEY) is says
        assert not digest.is_void(near, profile("tokens", 9), KEY)
    assert not digest.is_void(void, profile("logprobs", 9), bytes(32))


def test_suffix_tokens__when_the_key_differs__then_so_do_they():
    assert family().suffix_tokens(KEY) != family().suffix_tokens(bytes(32))
    assert all(0 <= token < 5000 for token in family().suffix_tokens(KEY))


def altered(field, index, value) -> bytes:
    records = np.frombuffer(TRUE.content(OUTPUT, KEY), dtype=record_type(8)).copy()
    if field == "given":
        records["given"][index] = value
    else:
        records["top"][field][index] = value
    return records.tobytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "more than 4 positions"),
        (TRUE.content(OUTPUT, KEY)[:-1], "52 for each"),
        (bytes(4 * 52), "more than 4 positions"),
        (bytes((1 << 20) + 1), "allows 1048576"),
        (TRUE.content(OUTPUT, bytes(32)), "suffix of this key"),
        (altered("given", 63, 4999), "suffix of this key"),
        (altered("given", 0, 5000), "not below 5000"),
        (altered("token", (3, 2), 2**32 - 1), "not below 5000"),
        (altered("logprob", (3, 2), -32768), "must fall"),
        (altered("logprob", (3, 0), 1), "none be above 0"),
        (altered("token", (3, slice(0, 2)), 7), "twice at one position"),
    ],
)
def test_digest__when_it_is_no_record_of_the_key__then_one_sentence_says_why(content, says):
    with pytest.raises(DigestError, match=says):
        family().digest([content], KEY)


def test_digest_records__when_arrays_are_given__then_it_is_as_of_their_bytes():
    contents = [Model(seed).content(OUTPUT, KEY) for seed in (1, 2)]
    batch = [np.frombuffer(content, dtype=record_type(8)) for content in contents]
    np.testing.assert_array_equal(
        family().digest_records(batch, KEY), family().digest(contents, KEY)
    )


@pytest.mark.parametrize("records", [np.zeros(9, record_type(7)), np.zeros(4, record_type(8))])
def test_digest_records__when_the_array_is_of_another_shape__then_it_is_refused(records):
    with pytest.raises(DigestError, match="8 alternatives at each position, and more than 4"):
        family().digest_records([records], KEY)


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_encode__when_a_value_is_not_finite__then_it_is_refused(bad):
    with pytest.raises(DigestError, match="not finite"):
        encode(np.zeros(1), np.array([[1, 2]]), np.array([[-0.1, bad]]))


@pytest.mark.parametrize(
    "changes", [{"top": 1}, {"suffix": 257}, {"clip": 0}, {"vocabulary": 1}, {"extra": 1}]
)
def test_parse__when_a_feature_is_wrong__then_it_is_refused(changes):
    with pytest.raises(ProfileError):
        family(**changes)
