"""Asks a backend over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self, cast

import httpx

from assay_client.models import (
    CapabilityList,
    ChoiceView,
    EpochDetail,
    EpochView,
    EventView,
    ExamView,
    Finality,
    LeaderboardPage,
    NetworkView,
    Order,
    ReputationView,
    Role,
    RoundSummary,
    ServerStatus,
    SourcePoint,
    SourceScoreView,
    SourceView,
    StandingView,
)

TIMEOUT_SECONDS: Final = 10.0


class AssayUnreachable(Exception):
    """Nothing useful answers at the address."""


class AssayRefused(Exception):
    """The API's refusal.

    Attributes:
        status: HTTP status.
        code: what it is, for programs, such as "query_missing".
        retry_after: seconds to wait, where the API said so.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Client:
    """One backend. A context manager; safe for several threads."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """
        Args:
            url: such as http://127.0.0.1:8000.
            timeout: seconds for one answer.
            transport: httpx's, to go another way than over the network.
        """
        self._http = httpx.Client(base_url=url, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    # ------------------------------------------------------------------ scores

    def reputation(
        self,
        agent_id: int,
        *,
        profile: str | None = None,
        role: Role | None = None,
        finality: Finality = "head",
    ) -> ReputationView:
        """An agent's scores, per profile and role."""
        path = f"/v1/agents/{agent_id}/reputation"
        found = self._get(path, profile=profile, role=role, finality=finality)
        return cast(ReputationView, found)

    def choose(
        self,
        profile: str,
        *,
        role: Role = "provider",
        explore: bool = False,
        finality: Finality = "head",
    ) -> ChoiceView:
        """The agent to take now.

        Raises:
            AssayRefused: with code "query_missing" if no agent has a known score.
        """
        shown = str(explore).lower()
        found = self._get(
            "/v1/choice", profile=profile, role=role, explore=shown, finality=finality
        )
        return cast(ChoiceView, found)

    def leaderboard(
        self,
        profile: str,
        *,
        role: Role = "provider",
        order: Order = "lowerBound",
        finality: Finality = "head",
    ) -> Iterator[StandingView]:
        """Every agent with a known score, best first; asks for pages as they are needed."""
        pages = self._pages(
            "/v1/leaderboards", profile=profile, role=role, order=order, finality=finality
        )
        for page in pages:
            yield from cast(LeaderboardPage, page)["items"]

    # ------------------------------------------------------------------ sources

    def sources(
        self, *, epoch: int | None = None, domain: str | None = None
    ) -> Iterator[SourceScoreView]:
        """Scores of sources, by agentId; asks for pages as they are needed.

        Args:
            epoch: which; the newest that contracts can read without one.
            domain: only this one, 0x and 64 hex digits.
        """
        for page in self._pages("/v1/sources", epoch=epoch, domain=domain):
            yield from page["items"]

    def source(
        self, agent_id: int, *, epoch: int | None = None, domain: str | None = None
    ) -> SourceView:
        """A source's scores in an epoch, any that ever was, each with its proof."""
        found = self._get(f"/v1/sources/{agent_id}", epoch=epoch, domain=domain)
        return cast(SourceView, found)

    def source_history(self, agent_id: int, domain: str) -> Iterator[SourcePoint]:
        """A source's score over the epochs, newest first."""
        for page in self._pages(f"/v1/sources/{agent_id}/history", domain=domain):
            yield from page["items"]

    def epochs(self) -> Iterator[EpochView]:
        """Epochs of source scores, newest first."""
        for page in self._pages("/v1/epochs"):
            yield from page["items"]

    def epoch(self, number: int) -> EpochDetail:
        """One epoch: its header, its evidence, and every doubt about it."""
        return cast(EpochDetail, self._get(f"/v1/epochs/{number}"))

    # ------------------------------------------------------------------ exams

    def exams(self) -> Iterator[ExamView]:
        """Exams, newest first."""
        for page in self._pages("/v1/exams"):
            yield from page["items"]

    def exam(self, number: int) -> dict[str, Any]:
        """One exam with all that is needed to count again (`ExamDetail` of /openapi.json)."""
        return self._get(f"/v1/exams/{number}")

    def capabilities(self, agent_id: int) -> CapabilityList:
        """The exams an agent has passed."""
        return cast(CapabilityList, self._get(f"/v1/agents/{agent_id}/capabilities"))

    # ------------------------------------------------------------------ the rest

    def network(self) -> NetworkView:
        """The deployment, its parameters and its reputation policy."""
        return cast(NetworkView, self._get("/v1/network"))

    def status(self) -> ServerStatus:
        """How the replica that answers is: its index, its outbox, the nodes it reads from."""
        return cast(ServerStatus, self._get("/status"))

    def rounds(
        self,
        *,
        phase: str | None = None,
        verdict: str | None = None,
        agent: int | None = None,
        profile: str | None = None,
    ) -> Iterator[RoundSummary]:
        """Rounds, newest first; asks for pages as they are needed."""
        wanted = {"phase": phase, "verdict": verdict, "agent": agent, "profile": profile}
        for page in self._pages("/v1/rounds", **wanted):
            yield from page["items"]

    def round(self, request_hash: str) -> dict[str, Any]:
        """One round with all its evidence, as /openapi.json describes it (`RoundDetail`)."""
        return self._get(f"/v1/rounds/{request_hash}")

    def artifact(self, content_hash: str) -> bytes:
        """A task by its taskHash, or a published output by its contentHash or outputHash.

        As the backend sends it: compare its keccak256 with the hash that the chain has.
        """
        answer = self._ask(f"/v1/artifacts/{content_hash}", {})
        return answer.content

    def is_ready(self) -> bool:
        """Whether the index has caught up with the chain, so that its answers are worth having."""
        try:
            self._get("/ready")
        except AssayRefused:
            return False
        return True

    def events(self, after: str | None = None) -> Iterator[tuple[str, EventView]]:
        """(id, event) of everything that happens from now on, or after an id; blocks for each.

        Raises:
            AssayRefused: with code "reorg" when events that were given are no longer on the chain:
                forget what follows the block it names, and listen on.
            AssayUnreachable: the line broke: call it again with the last id.
        """
        headers = {} if after is None else {"Last-Event-ID": after}
        name, kind = "", ""
        try:
            with self._http.stream(
                "GET", "/v1/events/stream", headers=headers, timeout=None
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    _check(answer)
                for line in answer.iter_lines():
                    field, _, value = line.partition(": ")
                    if field == "id":
                        name = value
                    elif field == "event":
                        kind = value
                    elif field == "data" and kind == "reorg":
                        block = json.loads(value)["block"]
                        raise AssayRefused(200, "reorg", f"Reorganised above block {block}.", None)
                    elif field == "data":
                        yield name, cast(EventView, json.loads(value))
        except httpx.HTTPError as error:
            raise AssayUnreachable(f"The stream of {self._http.base_url} broke off.") from error

    # ------------------------------------------------------------------ inside

    def _pages(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = self._get(path, cursor=cursor, **parameters)
            yield page
            cursor = page["next"]
            if cursor is None:
                return

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self._ask(path, {k: v for k, v in parameters.items() if v is not None})
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise AssayUnreachable(f"What answers at {self._http.base_url} is no backend of Assay.")
        return body

    def _ask(self, path: str, parameters: dict[str, Any]) -> httpx.Response:
        try:
            answer = self._http.get(path, params=parameters, follow_redirects=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AssayUnreachable(f"No backend answers at {self._http.base_url}.") from error
        _check(answer)
        return answer


def _check(answer: httpx.Response) -> None:
    if answer.status_code < 400:
        return
    try:
        error = answer.json()["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        raise AssayUnreachable(
            f"What answers at {answer.url} is no backend of Assay (HTTP {answer.status_code})."
        ) from None
    wait = answer.headers.get("Retry-After", "")
    raise AssayRefused(answer.status_code, code, message, float(wait) if wait.isdecimal() else None)
