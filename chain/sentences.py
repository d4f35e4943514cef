"""One sentence for every custom error of the contracts: what is wrong and what to do.

Names in braces are the error's Solidity parameters. A test fails when an artifact has an error that
is not here, when a sentence names a parameter the error does not have, or when one is unused.
"""

from __future__ import annotations

from typing import Final

SENTENCES: Final[dict[str, str]] = {
    # StakeVault
    "VaultNotOperator": "{caller} does not act for agent {agentId}: use its owner's key, an "
    "approved address or its agent wallet.",
    "VaultNotOwner": "{caller} does not own agent {agentId}: only its owner may do this.",
    "VaultNotCourt": "{caller} is not a court of the stake vault.",
    "VaultNotDeployer": "{caller} did not deploy the stake vault, so it may not name its courts.",
    "VaultAlreadyWired": "The stake vault's courts are named already; they never change.",
    "VaultZeroAmount": "The amount of stake must be more than 0.",
    "VaultInsufficientStake": "Agent {agentId} has {free} of free stake and needs {required}: "
    "stake more, or wait until open rounds release what they hold.",
    "VaultStillUnbonding": "The stake of agent {agentId} is unbonding until {unbondsAt}: withdraw "
    "it then.",
    "VaultNothingToWithdraw": "Agent {agentId} has nothing to withdraw: ask to unstake first.",
    "VaultProfileUnknown": "No profile {profileId} is registered on this chain.",
    "VaultAlreadyEnrolled": "Agent {agentId} is enrolled for profile {profileId} already.",
    "VaultNotEnrolled": "Agent {agentId} is not enrolled for profile {profileId}.",
    "VaultOperatorEnrolled": "Operator {operator} has agent {agentId} enrolled for profile "
    "{profileId} already: one agent per operator and profile.",
    "VaultTooManyProfiles": "Agent {agentId} is enrolled for {limit} profiles, the most allowed: "
    "leave one first.",
    "VaultNotCapable": "Agent {agentId} has not proved its capability for profile {profileId}.",
    "VaultTransferFailed": "The account {account} refused a payment of {amount}.",
    # ReputationLedger
    "LedgerNotCourt": "{caller} is not a court of the reputation ledger.",
    "LedgerNotDeployer": "{caller} did not deploy the reputation ledger, so it may not name its "
    "courts.",
    "LedgerAlreadyWired": "The reputation ledger's courts are named already; they never change.",
    # ProfileRegistry
    "ProfileAlreadyRegistered": "Profile {profileId} is registered already; profiles never change.",
    "ProfileUnknown": "No profile {profileId} is registered on this chain.",
    "ProfileInvalid": "The profile's parameters are refused: {reason}.",
    # VerificationRounds
    "RoundUnknown": "There is no round {requestHash}.",
    "RoundWrongPhase": "Round {requestHash} is {actual}; this is possible only while it is "
    "{required}.",
    "RoundWindowOpen": "Round {requestHash} cannot move on before {closesAt}, when its window "
    "closes.",
    "RoundAlreadyVerified": "This work was submitted before, in round {earlierRequestHash}: each "
    "piece of work has one round.",
    "RoundFeeMismatch": "The round costs exactly {required}, but {sent} was sent.",
    "RoundRequestHashMismatch": "The request hash {requestHash} is not the one of this receipt and "
    "nonce ({derived}).",
    "RoundNoWithdrawal": "{account} has no credit to withdraw.",
    "RoundTransferFailed": "The account {account} refused a payment of {amount}.",
    "ReceiptExpired": "The receipt was valid until {deadline}, and it is {timestamp}: ask the "
    "provider for a new one.",
    "ReceiptSignerNotOperator": "The receipt is signed by {signer}, who does not act for agent "
    "{agentId}.",
    "ReceiptAgentMismatch": "The receipt names agent {receiptAgentId}, but the request was made "
    "for agent {registryAgentId}.",
    "ReceiptNoClient": "The receipt names no client.",
    "SeatUnknown": "Round {requestHash} has no seat {seat}.",
    "SeatNotOperator": "{caller} does not act for agent {agentId}, who holds this seat.",
    "SeatAlreadyCommitted": "Seat {seat} of round {requestHash} has committed already.",
    "SeatNotCommitted": "Seat {seat} of round {requestHash} did not commit, so it cannot open.",
    "SeatAlreadyOpened": "Seat {seat} of round {requestHash} has opened already.",
    "SeatCommitmentEmpty": "A commitment of zero is no commitment.",
    "SeatCommitmentMismatch": "What was opened ({opened}) is not what was committed ({committed}).",
    "EntropyNotReady": "The committee can be drawn after block {entropyBlock}, and this is block "
    "{blockNumber}: try again then.",
    "OutputHashMismatch": "The published output ({published}) is not the one the receipt promised "
    "({committed}).",
    "OutputTooLarge": "The output has {size} bytes, and the profile allows {limit}.",
    "OutputNotProvider": "{caller} does not act for agent {agentId}, whose output this is.",
    "NotAddressee": "The Validation Registry has no request {requestHash} for this court.",
    "AlreadySubmitted": "Round {requestHash} was submitted already.",
    "PolicyNotSupported": "The policy is not the one this court has for the profile.",
}

PANICS: Final[dict[int, str]] = {
    0x01: "an assertion failed",
    0x11: "a number became too large or negative",
    0x12: "a division by zero",
    0x21: "a value outside an enumeration",
    0x22: "damaged storage",
    0x31: "an empty list",
    0x32: "an index outside a list",
    0x41: "too much memory",
    0x51: "an uninitialised function",
}
"""Solidity's panic codes."""
