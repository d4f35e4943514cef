"""Which published outputs of a profile are like this one?

Digests of votes are keyed anew for each round, so they cannot be compared with one another. For
searching, every published output is digested once more, under a key that everybody knows
(`verifier.similar`): good for finding, never for deciding. The digests are kept in memory and made
when they are first needed, a while per question: an answer says how many outputs it looked at, and
whether that was all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.artifacts import ArtifactStore
from backend.errors import ArtifactInvalid, QueryMissing
from backend.store import ProfileRecord, RoundRecord
from verifier.digest import digest, to_words
from verifier.errors import DigestError, ProfileError
from verifier.profiles import Profile
from verifier.similar.digests import SEARCH_KEY, DigestIndex, Near

BUDGET_SECONDS: Final = 1.0
"""So long a question may spend on outputs that are new to it."""

REORG_SECONDS: Final = 86_400
"""What was published within so long before the newest is looked at again: blocks may have been
replaced by others, which are not older than they were by more than this.
"""


@dataclass
class _Known:
    """What is known of a profile: digest by contentHash, None for content without one."""

    profile: Profile
    digests: dict[bytes, bytes | None] = field(default_factory=dict)
    seen_until: int = 0
    complete: bool = False
    index: DigestIndex | None = None


@dataclass(frozen=True)
class Found:
    """Nearest first: (contentHash, bits apart). `searched`: outputs compared with."""

    items: Sequence[tuple[bytes, int]]
    searched: int
    complete: bool


class Lookalikes:
    """Searches. Thread-safe."""

    def __init__(self, files: ArtifactStore, budget: float = BUDGET_SECONDS) -> None:
        self._files = files
        self._budget = budget
        self._profiles: dict[bytes, _Known] = {}
        self._lock = threading.Lock()

    def digest(self, row: ProfileRecord, content: bytes) -> bytes:
        """The search digest of an output.

        Raises:
            ArtifactInvalid: the profile does not admit it.
            QueryMissing: the profile's recipe is none that this version reads.
        """
        try:
            return digest(content, self._known(row).profile, SEARCH_KEY)
        except DigestError as error:
            raise ArtifactInvalid(str(error)) from None

    def near(
        self, session: Session, row: ProfileRecord, query: bytes, radius: int, limit: int
    ) -> Found:
        """Published outputs of a profile at most `radius` bits (0..256) from a search digest.

        Raises like `digest`; ArtifactUnavailable where the artifacts are not to be had.
        """
        known = self._known(row)
        with self._lock:
            self._learn(session, row.profile_id, known)
            if known.index is None:
                held = [(name, found) for name, found in known.digests.items() if found is not None]
                known.index = DigestIndex(
                    [name.hex() for name, _ in held], to_words([found for _, found in held])
                )
            index, complete = known.index, known.complete
        found: list[Near] = index.within(query, radius, limit)
        items = [(bytes.fromhex(near.id), near.distance) for near in found]
        return Found(items, len(index), complete)

    def _known(self, row: ProfileRecord) -> _Known:
        with self._lock:
            if row.profile_id not in self._profiles:
                try:
                    profile = Profile.parse(row.recipe, row.profile_id)
                except ProfileError as error:
                    raise QueryMissing(
                        f"Outputs of this profile are not searched: {error}"
                    ) from None
                self._profiles[row.profile_id] = _Known(profile)
            return self._profiles[row.profile_id]

    def _learn(self, session: Session, profile_id: bytes, known: _Known) -> None:
        """Digests outputs that are new, oldest first, as long as the budget lasts."""
        deadline = time.monotonic() + self._budget
        known.complete = True
        rows = session.execute(
            select(RoundRecord.content_hash, RoundRecord.published_at)
            .where(
                RoundRecord.profile_id == profile_id,
                RoundRecord.content_hash.is_not(None),
                RoundRecord.published_at >= known.seen_until - REORG_SECONDS,
            )
            .order_by(RoundRecord.published_at)
        )
        for name, published_at in rows:
            if name is None or published_at is None:
                continue
            if name not in known.digests:
                if time.monotonic() > deadline:
                    known.complete = False
                    return
                kept = self._files.public(name)
                if kept is None:
                    known.complete = False
                    continue
                with kept.open("rb") as file:
                    known.digests[name] = _digest(file.read(), known.profile)
                known.index = None
            known.seen_until = published_at


def _digest(content: bytes, profile: Profile) -> bytes | None:
    try:
        return digest(content, profile, SEARCH_KEY)
    except DigestError:
        return None  # Published all the same; nothing can be like it.
