// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FlagKind, ICourtRecord, Phase, Verdict} from "./ICourtRecord.sol";
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

enum SeatState {
    Drawn,
    Committed,
    Opened
}

/// @notice A flag on what was published, and what the committee says to it so far. Masks: bit i is seat i.
struct Flag {
    address flagger; // zero: there is none
    uint8 level; // whose seats vote
    uint256 closesAt; // of the phase Flagging, or of Voting
    uint256 faulty;
    uint256 sound;
}

/// @notice A round as the court knows it now: what is stored, and what follows from it, the profile and
/// the clock. Counts, windows, quorum and cluster are the present level's.
struct Round {
    uint256 agentId;
    bytes32 profileId;
    address provider; // the agent's owner at submit: earns its good evidence, may not sit on the committee
    address payer; // who paid the fee, and gets it back when the round expires
    uint256 fee;
    uint256 bond;
    bytes32 key;
    uint256 entropyBlock;
    uint32 sortitionEpoch;
    uint256 commitClosesAt;
    uint256 openClosesAt; // once counted: when that was, or when the phase after it ends
    uint256 appealClosesAt; // 0 unless Appealing
    uint256 publishClosesAt; // 0 unless Publishing
    uint8 level;
    Phase phase;
    Verdict verdict; // None until final
    uint8 committed; // seats, the provider's not counted
    uint8 opened; // seats, the provider's not counted
    uint8 seatCount; // seats really drawn
    uint8 quorum; // M, of the committee's full size
    uint256 cluster; // bit i: seat i belongs to the majority that decided
    bool selfVerified; // the provider's own operator asked or paid: no good evidence
}

/// @dev The evidence hash an opening carries is bound by the commitment and kept in `Opened` only.
struct Seat {
    uint256 agentId;
    SeatState state;
    bool settled;
    uint256 lock;
    bytes32 commitment; // zero if `commitMany` recorded it, and once opened: the digest takes its place
    bytes32 digest; // zero, too, if `openMany` counted it: then `Opened` has it
}

/// @notice A commitment that anybody may post, signed by an operator's key over `hashCommitment(...)`: r,
/// and s with the parity of v in its highest bit (EIP-2098).
struct SignedCommitment {
    uint8 seat;
    bytes32 commitment;
    bytes32 r;
    bytes32 vs;
}

/// @notice An opening that anybody may post: who knows the salt was told by the seat.
struct Opening {
    uint8 seat;
    bytes32 digest;
    bytes32 evidenceHash;
    bytes32 salt;
}

/// @notice A commitment as `commitMany` recorded it, in the order of the `Committed` events.
struct Batched {
    uint8 seat;
    bytes32 commitment;
}

/// @notice A seat of a final round whose account is to be closed.
struct SeatRef {
    bytes32 requestHash;
    uint8 level;
    uint8 seat;
}

/// @title The court: a drawn committee re-runs a piece of work blind, and the contract itself
/// compares the committed digests and counts the votes.
interface IVerificationRounds is ICourtRecord, IValidationNetwork {
    // ---------------------------------------------------------------- verbs
    /// @notice `submit` (ERC-8294) on behalf of `payer`, to whom the fee returns when the round expires.
    /// `submit` itself is the same with the caller as payer.
    /// @param requestHash must equal `requestHashOf(receipt, nonce)`.
    /// @param policy abi.encode(SelectionPolicy), equal to `policyOf(profileId)`; or empty, which means it.
    /// @param payload abi.encode(Receipt receipt, bytes signature, string taskURI, bytes32 nonce).
    function submitFor(bytes32 requestHash, bytes calldata policy, bytes calldata payload, address payer)
        external
        payable;

    /// @notice Draws the committee once the entropy block is known. Anyone may call. When the
    /// entropy's window was missed it moves the entropy block by a fixed rule and draws nobody.
    function draw(bytes32 requestHash) external;

    /// @notice Records a commitment for a seat (or the provider: seat 255). Caller: the seat's agent.
    function commit(bytes32 requestHash, uint8 level, uint8 seat, bytes32 commitment) external;

    /// @notice Records commitments that others signed. Anyone may call. An entry that is not to be had
    /// (of a stranger, twice, too late, forged) is passed over with `EntrySkipped`.
    function commitMany(bytes32 requestHash, uint8 level, SignedCommitment[] calldata entries) external;

    /// @notice Opens a commitment that the seat posted itself, made by `commitmentOf(...)`. Anyone who knows the salt may call: only the
    /// seat does, unless it has told somebody to post for it.
    function open(
        bytes32 requestHash,
        uint8 level,
        uint8 seat,
        bytes32 digest,
        bytes32 evidenceHash,
        bytes32 salt
    ) external;

    /// @notice Opens many; an entry that does not fit is passed over with `EntrySkipped`. Counts the level
    /// at once if nobody is left to open, and then stores no digest that it has just counted.
    /// @param batch all commitments of the level that `commitMany` recorded, in their order: they are kept
    /// as one hash. May be empty if no entry is among them.
    function openMany(bytes32 requestHash, uint8 level, Opening[] calldata entries, Batched[] calldata batch)
        external;

    /// @notice Moves a round whose window is over: tallies after the opening window, finalizes what
    /// is not Accepted, and rejects an accepted output that was not published. Anyone may call; whoever
    /// finalizes earns the tip.
    function advance(bytes32 requestHash) external;

    /// @notice Has the next level decide anew: a fresh, disjoint committee of twice as many and one, under a
    /// fresh key. The value sent is `appealCost`; the bond in it returns if the round ends otherwise than
    /// this level, together with the fees that its seats then lose. Anyone may call, within the window.
    function appeal(bytes32 requestHash) external payable;

    /// @notice Publishes the bytes behind an accepted output. For the `exact` family the contract digests them,
    /// and a claim that is not the output's turns the verdict to Rejected; for another one they can be flagged, if the
    /// profile has a window for it. Else the round is final. Caller: the provider.
    /// @param taskHash the receipt's, which with the output names the work.
    function publish(bytes32 requestHash, bytes32 taskHash, bytes calldata output, bytes32 salt) external;

    /// @notice Publishes where the bytes are, if the profile has a window in which they can be flagged.
    /// Caller: the provider.
    /// @param contentHash keccak256 of the bytes, checked against the receipt's outputHash.
    /// @param uri where anybody can fetch them, or them sealed under the salt.
    function publishByReference(
        bytes32 requestHash,
        bytes32 taskHash,
        bytes32 contentHash,
        bytes32 salt,
        string calldata uri
    ) external;

    /// @notice Says that what was published is not to be had, not the receipt's, or not what was claimed. The
    /// value sent is the profile's appealBond. Once a round; anyone may call, within the window.
    function flag(bytes32 requestHash, FlagKind kind) external payable;

    /// @notice A seat of the committee whose verdict stands says whether anything is wrong with what was
    /// published. It earns the same whatever it says. Caller: the seat's agent.
    function vote(bytes32 requestHash, uint8 seat, bool faulty) external;

    /// @notice Closes the accounts of seats of final rounds: fee or slash, evidence, and the lock is free
    /// again. Anyone may call, for any seats; what cannot be settled, or was, is passed over. Who settles a
    /// seat that did not open earns its fee, unless the round expired.
    function settle(SeatRef[] calldata refs) external;

    /// @notice Pays out the caller's credit.
    function withdraw() external;

    // ---------------------------------------------------------------- views
    function PROVIDER_SEAT() external view returns (uint8);
    /// @notice The round, its `phase` being `phaseOf` at this block's time.
    function round(bytes32 requestHash) external view returns (Round memory);
    /// @notice Seats of the present level.
    function seats(bytes32 requestHash) external view returns (Seat[] memory);
    function seatsAt(bytes32 requestHash, uint8 level) external view returns (Seat[] memory);
    function providerSeat(bytes32 requestHash) external view returns (Seat memory);
    function phaseOf(bytes32 requestHash) external view returns (Phase);
    /// @return fees of the next level's seats. @return bond for the delay.
    function appealCost(bytes32 requestHash) external view returns (uint256 fees, uint256 bond);
    function flagOf(bytes32 requestHash) external view returns (Flag memory);
    function creditOf(address account) external view returns (uint256);
    /// @notice Wei of fees that went to nobody and stay here for ever.
    function burned() external view returns (uint256);
    function roundCount() external view returns (uint256);
    /// @notice keccak256(abi.encode(chainid, this, hashReceipt(receipt), nonce)).
    function requestHashOf(Receipt calldata receipt, bytes32 nonce) external view returns (bytes32);
    /// @notice EIP-712 digest of a receipt (domain "Assay", "1", chainid, this).
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32);
    /// @notice EIP-712 digest of what a seat signs for `commitMany` (domain "Assay", "1", chainid, this):
    /// Commitment(bytes32 requestHash,uint8 level,uint8 seat,uint256 agentId,bytes32 key,bytes32 commitment).
    /// @dev The key is bound, so that a signature for a draw that a reorganisation undid binds nobody.
    function hashCommitment(
        bytes32 requestHash,
        uint8 level,
        uint8 seat,
        uint256 agentId,
        bytes32 key,
        bytes32 commitment
    ) external view returns (bytes32);
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
