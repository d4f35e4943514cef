"""What stands in paths and queries: ids, hashes, cursors, limits.

The dependencies are coroutines though they wait for nothing: FastAPI gives any other function a
thread, which costs more than reading a number.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Final

from eth_utils.address import is_address, to_checksum_address
from fastapi import Depends, Path, Query
from pydantic import PlainValidator, WithJsonSchema

from backend.api.schemas.common import Finality
from backend.errors import QueryInvalid
from chain.types import AgentId

LARGEST_PAGE: Final = 200
DEFAULT_PAGE: Final = 50

_UINT256: Final = 2**256
_WORD = re.compile(r"0x[0-9a-fA-F]{64}")
_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")
_DIGITS = re.compile(r"[0-9]{1,78}")

Place = tuple[int, int]
"""(block number, log index): where on the chain a page ended."""


def parse_agent_id(text: str) -> AgentId:
    """Raises QueryInvalid unless the text is a decimal uint256."""
    if not _DIGITS.fullmatch(text) or int(text) >= _UINT256:
        raise QueryInvalid("An agentId is a decimal number below 2^256, such as 0.")
    return AgentId(int(text))


def parse_word(text: str, what: str) -> bytes:
    """Raises QueryInvalid unless the text is 0x and 64 hex digits."""
    if not _WORD.fullmatch(text):
        raise QueryInvalid(f"A {what} is 0x and 64 hex digits.")
    return bytes.fromhex(text[2:])


def parse_name(text: str) -> str:
    """Raises QueryInvalid for what no database can be asked for."""
    if "\x00" in text:
        raise QueryInvalid("A name has no NUL in it.")
    return text


def parse_address(text: str) -> str:
    """The checksummed address. Raises QueryInvalid for anything else."""
    if not is_address(text) or not text.startswith("0x"):
        raise QueryInvalid("An address is 0x and 40 hex digits.")
    return str(to_checksum_address(text))


async def request_hash(
    request_hash: Annotated[str, Path(description="0x and 64 hex digits.")],
) -> bytes:
    return parse_word(request_hash, "request hash")


async def place(
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Place | None:
    """Where the page before ended."""
    if cursor is None:
        return None
    found = _PLACE.fullmatch(unwrap(cursor))
    if found is None:
        raise QueryInvalid("The cursor is not one of this API: give the `next` of a page.")
    return int(found[1]), int(found[2])


async def after_agent(
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> AgentId | None:
    """The agent with which the page before ended."""
    if cursor is None:
        return None
    text = unwrap(cursor)
    if not _DIGITS.fullmatch(text) or int(text) >= _UINT256:
        raise QueryInvalid("The cursor is not one of this API: give the `next` of a page.")
    return AgentId(int(text))


def wrap(text: str) -> str:
    """A cursor: opaque, so that nobody builds on what is in it."""
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")


def unwrap(cursor: str) -> str:
    """What is in a cursor; the empty text for what is none."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded.encode("ascii"), b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        return ""


async def ranked_after(
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> tuple[int, int] | None:
    """(basis points, agentId) with which the page before ended."""
    if cursor is None:
        return None
    points, _, number = unwrap(cursor).partition(".")
    if not _DIGITS.fullmatch(points) or not _DIGITS.fullmatch(number):
        raise QueryInvalid("The cursor is not one of this API: give the `next` of a page.")
    return int(points), int(number)


# No dependencies, each of which costs FastAPI as much as an empty route's own work.
AgentIdOf = Annotated[
    AgentId,
    Path(description="ERC-8004 agentId; 0 is one.", examples=["0"]),
    PlainValidator(parse_agent_id),
    WithJsonSchema({"type": "string"}),
]
FinalityOf = Annotated[
    Finality, Query(description="`head`: newest block. `finalized`: cannot be rolled back.")
]
RequestHashOf = Annotated[bytes, Depends(request_hash)]
PlaceOf = Annotated[Place | None, Depends(place)]
AfterAgentOf = Annotated[AgentId | None, Depends(after_agent)]
RankedAfterOf = Annotated[tuple[int, int] | None, Depends(ranked_after)]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Items in a page.")]
