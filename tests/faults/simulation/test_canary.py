"""The simulation is tested too: each of these mistakes, made in the product, must fail a seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.indexer import batch, follow, rules
from backend.indexer.rules import Scope
from backend.store import Projection, Store, position, roll_back
from backend.submitter import submit
from chain.events import RolledBack
from chain.journal import MemoryJournal
from chain.sender import Sender
from tests.faults.simulation.clock import Clock
from tests.faults.simulation.stage import Stages
from tests.faults.simulation.story import tell

pytestmark = [pytest.mark.integration, pytest.mark.campaign]

TRIES = 40
"""Seeds that have to be enough to show a mistake."""

Mutation = Callable[[pytest.MonkeyPatch], None]


def cursor_outside_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A death between rows and cursor applies the same blocks again (I10)."""

    def apply_batch(store: Store, made: batch.Batch) -> None:
        with store.write() as connection:
            if made.ancestor is not None:
                roll_back(connection, made.ancestor)
            rows = Projection(connection)
            for block in made.blocks:
                rows.enter(block.header.number, final=block.header.number <= made.finalized)
                for event in block.events:
                    rule = batch.RULES.get(type(event))
                    if rule is not None:
                        rule(Scope(rows, block.header.timestamp), event)
            rows.flush()
        with store.write() as connection:
            before = position(connection)
            final = min(made.finalized, made.blocks[-1].header.number)
            for block in made.blocks:
                for event in block.events:
                    batch._keep_raw(kept := Projection(connection), event)
                    kept.flush()
            batch._write_headers(connection, made.blocks)
            batch._move_cursor(
                connection, made.blocks[-1].header, max(final, before.finalized if before else 0)
            )

    monkeypatch.setattr(follow, "apply_batch", apply_batch)


def no_common_ancestor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goes on from its own height, whatever the chain below has become (I1)."""
    base = follow.Indexer._base

    def by_height(self: Any, cursor: Any, head: Any) -> Any:
        if cursor is None or head.number <= cursor.number:
            return base(self, cursor, head) if cursor is None else None
        return cursor.number, None, False

    monkeypatch.setattr(follow.Indexer, "_base", by_height)


def signed_bytes_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who dies after handing in a transaction signs another one for the same job (S1)."""
    of_process: dict[Store, MemoryJournal] = {}
    monkeypatch.setattr(
        submit, "StoreJournal", lambda store: of_process.setdefault(store, MemoryJournal())
    )


def only_the_newest_attempt_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The original is mined, and the job is done again (S3)."""

    def newest(self: Sender, entry: Any) -> Any:
        return self.gateway.receipt(entry.attempts[-1].transaction_hash)

    monkeypatch.setattr(Sender, "_receipt_of_any", newest)


def rolled_back_epochs_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a rolled back epoch is compared with the root that no longer stands."""
    monkeypatch.setitem(rules.RULES, RolledBack, lambda _scope, _event: None)


MISTAKES: list[Mutation] = [
    cursor_outside_the_transaction,
    no_common_ancestor,
    signed_bytes_in_memory,
    only_the_newest_attempt_watched,
    rolled_back_epochs_continued,
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_simulation__when_the_product_has_a_mistake__then_a_seed_fails(
    mistake: Mutation,
    stages: Stages,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mistake(monkeypatch)
    for seed in range(TRIES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            tell(seed, stages, folder, clock)
        except Exception as error:  # noqa: BLE001 - a crash shows the mistake as well
            print(f"{mistake.__name__}: seed {seed}: {type(error).__name__}: {error}")
            return
    pytest.fail(f"{TRIES} seeds did not find: {mistake.__doc__}")
