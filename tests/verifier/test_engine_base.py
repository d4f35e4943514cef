"""`verifier.engines`: the table, and what all engines do alike."""

import pytest

from tests.verifier.tasks import image_task, text_task
from verifier import engines, profiles
from verifier.engines import base
from verifier.errors import EngineError, EngineUnavailable

pytestmark = pytest.mark.unit


class Fake:
    """An engine whose `info` is given."""

    def __init__(self, info):
        self._info = info

    def info(self):
        return self._info


def test_create__when_the_name_is_unknown__then_the_known_ones_are_listed():
    with pytest.raises(EngineError, match="known: builtin, builtin-image, builtin-text, command"):
        engines.create("vllm")


def test_create__when_a_setting_is_unknown__then_it_is_named():
    with pytest.raises(EngineError, match="'temperature'"):
        engines.create("command", argv=["x"], temperature=1)


@pytest.mark.parametrize("name", ["builtin", "builtin-image", "builtin-text"])
def test_create__when_it_is_built_in__then_no_model_is_loaded_yet(name):
    engines.create(name).close()


def test_require_environment__when_info_says_what_is_pinned__then_it_passes():
    profile = profiles.load("text-exact-smollm2")
    engines.require_environment(profile, Fake({**profile.pins, "instructionSet": "any"}))


def test_require_environment__when_a_pin_differs__then_both_values_are_told():
    profile = profiles.load("text-exact-smollm2")
    info = {**profile.pins, "engine": "xllamacpp 1.0"}
    with pytest.raises(EngineError, match=r"needs engine = xllamacpp 2026.*has xllamacpp 1\.0"):
        engines.require_environment(profile, Fake(info))


def test_require_model__when_the_task_is_for_another__then_it_says_so():
    with pytest.raises(EngineError, match="runs small, but the task asks for m"):
        base.require_model(text_task(), "small", "text")
    with pytest.raises(EngineError, match="makes text, but the task asks for image"):
        base.require_model(image_task(), "m", "text")


def test_only_parameters__when_one_would_be_ignored__then_it_is_named():
    with pytest.raises(EngineError, match="no parameter 'mirostat'; it knows seed"):
        base.only_parameters(text_task(mirostat=1), ("seed",))


@pytest.mark.parametrize("value", ["7", True, 0.5, -1, 101])
def test_integer_parameter__when_it_is_none_in_range__then_it_is_refused(value):
    with pytest.raises(EngineError, match="parameter n must be"):
        base.integer_parameter(text_task(n=value), "n", 0, 0, 100)


def test_integer_parameter__when_json_wrote_it_as_a_float__then_it_counts_as_integer():
    assert base.integer_parameter(text_task(n=7.0), "n", 0, 0, 100) == 7


def test_finish_text__when_text_is_decomposed__then_it_becomes_nfc():
    assert base.finish_text("e\u0301t\u00e9") == "été".encode()


@pytest.mark.parametrize("text", ["", " \n", None, 7])
def test_finish_text__when_nothing_was_said__then_it_is_an_error(text):
    with pytest.raises(EngineError, match="returned no text"):
        base.finish_text(text)


def test_finish_text__when_it_holds_half_a_character__then_it_is_an_error():
    with pytest.raises(EngineError, match="not valid Unicode"):
        base.finish_text("\ud800")


def test_require_package__when_it_is_missing__then_it_is_named():
    with pytest.raises(
        EngineError, match=r"need the package some-model .*install assay-network\[node\]"
    ):
        base.require_package("no_such_module_here", "some-model")


def test_package_version__when_it_is_missing__then_it_is_named():
    with pytest.raises(EngineError, match="no-such-package is not installed"):
        base.package_version("no-such-package")


def test_engine_unavailable__when_caught__then_it_may_be_tried_again():
    assert EngineUnavailable.retryable
    assert not EngineError.retryable


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://user:s3cret@host/v1?key=s3cret#s3cret", "https://host/v1"),
        ("https://s3cret@[::1]:1", "https://[::1]:1"),
        ("user:s3cret@host", "host"),
    ],
)
def test_shown_url__when_it_has_credentials__then_they_are_left_out(url, shown):
    assert base.shown_url(url) == shown
