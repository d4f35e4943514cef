"""Reads the court's events into the store. Events only point at rounds; views say what is true.

Following is by block hash: a cursor that is no longer on the chain is set back, and what is read
again changes nothing. A count kept by the court itself tells whether a round was missed.
"""

from __future__ import annotations

import logging
from typing import Final

from chain.blocks import Block
from chain.errors import RpcRejected
from chain.events import CommitteeDrawn, Event, ProfileRegistered, RoundSubmitted
from verifier.node.court_view import ChainReader, CourtView
from verifier.node.recipes import RecipeBook
from verifier.node.records import KnownRound
from verifier.node.store import Store

__all__ = ["Watcher"]

_log = logging.getLogger("assay.node")

REORGANISATION_DEPTH: Final = 64  # blocks read again when the cursor left the chain
BY_HASH: Final = 16  # blocks behind the head that are read one by one, by hash
CHUNK: Final = 1000  # blocks per range


class Watcher:
    """Keeps the store's rounds up to the head."""

    def __init__(
        self,
        gateway: ChainReader,
        court: CourtView,
        store: Store,
        recipes: RecipeBook,
        agent_id: int,
        first_block: int,
    ) -> None:
        self._gateway = gateway
        self._court = court
        self._store = store
        self._recipes = recipes
        self._agent_id = agent_id
        self._first_block = first_block

    def catch_up(self, head: Block) -> None:
        """Reads the events of every block up to `head`."""
        number = self._resume(head)
        while number <= head.number:
            if head.number - number < BY_HASH:
                block = head if number == head.number else self._gateway.block(number)
                if block is None:
                    return  # the node that answers now is behind; the cursor stays
                cursor = self._store.cursor()
                if cursor and cursor[0] == number - 1 and cursor[1] != block.parent_hash:
                    return  # reorganised while we read; the cursor, no longer on the chain, tells
                self._learn(self._gateway.logs_of_block(block.hash))
                self._store.set_cursor(block.number, block.hash)
                number += 1
            else:
                number = self._read_range(number, head.number - BY_HASH + 1)

    def reconcile(self) -> None:
        """Reads everything again if the court counts more rounds than the store has."""
        cursor = self._store.cursor()
        if cursor is None:
            return
        # At the cursor's block: rounds that came since are not missed, only not read yet.
        missing = self._court.round_count(cursor[0]) - self._store.round_count()
        if missing > 0:
            _log.warning("%d rounds were missed; reading the chain's events again", missing)
            number, last = self._first_block, self._gateway.head().number
            while number <= last:
                number = self._read_range(number, last, move=False)

    def _resume(self, head: Block) -> int:
        """The first block that is not read yet."""
        cursor = self._store.cursor()
        if cursor is None:
            return self._first_block
        number, block_hash = cursor
        block = head if number == head.number else self._gateway.block(number)
        if block is not None and block.hash == block_hash:
            return number + 1
        if block is None and head.number < number:
            return number + 1  # from a node that is behind; a shorter fork will soon be longer
        back = max(self._first_block, number - REORGANISATION_DEPTH)
        _log.info("the chain was reorganised near block %d; reading again from %d", number, back)
        self._store.forget_rounds_after(back - 1)
        return back

    def _read_range(self, start: int, end: int, *, move: bool = True) -> int:
        """Reads one piece of [start, end]; returns the first block after it."""
        last = min(end, start + CHUNK - 1)
        while True:
            try:
                events = self._gateway.logs(start, last)
                break
            except RpcRejected:
                if last == start:
                    raise
                last = start + (last - start) // 2  # nodes limit ranges and answers
        block = self._gateway.block(last) if move else None
        self._learn(events)
        if block is not None:
            self._store.set_cursor(block.number, block.hash)
        return last + 1

    def _learn(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ProfileRegistered):
                self._recipes.learn(event)
            elif isinstance(event, RoundSubmitted):
                self._store.add_round(_known(event))
            elif isinstance(event, CommitteeDrawn) and self._agent_id in event.agent_ids:
                self._store.round_drew_us(bytes(event.request_hash))


def _known(event: RoundSubmitted) -> KnownRound:
    return KnownRound(
        request_hash=bytes(event.request_hash),
        agent_id=int(event.agent_id),
        profile_id=bytes(event.profile_id),
        client=str(event.client),
        task_hash=bytes(event.task_hash),
        output_hash=bytes(event.output_hash),
        task_uri=event.task_uri,
        block=int(event.log.block_number),
    )
