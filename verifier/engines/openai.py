"""Engine `openai`: a model behind any OpenAI-compatible HTTP endpoint.

What is safe to repeat is repeated: generation has no side effect, so a lost connection, a timeout
and the answers 408, 425, 429 and 5xx are tried again with growing pauses; any other is final.
"""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from verifier.engines.base import finish_text, shown_url, text_parameter
from verifier.errors import EngineError, EngineUnavailable
from verifier.tasks import Task

__all__ = ["OpenAI"]

PATHS = {"chat": "chat/completions", "completion": "completions"}
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
RESERVED = frozenset({"messages", "model", "n", "prompt", "stream"})
LONGEST_PAUSE = 30.0  # seconds
QUOTED = 200  # characters of a server's answer shown in an error


class OpenAI:
    """Sends a task's parameters as they are; the endpoint is to honour them.

    base_url: up to and with `/v1`; model: sent instead of the task's, if given; mode: "chat" or
    "completion"; api_key: sent as a bearer token; timeout: seconds without an answer; attempts: how
    often a request is tried; max_bytes: of an answer; transport, pause: replaceable for tests.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        *,
        mode: str = "chat",
        api_key: str | None = None,
        timeout: float = 120.0,
        attempts: int = 4,
        max_bytes: int = 1 << 22,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise EngineError(
                f"The engine's URL {shown_url(base_url)!r} must begin with http:// or https://, "
                "for instance http://127.0.0.1:8000/v1."
            )
        if mode not in PATHS:
            raise EngineError(f"The engine's mode is {mode!r}; it must be chat or completion.")
        if attempts < 1:
            raise EngineError("The engine must be allowed at least 1 attempt.")
        self._base = base_url.rstrip("/")
        self._shown = shown_url(self._base)
        self._model = model
        self._mode = mode
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._pause = pause
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            headers=headers,
            transport=transport,
            follow_redirects=False,
        )

    def info(self) -> dict[str, str]:
        """The endpoint's host and what it calls its models; what it does not say stays unknown."""
        host = httpx.URL(self._base)
        return {
            "engine": f"openai-compatible {self._mode}",
            "endpoint": f"{host.scheme}://{host.host}:{host.port or ''}".rstrip(":"),
            **({"model": self._model} if self._model else {}),
            **self._models(),
        }

    def generate(self, task: Task) -> bytes:
        """The endpoint's first choice for the prompt. The parameter `system` becomes a message."""
        body = self._request(task)
        reply = self._json(self._exchange("POST", PATHS[self._mode], body))
        return finish_text(self._text(reply))

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _models(self) -> dict[str, str]:
        try:
            listed = self._json(self._exchange("GET", "models", None))
        except EngineUnavailable:
            raise
        except EngineError:
            return {}  # not every server lists its models
        models = listed.get("data") if isinstance(listed, dict) else None
        models = models if isinstance(models, list) else []
        named = [m.get("id") for m in models if isinstance(m, dict)]
        return {"models": " ".join(sorted(name for name in named if isinstance(name, str)))}

    def _request(self, task: Task) -> dict[str, Any]:
        if task.modality != "text" or task.prompt is None:
            raise EngineError(
                "An OpenAI-compatible endpoint answers text tasks with a prompt only."
            )
        clash = RESERVED & set(task.parameters)
        if clash:
            raise EngineError(f"The parameter {min(clash)!r} is set by the engine; leave it out.")
        parameters = {name: value for name, value in task.parameters.items() if name != "system"}
        system = text_parameter(task, "system")
        request = {"model": self._model or task.model, "stream": False, **parameters}
        if self._mode == "completion":
            return {**request, "prompt": f"{system}\n\n{task.prompt}" if system else task.prompt}
        messages = [{"role": "system", "content": system}] if system else []
        return {**request, "messages": [*messages, {"role": "user", "content": task.prompt}]}

    def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        for attempt in range(1, self._attempts + 1):
            try:
                status, headers, data = self._once(method, path, body)
            except httpx.TimeoutException:
                problem = f"The engine at {self._shown} did not answer in time"
                wait = 0.0
            except httpx.TransportError as error:
                problem = f"The engine at {self._shown} cannot be reached ({error or 'no details'})"
                wait = 0.0
            else:
                if status == 200:
                    return data
                problem = f"The engine at {self._shown} answered {status}: {_quote(data)}"
                if status not in RETRIED:
                    raise EngineError(f"{problem}; check the URL, the key, the model and the task.")
                wait = _retry_after(headers)
            if attempt < self._attempts:
                backoff = 0.5 * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311
                self._pause(min(max(wait, backoff), LONGEST_PAUSE))
        raise EngineUnavailable(
            f"{problem}; tried {self._attempts} times, so see whether it is running."
        )

    def _once(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        with self._client.stream(method, f"{self._base}/{path}", json=body) as reply:
            data = bytearray()
            for part in reply.iter_bytes():
                data += part
                if len(data) > self._max_bytes:
                    raise EngineError(
                        f"The engine at {self._shown} sent more than {self._max_bytes} bytes; "
                        "lower max_tokens or raise the limit."
                    )
            return reply.status_code, reply.headers, bytes(data)

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise EngineError(
                f"The engine at {self._shown} did not answer with JSON ({_quote(data)}); "
                "is this the address of an OpenAI-compatible API?"
            ) from None

    def _text(self, reply: Any) -> Any:
        try:
            choice = reply["choices"][0]
            return choice["message"]["content"] if self._mode == "chat" else choice["text"]
        except (KeyError, IndexError, TypeError):
            raise EngineError(
                f"The engine at {self._shown} answered without a choice; "
                f"does it serve {PATHS[self._mode]}?"
            ) from None


def _retry_after(headers: httpx.Headers) -> float:
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:
        return 0.0  # a date: the growing pause will do


def _quote(data: bytes) -> str:
    text = " ".join(data[: 4 * QUOTED].decode("utf-8", errors="replace").split())
    return repr(text[:QUOTED]) if text else "nothing"
