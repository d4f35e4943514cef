"""Engine of the tasks that a challenge of anchored scores sets: compute an epoch's root again.

    {"model": "assay/recompute/1", "prompt": "0x<bundle's hash> for epoch <n> of 0x<anchor>", …}

The output is the transcript of `verifier.reliability.transcript`: every intermediate state, then
the root. The epoch, and what it continues, are read from the chain; the bundle from a backend. No
model is needed, so that every node can sit in this court whatever engines it has.
"""

from __future__ import annotations

import re
from typing import Final

from eth_utils.address import to_checksum_address

from chain.anchors import ANCHOR
from chain.deployment import ContractRecord
from chain.epochs import EpochUnknown, find_epoch
from chain.errors import RpcError
from chain.gateway import Gateway
from chain.types import Address, Bytes32
from verifier.canonical import keccak256
from verifier.engines.base import only_parameters
from verifier.errors import EngineError, EngineUnavailable, InputWithheld, TaskError
from verifier.node.artifacts import ArtifactSource, NotStored
from verifier.reliability.bundle import MAX_BYTES
from verifier.reliability.evidence import Anchor
from verifier.reliability.transcript import WITHHELD, Published, judge
from verifier.tasks import Task

__all__ = ["MODEL", "Recomputation"]

MODEL: Final = "assay/recompute/1"

_PROMPT: Final = re.compile(r"0x([0-9a-f]{64}) for epoch ([1-9][0-9]{0,15}) of (0x[0-9a-f]{40})")


class Recomputation:
    """Implements `verifier.engines.Engine`.

    gateway: knows the deployment, which says where to begin looking; bundles: where evidence is.
    """

    def __init__(self, gateway: Gateway, bundles: ArtifactSource) -> None:
        self._gateway = gateway
        self._bundles = bundles

    def info(self) -> dict[str, str]:
        """What the transcript depends on: the version of the rules."""
        return {"engine": MODEL}

    def generate(self, task: Task) -> bytes:
        """The transcript.

        Raises:
            InputWithheld: the backend has not got the evidence.
            EngineUnavailable: backend or chain do not answer, or do not have the epoch.
            EngineError: the task is not one of these.
        """
        only_parameters(task, ())
        found = _PROMPT.fullmatch(task.prompt or "")
        if task.model != MODEL or found is None:
            raise EngineError(
                "The task is not one to recompute an epoch: the anchor's `taskOf` spells it out."
            )
        bundle_hash, epoch = bytes.fromhex(found[1]), int(found[2])
        at = self._published(Address(str(to_checksum_address(found[3]))), epoch, bundle_hash)
        return judge(self._bundle(bundle_hash), at)

    def close(self) -> None:
        """Holds nothing."""

    def _published(self, address: Address, epoch: int, bundle_hash: bytes) -> Published:
        """What the chain says of the epoch, whichever anchor it is of."""
        deployment = self._gateway.deployment
        assert deployment is not None
        record = ContractRecord(address, Bytes32(bytes(32)), deployment.block)
        only = deployment.with_only(ANCHOR, record)
        try:
            found = find_epoch(self._gateway.with_deployment(only), epoch)
        except (EpochUnknown, RpcError) as error:
            raise EngineUnavailable(f"The epoch cannot be judged: {error}") from None
        if found.header.bundle_hash != bundle_hash:
            raise EngineUnavailable(
                f"Epoch {epoch} of {address} was anchored with another bundle than the task names."
            )
        anchor = Anchor(deployment.chain_id, address)
        return Published(anchor, epoch, found.header.published_at, found.previous_root)

    def _bundle(self, bundle_hash: bytes) -> bytes:
        try:
            data = self._bundles.fetch(bundle_hash, MAX_BYTES, "evidence bundle")
        except NotStored as error:
            # A backend that answers and has nothing is another matter than one that is down: the
            # one is the reporter's doing, the other may be this node's own.
            raise InputWithheld(str(error), WITHHELD) from None
        except TaskError as error:
            raise EngineUnavailable(str(error)) from None
        if keccak256(data) != bundle_hash:
            raise EngineUnavailable("The backend sent other bytes than the bundle that was named.")
        return data
