// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The phases of a round, in the only order in which they can follow one another.
/// Committing and Opening end by the clock, so the stored phase may lag; `phaseOf` and `round` never do.
enum Phase {
    None,
    Drawing,
    Committing,
    Opening,
    Tallying, // the opening window is over and nobody has called `advance` yet (never stored)
    Appealing, // counted; anybody may have a larger committee decide
    Publishing, // provisionally Accepted; the provider owes the output's bytes
    Flagging, // published; anybody may say that it is not what was accepted
    Voting, // somebody has; the last committee says whether that is so
    Final
}

enum Verdict {
    None,
    Accepted,
    Rejected,
    Inconclusive,
    Expired
}

/// @notice What is said to be wrong with what was published. It helps whoever looks into it, no more: the
/// committee says whether anything is wrong.
enum FlagKind {
    Unavailable, // nothing is there
    Mismatch, // what is there is not the output of the receipt
    Claim // its digest is not what the provider claimed before a committee
}

/// @title What the court refuses, and what it tells.
interface ICourtRecord {
    // ---------------------------------------------------------------- errors
    error RoundUnknown(bytes32 requestHash);
    error RoundWrongPhase(bytes32 requestHash, Phase actual, Phase required);
    error RoundWindowOpen(bytes32 requestHash, uint256 closesAt);
    error RoundWindowClosed(bytes32 requestHash, uint256 closedAt);
    error RoundAlreadyVerified(bytes32 requestHash, bytes32 earlierRequestHash);
    error RoundFeeMismatch(uint256 sent, uint256 required);
    error RoundRequestHashMismatch(bytes32 requestHash, bytes32 derived);
    error RoundNoWithdrawal(address account);
    error RoundTransferFailed(address account, uint256 amount);
    error ReceiptExpired(uint64 deadline, uint256 timestamp);
    error ReceiptSignerNotOperator(uint256 agentId, address signer);
    error ReceiptAgentMismatch(uint256 receiptAgentId, uint256 registryAgentId);
    error ReceiptNoClient();
    error RoundModuleMismatch(address module);
    error TaskURIInvalid(bytes32 taskHash);
    error LevelUnknown(bytes32 requestHash, uint8 level);
    error SeatUnknown(bytes32 requestHash, uint8 seat);
    error SeatSignerNotOperator(uint256 agentId, address signer);
    error SeatNotOperator(uint256 agentId, address caller);
    error SeatAlreadyCommitted(bytes32 requestHash, uint8 seat);
    error SeatNotCommitted(bytes32 requestHash, uint8 seat);
    error SeatAlreadyOpened(bytes32 requestHash, uint8 seat);
    error SeatCommitmentEmpty();
    error SeatBatchMismatch(bytes32 requestHash, uint8 level);
    error SeatCommitmentMismatch(bytes32 committed, bytes32 opened);
    error EntropyNotReady(uint256 entropyBlock, uint256 blockNumber);
    error OutputHashMismatch(bytes32 requestHash, bytes32 published);
    error OutputTooLarge(uint256 size, uint256 limit);
    error OutputNotProvider(uint256 agentId, address caller);
    error OutputNeedsBytes(bytes32 requestHash);
    error OutputURIInvalid(uint256 length, uint256 limit);
    error SeatAlreadyVoted(bytes32 requestHash, uint8 seat);
    error RoundNotVault(address sender);

    // ---------------------------------------------------------------- events
    event RoundSubmitted(
        bytes32 indexed requestHash,
        uint256 indexed agentId,
        bytes32 indexed profileId,
        address client,
        address payer,
        bytes32 taskHash,
        bytes32 outputHash,
        string taskURI,
        uint256 entropyBlock,
        uint256 fee,
        uint256 bond
    );
    event DrawPostponed(bytes32 indexed requestHash, uint256 entropyBlock);
    event CommitteeDrawn(
        bytes32 indexed requestHash,
        uint8 level,
        bytes32 key,
        uint256[] agentIds,
        address[] operators,
        uint256 commitClosesAt
    );
    /// @notice At the round's present level; `CommitteeDrawn` says whose seat it is. The one that completes the
    /// level, all seats and the provider, ends the window: opening starts in its block, and lasts as long as ever.
    /// @param seat 0..n-1, or PROVIDER_SEAT.
    event Committed(bytes32 indexed requestHash, uint8 seat, bytes32 commitment);
    /// @notice An entry of `commitMany` or `openMany` that did nothing. @param reason selector of the error
    /// with which `commit` or `open` would have reverted.
    event EntrySkipped(bytes32 indexed requestHash, uint8 level, uint8 seat, bytes4 reason);
    event Opened(
        bytes32 indexed requestHash,
        uint256 indexed agentId,
        uint8 level,
        uint8 seat,
        bytes32 digest,
        bytes32 evidenceHash
    );
    /// @param opened bit i set: seat i opened. agreeing: bit i set: seat i is within tolerance of the
    /// claim. cluster: bit i set: seat i belongs to the paid (majority) cluster.
    /// @param appealClosesAt 0 if the verdict cannot be appealed. @param publishClosesAt 0 unless the verdict is
    /// Accepted.
    event Tallied(
        bytes32 indexed requestHash,
        uint8 level,
        Verdict verdict,
        uint256 opened,
        uint256 agreeing,
        uint256 cluster,
        uint256 appealClosesAt,
        uint256 publishClosesAt
    );
    /// @notice A level that follows another. @param appellant zero: the protocol itself, by lot.
    event Appealed(
        bytes32 indexed requestHash,
        uint8 level,
        address indexed appellant,
        uint256 fees,
        uint256 bond,
        uint256 entropyBlock
    );
    /// @notice Too few could be drawn for the level; the verdict of the one before stands.
    event AppealVoid(bytes32 indexed requestHash, uint8 level);
    /// @notice Accepted, and nothing can follow but publishing, from now on.
    event AcceptedForGood(bytes32 indexed requestHash, uint8 level, uint256 publishClosesAt);
    event OutputPublished(bytes32 indexed requestHash, bytes32 contentHash, bytes32 salt, bytes output);
    event OutputReferenced(bytes32 indexed requestHash, bytes32 contentHash, bytes32 salt, string uri);
    /// @notice What was published can be flagged.
    event FlagsOpened(bytes32 indexed requestHash, uint256 closesAt);
    /// @param level whose seats vote.
    event Flagged(
        bytes32 indexed requestHash,
        address indexed flagger,
        FlagKind kind,
        uint8 level,
        uint256 bond,
        uint256 closesAt
    );
    event Voted(bytes32 indexed requestHash, uint256 indexed agentId, uint8 level, uint8 seat, bool faulty);
    /// @param upheld a quorum of the committee says that something is wrong; the flagger earns a share of what the
    /// provider then loses. @param returned to the flagger, of its bond.
    event FlagClosed(bytes32 indexed requestHash, bool upheld, uint256 returned);
    event SeatSettled(
        bytes32 indexed requestHash,
        uint256 indexed agentId,
        uint8 level,
        uint8 seat,
        uint256 paid,
        uint256 slashed
    );
    event ProviderSettled(bytes32 indexed requestHash, uint256 indexed agentId, uint256 slashed);
    event RoundFinalized(bytes32 indexed requestHash, Verdict verdict, string tag, address finalizer);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);
}
