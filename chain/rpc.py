"""JSON-RPC over HTTP: one request, one result, or one error of `chain.errors`.

Reads are repeated a few times when the trouble may pass; a broadcast is never repeated here,
because only the sender knows what a second one means.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from chain.errors import (
    ConfigError,
    RpcError,
    RpcRateLimited,
    RpcRejected,
    RpcTimeout,
    RpcUnreachable,
)

_RATE_LIMIT_CODES: Final = frozenset({-32005, -32097, 429})
_RATE_LIMIT_WORDS: Final = ("rate limit", "too many requests", "request limit", "throughput")
# The same code also says that a range of logs is too wide, which waiting does not cure.
_RANGE_WORDS: Final = ("range", "results", "response size")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_POOL_SIZE: Final = 32

# At DEBUG these write the whole URL, credentials included, into the log.
for _name in ("web3.providers.HTTPProvider", "web3._utils.http_session_manager", "urllib3"):
    logging.getLogger(_name).setLevel(logging.INFO)


class BatchSize:
    """How many requests a node gets at once: half as many each time it does not take them.

    A limit may be told in any words, and may be the trouble of a moment: after `AFRESH_SECONDS`
    without one it is tried anew.
    """

    MOST: Final = 50
    """With 200 transactions each, so many headers are some 700 kB."""

    AFRESH_SECONDS: Final = 600.0

    def __init__(self) -> None:
        self._size = self.MOST
        self._refused_at = 0.0

    @property
    def size(self) -> int:
        """1: one by one."""
        if self._size < self.MOST and time.monotonic() - self._refused_at > self.AFRESH_SECONDS:
            self._size = self.MOST
        return self._size

    def refused(self) -> None:
        """So many, or fewer, were not answered as they should be."""
        self._size = max(1, self._size // 2)
        self._refused_at = time.monotonic()


class Rpc:
    """A connection to one RPC URL, safe to use from many threads.

    Attributes:
        label: scheme, host and port: the only form in which the URL is ever shown.
    """

    def __init__(
        self, url: str, *, timeout: float = 10.0, tries: int = 3, backoff: float = 0.2
    ) -> None:
        """
        Args:
            url: http or https, with credentials in it if need be.
            timeout: seconds to connect and to wait for an answer.
            tries: how often a read is asked before its error is raised.
            backoff: seconds before the second try; doubled each time.

        Raises:
            ConfigError: the URL is not one.
        """
        self.label, host, self._secrets = _take_apart(url)
        self._tries = tries
        self._backoff = backoff
        self._session = requests.Session()
        self._session.trust_env = host not in _LOOPBACK
        adapter = requests.adapters.HTTPAdapter(
            pool_connections=1, pool_maxsize=_POOL_SIZE, max_retries=0
        )
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout},
            session=self._session,
            exception_retry_configuration=None,
        )

    def close(self) -> None:
        """Closes the pooled connections."""
        self._session.close()

    def request(self, method: str, *params: Any) -> Any:
        """The result of a JSON-RPC request.

        Raises:
            RpcError: one of its subclasses, with a sentence that names the node.
        """
        tries = self._tries if _is_read(method) else 1
        for attempt in range(tries):
            try:
                return self._once(method, params)
            except RpcError as error:
                if not error.retryable or attempt == tries - 1:
                    raise
            time.sleep(self._backoff * 2**attempt)
        raise AssertionError("unreachable: the last try returns or raises")

    def batch(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The results of one method for several lists of parameters, in their order, in one HTTP
        request. Asked once: whoever cannot have them together asks one by one.

        Raises:
            RpcError: the node takes no batches or not this one, or one of the answers is an error.
        """
        asked = [(RPCEndpoint(method), list(each)) for each in params]
        answers = self._sent(lambda: self._provider.make_batch_request(asked))
        if not isinstance(answers, list):
            self._result(answers)
        if not isinstance(answers, list) or len(answers) != len(asked):
            reason = "not as many answers as requests in a batch"
            raise RpcRejected(f"The node at {self.label} gave {reason}.", 0, reason)
        return [self._result(answer) for answer in answers]

    def _once(self, method: str, params: tuple[Any, ...]) -> Any:
        request = (RPCEndpoint(method), list(params))
        return self._result(self._sent(lambda: self._provider.make_request(*request)))

    def _sent(self, send: Callable[[], Any]) -> Any:
        """What came back, or None for what is no JSON."""
        try:
            return send()
        except requests.Timeout:
            raise RpcTimeout(f"The node at {self.label} did not answer in time.") from None
        except requests.HTTPError as error:
            return self._http_error(error)
        except requests.RequestException:
            raise RpcUnreachable(
                f"Nothing answers at {self.label}: is the RPC URL right and the node running?"
            ) from None
        except (AttributeError, TypeError, ValueError, RecursionError, Web3Exception):
            return None

    def _result(self, answer: Any) -> Any:
        if isinstance(answer, dict) and answer.get("error") is not None:
            raise self._rejection(answer["error"])
        if not isinstance(answer, dict) or "result" not in answer:
            raise RpcRejected(
                f"What answers at {self.label} is not an Ethereum JSON-RPC node.", 0, "no JSON-RPC"
            )
        return answer["result"]

    def _http_error(self, error: requests.HTTPError) -> Any:
        status = error.response.status_code if error.response is not None else 0
        if status == 429:
            raise self._rate_limited() from None
        if status in {401, 403}:
            raise RpcRejected(
                f"The node at {self.label} refuses access (HTTP {status}): check the credentials "
                "in the RPC URL.",
                status,
                f"HTTP {status}",
            ) from None
        try:
            # Some nodes put an ordinary JSON-RPC error into a 4xx or 5xx answer.
            body = json.loads(error.response.content)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and "error" in body:
            return body
        if status >= 500:
            raise RpcUnreachable(f"The node at {self.label} is failing (HTTP {status}).") from None
        return None

    def _rejection(self, error: Any) -> RpcError:
        if not isinstance(error, dict):
            error = {"message": str(error)}
        try:
            code = int(error.get("code") or 0)
        except (OverflowError, TypeError, ValueError):
            code = 0
        reason = self.redact(str(error.get("message") or "no reason given"))
        words = reason.lower()
        too_wide = any(word in words for word in _RANGE_WORDS)
        if any(word in words for word in _RATE_LIMIT_WORDS) or (
            code in _RATE_LIMIT_CODES and not too_wide
        ):
            return self._rate_limited()
        return RpcRejected(
            f"The node at {self.label} answered: {reason}", code, reason, error.get("data")
        )

    def _rate_limited(self) -> RpcRateLimited:
        return RpcRateLimited(
            f"The node at {self.label} limits the rate of requests: wait, or use another RPC URL."
        )

    def redact(self, text: str) -> str:
        """The text without any part of the RPC URL that could be a credential."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _is_read(method: str) -> bool:
    return method.startswith(("eth_", "net_", "web3_")) and method != "eth_sendRawTransaction"


def _take_apart(url: str) -> tuple[str, str, list[str]]:
    """(label, host, parts that may be secrets, longest first)."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigError("The RPC URL must look like http://127.0.0.1:8545 or https://host/path.")
    shown = f"[{host}]" if ":" in host else host
    label = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    words = [parts.username, parts.password, parts.query, *parts.path.split("/")]
    words += [pair.partition("=")[2] for pair in parts.query.split("&")]
    secrets = {word for word in words if word and len(word) >= 4}
    return label, host, sorted({url, *secrets}, key=len, reverse=True)
