"""Keeps what events carry: published outputs, and tasks that travel in their URI."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from backend.artifacts.store import ArtifactStore
from backend.errors import IndexContradiction
from chain.events import Event, OutputPublished, RoundSubmitted
from verifier.errors import TaskError
from verifier.tasks import task_from_uri


def keep_contents(files: ArtifactStore, events: Sequence[Event]) -> None:
    """Stores the contents of events under their hashes. Doing it twice changes nothing.

    Raises:
        IndexContradiction: published bytes do not have the hash the court computed of them.
    """
    for event in events:
        if isinstance(event, OutputPublished):
            if keccak(event.output) != event.content_hash:
                raise IndexContradiction(
                    f"The node altered the output of round 0x{event.request_hash.hex()}: its bytes"
                    " do not have the hash that the contract emitted with them. Use another RPC"
                    " URL."
                )
            files.keep(event.output)
        elif isinstance(event, RoundSubmitted):
            _keep_task(files, event)


def _keep_task(files: ArtifactStore, event: RoundSubmitted) -> None:
    try:
        task = task_from_uri(event.task_uri, event.task_hash)
    except TaskError:
        return  # Another scheme, or rubbish that nobody has to believe: the round goes on.
    files.keep(task.canonical())
