"""llama.cpp as the text experiments use it: any weights, threads, and requests at a time."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xllamacpp
from numpy.typing import NDArray

__all__ = ["Llama"]

CONTEXT_TOKENS = 2048
ALWAYS_A = [["A", 1000.0]]
"""Makes the server say A, whatever is likeliest: of control tokens and parts of characters, which
have no text, it would tell nothing. Log-probabilities are from before this."""


class Llama:
    """One loaded model. With the defaults it is configured as the project's own text engine."""

    def __init__(self, path: Path, threads: int = 1, slots: int = 1) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = CONTEXT_TOKENS * slots
        params.n_parallel = slots
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        # Threads that wait must sleep: on a busy machine spinning ones take ten times as long.
        params.cpuparams.poll = 0
        params.cpuparams_batch.poll = 0
        params.warmup = False
        params.fit_params = False
        params.cache_ram_mib = 0
        params.verbosity = -1
        params.api_keys = [secrets.token_hex(32)]
        self._server = xllamacpp.Server(params)
        self._slots = slots

    def chat(self, requests: Sequence[dict[str, Any]], ids: bool) -> list[dict[str, Any]]:
        """`{"text"}` for each chat request, as many at a time as there are slots; with `ids` also
        `"tokens"`, the ids that were generated."""
        return self._all(requests, lambda request: self._chat(request, ids))

    def complete(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same for requests that hold a bare prompt, for a model without a chat template."""
        return self._all(requests, self._complete)

    def top_logprobs(
        self, prompt: Sequence[int], given: Sequence[int], top: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """`[n, top]` likeliest tokens and their natural log-probabilities at each of the n given
        tokens, which follow the prompt.

        The server tells log-probabilities only of what it generates: at each position it is asked
        what would come next, then told what came. The prefix stays in its cache.
        """
        tokens, values = [], []
        for done in range(len(given)):
            choice = _choice(
                self._server.handle_completions(
                    {
                        "prompt": [*prompt, *given[:done]],
                        "cache_prompt": True,
                        "temperature": 0.0,
                        "n_probs": top,
                        "n_predict": 1,
                        "logit_bias": ALWAYS_A,
                    }
                )
            )
            likeliest = choice["logprobs"]["content"][0]["top_logprobs"]
            tokens.append([entry["id"] for entry in likeliest])
            values.append([entry["logprob"] for entry in likeliest])
        return np.array(tokens), np.array(values)

    def _all(
        self, requests: Sequence[dict[str, Any]], run: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(self._slots) as pool:
            return list(pool.map(run, requests))

    def _chat(self, request: dict[str, Any], ids: bool) -> dict[str, Any]:
        wanted = {"logprobs": True, "top_logprobs": 1} if ids else {}
        reply = self._server.handle_chat_completions({"cache_prompt": False, **request, **wanted})
        choice = _choice(reply)
        record: dict[str, Any] = {"text": choice["message"]["content"]}
        if ids:
            record["tokens"] = [entry["id"] for entry in choice["logprobs"]["content"]]
        return record

    def _complete(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self._server.handle_completions({"cache_prompt": False, **request})
        return {"text": _choice(reply)["text"]}


def _choice(reply: Any) -> dict[str, Any]:
    try:
        return dict(reply["choices"][0])
    except (KeyError, IndexError, TypeError):
        raise RuntimeError(f"llama.cpp refused a request: {reply}") from None
