"""/v1/relay: seats leave their commitments and openings here, to be posted with the others'.

A seat loses nothing if that does not happen: it posts by itself at half of the window.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self, TypeVar

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, ValidationError

from backend.api.bodies import whole_body
from backend.api.context import ServicesOf
from backend.api.schemas.common import ErrorBody, Hash, Shape
from backend.errors import QueryInvalid, QueryMissing
from backend.relay import Place, Relay
from chain.structs import Opening, SignedCommitment
from chain.types import Bytes32

router = APIRouter(prefix="/v1/relay", tags=["relay"])

MOST_BYTES: Final = 2048


class Given(Shape):
    """Which seat of which draw."""

    request_hash: Hash
    level: int = Field(ge=0, le=255)
    seat: int = Field(ge=0, le=255, description="255 is the provider's.")
    key: Hash = Field(description="The draw's.")

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises QueryInvalid."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][-1]) if first["loc"] else "body"
            raise QueryInvalid(f"The field {name!r} is wrong: {first['msg']}.") from None

    @property
    def place(self) -> Place:
        return Place(_word(self.request_hash), self.level, self.seat, _word(self.key))


class GivenCommitment(Given):
    """A commitment, signed (EIP-712 `Commitment`) by the key that acts for the seat's agent."""

    agent_id: int = Field(ge=0)
    commitment: Hash
    r: Hash
    vs: Hash = Field(description="s with the parity of v in its highest bit (EIP-2098).")


class GivenOpening(Given):
    """What opens a commitment. Give it only once committing is over."""

    digest: Hash
    evidence_hash: Hash
    salt: Hash


class Taken(Shape):
    """It will be posted with the others', if nobody else was first."""

    taken: bool = True


SomeGiven = TypeVar("SomeGiven", bound=Given)


def _doc(shape: type[Given]) -> dict[str, Any]:
    schema = shape.model_json_schema(by_alias=True)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    403: {"model": ErrorBody, "description": "Not the word of who acts for the seat."},
    404: {"model": ErrorBody, "description": "No such seat now, or nothing is relayed here."},
    409: {"model": ErrorBody, "description": "Not the phase for it."},
}


@router.post(
    "/commitments", status_code=202, openapi_extra=_doc(GivenCommitment), responses=_REFUSALS
)
async def relay_commitment(request: Request, services: ServicesOf) -> Taken:
    """Takes a signed commitment to post it with `commitMany`."""

    def take(relay: Relay, given: GivenCommitment) -> None:
        words = (Bytes32(_word(word)) for word in (given.commitment, given.r, given.vs))
        relay.take_commitment(given.place, SignedCommitment(given.seat, *words))

    return await _taken(request, services.relay, GivenCommitment, take)


@router.post("/openings", status_code=202, openapi_extra=_doc(GivenOpening), responses=_REFUSALS)
async def relay_opening(request: Request, services: ServicesOf) -> Taken:
    """Takes an opening to post it with `openMany`. Refused until committing is over."""

    def take(relay: Relay, given: GivenOpening) -> None:
        words = (Bytes32(_word(word)) for word in (given.digest, given.evidence_hash, given.salt))
        relay.take_opening(given.place, Opening(given.seat, *words))

    return await _taken(request, services.relay, GivenOpening, take)


async def _taken(
    request: Request,
    relay: Relay | None,
    shape: type[SomeGiven],
    take: Callable[[Relay, SomeGiven], None],
) -> Taken:
    if relay is None:
        raise QueryMissing("This server relays nothing: post it yourself, or use another.")
    given = shape.read(await whole_body(request, MOST_BYTES, "body"))
    await run_in_threadpool(take, relay, given)
    return Taken()


def _word(text: str) -> bytes:
    return bytes.fromhex(text[2:])
