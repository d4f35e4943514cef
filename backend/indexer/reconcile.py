"""Comparing the tables with the contracts themselves: logs that a node left out are found here.

A node can leave a log out of a block whose hash is right, and nothing in the block shows it to a
reader of logs. But the contracts count, and hold what the events only told of: the court's number
of rounds, the numbers that agents and feedback get in sequence, each agent's stake, each round's
seats, each account's credit, each domain's evidence, the anchor's clock. Every pass compares the
counts and a page of the rest, so that in time everything is compared again and again. An event that
a later one of its kind made up for leaves no trace in the contracts: so the logs themselves
are counted again too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import StoreUnavailable
from backend.indexer.ranges import RangeSize
from backend.indexer.status import Status
from backend.store import (
    THE_CLOCK,
    Agent,
    AnchorClock,
    AnchorCredit,
    Credit,
    EpochRecord,
    Event,
    EvidenceRecord,
    Feedback,
    LevelRecord,
    ListedSource,
    RoundRecord,
    Store,
)
from backend.store.database import position
from chain.anchors import ANCHOR
from chain.errors import RpcError
from chain.gateway import Gateway

EVERY_SECONDS: Final = 30.0
PAGE: Final = 20
"""Rows of each table compared in one pass."""

RECOUNTED: Final = 2_000
"""Blocks whose logs are counted again in one pass; fewer where a node gives fewer at once."""

logger = logging.getLogger(__name__)

Call = Callable[..., Any]
"""`call(contract, function, *arguments)`: a view's answer at the block of the pass."""

Difference = str
"""One sentence: what the index holds, and what the contract says."""


@dataclass
class Pages:
    """Where the next pass goes on, per table."""

    offsets: dict[str, int] = field(default_factory=dict)

    def next(self, session: Session, name: str, query: Any) -> list[Any]:
        """The next rows of a query, from the beginning again after the last."""
        start = self.offsets.get(name, 0)
        rows = list(session.execute(query.offset(start).limit(PAGE)).all())
        self.offsets[name] = start + len(rows) if len(rows) == PAGE else 0
        return rows


Check = Callable[[Session, Call, Pages], Iterator[Difference]]


def count_rounds(session: Session, call: Call, _pages: Pages) -> Iterator[Difference]:
    """The court counts its rounds."""
    held = session.scalar(select(func.count()).select_from(RoundRecord)) or 0
    yield from _compare("rounds", held, call("VerificationRounds", "roundCount"))


def number_agents(session: Session, _call: Call, _pages: Pages) -> Iterator[Difference]:
    """Agents registered since the deployment have consecutive numbers."""
    query = select(Agent.agent_id).where(Agent.registered_block.is_not(None))
    numbers = sorted(session.scalars(query))
    if numbers:
        expected = numbers[-1] - numbers[0] + 1
        yield from _compare("agents in sequence", len(numbers), expected)


def number_feedback(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """A client's feedback on an agent is numbered from 1."""
    query = (
        select(Feedback.agent_id, Feedback.client, func.max(Feedback.feedback_index))
        .group_by(Feedback.agent_id, Feedback.client)
        .order_by(Feedback.agent_id, Feedback.client)
    )
    for agent_id, client, last in pages.next(session, "feedback", query):
        told = call("ReputationRegistry", "getLastIndex", agent_id, client)
        yield from _compare(f"feedback of {client} on agent {agent_id}", last, told)


def compare_stakes(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """The vault's own numbers."""
    for (agent,) in pages.next(session, "agents", select(Agent).order_by(Agent.agent_id)):
        stake = call("StakeVault", "stakeOf", agent.agent_id)
        held = (agent.bonded, agent.unbonding, agent.locked)
        told = (stake.bonded, stake.unbonding, stake.locked)
        yield from _compare(f"stake of agent {agent.agent_id}", held, told)


def compare_rounds(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """How many have committed and opened, the verdict, and until when seats could commit: the
    court tells of no window that ended early, so the index works that out."""
    query = (
        select(RoundRecord, LevelRecord)
        .outerjoin(
            LevelRecord,
            (LevelRecord.request_hash == RoundRecord.request_hash)
            & (LevelRecord.level == RoundRecord.level),
        )
        .order_by(RoundRecord.submitted_block, RoundRecord.log_index)
    )
    for round_, level in pages.next(session, "rounds", query):
        found = call("VerificationRounds", "round", round_.request_hash)
        seats = (0, 0, 0)
        if level is not None:
            seats = (level.committed, level.opened, level.commit_closes_at)
        held = (*seats, round_.verdict)
        told = (found.committed, found.opened, found.commit_closes_at, int(found.verdict))
        yield from _compare(f"seats of round 0x{round_.request_hash.hex()}", held, told)


def compare_credits(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """What the court owes."""
    for (row,) in pages.next(session, "credits", select(Credit).order_by(Credit.account)):
        told = call("VerificationRounds", "creditOf", row.account)
        yield from _compare(f"credit of {row.account}", _balance(row), told)


def compare_evidence(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """The ledger's own state, as of its last write."""
    latest = (
        select(
            EvidenceRecord,
            func.row_number()
            .over(
                partition_by=(EvidenceRecord.agent_id, EvidenceRecord.domain),
                order_by=(EvidenceRecord.block_number.desc(), EvidenceRecord.log_index.desc()),
            )
            .label("age"),
        )
    ).subquery()
    columns = (latest.c.agent_id, latest.c.domain, latest.c.alpha, latest.c.beta)
    query = select(*columns).where(latest.c.age == 1).order_by(latest.c.agent_id, latest.c.domain)
    for agent_id, domain, alpha, beta in pages.next(session, "evidence", query):
        found = call("ReputationLedger", "evidenceOf", agent_id, domain)
        what = f"evidence of agent {agent_id} in 0x{domain.hex()}"
        yield from _compare(what, (alpha, beta), (found.alpha, found.beta))


def compare_anchor(session: Session, call: Call, _pages: Pages) -> Iterator[Difference]:
    """The anchor's clock: epochs count from 1 without a gap, sources' places from 0."""
    clock = call(ANCHOR, "clockOf")
    row = session.get(AnchorClock, THE_CLOCK)
    held = (
        session.scalar(select(func.count()).select_from(EpochRecord)) or 0,
        *((0, 0, 0, False, False) if row is None else _clock(row)),
    )
    told = (clock.latest, clock.latest_at, clock.applied, clock.words, clock.bonded, clock.disputed)
    yield from _compare("the anchor's epochs", held, told)
    listed = session.scalar(select(func.count()).select_from(ListedSource)) or 0
    yield from _compare("sources listed", listed, call(ANCHOR, "listed"))


def _clock(row: AnchorClock) -> tuple[object, ...]:
    return row.latest_at, row.applied, row.words, row.bonded, row.disputed is not None


def compare_anchor_credits(session: Session, call: Call, pages: Pages) -> Iterator[Difference]:
    """What the anchor owes."""
    query = select(AnchorCredit).order_by(AnchorCredit.account)
    for (row,) in pages.next(session, "anchor credits", query):
        told = call(ANCHOR, "creditOf", row.account)
        yield from _compare(f"the anchor's debt to {row.account}", _balance(row), told)


def _balance(row: Credit | AnchorCredit) -> int:
    return row.credited - row.withdrawn


CHECKS: Final[tuple[Check, ...]] = (
    count_rounds,
    number_agents,
    number_feedback,
    compare_stakes,
    compare_rounds,
    compare_credits,
    compare_evidence,
)
ANCHOR_CHECKS: Final[tuple[Check, ...]] = (compare_anchor, compare_anchor_credits)
"""For deployments that have one."""


def recount_events(
    session: Session, gateway: Gateway, newest: int, pages: Pages, ranges: RangeSize
) -> Iterator[Difference]:
    """The logs of some blocks, asked for again: who left one out seldom does so twice."""
    first = session.scalar(select(func.min(Event.block_number)))
    if first is None:
        return
    start = pages.offsets.get("blocks", first)
    if start > newest:
        start = first
    last = min(newest, start + ranges.width - 1)
    try:
        told = len(gateway.logs(start, last))
    except RpcError as error:
        if not ranges.refused(error, last - start + 1):
            raise
        return
    pages.offsets["blocks"] = first if last == newest else last + 1
    held = session.scalar(
        select(func.count()).select_from(Event).where(Event.block_number.between(start, last))
    )
    yield from _compare(f"events of blocks {start} to {last}", held, told)


class Reconciler:
    """Compares again and again, and takes `/ready` down when something differs."""

    def __init__(self, gateway: Callable[[], Gateway], store: Store, status: Status) -> None:
        """
        Args:
            gateway: gives the node to ask.
        """
        self._gateway = gateway
        self._store = store
        self._status = status
        self._pages = Pages()
        self._ranges = RangeSize(RECOUNTED, RECOUNTED)

    def run(self, stop: threading.Event, every_seconds: float = EVERY_SECONDS) -> None:
        """Until told to stop."""
        while not stop.wait(every_seconds):
            try:
                self.step()
            except (RpcError, StoreUnavailable) as error:
                logger.info("Not compared with the contracts: %s", error)

    def step(self) -> list[Difference]:
        """One pass. What differs is asked once more before it is believed.

        Raises:
            RpcError: the node does not answer.
        """
        before = dict(self._pages.offsets)
        found = self._compare_once()
        if found:
            self._pages.offsets = dict(before)
            found = self._compare_once()
        if found is None:
            return []
        if found:
            self._pages.offsets = before  # Until it was read again, and is no longer so.
        for difference in found:
            logger.critical("The index differs from the contracts: %s", difference)
        self._status.reconciled(found)
        return found

    def _compare_once(self) -> list[Difference] | None:
        """What differs at the index's own block; None if the node is on another branch."""
        gateway = self._gateway()
        with self._store.read() as session:
            at = position(session)
            if at is None or not _has(gateway, at.number, at.hash):
                return None

            def call(contract: str, function: str, *arguments: Any) -> Any:
                return gateway.call(contract, function, *arguments, block=at.number)

            checks = CHECKS
            if gateway.deployment is not None and ANCHOR in gateway.deployment.contracts:
                checks += ANCHOR_CHECKS
            found = [text for check in checks for text in check(session, call, self._pages)]
            found += recount_events(session, gateway, at.number, self._pages, self._ranges)
            return found if _has(gateway, at.number, at.hash) else None


def _has(gateway: Gateway, number: int, block_hash: bytes) -> bool:
    block = gateway.block(number)
    return block is not None and block.hash == block_hash


def _compare(what: str, held: Any, told: Any) -> Iterator[Difference]:
    if held != told:
        yield f"{what}: {held} in the index, {told} in the contract."
