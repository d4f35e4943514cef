"""Ids, units and the enumerations of the contracts, as types.

Ids and units are `NewType`s, so that a block number is never passed for an agent id. The enums
carry the numbers of `contracts/src/interfaces`; a test compares them with the Solidity source.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NewType

AgentId = NewType("AgentId", int)
"""ERC-8004 token id. 0 is a valid id: never test it for truth."""

BlockNumber = NewType("BlockNumber", int)
Wei = NewType("Wei", int)
Address = NewType("Address", str)
"""EIP-55 checksummed, with 0x."""

Bytes32 = NewType("Bytes32", bytes)
RequestHash = NewType("RequestHash", bytes)
ProfileId = NewType("ProfileId", bytes)
TxHash = NewType("TxHash", bytes)
BlockHash = NewType("BlockHash", bytes)

PROVIDER_SEAT: Final = 255
"""The provider's place in `commit` and `open`; the committee has seats 0..n-1."""

ZERO_ADDRESS: Final = Address("0x" + "00" * 20)


class Family(IntEnum):
    """Digest families, in the order of the contracts' enum."""

    EXACT = 0
    TEXT_MINHASH = 1
    VECTOR_HYPERPLANE = 2
    IMAGE_PERCEPTUAL = 3
    TOKENS = 4
    LOGPROBS = 5

    @property
    def label(self) -> str:
        """The name recipes use, such as `text-minhash`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> Family:
        """The family a recipe names. Raises KeyError for a name that is none."""
        return cls[label.upper().replace("-", "_")]


class Phase(IntEnum):
    """Phases of a round, in the only order in which they can follow one another."""

    NONE = 0
    DRAWING = 1
    COMMITTING = 2
    OPENING = 3
    TALLYING = 4
    APPEALING = 5
    PUBLISHING = 6
    FLAGGING = 7
    VOTING = 8
    FINAL = 9

    @property
    def label(self) -> str:
        return self.name.capitalize()


class Verdict(IntEnum):
    """What a round ended with. NONE until then: never read it as a refusal."""

    NONE = 0
    ACCEPTED = 1
    REJECTED = 2
    INCONCLUSIVE = 3
    EXPIRED = 4

    @property
    def label(self) -> str:
        return self.name.capitalize()


class SeatState(IntEnum):
    """How far a seat of the committee has come."""

    DRAWN = 0
    COMMITTED = 1
    OPENED = 2

    @property
    def label(self) -> str:
        return self.name.capitalize()


class FlagKind(IntEnum):
    """What is said to be wrong with what was published; a hint to whoever looks into it."""

    UNAVAILABLE = 0
    MISMATCH = 1
    CLAIM = 2

    @property
    def label(self) -> str:
        return self.name.capitalize()


class Stage(IntEnum):
    """Where an exam is."""

    NONE = 0
    PREPARING = 1
    SITTING = 2
    OPENING = 3
    DOUBTING = 4
    GRADING = 5
    CONCLUDED = 6
    VOID = 7

    @property
    def label(self) -> str:
        return self.name.capitalize()


class SittingState(IntEnum):
    """What became of a candidate's sheet."""

    NONE = 0
    SAT = 1
    GRADED = 2
    REFUNDED = 3


class DoubtKind(IntEnum):
    """What is said to be wrong with an item of a key: its output, or the digest of it."""

    OUTPUT = 0
    DIGEST = 1


class DoubtState(IntEnum):
    """How far a doubt about an item has come."""

    NONE = 0
    OPEN = 1
    ANSWERED = 2
    UPHELD = 3
    CLOSED = 4
