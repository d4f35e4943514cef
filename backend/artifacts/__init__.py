"""Content-addressed artifacts: public ones by their hash, sealed ones until they are published."""

from backend.artifacts.files import MAX_ARTIFACT_BYTES, ArtifactFiles, Incoming
from backend.artifacts.keeper import keep_contents
from backend.artifacts.store import ArtifactStore, Kept, open_artifacts
from backend.artifacts.uploads import (
    Authority,
    authorise,
    canonical_task,
    check_seal,
    receipt_of,
)
from backend.artifacts.writes import SignedWrite, authorise_write, signed_write_of

__all__ = [
    "MAX_ARTIFACT_BYTES",
    "ArtifactFiles",
    "ArtifactStore",
    "Authority",
    "Incoming",
    "Kept",
    "SignedWrite",
    "authorise",
    "authorise_write",
    "canonical_task",
    "check_seal",
    "keep_contents",
    "open_artifacts",
    "receipt_of",
    "signed_write_of",
]
