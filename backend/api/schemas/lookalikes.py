"""Look-alikes of an output."""

from __future__ import annotations

from pydantic import Field

from backend.api.schemas.common import AgentNumber, BlockRef, Hash, Shape, Time


class LookalikeRound(Shape):
    """A round in which the output was delivered."""

    request_hash: Hash
    agent_id: AgentNumber
    published_at: Time | None


class Lookalike(Shape):
    content_hash: Hash
    artifact: str = Field(description="Where its bytes are.")
    distance: int = Field(ge=0, le=256, description="Bits apart; what has nothing in common: 128.")
    rounds: list[LookalikeRound]


class LookalikeList(Shape):
    profile_id: Hash
    profile_name: str | None
    key: Hash = Field(description="Under which digests to search by are made: no secret.")
    digest: Hash = Field(description="What was searched for.")
    searched: int = Field(description="Published outputs it was compared with.")
    complete: bool = Field(description="Whether those are all; if not, ask again.")
    items: list[Lookalike] = Field(description="Nearest first.")
    block: BlockRef
