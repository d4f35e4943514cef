"""Engine `openai` against a replaced transport: requests, retries, limits, errors."""

import json

import httpx
import pytest

from tests.verifier.tasks import image_task, text_task
from verifier.engines.openai import OpenAI
from verifier.errors import EngineError, EngineUnavailable

pytestmark = pytest.mark.unit

CHAT = {"choices": [{"message": {"content": "Because."}}]}


class Endpoint:
    """Answers the nth request with the nth answer (the last one from then on)."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def engine(self, **settings) -> OpenAI:
        return OpenAI(
            "http://engine.test/v1/",
            transport=httpx.MockTransport(self),
            pause=self.pauses.append,
            **settings,
        )


def ok(body=CHAT) -> httpx.Response:
    return httpx.Response(200, json=body)


def test_generate__when_in_chat_mode__then_the_request_is_the_task():
    endpoint = Endpoint(ok())
    task = text_task(system="Be brief.", seed=7, temperature=0, max_tokens=9)
    assert endpoint.engine(api_key="s3cret").generate(task) == b"Because."
    [request] = endpoint.requests
    assert str(request.url) == "http://engine.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer s3cret"
    assert json.loads(request.content) == {
        "model": "m",
        "stream": False,
        "seed": 7,
        "temperature": 0,
        "max_tokens": 9,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why is the sky blue?"},
        ],
    }


def test_generate__when_in_completion_mode__then_the_prompt_is_plain():
    endpoint = Endpoint(ok({"choices": [{"text": " Be\u0301cause"}]}))
    engine = endpoint.engine(mode="completion", model="served-name")
    assert engine.generate(text_task()) == " Bécause".encode()
    assert str(endpoint.requests[0].url) == "http://engine.test/v1/completions"
    assert json.loads(endpoint.requests[0].content) == {
        "model": "served-name",
        "stream": False,
        "prompt": "Why is the sky blue?",
    }


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(503),
        httpx.Response(429),
        httpx.ReadTimeout(""),
        httpx.ConnectError("refused"),
    ],
)
def test_generate__when_trouble_passes__then_it_is_tried_again(trouble):
    endpoint = Endpoint(trouble, trouble, ok())
    assert endpoint.engine().generate(text_task()) == b"Because."
    assert len(endpoint.requests) == 3
    assert 0.3 < endpoint.pauses[0] < 0.7 < endpoint.pauses[1] < 1.3


def test_generate__when_the_server_asks_for_patience__then_it_gets_it_within_reason():
    endpoint = Endpoint(
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(429, headers={"retry-after": "9999"}),
        httpx.Response(429, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ok(),
    )
    endpoint.engine().generate(text_task())
    assert endpoint.pauses[:2] == [7.0, 30.0]
    assert endpoint.pauses[2] < 5


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (
            httpx.Response(503, text="loading\nmodel"),
            "answered 503: 'loading model'; tried 3 times",
        ),
        (httpx.ReadTimeout(""), "did not answer in time; tried 3 times"),
        (httpx.ConnectError("refused"), r"cannot be reached \(refused\); tried 3 times"),
    ],
)
def test_generate__when_trouble_stays__then_it_is_unavailable(trouble, says):
    endpoint = Endpoint(trouble)
    with pytest.raises(EngineUnavailable, match=says) as problem:
        endpoint.engine(attempts=3).generate(text_task())
    assert len(endpoint.requests) == 3
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(401, text="bad key"), "answered 401: 'bad key'; check the URL, the key"),
        (httpx.Response(404), "answered 404: nothing"),
        (httpx.Response(302, headers={"location": "http://elsewhere.test"}), "answered 302"),
        (httpx.Response(200, text="<html>"), "did not answer with JSON"),
        (ok({"error": "x"}), "without a choice"),
        (ok([]), "without a choice"),
        (ok({"choices": []}), "without a choice"),
        (ok({"choices": [{"message": {"content": None}}]}), "returned no text"),
        (ok({"choices": [{"message": {"content": " "}}]}), "returned no text"),
        (httpx.Response(200, content=b"x" * 2001), "more than 2000 bytes"),
    ],
)
def test_generate__when_the_answer_is_no_use__then_it_is_final(answer, says):
    endpoint = Endpoint(answer)
    with pytest.raises(EngineError, match=says) as problem:
        endpoint.engine(api_key="s3cret", max_bytes=2000).generate(text_task())
    assert len(endpoint.requests) == 1
    assert not isinstance(problem.value, EngineUnavailable)
    assert "s3cret" not in str(problem.value)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (image_task(), "text tasks"),
        (text_task(stream=True), "'stream' is set by the engine"),
        (text_task(messages="x"), "'messages' is set by the engine"),
        (text_task(system=7), "system must be text"),
    ],
)
def test_generate__when_the_task_cannot_be_sent__then_nothing_is(task, says):
    endpoint = Endpoint(ok())
    with pytest.raises(EngineError, match=says):
        endpoint.engine().generate(task)
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"base_url": "localhost:8000"}, "must begin with http"),
        ({"base_url": "http://h/v1", "mode": "stream"}, "must be chat or completion"),
        ({"base_url": "http://h/v1", "attempts": 0}, "at least 1"),
    ],
)
def test_openai__when_a_setting_is_wrong__then_it_says_which(settings, says):
    with pytest.raises(EngineError, match=says):
        OpenAI(**settings)


def test_info__when_the_server_lists_its_models__then_they_are_named_without_the_path():
    endpoint = Endpoint(ok({"data": [{"id": "b"}, {"id": "a"}, {"x": 1}]}))
    assert endpoint.engine(model="a").info() == {
        "engine": "openai-compatible chat",
        "endpoint": "http://engine.test",
        "model": "a",
        "models": "a b",
    }


def test_info__when_the_server_does_not_list_its_models__then_they_stay_unknown():
    found = Endpoint(httpx.Response(404)).engine().info()
    assert found == {"engine": "openai-compatible chat", "endpoint": "http://engine.test"}


def test_info__when_nothing_answers__then_it_is_unavailable():
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        Endpoint(httpx.ConnectError("refused")).engine(attempts=1).info()
