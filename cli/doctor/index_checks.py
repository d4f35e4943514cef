"""Checks of what an index needs: logs, a database, a place for artifacts."""

from __future__ import annotations

from typing import Final

from backend.artifacts import open_artifacts
from backend.indexer.ranges import WIDEST, is_too_wide
from backend.indexer.source import events_of, header, in_bloom
from backend.store import probe
from chain.errors import ConfigError, RpcError
from cli.doctor.patient import Patient

NARROWEST: Final = 10
"""A node that gives logs of fewer blocks at once cannot be followed in any useful time."""

BLOOM_BLOCKS: Final = 200
"""So many headers are looked at when the node gives no logs of a deployment's first blocks."""


def log_range(patient: Patient) -> str:
    """How many blocks' logs the node gives at once, by halving until it does."""
    head, first = patient.head.number, patient.deployment.block
    width = whole = min(WIDEST, max(head - first, 0) + 1)
    while True:
        try:
            patient.court.logs(head - width + 1, head)
            break
        except RpcError as error:
            if width == 1 or not is_too_wide(error):
                raise
            width //= 2
    if width < min(NARROWEST, whole):
        raise ConfigError(
            f"The node at {patient.gateway.label} gives logs of {width} blocks at a time: use one "
            f"that gives {NARROWEST} at least, better thousands."
        )
    requests = -(-(head - first + 1) // width)
    return (
        f"The node gives logs of {width} blocks at a time: {requests} requests index the chain "
        "from the deployment's first block."
    )


def log_depth(patient: Patient) -> str:
    """Whether logs of the deployment's own blocks are still there; some nodes leave them out."""
    first = patient.deployment.block
    last = min(patient.head.number, first + BLOOM_BLOCKS)
    emitters = list(patient.deployment.addresses.values())
    for number in range(first, last + 1):
        block = header(patient.court, number)
        if not any(in_bloom(block.logs_bloom, address) for address in emitters):
            continue
        try:
            events = events_of(patient.court, block, emitters)
        except RpcError as error:
            raise ConfigError(
                f"The node at {patient.gateway.label} has no logs of block {number}, where the "
                f"deployment began ({error}) Use one that keeps all logs."
            ) from None
        if events:
            return f"The node still has the logs of block {number}, where the deployment began."
    return f"The node has every header from block {first}, where the deployment began."


def database(patient: Patient) -> str:
    court = patient.deployment.court
    registry = f"eip155:{court.chain_id}:{patient.deployment.address('IdentityRegistry')}"
    return probe(patient.settings.database, court.chain_id, f"{registry}/{court.rounds}")


def artifacts(patient: Patient) -> str:
    files = open_artifacts(patient.settings.artifacts_dir, patient.settings.artifacts_url)
    files.probe()
    return f"An artifact can be written to {files.place}, read back and deleted."
