"""One score with its way to the root: JSON of schema `assay/score-proof/1`, checked by anybody."""

from dataclasses import dataclass
from typing import Any, Final, Self

from verifier import reputation
from verifier.canonical import from_hex, parse_object, require_fields
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import MAX_TIME, amount
from verifier.reliability.epoch import Entry
from verifier.reliability.evidence import MAX_EPOCH, source_id, whole
from verifier.reliability.merkle import process
from verifier.reliability.transcript import Epoch

__all__ = ["SCHEMA", "ScoreProof"]

SCHEMA: Final = "assay/score-proof/1"
MAX_BYTES: Final = 1 << 16
MAX_DEPTH: Final = 64
FIELDS: Final = (
    "alpha",
    "beta",
    "domain",
    "epoch",
    "known",
    "lowerBps",
    "meanBps",
    "proof",
    "root",
    "schema",
    "source",
    "updatedAt",
)


@dataclass(frozen=True, slots=True)
class ScoreProof:
    """`root` is what the file says; only a root from the chain or a bundle is worth checking."""

    epoch: int
    root: bytes
    entry: Entry
    proof: tuple[bytes, ...]

    @classmethod
    def of(cls, epoch: int, found: Epoch, source: int, domain: bytes) -> Self:
        """The proof of a source's score in a recomputed epoch.

        Raises:
            ReliabilityError: the source has no score there.
        """
        entry = next((each for each in found.entries if each.place == (source, domain)), None)
        if entry is None:
            raise ReliabilityError(f"Source {source} has no evidence in this domain and epoch.")
        return cls(epoch, found.root, entry, tuple(found.tree.proof(entry.leaf)))

    def check(self, root: bytes) -> None:
        """Raises ReliabilityError unless the score is under `root` (32 bytes)."""
        if process(self.entry.leaf, self.proof) != root:
            raise ReliabilityError(
                f"The score of source {self.entry.source} is not under the root 0x{root.hex()}; "
                "it was altered, or belongs to another epoch."
            )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The proof in a file.

        Raises:
            ReliabilityError: it is none.
        """
        value = parse_object(data, "score proof", MAX_BYTES, ReliabilityError)
        require_fields(value, "score proof", FIELDS, ReliabilityError)
        if value["schema"] != SCHEMA:
            raise ReliabilityError(f"The score proof's schema is not {SCHEMA}.")
        siblings = value["proof"]
        if not isinstance(siblings, list) or len(siblings) > MAX_DEPTH:
            raise ReliabilityError(f"A proof is a list of up to {MAX_DEPTH} hashes.")
        if not isinstance(value["known"], bool):
            raise ReliabilityError("The score proof's `known` must be true or false.")
        most = reputation.BASIS_POINTS
        entry = Entry(
            source_id(value["source"]),
            from_hex(value["domain"], 32, "domain", ReliabilityError),
            reputation.Evidence(
                amount(value["alpha"], "alpha"),
                amount(value["beta"], "beta"),
                whole(value["updatedAt"], "time", 0, MAX_TIME),
            ),
            reputation.Score(
                value["known"],
                whole(value["meanBps"], "mean", 0, most),
                whole(value["lowerBps"], "lower bound", 0, most),
                0,
                0,
                0,
            ),
        )
        return cls(
            whole(value["epoch"], "epoch", 1, MAX_EPOCH),
            from_hex(value["root"], 32, "root", ReliabilityError),
            entry,
            tuple(from_hex(each, 32, "sibling", ReliabilityError) for each in siblings),
        )

    def to_json(self) -> dict[str, Any]:
        """As `parse` reads it."""
        score, evidence = self.entry.score, self.entry.evidence
        return {
            "alpha": str(evidence.alpha),
            "beta": str(evidence.beta),
            "domain": "0x" + self.entry.domain.hex(),
            "epoch": self.epoch,
            "known": score.known,
            "lowerBps": score.lower_bps,
            "meanBps": score.mean_bps,
            "proof": ["0x" + each.hex() for each in self.proof],
            "root": "0x" + self.root.hex(),
            "schema": SCHEMA,
            "source": str(self.entry.source),
            "updatedAt": evidence.updated_at,
        }
