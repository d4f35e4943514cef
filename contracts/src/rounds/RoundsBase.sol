// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICourtRecord} from "../interfaces/ICourtRecord.sol";
import {IEntropy} from "../interfaces/IEntropy.sol";
import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "../interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "../interfaces/IReputationLedger.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {Phase, Verdict} from "../interfaces/IVerificationRounds.sol";
import {Bench} from "../libraries/Bench.sol";
import {Fees} from "../libraries/Fees.sol";
import {ProfileCode} from "../libraries/ProfileCode.sol";

/// @title What the parts of the court share: neighbours, storage, the clock of a round.
/// @dev The court is one contract at one address in four pieces of code, because its code exceeds what EIP-170
/// allows to one: `VerificationRounds` holds the storage and the verbs every round uses, and calls
/// `CourtIntake`, `CourtDraws` and `CourtSettlement` by DELEGATECALL for the others. Their addresses are immutable: there
/// is no key that could change the code. All inherit this contract first and declare no storage, so
/// the layout is the same; a linked library would save nothing and could not share internal functions.
///
/// Storage. A round takes three new slots at submit (head, docket, work), and per level one for the bench,
/// one for the key's seed and five agents, and one for each eight more. A seat that posts for itself takes one, which holds its
/// commitment and then its digest; commitments that a relayer posts take one together, a chained hash that
/// whoever opens them proves against. What can be derived from events, the profile or the receipt is not
/// stored.
abstract contract RoundsBase is ICourtRecord, EIP712, ReentrancyGuardTransient {
    /// @dev One slot, read and written at each turn of a round.
    struct Head {
        address payer;
        Phase phase; // None, Drawing or Final; once the level is drawn, its bench knows better
        Verdict verdict; // before the end: the last level's that decided anything
        uint8 level;
        uint8 flags; // SELF_VERIFIED and so on
        uint32 entropyBlock; // of the next draw, or of the audit
        uint32 sortitionEpoch;
    }

    /// @dev One slot, written at submit.
    struct Docket {
        address provider; // the agent's owner then
        uint48 agentId;
        uint16 profile; // its number: profiles are immutable, so this is a snapshot of all parameters
        uint32 epoch; // of the submit: whoever enrolled since then sits on no committee of this round
    }

    struct Level {
        Bench bench;
        address appellant; // zero: the first level, or the protocol's own
        uint96 stake; // the appeal's bond, without the fees
        bytes32 batch; // chained hash of the commitments that came through `commitMany`; then the claim
        uint256[7] agents; // 32 bits each, eight to a word, behind the 96 bits of the key's seed
        bytes32[48] marks; // a commitment its seat posted itself, then the digest; the last is the provider's
    }

    /// @dev One slot, of a round whose publication was flagged.
    struct Ballot {
        address flagger;
        uint48 faulty; // bit i: seat i says so
        uint48 sound;
    }

    struct Trial {
        Head head;
        Docket docket;
        Level[4] levels; // LEVELS
        Ballot ballot;
    }

    struct Totals {
        uint128 burned;
        uint128 rounds;
    }

    struct Neighbours {
        IIdentityRegistry identity;
        IValidationRegistry validation;
        IProfileRegistry profiles;
        IStakeVault vault;
        IReputationLedger ledger;
        IEntropy entropy;
    }

    /// @dev The provider's place; the committee has 0, 1, 2...
    uint8 internal constant PROVIDER = 255;
    /// @dev Places in a level's first word of agents that the key's seed takes.
    uint256 internal constant SEED_PLACES = 3;
    bytes32 private constant KEY_DOMAIN = "assay/key";
    /// @dev Blocks between a submit, or a missed draw, and the block whose hash decides the draw.
    uint256 internal constant ENTROPY_DELAY = 2;
    uint256 internal constant LEVELS = Fees.MAX_LEVELS;
    /// @dev Of the head: the provider's own operator asked or paid; no further appeal; the audit is due.
    uint8 internal constant SELF_VERIFIED = 1;
    uint8 internal constant SETTLED_FOR_GOOD = 2;
    uint8 internal constant AUDIT_DUE = 4;
    /// @dev The bytes were not in calldata: the contract has not seen them.
    uint8 internal constant BY_REFERENCE = 8;

    IIdentityRegistry internal immutable _identity;
    IValidationRegistry internal immutable _validation;
    IProfileRegistry internal immutable _profiles;
    IStakeVault internal immutable _vault;
    IReputationLedger internal immutable _ledger;
    IEntropy internal immutable _entropy;

    // Written through references, and by the other pieces of code.
    // slither-disable-start uninitialized-state
    mapping(bytes32 requestHash => Trial) internal _trials;
    /// @dev Which round verifies a piece of work: (agentId, profileId, taskHash, outputHash) => requestHash.
    mapping(bytes32 workId => bytes32 requestHash) internal _roundOfWork;
    // slither-disable-end uninitialized-state
    mapping(address account => uint256) internal _credits;
    Totals internal _totals;

    constructor(Neighbours memory n) EIP712("Assay", "1") {
        (_identity, _validation, _profiles) = (n.identity, n.validation, n.profiles);
        (_vault, _ledger, _entropy) = (n.vault, n.ledger, n.entropy);
    }

    /// @notice keccak256 of the neighbours' addresses: the pieces of one court have them in common.
    function neighbourhood() public view returns (bytes32) {
        return keccak256(abi.encode(_identity, _validation, _profiles, _vault, _ledger, _entropy));
    }

    function _phase(bytes32 requestHash) internal view returns (Phase) {
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        if (head.phase != Phase.Drawing) return head.phase;
        Bench bench = c.levels[head.level].bench;
        if (!bench.isDrawn()) return Phase.Drawing;
        Phase phase = bench.phase();
        if (phase != Phase.Appealing || block.timestamp < bench.openClosesAt()) return phase;
        // The window is over. A round that was accepted, and is not to be audited, goes on by itself.
        bool goesOn = head.verdict == Verdict.Accepted && head.flags & AUDIT_DUE == 0;
        return goesOn ? Phase.Publishing : Phase.Tallying;
    }

    function _requirePhase(bytes32 requestHash, Phase required) internal view {
        Phase actual = _phase(requestHash);
        if (actual == required) return;
        require(actual != Phase.None, RoundUnknown(requestHash));
        revert RoundWrongPhase(requestHash, actual, required);
    }

    function _profileOf(Trial storage c) internal view returns (bytes32 profileId, Profile memory profile) {
        return ProfileCode.read(address(_profiles), c.docket.profile);
    }

    function _workId(uint256 agentId, bytes32 profileId, bytes32 taskHash, bytes32 outputHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(agentId, profileId, taskHash, outputHash));
    }

    /// @dev Of a drawn seat.
    function _agentAt(Level storage level, uint256 seat) internal view returns (uint256) {
        unchecked {
            uint256 place = seat + SEED_PLACES;
            return uint32(level.agents[place >> 3] >> ((place & 7) << 5));
        }
    }

    /// @dev Of a drawn level.
    function _keyOf(bytes32 requestHash, uint8 number) internal view returns (bytes32) {
        uint256 seed = uint96(_trials[requestHash].levels[number].agents[0]);
        return keccak256(abi.encode(KEY_DOMAIN, seed, requestHash, number));
    }

    function _credit(address account, uint256 amount) internal {
        if (amount == 0) return;
        _credits[account] += amount;

        emit Credited(account, amount);
    }

    function _share(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return amount * bps / 10_000;
    }
}
