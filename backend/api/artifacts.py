"""/v1/artifacts: published outputs and tasks for everybody, sealed outputs for later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal

from eth_utils.crypto import keccak
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.responses import Response as AnyResponse
from sqlalchemy import select

from backend.api.bodies import UPLOAD_SECONDS
from backend.api.context import Services, ServicesOf
from backend.api.params import parse_agent_id, parse_word
from backend.api.rounds import artifact_path
from backend.api.schemas.common import ErrorBody, hexed
from backend.api.schemas.network import Stored
from backend.api.uploading import (
    SIGNATURE_HEADER,
    WRITE_HEADER,
    allow_bundle,
    allow_task,
    body_of,
    check_bundle,
)
from backend.artifacts import (
    Kept,
    authorise,
    canonical_task,
    check_seal,
    receipt_of,
)
from backend.artifacts.fetcher import SCHEMES
from backend.errors import (
    ArtifactInvalid,
    ArtifactMissing,
    ArtifactSealed,
    ArtifactTooSlow,
    ArtifactUnfetched,
)
from backend.store import RoundRecord
from verifier.errors import SealError
from verifier.seal import unseal
from verifier.tasks import MAX_TASK_BYTES

router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])

RECEIPT_HEADER: Final = "Assay-Receipt"
SEALED_TYPE: Final = "application/octet-stream"
TASK_TYPE: Final = "application/json"
BUNDLE_TYPE: Final = "application/vnd.assay.bundle+json"

_FOREVER: Final = "public, max-age=31536000, immutable"
_SNIFF_BYTES: Final = 512
_CHUNK_BYTES: Final = 256 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"

_GET_DOC: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The bytes."},
    307: {"description": "An outputHash that is published: where its bytes are."},
    409: {"model": ErrorBody, "description": "Sealed until its round publishes it."},
}
_POST_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    403: {"model": ErrorBody, "description": "Nobody who may has signed it, or the key is wrong."},
    408: {"model": ErrorBody, "description": "The upload did not end in time."},
    409: {"model": ErrorBody, "description": "Another output is sealed under that hash."},
    413: {"model": ErrorBody, "description": "More bytes than are taken."},
    507: {"model": ErrorBody, "description": "The disk is nearly full."},
}
_POST_DOC: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": RECEIPT_HEADER,
            "in": "header",
            "schema": {"type": "string"},
            "description": "Sealed outputs: the receipt as JSON with the EIP-712 field names.",
        },
        {
            "name": SIGNATURE_HEADER,
            "in": "header",
            "schema": {"type": "string"},
            "description": "The agent's EIP-712 signature of the receipt or of the write, 0x-hex.",
        },
        {
            "name": WRITE_HEADER,
            "in": "header",
            "schema": {"type": "string"},
            "description": "Tasks and bundles: `Upload` as JSON: agentId, contentHash, nonce,"
            " deadline.",
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            SEALED_TYPE: {"schema": {"type": "string", "format": "binary"}},
            BUNDLE_TYPE: {"schema": {"type": "string", "format": "binary"}},
            TASK_TYPE: {
                "schema": {"type": "object"},
                "example": {
                    "schema": "assay/task/1",
                    "profile": "0x" + "5b" * 32,
                    "modality": "text",
                    "model": "smollm2-135m-instruct-q4_1",
                    "prompt": "Why is the sky blue?",
                    "parameters": {"seed": 7, "max_tokens": 64},
                },
            },
        },
    },
}


@router.get("/{artifact_hash}", response_class=FileResponse, responses=_GET_DOC)
def read_artifact(
    services: ServicesOf,
    artifact_hash: str,
    sealed: Annotated[bool, Query(description="The ciphertext of a published output.")] = False,
    sealed_by: Annotated[
        str | None,
        Query(alias="sealedBy", description="While it is sealed: only this agent's copy counts."),
    ] = None,
) -> AnyResponse:
    """A task by taskHash, an output by contentHash, or by outputHash once it is published."""
    digest = parse_word(artifact_hash, "hash of an artifact")
    if not sealed:
        kept = services.files.public(digest) or _referenced(services, digest)
        if kept is not None:
            return _file(kept, digest, _media_type(kept))
    published = _published(services, digest)
    if published is None and _is_sealed(services, digest, sealed_by):
        raise ArtifactSealed("This output is sealed until its round publishes it.")
    if published is not None:
        agent_id, content_hash = published
        ciphertext = services.files.sealed(digest, agent_id)
        if sealed and ciphertext is not None:
            return _file(ciphertext, digest, SEALED_TYPE)
        if not sealed and services.files.public(content_hash) is not None:
            return RedirectResponse(artifact_path(content_hash), 307)
    raise ArtifactMissing(f"Nothing is stored under {hexed(digest)}.")


@router.post(
    "",
    status_code=201,
    response_model=Stored,
    responses=_POST_REFUSALS,
    openapi_extra=_POST_DOC,
)
async def store_artifact(request: Request, services: ServicesOf) -> JSONResponse:
    """Takes a task (JSON), a sealed output with its receipt, or the evidence of an epoch.

    Evidence is taken if an epoch names its hash, from the operator, or signed by the reporter.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    takers = {TASK_TYPE: _store_task, SEALED_TYPE: _store_sealed, BUNDLE_TYPE: _store_bundle}
    if kind not in takers:
        raise ArtifactInvalid(
            f"Send a task as {TASK_TYPE}, a sealed output as {SEALED_TYPE}, or a bundle as"
            f" {BUNDLE_TYPE}, not {kind!r}."
        )
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            stored = await takers[kind](request, services)
    except TimeoutError:
        raise ArtifactTooSlow(
            f"The upload did not end within {UPLOAD_SECONDS:.0f} seconds: send it again."
        ) from None
    return JSONResponse(stored.model_dump(by_alias=True), 201)


async def _store_task(request: Request, services: Services) -> Stored:
    content = canonical_task(await body_of(request, MAX_TASK_BYTES, "task"))
    await run_in_threadpool(allow_task, request, services, content)
    return await _take(services, content, "task")


async def _store_bundle(request: Request, services: Services) -> Stored:
    content = await body_of(request, services.files.max_bytes, "bundle")
    await run_in_threadpool(allow_bundle, request, services, content)
    await run_in_threadpool(check_bundle, services, content)
    return await _take(services, content, "bundle")


async def _take(services: Services, content: bytes, kind: Literal["task", "bundle"]) -> Stored:
    digest = await run_in_threadpool(services.files.take, content)
    return Stored(hash=hexed(digest), kind=kind, size=len(content), artifact=artifact_path(digest))


async def _store_sealed(request: Request, services: Services) -> Stored:
    receipt = receipt_of(_header(request, RECEIPT_HEADER))
    signature = _header(request, SIGNATURE_HEADER)
    await run_in_threadpool(
        authorise, receipt, signature, services.network.court, services.acts_for
    )
    head = b""
    with services.files.incoming() as incoming:
        async for chunk in request.stream():
            head = (head + chunk)[:_SNIFF_BYTES]
            await run_in_threadpool(incoming.write, chunk)
        check_seal(head)
        await run_in_threadpool(
            services.files.seal, incoming, receipt.output_hash, receipt.agent_id
        )
        return Stored(
            hash=hexed(receipt.output_hash),
            kind="sealed",
            size=incoming.size,
            artifact=artifact_path(receipt.output_hash),
        )


def _header(request: Request, name: str) -> str:
    value = request.headers.get(name)
    if value is None:
        raise ArtifactInvalid(f"A sealed output needs the header {name}.")
    return value


def _published(services: Services, output_hash: bytes) -> tuple[int, bytes] | None:
    """(agentId, contentHash) of a round that published this output."""
    query = select(RoundRecord.agent_id, RoundRecord.content_hash).where(
        RoundRecord.output_hash == output_hash, RoundRecord.content_hash.is_not(None)
    )
    with services.store.read() as session:
        row = session.execute(query.limit(1)).first()
    return None if row is None or row[1] is None else (row[0], row[1])


def _is_sealed(services: Services, output_hash: bytes, sealed_by: str | None) -> bool:
    if sealed_by is None:
        return services.files.has_sealed(output_hash)
    return services.files.sealed(output_hash, parse_agent_id(sealed_by)) is not None


def _referenced(services: Services, content_hash: bytes) -> Kept | None:
    """An output published by reference, from its provider's sealed copy.

    Raises:
        ArtifactUnfetched: it is behind a URI that this server does not fetch.
    """
    query = select(
        RoundRecord.output_hash, RoundRecord.agent_id, RoundRecord.salt, RoundRecord.output_uri
    ).where(RoundRecord.content_hash == content_hash, RoundRecord.output_uri.is_not(None))
    with services.store.read() as session:
        rounds = session.execute(query).all()
    # The same output may have been published more than once, and be sealed here for one of them.
    for output_hash, agent_id, salt, _ in rounds:
        sealed = services.files.sealed(output_hash, agent_id)
        if sealed is None or salt is None or (output_hash, agent_id) in services.rubbish:
            continue
        kept = _unsealed(services, content_hash, sealed, salt)
        if kept is not None:
            return kept
        # What was sealed never changes: opening it again for each who asks would be much work.
        services.rubbish.add((output_hash, agent_id))
    if not services.fetches and any(row.output_uri.startswith(SCHEMES) for row in rounds):
        raise ArtifactUnfetched(
            "This output was published at a URI of another host, and this server fetches none: its "
            "operator can set foreign_uris."
        )
    return None


def _unsealed(services: Services, content_hash: bytes, sealed: Kept, salt: bytes) -> Kept | None:
    """Opens a sealed copy with the salt that is public now, and keeps what is in it."""
    with sealed.open("rb") as file:
        try:
            content = unseal(file.read(), salt)
        except SealError:
            return None
    # A provider may seal anything: it is the output only if it is what the receipt promised.
    if keccak(content) != content_hash:
        return None
    services.files.keep(content)
    return services.files.public(content_hash)


def _file(kept: Kept, digest: bytes, media_type: str) -> AnyResponse:
    headers = {"ETag": f'"{digest.hex()}"', "Cache-Control": _FOREVER}
    if isinstance(kept, Path):
        return FileResponse(kept, media_type=media_type, headers=headers)
    # Opened here, so that a store that does not answer is an error and no answer cut short.
    return StreamingResponse(_chunks(kept.open("rb")), media_type=media_type, headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _media_type(kept: Kept) -> str:
    """Artifacts are anybody's bytes; only what a browser cannot run gets a type of its own."""
    with kept.open("rb") as file:
        head = file.read(_SNIFF_BYTES)
    if head.startswith(_PNG):
        return "image/png"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return SEALED_TYPE
    return "text/plain; charset=utf-8"
