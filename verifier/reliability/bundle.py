"""Everything an epoch is computed from: canonical JSON (RFC 8785), schema `assay/evidence/1`.

    {"anchor", "askerCapNano", "at", "before": [...], "chainId", "epoch", "items": [...],
     "packed": [...], "policy": {"halfLife", "minimum", "prior"}, "previousRoot", "schema"}

`before` holds the entries of the epoch before, whose root is `previousRoot` (all zeros and no
entries for the first). `packed` names the (source, domain) that contracts read from words, in their
order. The bundle's hash is the keccak256 of its bytes; bytes that are not canonical are refused, so
that one epoch has one bundle. Amounts of 64 bits are decimal strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from verifier import reputation
from verifier.canonical import (
    canonical_json,
    from_hex,
    keccak256,
    parse_object,
    require_fields,
)
from verifier.errors import ReliabilityError
from verifier.reliability.epoch import Entry, Place, Rules
from verifier.reliability.evidence import (
    MAX_EPOCH,
    Anchor,
    Item,
    asker_address,
    source_id,
    whole,
)

__all__ = ["NO_ROOT", "SCHEMA", "Bundle"]

SCHEMA: Final = "assay/evidence/1"
NO_ROOT: Final = bytes(32)
MAX_BYTES: Final = 64 * 2**20
MAX_TIME: Final = 2**40 - 1
FIELDS: Final = (
    "anchor",
    "askerCapNano",
    "at",
    "before",
    "chainId",
    "epoch",
    "items",
    "packed",
    "policy",
    "previousRoot",
    "schema",
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """at: when the epoch ended, seconds. Its parts are documented in the module."""

    anchor: Anchor
    epoch: int
    at: int
    rules: Rules
    previous_root: bytes
    before: tuple[Entry, ...]
    items: tuple[Item, ...]
    packed: tuple[Place, ...] = ()

    @property
    def hash(self) -> bytes:
        """keccak256 of `to_bytes`."""
        return keccak256(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The canonical JSON."""
        policy = self.rules.policy
        return canonical_json(
            {
                "anchor": self.anchor.address,
                "askerCapNano": str(self.rules.asker_cap),
                "at": self.at,
                "before": [_entry_json(entry) for entry in self.before],
                "chainId": self.anchor.chain_id,
                "epoch": self.epoch,
                "items": [item.to_json() for item in self.items],
                "packed": [_place_json(place) for place in self.packed],
                "policy": {
                    "halfLife": policy.half_life,
                    "minimum": str(policy.minimum),
                    "prior": str(policy.prior),
                },
                "previousRoot": "0x" + self.previous_root.hex(),
                "schema": SCHEMA,
            },
            ReliabilityError,
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The bundle in `data`.

        Raises:
            ReliabilityError: it is not a bundle, or not written canonically.
        """
        value = parse_object(data, "bundle", MAX_BYTES, ReliabilityError)
        require_fields(value, "bundle", FIELDS, ReliabilityError)
        if value["schema"] != SCHEMA:
            raise ReliabilityError(f"The bundle's schema is not {SCHEMA}; fetch the epoch's own.")
        at = whole(value["at"], "time", 0, MAX_TIME)
        rules = Rules(_policy(value["policy"]), amount(value["askerCapNano"], "cap per asker"))
        found = cls(
            anchor=Anchor(
                whole(value["chainId"], "chain id", 1, MAX_EPOCH), asker_address(value["anchor"])
            ),
            epoch=whole(value["epoch"], "epoch", 1, MAX_EPOCH),
            at=at,
            rules=rules,
            previous_root=from_hex(value["previousRoot"], 32, "previous root", ReliabilityError),
            before=tuple(_entry(each) for each in _list(value["before"], "before")),
            items=tuple(Item.parse(each) for each in _list(value["items"], "items")),
            packed=tuple(_place(each) for each in _list(value["packed"], "packed")),
        )
        if found.to_bytes() != data:
            raise ReliabilityError("The bundle is not canonical JSON (RFC 8785); fetch it again.")
        return found


def amount(value: Any, what: str) -> int:
    """64 bits of nano-evidence from their decimal string."""
    number = source_id(value) if isinstance(value, str) else -1
    return whole(number, what, 0, reputation.MAX_EVIDENCE)


def _entry_json(entry: Entry) -> dict[str, Any]:
    score = entry.score
    return _place_json(entry.place) | {
        "alpha": str(entry.evidence.alpha),
        "beta": str(entry.evidence.beta),
        "known": score.known,
        "lowerBps": score.lower_bps,
        "meanBps": score.mean_bps,
        "updatedAt": entry.evidence.updated_at,
    }


def _entry(value: Any) -> Entry:
    """An entry as the last epoch's tree had it; its effective n is not part of a leaf."""
    names = ("alpha", "beta", "domain", "known", "lowerBps", "meanBps", "source", "updatedAt")
    require_fields(_object(value, "entry"), "entry", names, ReliabilityError)
    evidence = reputation.Evidence(
        amount(value["alpha"], "alpha"),
        amount(value["beta"], "beta"),
        whole(value["updatedAt"], "time", 0, MAX_TIME),
    )
    if not isinstance(value["known"], bool):
        raise ReliabilityError("An entry's `known` must be true or false.")
    score = reputation.Score(
        value["known"],
        whole(value["meanBps"], "mean", 0, reputation.BASIS_POINTS),
        whole(value["lowerBps"], "lower bound", 0, reputation.BASIS_POINTS),
        0,
        0,
        0,
    )
    return Entry(*_place_of(value), evidence, score)


def _place_json(place: Place) -> dict[str, Any]:
    return {"domain": "0x" + place[1].hex(), "source": str(place[0])}


def _place(value: Any) -> Place:
    require_fields(
        _object(value, "packed place"), "packed place", ("domain", "source"), ReliabilityError
    )
    return _place_of(value)


def _place_of(value: Mapping[str, Any]) -> Place:
    domain = from_hex(value["domain"], 32, "domain", ReliabilityError)
    return source_id(value["source"]), domain


def _policy(value: Any) -> reputation.Policy:
    names = ("halfLife", "minimum", "prior")
    require_fields(_object(value, "policy"), "policy", names, ReliabilityError)
    return reputation.Policy(
        half_life=whole(value["halfLife"], "half-life", 1, MAX_TIME),
        prior=whole(amount(value["prior"], "prior"), "prior", 1, reputation.MAX_EVIDENCE),
        minimum=whole(amount(value["minimum"], "minimum"), "minimum", 1, reputation.MAX_EVIDENCE),
    )


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ReliabilityError(f"The bundle's {name!r} must be a list.")
    return value


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ReliabilityError(f"The {what} must be a JSON object.")
    return value
