"""The check of the attestation files behind a network's answers (ERC-8294)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from chain import abi, aggregated
from chain.aggregated import Aggregated
from chain.attestations import Attestation
from chain.conformance.network import (
    RESPONDED,
    Request,
    accepted,
    answers,
    attested,
    policy_of,
    status_of,
)
from chain.conformance.scene import NETWORK, Failed, NotApplicable, Scene
from chain.conformance.table import check
from chain.errors import MessageError, RpcRejected

VALID_SIGNATURE: Final = bytes.fromhex("1626ba7e")
"""isValidSignature(bytes32,bytes) of ERC-1271, and what it answers."""


@check(
    "net-file",
    NETWORK,
    "The file behind an answer: its hash, schema, root, signatures, and its verdict by the rule.",
)
def files(s: Scene) -> None:
    looked = 0
    for request in accepted(s):
        found = _content(s, request) if request.state == RESPONDED else None
        if found is None:
            continue
        looked += 1
        content, named = found
        try:
            file = aggregated.read(content, status_of(s, request)[1])
            right = not any(named) or aggregated.hash_of(content) == named
        except MessageError as problem:
            raise Failed(f"request {request.name}: {problem}") from None
        if not right:
            raise Failed(f"request {request.name}: responseHash is not that of the file")
        for fault in faults(s, request, file, unsigned=not any(named)):
            raise Failed(f"request {request.name}: {fault}")
    if not looked:
        raise NotApplicable("no answer's file is on chain, and none was given")


def faults(s: Scene, request: Request, file: Aggregated, *, unsigned: bool) -> Iterator[str]:
    """What is wrong with a file.

    Args:
        unsigned: signatures may be left out: the network answers no file's hash, so that what is
            attested follows from its own events.
    """
    _, validators, root, verdict = attested(s, request)
    policy = policy_of(request)
    attestations = [attestation for attestation, _ in file.attestations]
    verdicts = [attestation.verdict for attestation in attestations]
    authors = [attestation.validator for attestation in attestations]
    if file.request_hash != request.hash:
        yield "the file is of another request"
    if file.policy != request.policy or file.mode != policy.verdict_mode:
        yield "the file has another policy"
    if list(file.validators) != list(validators):
        yield "the file's validators are not those of AttestationsAggregated"
    if sorted(authors) != sorted(validators):
        yield "its attestations are not its validators', one each"
    if any(a.challenge_kind != policy.challenge_kind for a in attestations):
        yield "an attestation is of another challenge than the policy's"
    if file.root not in aggregated.roots(attestations):
        yield "its root is not that of its attestations"
    if file.root != root:
        yield "its root is not that of AttestationsAggregated"
    if file.verdict != aggregated.verdict_of(verdicts, file.mode):
        yield "its verdict does not follow from its attestations"
    if file.verdict != verdict:
        yield "its verdict is not that of AttestationsAggregated"
    for attestation, signature in file.attestations:
        if not (unsigned and not signature) and not _is_signed(s, attestation, signature):
            yield f"the attestation of {attestation.validator} is not signed by it"


def _is_signed(s: Scene, attestation: Attestation, signature: bytes) -> bool:
    network = s.subject.address(NETWORK)
    chain_id = int(s.subject.rpc.request("eth_chainId"), 16)
    try:
        key = aggregated.signer(attestation, signature, chain_id, network)
    except MessageError:
        key = None
    if key == attestation.validator:
        return True
    # Or by a contract, which says so itself (ERC-1271).
    digest = aggregated.digest(attestation, chain_id, network)
    arguments = abi.encode([{"type": "bytes32"}, {"type": "bytes"}], [digest, signature])
    call = {"to": attestation.validator, "data": "0x" + (VALID_SIGNATURE + arguments).hex()}
    try:
        answer = str(s.subject.rpc.request("eth_call", call, "latest"))
    except RpcRejected:
        return False
    return bytes.fromhex(answer[2:])[:4] == VALID_SIGNATURE


def _content(s: Scene, request: Request) -> tuple[bytes, bytes] | None:
    """An answer's file, from its `data:` URI or as given, and the hash that the answer names."""
    given = answers(s, request)
    _, _, _, _, uri, named, _ = given[-1] if given else (b"", 0, b"", 0, "", bytes(32), "")
    content = s.subject.files.get(request.hash)
    if content is None and uri.startswith("data:"):
        content = _inline(request, uri)
    if content is None and any(named) and not uri:
        raise Failed(
            f"request {request.name}: a file's hash is answered, and not where the file is"
        )
    return None if content is None else (content, named)


def _inline(request: Request, uri: str) -> bytes:
    kind, comma, data = uri.partition(",")
    try:
        raw = unquote_to_bytes(data)
        content = base64.b64decode(raw, validate=True) if kind.endswith(";base64") else raw
    except binascii.Error:
        comma = ""
        content = b""
    if not comma:
        raise Failed(f"request {request.name}: its responseURI is no data: URI")
    return content
