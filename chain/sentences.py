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
    "VaultEpochLengthZero": "An epoch must last at least a second.",
    "VaultEpochUnknown": "The stake of epoch {epoch} is no longer known in epoch {current}.",
    "VaultSlashExceedsLock": "A slash of {slashed} exceeds the lock of {lock}.",
    "VaultUnbondingTooShort": "A dispute under profile {profileId} can last {longestDispute} "
    "seconds, longer than stake takes to leave ({unbondingDelay}): use another profile.",
    "VaultSlashCapInvalid": "The cap on slashes is 1 to 10000 basis points, not {slashCapBps}.",
    "VaultSlashCapReached": "No more of agent {agentId} is slashed before {nextPeriodAt}: collect "
    "the rest then.",
    "VaultNothingDeferred": "No slash of agent {agentId} waits to be collected.",
    "VaultNoTreasury": "The stake vault has no treasury: what is slashed is burned.",
    "VaultNothingSlashed": "There is nothing slashed to send to the treasury.",
    "VaultNotGuardian": "{caller} is not the stake vault's guardian: governance has to do this.",
    "VaultAlreadyHalted": "The stake vault has come to its end: stake can only leave it.",
    "VaultLockNotStale": "What rounds lock of agent {agentId} can be freed by its owner from "
    "{staleAt} on, and not before.",
    # Governance
    "AccessControlBadConfirmation": "A role is renounced only by the account that holds it.",
    "AccessControlUnauthorizedAccount": "{account} lacks the role {neededRole}, which this needs.",
    "TimelockInsufficientDelay": "A delay of {delay} seconds is too short: at least {minDelay}.",
    "TimelockInvalidOperationLength": "The lists differ in length: {targets} targets, {payloads} "
    "payloads and {values} values.",
    "TimelockUnauthorizedCaller": "{caller} may not do this: it has to be announced to governance.",
    "TimelockUnexecutedPredecessor": "Operation {predecessorId} has to be executed first.",
    "TimelockUnexpectedOperationState": "Operation {operationId} is not in a state for this.",
    "VaultAgentIdTooLarge": "Agent {agentId} has a number too large for the courts, which keep 48 "
    "bits of it: register another agent.",
    # ReputationLedger
    "LedgerNotCourt": "{caller} is not a court of the reputation ledger.",
    "LedgerNotDeployer": "{caller} did not deploy the reputation ledger, so it may not name its "
    "courts.",
    "LedgerAlreadyWired": "The reputation ledger's courts are named already; they never change.",
    "LedgerHalfLifeZero": "The half-life of evidence must be at least a second.",
    # ProfileRegistry
    "ProfileAlreadyRegistered": "Profile {profileId} is registered already; profiles never change.",
    "ProfileUnknown": "No profile {profileId} is registered on this chain.",
    "ProfileInvalid": "The profile's parameters are refused: {reason}.",
    "ProfileNumberUnknown": "No profile has the number {number}.",
    # VerificationRounds
    "RoundModuleMismatch": "The code at {module} was made for other neighbours than this court: "
    "deploy all its pieces with the same.",
    "TaskURIInvalid": "The task's URI does not name the task {taskHash}: give assay: with its "
    "hash, or a data: URI with its JSON in base64.",
    "LevelUnknown": "Round {requestHash} is not at level {level}.",
    "SeatSignerNotOperator": "The commitment is signed by {signer}, who does not act for agent "
    "{agentId}.",
    "SeatBatchMismatch": "These are not the commitments that were posted together for level "
    "{level} of round {requestHash}: give all of them, in the order of their events.",
    "RoundUnknown": "There is no round {requestHash}.",
    "RoundWrongPhase": "Round {requestHash} is {actual}; this is possible only while it is "
    "{required}.",
    "RoundWindowOpen": "Round {requestHash} cannot move on before {closesAt}, when its window "
    "closes.",
    "RoundWindowClosed": "Round {requestHash} took this until {closedAt}: its window is over.",
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
    "OutputHashMismatch": "The published output ({published}) is not the work of round "
    "{requestHash}.",
    "OutputTooLarge": "The output has {size} bytes, and the profile allows {limit}.",
    "OutputNotProvider": "{caller} does not act for agent {agentId}, whose output this is.",
    "OutputNeedsBytes": "The profile of round {requestHash} has no window for flags: publish the "
    "bytes themselves.",
    "OutputURIInvalid": "A reference has 1 to {limit} bytes, and this one has {length}.",
    "SeatAlreadyVoted": "Seat {seat} of round {requestHash} has voted already.",
    "RoundNotVault": "The court takes money with its verbs only, not from {sender}.",
    "NotAddressee": "The Validation Registry has no request {requestHash} for this court.",
    "AlreadySubmitted": "Round {requestHash} was submitted already.",
    "PolicyNotSupported": "The policy is not the one this court has for the profile.",
    "EntropyConstant": "This chain's block hashes do not change, so they cannot decide a draw: use "
    "another source of entropy.",
    # FeedbackPublisher
    "PublisherNotFinal": "Round {requestHash} is not final yet: rate its provider then.",
    "PublisherAlreadyPublished": "The provider of round {requestHash} is rated already.",
    "PublisherNoVerdict": "Round {requestHash} ended {verdict}: that says nothing of a provider.",
    "PublisherSelfVerified": "Round {requestHash} was asked for by the provider's own people, and "
    "nobody rates themselves.",
    # IdentityRegistry
    "IdentityNotAuthorized": "{caller} does not act for agent {agentId}: use its owner's key or an "
    "approved address.",
    "IdentityKeyReserved": "The metadata key {metadataKey!r} is reserved: set the agent's wallet "
    "instead.",
    "IdentityWalletZero": "An agent's wallet cannot be the zero address.",
    "IdentityDeadlinePassed": "The wallet's consent was valid until {deadline}, and it is "
    "{timestamp}: sign it again.",
    "IdentityDeadlineTooFar": "The wallet's consent is valid until {deadline}, and {latest} is the "
    "latest allowed.",
    "IdentitySignatureInvalid": "The consent is not signed by the wallet {newWallet}.",
    # ReputationRegistry
    "ReputationSelfFeedback": "{client} acts for agent {agentId}, and nobody rates an agent of "
    "their own.",
    "ReputationDecimalsOutOfRange": "A rating has at most 18 decimals, not {valueDecimals}.",
    "ReputationValueOutOfRange": "The rating {value} is out of range.",
    "ReputationFeedbackUnknown": "{client} gave agent {agentId} no feedback {feedbackIndex}.",
    "ReputationAlreadyRevoked": "Feedback {feedbackIndex} of {client} for agent {agentId} is "
    "revoked already.",
    "ReputationClientsRequired": "Name the clients whose ratings count: everybody's mean nothing.",
    "ReputationResponseEmpty": "A response needs a URI.",
    "ReputationSummaryOutOfRange": "The mean {average} is out of range.",
    # ValidationRegistry
    "ValidationNotAuthorized": "{caller} may not ask for a validation of agent {agentId}: the "
    "agent's owner has to approve it.",
    "ValidationValidatorZero": "A validation request needs a validator.",
    "ValidationRequestEmpty": "A validation request needs a hash.",
    "ValidationOfOneself": "{validator} acts for agent {agentId}, and nobody validates an agent of "
    "their own: name another validator.",
    "ValidationRequestExists": "The request {requestHash} exists already: use another nonce.",
    "ValidationRequestUnknown": "There is no validation request {requestHash}.",
    "ValidationNotValidator": "{caller} was not asked to answer request {requestHash}.",
    "ValidationResponseOutOfRange": "A response is 0 to 100, not {response}.",
    "ValidationResponseFinal": "Request {requestHash} was answered for good ({tag}): a validation "
    "network's final answer never changes.",
    # OpenZeppelin
    "FailedCall": "The call was refused without a reason.",
    "ERC721IncorrectOwner": "Agent {tokenId} belongs to {owner}, not to {sender}.",
    "ERC721InsufficientApproval": "{operator} may not move agent {tokenId}: its owner has to "
    "approve it.",
    "ERC721InvalidApprover": "{approver} may not approve anybody for this agent: only its owner "
    "may.",
    "ERC721InvalidOperator": "{operator} cannot be an operator.",
    "ERC721InvalidOwner": "{owner} cannot own an agent.",
    "ERC721InvalidReceiver": "{receiver} cannot receive an agent.",
    "ERC721InvalidSender": "{sender} cannot send an agent.",
    "ERC721NonexistentToken": "There is no agent {tokenId}.",
    "InvalidShortString": "The contract stopped on a damaged short string.",
    "StringsInsufficientHexLength": "The number {value} does not fit into {length} bytes.",
    "StringTooLong": "The text {str!r} is too long.",
    "OwnableInvalidOwner": "{owner} cannot own the contract.",
    "OwnableUnauthorizedAccount": "{account} does not own the contract, and only its owner may do "
    "this.",
    "ReentrancyGuardReentrantCall": "The contract was called again while it was still at work.",
    "SafeCastOverflowedUintDowncast": "The number {value} does not fit into {bits} bits.",
    # ExamBook, ExamRules
    "ExamTermsInvalid": "The exam's terms make no sense: {reason}.",
    "ExamNotDeployer": "{caller} did not deploy the exam book, so it may not name its courts.",
    "ExamAlreadyWired": "The exam book's courts are named already; they never change.",
    "ExamNotWired": "The exam book has no court yet: finish the deployment first.",
    "ExamNoTerms": "Profile {profileId} has no terms of exams: the registrar has to set them.",
    "ExamAlreadyGated": "Profile {profileId} takes nobody without a pass since {from}; that never "
    "changes.",
    "ExamUnknown": "There is no exam {examId}.",
    "ExamWrongStage": "Exam {examId} is {actual}; this is possible only while it is {required}.",
    "ExamLate": "Exam {examId} took this until {closedAt}; that is over.",
    "ExamNobodySat": "Nobody sat exam {examId}, so nobody owes a key: conclude it.",
    "ExamNotDue": "Exam {examId} cannot end before {dueAt}.",
    "ExamWrongValue": "This takes exactly {required}, but {sent} was sent.",
    "ExamSectionUnknown": "The exam has no section {section}.",
    "ExamSectionPosted": "Section {section} of exam {examId} is posted already.",
    "ExamNotOperator": "{caller} does not act for agent {agentId}: use its owner's key, an "
    "approved address or its agent wallet.",
    "ExamExaminersShareOwner": "{owner} owns the examiner of another section: sections need "
    "examiners of different owners.",
    "ExamExaminerSits": "{owner} is an examiner of exam {examId} and cannot sit it.",
    "ExamAlreadySat": "{owner} has handed in a sheet for exam {examId}: an owner sits once, with "
    "one agent.",
    "ExamCommitmentEmpty": "A commitment of zero is no commitment.",
    "ExamKeyMismatch": "This is not the key of section {section} of exam {examId}.",
    "ExamKeyOpened": "The key of section {section} of exam {examId} is open already.",
    "ExamSheetMismatch": "This is not the sheet that {owner} handed in for exam {examId}.",
    "ExamNothingToRefund": "{owner} has no fee to get back from exam {examId}.",
    "ExamItemUnproven": "This is not item {index} of section {section}: task, output or a proof is "
    "another one.",
    "ExamItemNotDoubtable": "Item {index} of section {section} cannot be doubted like this now: "
    "outputs can while the window is open, a digest once its output was upheld.",
    "ExamAlreadyDoubted": "This item is doubted already ({doubtId}).",
    "ExamNotDoubted": "No such doubt is open ({doubtId}).",
    "ExamAnswered": "The doubt was answered already, with round {requestHash}.",
    "ExamAnswerLate": "The doubt could be answered until {closedAt}; that is over.",
    "ExamWrongWork": "This round is not about the doubted item: the receipt must be the "
    "examiner's, for its profile and task, and submitted to the court.",
    "ExamNotTheOutput": "This is not the output that the round accepted, or not its salt.",
    "ExamUndecided": "The doubt is not decided yet: settle it by the round's output, or after "
    "{until}.",
    "ExamNothingOwed": "The exam book owes {account} nothing.",
    "ExamTransferFailed": "The account {account} refused a payment of {amount}.",
    # ReliabilityAnchor
    "AddressEmptyCode": "There is no contract at {target}.",
    "AnchorTermsInvalid": "The anchor's terms make no sense: {reason}.",
    "AnchorNotReporter": "{signer} is not the anchor's reporter: only the reporter may do this.",
    "AnchorNotNext": "Epoch {epoch} cannot be published now: epoch {next} is next.",
    "AnchorTooSoon": "The next epoch can be published from {notBefore} on, and not before.",
    "AnchorNoBond": "The reporter has no bond in the anchor: deposit {bond} first.",
    "AnchorUnknownEpoch": "Epoch {epoch} is not anchored with these values: it was rolled back, is "
    "no longer kept, or its header is another one.",
    "AnchorNotFinal": "Epoch {epoch} may still be challenged: read it from {finalAt} on.",
    "AnchorFinal": "Epoch {epoch} could be challenged until {finalAt}; that is over.",
    "AnchorDisputed": "Epoch {epoch} is being challenged: wait until that is settled.",
    "AnchorNotDisputed": "No epoch of the anchor is being challenged.",
    "AnchorWrongBond": "The anchor was sent {sent} and takes {required} here.",
    "AnchorBondInUse": "The reporter's epochs may be challenged until {until}: take the bond then.",
    "AnchorAnswered": "The challenge was answered already, with round {requestHash}.",
    "AnchorAnswerLate": "The challenge could be answered until {closedAt}; that is over.",
    "AnchorWrongWork": "This round is not about the challenged epoch: the receipt must be the "
    "reporter's, for the anchor's profile and task, and its request sent to the court.",
    "AnchorNotTheOutput": "This is not the output that the round accepted, or not its salt.",
    "AnchorUndecided": "The challenge is not decided yet: settle it by the round's output, or "
    "after {until}.",
    "AnchorWrongWords": "These are not the packed words of this epoch.",
    "AnchorAlreadyApplied": "Words of epoch {applied} are stored already; those of epoch {epoch} "
    "are not newer.",
    "AnchorAlreadyListed": "Source {source} has a place for domain {domain} already.",
    "AnchorNotListed": "Source {source} has no place in the packed words for domain {domain}.",
    "AnchorNothingOwed": "The anchor owes {account} nothing.",
    "AnchorTransferFailed": "The account {account} refused a payment of {amount}.",
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
