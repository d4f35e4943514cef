"""What can go wrong in a node, as one tree. Every message is a sentence saying what to do.

AssayError (chain.errors)
├── ConfigError (chain.errors)
│   └── StateError          the state folder is missing, damaged, or another node's
│       └── StateInUse      another daemon runs on it
└── VerifierError (verifier.errors)
    ├── ReceiptFileError    a receipt file that is damaged, forged or for another court
    └── NodeError           what a seat cannot do
        └── WorkLost        the work behind a receipt is neither stored nor reproducible
"""

from chain.errors import ConfigError
from verifier.errors import VerifierError

__all__ = ["NodeError", "ReceiptFileError", "StateError", "StateInUse", "WorkLost"]


class StateError(ConfigError):
    """The state folder is missing, damaged, or belongs to another node."""


class StateInUse(StateError):
    """Another daemon runs on the same state folder."""


class ReceiptFileError(VerifierError):
    """A receipt file that is damaged, forged or meant for another court."""


class NodeError(VerifierError):
    """Something a seat needs and does not have."""


class WorkLost(NodeError):
    """The output behind a receipt is not in the state and does not come out again."""
