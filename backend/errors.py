"""What the backend can answer with.

AssayError
└── BackendError
    ├── StoreError                 the database cannot be used as it is
    │   ├── StoreUnavailable       it cannot be opened, or is locked by somebody else
    │   ├── StoreSchemaMismatch    it was written by another version of the schema
    │   └── StoreOtherDeployment   it holds another chain or deployment
    ├── NonceOccupied              another replica signed at this nonce, or for this job
    ├── IndexContradiction         the chain contradicts what was final: stop, store nothing
    ├── EventLeftOut               an event lacks what came before it: store nothing, read again
    ├── ArtifactError
    │   ├── ArtifactUnavailable    the store of the artifacts does not answer
    │   ├── ArtifactMissing        nothing is stored under that hash
    │   ├── ArtifactSealed         stored, not readable before it is published
    │   ├── ArtifactTooLarge       more bytes than the store takes
    │   ├── ArtifactInvalid        the bytes are not what they are said to be
    │   ├── ArtifactConflict       other bytes are already sealed under that hash
    │   ├── ArtifactForbidden      the receipt does not allow this upload
    │   └── ArtifactUnfetched      what a foreign URI leads to was not had, or not wanted
    ├── WriteForbidden             neither the operator's key nor an agent's signature
    ├── RateLimited                too many requests of one address
    └── QueryError
        ├── QueryInvalid           an id, hash, filter or cursor that cannot be read
        └── QueryMissing           a well-formed id that names nothing
"""

from chain.errors import AssayError


class BackendError(AssayError):
    """Root of everything the backend refuses."""


class StoreError(BackendError):
    """The database cannot be used as it is."""


class StoreUnavailable(StoreError):
    """The database cannot be opened, or somebody else holds its lock."""


class StoreSchemaMismatch(StoreError):
    """The database was written by another version of the schema."""


class StoreOtherDeployment(StoreError):
    """The database holds the index of another chain or deployment."""


class IndexEmpty(BackendError):
    """No block has been applied yet, or none is final: nothing can be answered."""


class NonceOccupied(BackendError):
    """Another replica signed at this nonce, or for this job, since we looked."""

    retryable = True


class IndexContradiction(BackendError):
    """The chain contradicts what was final, or itself: nothing is stored, the indexer stops."""


class EventLeftOut(BackendError):
    """An event lacks the one before it, which the contracts always emit: a node left that one out.

    Nothing of the batch is stored, and it is read again.
    """

    retryable = True


class AddressUnavailable(BackendError):
    """The server cannot listen where it was told to."""


class ArtifactError(BackendError):
    """Root of what the artifact store refuses."""


class ArtifactUnavailable(ArtifactError):
    """The store of the artifacts does not answer as it should."""

    retryable = True


class ArtifactMissing(ArtifactError):
    """Nothing is stored under that hash."""


class ArtifactSealed(ArtifactError):
    """The artifact is stored, and not readable before its output is published."""


class ArtifactTooLarge(ArtifactError):
    """More bytes than the store takes."""


class ArtifactTooSlow(ArtifactError):
    """The upload does not end."""


class ArtifactNoSpace(ArtifactError):
    """The disk is nearly full."""


class ArtifactInvalid(ArtifactError):
    """The bytes are not what they are said to be."""


class ArtifactConflict(ArtifactError):
    """Other bytes are already sealed under that hash."""


class ArtifactForbidden(ArtifactError):
    """The receipt does not allow this upload."""


class ArtifactUnfetched(ArtifactError):
    """What a foreign URI leads to was not had, or must not be asked for."""


class WriteForbidden(BackendError):
    """A write with neither the operator's key nor a good signature of an agent."""


class RelayRefused(BackendError):
    """What was handed in is not for this phase of its round."""


class RateLimited(BackendError):
    """Too many requests of one address."""


class QueryError(BackendError):
    """Root of what a query is refused for."""


class QueryInvalid(QueryError):
    """An id, hash, filter or cursor that cannot be read."""


class QueryMissing(QueryError):
    """A well-formed id that names nothing."""
