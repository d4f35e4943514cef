"""`assay verify score`: is a source's score under the root that was anchored? Needs no chain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chain.errors import ConfigError
from cli import output
from verifier.canonical import from_hex
from verifier.errors import ReliabilityError
from verifier.reliability.bundle import Bundle
from verifier.reliability.proof import ScoreProof
from verifier.reliability.transcript import recompute

BASIS_POINTS = 10_000
OBSERVATION = 10**9


def score(
    proof: Annotated[Path, typer.Argument(metavar="FILE", help="The score's proof.")],
    root: Annotated[
        str | None,
        typer.Option("--root", metavar="HEX", help="The epoch's root, as the chain has it."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle", metavar="FILE", help="The epoch's evidence: compute the root from it."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Check a source's score against its epoch's root, or against all the evidence behind it.

    Give the root that the chain has, or the bundle, or both: then the bundle must lead to the root.
    """
    found = ScoreProof.parse(_read(proof))
    trusted = _trusted(found.epoch, root, bundle)
    found.check(trusted)
    result = found.to_json() | {"holds": True, "recomputed": bundle is not None}
    if as_json:
        output.print_json(result)
        return
    entry = found.entry
    output.print_table(
        ("source", "domain", "mean", "lower bound", "good", "bad", "last evidence"),
        [
            (
                str(entry.source),
                "0x" + entry.domain.hex(),
                _percent(entry.score.mean_bps, entry.score.known),
                _percent(entry.score.lower_bps, entry.score.known),
                f"{entry.evidence.alpha / OBSERVATION:.2f}",
                f"{entry.evidence.beta / OBSERVATION:.2f}",
                entry.evidence.updated_at,
            )
        ],
    )
    how = "computed from the evidence" if bundle is not None else "given"
    output.say(f"The score is under the root 0x{trusted.hex()} of epoch {found.epoch}, {how}.")


def _trusted(epoch: int, root: str | None, bundle: Path | None) -> bytes:
    """The root that the proof has to lead to."""
    given = None if root is None else from_hex(root, 32, "root", ReliabilityError)
    if bundle is None:
        if given is None:
            raise ConfigError(
                "A proof alone proves nothing: give --root as the chain has it, or the epoch's "
                "--bundle."
            )
        return given
    evidence = Bundle.parse(_read(bundle))
    if evidence.epoch != epoch:
        raise ConfigError(f"The bundle is of epoch {evidence.epoch}, the score of epoch {epoch}.")
    computed = recompute(evidence).root
    if given is not None and computed != given:
        raise ConfigError(
            f"The bundle leads to the root 0x{computed.hex()}, not to the one given: the anchored "
            "root is false, or the bundle is another one."
        )
    return computed


def _percent(bps: int, known: bool) -> str | None:
    return f"{bps / BASIS_POINTS:.2%}" if known else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from None
