"""A backend for verbs that ask one: its refusals as sentences, and evidence handed in."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from assay_client import AssayRefused, AssayUnreachable, Client
from chain.keys import Signer
from chain.messages import Court, Upload, sign_upload
from chain.types import AgentId, Bytes32
from cli.reputation import BackendRefusal
from verifier.canonical import keccak256
from verifier.engines.base import shown_url

BUNDLE_TYPE: Final = "application/vnd.assay.bundle+json"
UPLOAD_SECONDS: Final = 60


@contextmanager
def asking(url: str) -> Iterator[Client]:
    """The backend at an address.

    Raises:
        BackendRefusal: it does not answer, or refuses.
    """
    try:
        with Client(url) as client:
            yield client
    except (AssayRefused, AssayUnreachable) as error:
        raise BackendRefusal(str(error)) from None
    except UnicodeError:
        raise BackendRefusal(
            f"The backend at {shown_url(url)} cannot be asked for what is no valid Unicode."
        ) from None
    except httpx.InvalidURL:
        raise BackendRefusal(
            f"{shown_url(url)!r} is no address of a backend: give one such as"
            " http://127.0.0.1:8000."
        ) from None


def hand_in_bundle(url: str, data: bytes, agent_id: AgentId, court: Court, signer: Signer) -> None:
    """Stores an epoch's evidence at a backend, signed by the reporter.

    Raises:
        BackendRefusal: it is not taken.
    """
    deadline = int(time.time()) + UPLOAD_SECONDS
    nonce = Bytes32(secrets.token_bytes(32))
    upload = Upload(agent_id, Bytes32(keccak256(data)), nonce, deadline)
    said = {
        "agentId": str(agent_id),
        "contentHash": "0x" + upload.content_hash.hex(),
        "nonce": "0x" + nonce.hex(),
        "deadline": deadline,
    }
    headers = {
        "Content-Type": BUNDLE_TYPE,
        "Assay-Write": json.dumps(said),
        "Assay-Signature": "0x" + sign_upload(upload, court, signer).hex(),
    }
    address = f"{url.rstrip('/')}/v1/artifacts"
    try:
        answer = httpx.post(address, content=data, headers=headers, timeout=UPLOAD_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BackendRefusal(f"No backend answers at {shown_url(url)} ({error}).") from None
    if answer.is_success:
        return
    try:
        reason = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        reason = f"it answered {answer.status_code}."
    raise BackendRefusal(f"The backend at {shown_url(url)} did not take the evidence: {reason}")
