// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IEntropy} from "./interfaces/IEntropy.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry} from "./interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "./interfaces/IReputationLedger.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {IValidationNetwork} from "./interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Phase, Round, Seat, Verdict} from "./interfaces/IVerificationRounds.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";
import {RoundsIntake} from "./rounds/RoundsIntake.sol";
import {RoundsSeats} from "./rounds/RoundsSeats.sol";
import {RoundsSettlement} from "./rounds/RoundsSettlement.sol";

/// @dev The court as one contract, and its views.
contract VerificationRounds is RoundsIntake, RoundsSeats, RoundsSettlement {
    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {}

    /// @inheritdoc IVerificationRounds
    function round(bytes32 requestHash) external view returns (Round memory r) {
        r = _rounds[requestHash];
        r.phase = _phase(requestHash);
    }

    /// @inheritdoc IVerificationRounds
    function seats(bytes32 requestHash) external view returns (Seat[] memory list) {
        uint256 count = _rounds[requestHash].seatCount;
        list = new Seat[](count);
        if (count == 0) return list;
        uint96 lock = _profileOf(requestHash).seatLock;
        for (uint256 seat = 0; seat < count; ++seat) {
            list[seat] = _seatView(requestHash, seat, lock);
        }
    }

    /// @inheritdoc IVerificationRounds
    function providerSeat(bytes32 requestHash) external view returns (Seat memory) {
        return _seatView(requestHash, PROVIDER_SEAT, _rounds[requestHash].bond);
    }

    /// @inheritdoc IVerificationRounds
    function phaseOf(bytes32 requestHash) external view returns (Phase) {
        return _phase(requestHash);
    }

    /// @inheritdoc IVerificationRounds
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IValidationNetwork
    function status(bytes32 requestHash)
        external
        view
        returns (uint8 state, uint16 validatorCount, bool responseAggregated)
    {
        Round storage r = _rounds[requestHash];
        responseAggregated = r.verdict == Verdict.Accepted || r.verdict == Verdict.Rejected;
        if (r.phase == Phase.None) state = 0;
        else if (r.phase != Phase.Final) state = 1;
        else state = responseAggregated ? 2 : 3;
        validatorCount = r.seatCount;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IValidationNetwork).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _seatView(bytes32 requestHash, uint256 seat, uint96 lock) private view returns (Seat memory) {
        SeatSlot storage s = _seats[requestHash][seat];
        return Seat(s.agentId, s.operator, s.state, s.committedAt, lock, s.commitment, s.digest);
    }
}
