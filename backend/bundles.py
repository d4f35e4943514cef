"""Checks the stored evidence bundles of epochs: does what was anchored follow from them?

Only where it does are scores served. Each bundle is recomputed once, signature by signature, and
what came of it is kept; one that is not stored is looked for again, ever more seldom.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from backend.artifacts import ArtifactStore, Kept
from backend.passes import passes
from backend.store import CheckedBundle, EpochRecord, SourceEntry, Store
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import MAX_BYTES, Bundle
from verifier.reliability.evidence import Anchor
from verifier.reliability.transcript import Epoch, Published, examine

PAUSE_SECONDS: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds between two looks for a bundle that is not stored; the first ones come sooner."""

MOST: Final = 200
"""Epochs looked at in one pass, the newest first."""

logger = logging.getLogger(__name__)


class BundleChecker:
    """Looks at the epochs again and again."""

    def __init__(
        self,
        store: Store,
        files: ArtifactStore,
        anchor: Anchor,
        *,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`leads`: whether this replica is the one to do it."""
        self._store = store
        self._files = files
        self._anchor = anchor
        self._leads = leads
        self._missed: dict[bytes, tuple[float, float]] = {}

    def run(self, stop: threading.Event) -> None:
        """Passes until told to stop."""
        passes(self.step, stop, PAUSE_SECONDS, self._leads, logger, "Evidence bundles")

    def step(self, now: float | None = None) -> int:
        """One pass; returns how many bundles it checked. `now`: seconds of a monotonic clock."""
        now = time.monotonic() if now is None else now
        checked = select(CheckedBundle.claim)
        query = (
            select(EpochRecord)
            .where(EpochRecord.claim.not_in(checked))
            .order_by(EpochRecord.epoch.desc())
            .limit(MOST)
        )
        with self._store.read() as session:
            wanted = list(session.scalars(query))
        self._missed = {
            row.claim: self._missed[row.claim] for row in wanted if row.claim in self._missed
        }
        return sum(self._check(row, now) for row in wanted)

    def _check(self, row: EpochRecord, now: float) -> bool:
        next_at, wait = self._missed.get(row.claim, (now, PAUSE_SECONDS))
        if now < next_at:
            return False
        kept = self._files.public(row.bundle_hash)
        if kept is None:
            self._missed[row.claim] = (now + wait, min(2 * wait, LONGEST_WAIT))
            return False
        data = _bytes(kept)
        found, values = self._examine(row, data)
        with self._store.write() as connection:
            if connection.scalar(_held(row.claim)) is None:
                connection.execute(insert(CheckedBundle).values(claim=row.claim, **values))
                if found is not None:
                    _keep_entries(connection, found)
        return True

    def _examine(self, row: EpochRecord, data: bytes) -> tuple[Epoch | None, dict[str, Any]]:
        at = Published(self._anchor, row.epoch, row.published_at, row.previous_root)
        values: dict[str, Any] = {"size": len(data)}
        try:
            found = examine(data, at)
        except ReliabilityError as error:
            problem = str(error)
        else:
            if (found.root, found.words_hash) == (row.root, row.words_hash):
                return found, values | _facts(Bundle.parse(data), found)
            problem = "Another root, or other packed words, follow from it."
        logger.warning("The bundle of epoch %d: %s", row.epoch, problem)
        return None, values | {"problem": problem}


def _facts(bundle: Bundle, found: Epoch) -> dict[str, Any]:
    policy = bundle.rules.policy
    return {
        "items": len(bundle.items),
        "entries": len(found.entries),
        "ended_at": bundle.at,
        "half_life": policy.half_life,
        "prior": policy.prior,
        "minimum": policy.minimum,
        "asker_cap": bundle.rules.asker_cap,
    }


def _held(claim: bytes) -> Any:
    return select(CheckedBundle.claim).where(CheckedBundle.claim == claim)


def _keep_entries(connection: Connection, found: Epoch) -> None:
    """The leaves, unless another epoch with the same ones brought them already."""
    there = select(SourceEntry.root).where(SourceEntry.root == found.root).limit(1)
    if connection.scalar(there) is not None:
        return
    connection.execute(
        insert(SourceEntry),
        [
            {
                "root": found.root,
                "source": entry.source,
                "domain": entry.domain,
                "alpha": entry.evidence.alpha,
                "beta": entry.evidence.beta,
                "updated_at": entry.evidence.updated_at,
                "known": entry.score.known,
                "mean_bps": entry.score.mean_bps,
                "lower_bps": entry.score.lower_bps,
                "proof": b"".join(found.tree.proof(entry.leaf)),
            }
            for entry in found.entries
        ],
    )


def _bytes(kept: Kept) -> bytes:
    """What is stored, as far as a bundle may be long."""
    with kept.open("rb") as file:
        return file.read(MAX_BYTES + 1)
