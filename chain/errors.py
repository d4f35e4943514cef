"""Everything that can go wrong and that a person can do something about.

::

    AssayError                    one sentence, what to do included
    ├── ConfigError               a setting, a file or a key is not usable
    │   ├── KeystoreError         keystore missing, damaged, or the password is wrong
    │   ├── DeploymentError       deployment file missing, damaged, or not what the chain holds
    │   └── ChainMismatch         connected to another chain than the one configured
    ├── ProcessError              a child process could not be started, or ended early
    ├── RpcError                  the node at the RPC URL did not answer usefully
    │   ├── RpcUnreachable        nothing answers there                            (retryable)
    │   ├── RpcTimeout            no answer in time                                (retryable)
    │   ├── RpcRateLimited        too many requests                                (retryable)
    │   └── RpcRejected           it answered with a JSON-RPC error
    ├── RevertError               a contract refused, and says why
    ├── TransactionError          a transaction could not be brought onto the chain
    │   ├── InsufficientFunds     the account cannot pay for it
    │   ├── TransactionStuck      not mined in time, though paid up to the cap     (retryable)
    │   ├── TransactionCancelled  given up at the cap; its nonce is closed
    │   └── TransactionRejected   the node refuses it for good
    └── MessageError              a signature or a signed message is malformed

`retryable` says whether the same request may succeed later with nothing changed.
Messages never hold a secret: an RPC URL appears as scheme, host and port only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class AssayError(Exception):
    """Root of every error that is shown to people: `str(error)` is one clear sentence."""

    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigError(AssayError):
    """A setting, a file or a key is not usable."""


class KeystoreError(ConfigError):
    """A keystore or its password is missing, damaged or wrong."""


class DeploymentError(ConfigError):
    """The deployment file is missing, damaged, or not what the chain holds."""


class ChainMismatch(ConfigError):
    """The RPC URL leads to another chain than the one configured."""


class ProcessError(AssayError):
    """A child process could not be started, or ended before it should."""


class RpcError(AssayError):
    """The node at the RPC URL did not answer usefully."""


class RpcUnreachable(RpcError):
    """Nothing answers at the RPC URL."""

    retryable = True


class RpcTimeout(RpcError):
    """The node did not answer in time. What was sent may have arrived."""

    retryable = True


class RpcRateLimited(RpcError):
    """The node refuses because it was asked too often."""

    retryable = True


class RpcRejected(RpcError):
    """The node answered with a JSON-RPC error.

    Attributes:
        code: JSON-RPC error code.
        reason: the node's own words, with secrets removed.
        data: the error's `data`, where revert data is found.
    """

    def __init__(self, message: str, code: int, reason: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.data = data


class RevertError(AssayError):
    """A contract refused a call.

    Attributes:
        name: the custom error's name, `Error` for a reason string, `Panic` for a panic, and
            "" when the contract gave no reason.
        arguments: the error's values by their Solidity names.
        sentence: what happened, without the context of which call it was.
        data: raw revert data.
    """

    def __init__(
        self, name: str, arguments: Mapping[str, Any], sentence: str, data: bytes = b""
    ) -> None:
        super().__init__(sentence)
        self.name = name
        self.arguments = dict(arguments)
        self.sentence = sentence
        self.data = data


class TransactionError(AssayError):
    """A transaction could not be brought onto the chain."""


class InsufficientFunds(TransactionError):
    """The account cannot pay for the value and the gas."""


class TransactionStuck(TransactionError):
    """Not mined in time. It is kept in the journal and may still be mined."""

    retryable = True


class TransactionCancelled(TransactionError):
    """Given up while it waited at the fee cap; it had no effect and never will."""


class TransactionRejected(TransactionError):
    """The node refuses the transaction for good; it was not sent."""


class MessageError(AssayError):
    """A signature or a signed message is malformed."""
