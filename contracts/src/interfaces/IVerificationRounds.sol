// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IValidationNetwork} from "./IValidationNetwork.sol";

/// @notice What a provider signs (EIP-712) when it delivers a piece of work.
/// @dev `profileId` is part of the receipt: were it left to whoever submits, a client could have an
/// image judged by a text profile and the provider's bond slashed for nothing.
struct Receipt {
    address client;
    uint256 agentId;
    bytes32 profileId;
    bytes32 taskHash;
    bytes32 outputHash;
    uint64 deadline;
}

/// @notice The phases of a round, in the only order in which they can follow one another.
/// Committing and Opening end by the clock, so the stored phase may lag; `phaseOf` and `round` never do.
enum Phase {
    None,
    Drawing,
    Committing,
    Opening,
    Tallying, // the opening window is over and nobody has called `advance` yet (never stored)
    Publishing, // provisionally Accepted; the provider owes the output's bytes
    Final
}

enum Verdict {
    None,
    Accepted,
    Rejected,
    Inconclusive,
    Expired
}

enum SeatState {
    Drawn,
    Committed,
    Opened
}

/// @dev The order packs it into nine slots.
struct Round {
    uint256 agentId;
    bytes32 profileId;
    bytes32 taskHash;
    bytes32 outputHash;
    address client;
    uint96 bond;
    address payer; // who paid the fee, and gets it back when the round expires
    uint96 fee;
    bytes32 key;
    uint64 entropyBlock;
    uint40 submittedAt;
    uint40 commitClosesAt;
    uint40 openClosesAt;
    uint40 publishClosesAt;
    uint8 level;
    Phase phase;
    Verdict verdict;
    uint8 committed; // seats, the provider's not counted
    uint8 opened; // seats, the provider's not counted
    uint32 sortitionEpoch;
    address provider; // the agent's owner at submit: earns its good evidence, may not sit on the committee
    uint8 seatCount; // seats really drawn
    uint8 quorum; // M, of the profile's committee size
    uint32 cluster; // bit i: seat i belongs to the paid cluster
    bool selfVerified; // the provider's own operator asked or paid: no good evidence
}

/// @dev The evidence hash an opening carries is bound by the commitment and kept in `Opened` only.
struct Seat {
    uint256 agentId;
    address operator; // who enrolled it; the owner at submit for the provider's seat
    SeatState state;
    uint40 committedAt;
    uint96 lock;
    bytes32 commitment;
    bytes32 digest;
}

/// @title The court: a drawn committee re-runs a piece of work blind, and the contract itself
/// compares the committed digests and counts the votes.
interface IVerificationRounds is IValidationNetwork {
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
    error SeatUnknown(bytes32 requestHash, uint8 seat);
    error SeatNotOperator(uint256 agentId, address caller);
    error SeatAlreadyCommitted(bytes32 requestHash, uint8 seat);
    error SeatNotCommitted(bytes32 requestHash, uint8 seat);
    error SeatAlreadyOpened(bytes32 requestHash, uint8 seat);
    error SeatCommitmentEmpty();
    error SeatCommitmentMismatch(bytes32 committed, bytes32 opened);
    error EntropyNotReady(uint256 entropyBlock, uint256 blockNumber);
    error OutputHashMismatch(bytes32 committed, bytes32 published);
    error OutputTooLarge(uint256 size, uint256 limit);
    error OutputNotProvider(uint256 agentId, address caller);

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
    /// @param seat 0..n-1, or PROVIDER_SEAT.
    event Committed(
        bytes32 indexed requestHash, uint256 indexed agentId, uint8 level, uint8 seat, bytes32 commitment
    );
    /// @notice Everybody acted before the window's end; opening starts now.
    event CommitsClosed(bytes32 indexed requestHash, uint8 level, uint256 openClosesAt);
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
    /// @param publishClosesAt 0 unless the verdict is Accepted.
    event Tallied(
        bytes32 indexed requestHash,
        uint8 level,
        Verdict verdict,
        uint256 opened,
        uint256 agreeing,
        uint256 cluster,
        uint256 publishClosesAt
    );
    event OutputPublished(bytes32 indexed requestHash, bytes32 contentHash, bytes32 salt, bytes output);
    event SeatSettled(
        bytes32 indexed requestHash, uint256 indexed agentId, uint8 seat, uint256 paid, uint256 slashed
    );
    event ProviderSettled(bytes32 indexed requestHash, uint256 indexed agentId, uint256 slashed);
    event RoundFinalized(bytes32 indexed requestHash, Verdict verdict, string tag, address finalizer);
    event Credited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, uint256 amount);

    // ---------------------------------------------------------------- verbs
    /// @notice `submit` (ERC-8294) on behalf of `payer`, to whom the fee returns when the round expires.
    /// `submit` itself is the same with the caller as payer.
    /// @param requestHash must equal `requestHashOf(receipt, nonce)`.
    /// @param policy abi.encode(SelectionPolicy), equal to `policyOf(profileId)`.
    /// @param payload abi.encode(Receipt receipt, bytes signature, string taskURI, bytes32 nonce).
    function submitFor(bytes32 requestHash, bytes calldata policy, bytes calldata payload, address payer)
        external
        payable;

    /// @notice Draws the committee once the entropy block is known. Anyone may call. When the
    /// entropy's window was missed it moves the entropy block by a fixed rule and draws nobody.
    function draw(bytes32 requestHash) external;

    /// @notice Records a commitment for a seat (or the provider: seat 255). Caller: the seat's agent.
    function commit(bytes32 requestHash, uint8 seat, bytes32 commitment) external;

    /// @notice Opens a commitment made by `commitmentOf(...)`. Caller: the seat's agent.
    function open(bytes32 requestHash, uint8 seat, bytes32 digest, bytes32 evidenceHash, bytes32 salt)
        external;

    /// @notice Moves a round whose window is over: tallies after the opening window, finalizes what
    /// is not Accepted, and rejects an accepted output that was not published. Anyone may call; whoever
    /// finalizes earns the tip.
    function advance(bytes32 requestHash) external;

    /// @notice Publishes the bytes behind an accepted output and finalizes the round. For the `exact`
    /// family a digest that is not the output's turns the verdict to Rejected.
    function publish(bytes32 requestHash, bytes calldata output, bytes32 salt) external;

    /// @notice Pays out the caller's credit.
    function withdraw() external;

    // ---------------------------------------------------------------- views
    function PROVIDER_SEAT() external view returns (uint8);
    /// @notice The round, its `phase` being `phaseOf` at this block's time.
    function round(bytes32 requestHash) external view returns (Round memory);
    function seats(bytes32 requestHash) external view returns (Seat[] memory);
    function providerSeat(bytes32 requestHash) external view returns (Seat memory);
    function phaseOf(bytes32 requestHash) external view returns (Phase);
    function creditOf(address account) external view returns (uint256);
    /// @notice Wei of fees that went to nobody and stay here for ever.
    function burned() external view returns (uint256);
    function roundCount() external view returns (uint256);
    /// @notice keccak256(abi.encode(chainid, this, hashReceipt(receipt), nonce)).
    function requestHashOf(Receipt calldata receipt, bytes32 nonce) external view returns (bytes32);
    /// @notice EIP-712 digest of a receipt (domain "Assay", "1", chainid, this).
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32);
    /// @notice keccak256(abi.encode(chainid, this, requestHash, level, key, agentId, digest, evidenceHash, salt)).
    function commitmentOf(
        bytes32 requestHash,
        uint8 level,
        bytes32 key,
        uint256 agentId,
        bytes32 digest,
        bytes32 evidenceHash,
        bytes32 salt
    ) external view returns (bytes32);
    /// @notice abi.encode(SelectionPolicy) that `submit` requires for a profile.
    function policyOf(bytes32 profileId) external view returns (bytes memory);
}
