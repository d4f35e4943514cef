"""The built-in models, really run, and a real server speaking the OpenAI protocol on loopback."""

import io
import socket

import numpy as np
import pytest
from PIL import Image

from tests.verifier.tasks import image_task, text_task
from verifier import digest, engines, profiles
from verifier.engines import base, builtin_image, builtin_text
from verifier.engines.machine import instruction_set
from verifier.errors import EngineError, EngineUnavailable

pytestmark = pytest.mark.integration

KEY = bytes(range(32))
PROMPT = "Name three rivers of Europe."


@pytest.fixture(scope="module")
def text():
    engine = engines.create("builtin-text")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def image():
    engine = engines.create("builtin-image")
    yield engine
    engine.close()


def sky(**parameters):
    return text_task(PROMPT, builtin_text.MODEL, **{"max_tokens": 24, **parameters})


def terrain(**parameters):
    return image_task(40, builtin_image.MODEL, **parameters)


def test_text__when_generated_again_by_another_engine__then_the_bytes_are_the_same(text):
    greedy = text.generate(sky())
    sampled = text.generate(sky(temperature=0.9, seed=5))
    other = engines.create("builtin-text")
    try:
        # In another order, so that no prompt cache can have helped.
        assert other.generate(sky(temperature=0.9, seed=5)) == sampled
        assert other.generate(sky()) == greedy
    finally:
        other.close()
    assert text.generate(sky()) == greedy
    assert len(greedy.decode("utf-8").split()) > 5


def test_text__when_seed_or_system_prompt_differ__then_the_text_does_too(text):
    base = text.generate(sky(temperature=0.9, seed=5))
    assert text.generate(sky(temperature=0.9, seed=6)) != base
    assert text.generate(sky(system="Answer as a pirate.")) != text.generate(sky())


def test_text__when_its_profile_is_asked__then_the_environment_is_the_pinned_one(text):
    for name in ("text-exact-smollm2", "text-minhash-smollm2"):
        engines.require_environment(profiles.load(name), text)
    assert text.info()["instructionSet"] == instruction_set()


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (text_task(PROMPT), "runs smollm2-135m-instruct-q4_1, but the task asks for m"),
        (sky(max_tokens=0), "max_tokens must be an integer from 1"),
        (sky(mirostat=2), "no parameter 'mirostat'"),
        (sky(temperature="hot"), "temperature must be a number"),
        (text_task("word " * 5000, builtin_text.MODEL), "language model failed|refused the task"),
    ],
)
def test_text__when_the_task_cannot_be_done__then_one_sentence_says_why(text, task, says):
    with pytest.raises(EngineError, match=says):
        text.generate(task)


def test_image__when_generated_again_by_another_engine__then_the_bytes_are_the_same(image):
    content = image.generate(terrain(seed=3))
    other = engines.create("builtin-image")
    try:
        assert other.generate(terrain(seed=3)) == content
    finally:
        other.close()
    shown = Image.open(io.BytesIO(content))
    assert (shown.mode, shown.size) == ("L", (128, 128))
    assert np.ptp(np.array(shown)) > 20


def test_image__when_its_profile_is_asked__then_the_environment_is_the_pinned_one(image):
    engines.require_environment(profiles.load("image-perceptual-terrain128"), image)


def test_image__when_a_cheat_is_digested__then_it_is_beyond_the_tolerance(image):
    profile = profiles.load("image-perceptual-terrain128")
    honest = digest.digest(image.generate(terrain(seed=3)), profile, KEY)
    cheats = {
        "other seed": terrain(seed=4),
        "img2img": terrain(seed=4, source_seed=3, strength=0.6),
    }
    for name, task in cheats.items():
        found = digest.digest(image.generate(task), profile, KEY)
        assert digest.distance(honest, found) > profile.tolerance, name


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (image_task(40), "runs terrain-diffusion-128, but the task asks for m"),
        (image_task(0, builtin_image.MODEL), "condition from 1 to 100"),
        (terrain(seed=-1), "seed must be an integer from 0"),
        (terrain(strength=0.5), "both parameters"),
        (terrain(strength=1.5, source_seed=1), "strength must be a number from 0.0 to 1.0"),
        (terrain(steps=4), "no parameter 'steps'"),
    ],
)
def test_image__when_the_task_cannot_be_done__then_one_sentence_says_why(image, task, says):
    with pytest.raises(EngineError, match=says):
        image.generate(task)


def test_builtin__when_tasks_are_mixed__then_each_goes_to_its_model(text):
    both = engines.create("builtin")
    try:
        assert both.generate(sky()) == text.generate(sky())
        assert both.generate(terrain(seed=3)).startswith(b"\x89PNG")
        assert both.info()["text.model"] == builtin_text.MODEL
        assert both.info()["image.model"] == builtin_image.MODEL
    finally:
        both.close()


@pytest.fixture(scope="module")
def server():
    """llama.cpp's own HTTP server, with the same weights, on a free port of loopback."""
    llama = base.require_package("xllamacpp", "xllamacpp")
    params = llama.CommonParams()
    params.model.path = str(builtin_text.weights())
    params.n_ctx, params.n_parallel = 2048, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = params.fit_params = False
    params.cache_ram_mib, params.verbosity = 0, -1
    params.api_keys = ["test-key"]
    return llama.Server(params)


def test_openai__when_a_real_server_has_the_same_weights__then_the_text_is_the_same(server, text):
    engine = engines.create("openai", base_url=f"{server.listening_address}/v1", api_key="test-key")
    try:
        assert engine.generate(sky(temperature=0, cache_prompt=False)) == text.generate(sky())
        assert engine.info()["models"]
    finally:
        engine.close()


def test_openai__when_the_real_server_wants_another_key__then_it_says_so(server):
    engine = engines.create("openai", base_url=f"{server.listening_address}/v1", api_key="wrong")
    try:
        with pytest.raises(EngineError, match="answered 401"):
            engine.generate(sky())
    finally:
        engine.close()


def test_openai__when_nothing_listens__then_it_is_unavailable(free_port):
    engine = engines.create("openai", base_url=f"http://127.0.0.1:{free_port}/v1", attempts=1)
    try:
        with pytest.raises(EngineUnavailable, match="cannot be reached"):
            engine.generate(sky())
    finally:
        engine.close()


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
