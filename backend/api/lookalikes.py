"""/v1/lookalikes: which published outputs are like this one. It finds; it decides nothing."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from backend.api.bodies import whole_body
from backend.api.context import ServicesOf, Snapshot, SnapshotOf, reading
from backend.api.params import DEFAULT_PAGE, Limit, parse_word
from backend.api.reputation import profile_of
from backend.api.rounds import artifact_path
from backend.api.schemas.common import hexed
from backend.api.schemas.lookalikes import Lookalike, LookalikeList, LookalikeRound
from backend.errors import ArtifactMissing, QueryInvalid
from backend.store import ProfileRecord, RoundRecord
from verifier.similar.digests import SEARCH_KEY

router = APIRouter(prefix="/v1/lookalikes", tags=["lookalikes"])

MOST_ROUNDS: Final = 20
"""Rounds named of one output."""

ProfileOf = Annotated[str, Query(description="Profile: name or id.")]
Distance = Annotated[
    int, Query(alias="maxDistance", ge=0, le=256, description="Bits; chance is 128.")
]

_POST_DOC: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("")
def find_lookalikes(
    snapshot: SnapshotOf,
    response: Response,
    profile: ProfileOf,
    digest: Annotated[
        str | None, Query(description="A digest by this profile, under the answer's `key`.")
    ] = None,
    artifact: Annotated[str | None, Query(description="contentHash of a published output.")] = None,
    max_distance: Distance = 64,
    limit: Limit = DEFAULT_PAGE,
) -> LookalikeList:
    """Look-alikes of a digest, or of an output that was published."""
    row = profile_of(snapshot.session, profile)
    if (digest is None) == (artifact is None):
        raise QueryInvalid("Give either a digest or the contentHash of an artifact, or POST bytes.")
    if digest is not None:
        query = parse_word(digest, "digest")
    else:
        name = parse_word(artifact or "", "contentHash")
        kept = snapshot.services.files.public(name)
        if kept is None:
            raise ArtifactMissing(f"Nothing is stored under {hexed(name)}.")
        with kept.open("rb") as file:
            query = snapshot.services.lookalikes.digest(row, file.read())
    answer = _answer(snapshot, row, query, max_distance, limit)
    if not answer.complete:
        # The same block has more to say when asked again.
        del response.headers["ETag"]
    return answer


@router.post("", openapi_extra=_POST_DOC)
async def find_lookalikes_of_bytes(
    request: Request,
    services: ServicesOf,
    profile: ProfileOf,
    max_distance: Distance = 64,
    limit: Limit = DEFAULT_PAGE,
) -> LookalikeList:
    """Look-alikes of the bytes in the body, which are not kept."""
    body = await whole_body(request, services.files.max_bytes, "file")

    def search() -> LookalikeList:
        # Opened now: a slow upload must not hold a connection to the database.
        with reading(request) as snapshot:
            row = profile_of(snapshot.session, profile)
            query = services.lookalikes.digest(row, body)
            return _answer(snapshot, row, query, max_distance, limit)

    return await run_in_threadpool(search)


def _answer(
    snapshot: Snapshot, row: ProfileRecord, query: bytes, radius: int, limit: int
) -> LookalikeList:
    found = snapshot.services.lookalikes.near(snapshot.session, row, query, radius, limit)
    items = [
        Lookalike(
            content_hash=hexed(name),
            artifact=artifact_path(name),
            distance=distance,
            rounds=rounds,
        )
        for name, distance in found.items
        if (rounds := _rounds(snapshot, row.profile_id, name))
    ]
    return LookalikeList(
        profile_id=hexed(row.profile_id),
        profile_name=row.name,
        key=hexed(SEARCH_KEY),
        digest=hexed(query),
        searched=found.searched,
        complete=found.complete,
        items=items,
        block=snapshot.block,
    )


def _rounds(snapshot: Snapshot, profile_id: bytes, content_hash: bytes) -> list[LookalikeRound]:
    """Empty where a reorganisation has taken the output back."""
    rows = snapshot.session.scalars(
        select(RoundRecord)
        .where(RoundRecord.profile_id == profile_id, RoundRecord.content_hash == content_hash)
        .order_by(RoundRecord.submitted_block, RoundRecord.log_index)
        .limit(MOST_ROUNDS)
    )
    return [
        LookalikeRound(
            request_hash=hexed(row.request_hash),
            agent_id=row.agent_id,
            published_at=row.published_at,
        )
        for row in rows
    ]
