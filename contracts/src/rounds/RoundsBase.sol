// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IEntropy} from "../interfaces/IEntropy.sol";
import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "../interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "../interfaces/IReputationLedger.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Phase, Round, SeatState, Verdict} from "../interfaces/IVerificationRounds.sol";

/// @dev What the parts of the court share: its neighbours, its storage and the clock of a round.
abstract contract RoundsBase is IVerificationRounds, EIP712, ReentrancyGuardTransient {
    struct SeatSlot {
        uint256 agentId;
        address operator;
        SeatState state;
        uint40 committedAt;
        bytes32 commitment;
        bytes32 digest;
    }

    struct Neighbours {
        IIdentityRegistry identity;
        IValidationRegistry validation;
        IProfileRegistry profiles;
        IStakeVault vault;
        IReputationLedger ledger;
        IEntropy entropy;
    }

    /// @inheritdoc IVerificationRounds
    uint8 public constant PROVIDER_SEAT = 255;
    /// @dev Blocks between a submit, or a missed draw, and the block whose hash decides the draw.
    uint256 internal constant ENTROPY_DELAY = 2;

    IIdentityRegistry internal immutable _identity;
    IValidationRegistry internal immutable _validation;
    IProfileRegistry internal immutable _profiles;
    IStakeVault internal immutable _vault;
    IReputationLedger internal immutable _ledger;
    IEntropy internal immutable _entropy;

    mapping(bytes32 requestHash => Round) internal _rounds;
    mapping(bytes32 requestHash => mapping(uint256 seat => SeatSlot)) internal _seats;
    /// @dev Which round verifies a piece of work: (agentId, taskHash, outputHash) => requestHash.
    mapping(bytes32 workId => bytes32 requestHash) internal _roundOfWork;
    mapping(address account => uint256) internal _credits;
    /// @inheritdoc IVerificationRounds
    uint256 public burned;
    /// @inheritdoc IVerificationRounds
    uint256 public roundCount;

    constructor(Neighbours memory n) EIP712("Assay", "1") {
        (_identity, _validation, _profiles) = (n.identity, n.validation, n.profiles);
        (_vault, _ledger, _entropy) = (n.vault, n.ledger, n.entropy);
    }

    /// @dev The phase by the clock. Early endings: a commit window that left no quorum, and an opening
    /// window in which all who committed have opened.
    function _phase(bytes32 requestHash) internal view returns (Phase phase) {
        Round storage r = _rounds[requestHash];
        phase = r.phase;
        if (phase == Phase.Committing && block.timestamp >= r.commitClosesAt) {
            phase = r.committed < r.quorum ? Phase.Tallying : Phase.Opening;
        }
        if (phase == Phase.Opening && (block.timestamp >= r.openClosesAt || _allOpened(requestHash))) {
            phase = Phase.Tallying;
        }
    }

    function _requirePhase(bytes32 requestHash, Phase required) internal view {
        Phase actual = _phase(requestHash);
        require(actual != Phase.None, RoundUnknown(requestHash));
        require(actual == required, RoundWrongPhase(requestHash, actual, required));
    }

    function _profileOf(bytes32 requestHash) internal view returns (Profile memory) {
        return _profiles.profile(_rounds[requestHash].profileId);
    }

    function _workId(Round storage r) internal view returns (bytes32) {
        return _workId(r.agentId, r.taskHash, r.outputHash);
    }

    function _workId(uint256 agentId, bytes32 taskHash, bytes32 outputHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(agentId, taskHash, outputHash));
    }

    function _allOpened(bytes32 requestHash) private view returns (bool) {
        Round storage r = _rounds[requestHash];
        return r.opened == r.committed && _seats[requestHash][PROVIDER_SEAT].state != SeatState.Committed;
    }

    /// @dev Settles a round for good; see RoundsSettlement.
    function _finalize(bytes32 requestHash, Profile memory profile, Verdict verdict, bool openingWasDue)
        internal
        virtual;
}
