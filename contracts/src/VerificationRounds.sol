// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {CourtIntake} from "./CourtIntake.sol";
import {CourtSettlement} from "./CourtSettlement.sol";
import {IEntropy} from "./interfaces/IEntropy.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IProfileRegistry, Profile} from "./interfaces/IProfileRegistry.sol";
import {IReputationLedger} from "./interfaces/IReputationLedger.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {IValidationNetwork} from "./interfaces/IValidationNetwork.sol";
import {IValidationRegistry} from "./interfaces/IValidationRegistry.sol";
import {
    IVerificationRounds,
    Phase,
    Receipt,
    Round,
    Seat,
    SeatRef,
    SeatState,
    Verdict
} from "./interfaces/IVerificationRounds.sol";
import {Bench, BenchLib} from "./libraries/Bench.sol";
import {Delegate} from "./libraries/Delegate.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";
import {RoundsSeats} from "./rounds/RoundsSeats.sol";

/// @dev The court's address: storage, the verbs of every round, its views, and the doors to the other code.
contract VerificationRounds is RoundsSeats {
    CourtIntake private immutable _intake;
    CourtSettlement private immutable _settlement;

    /// @inheritdoc IVerificationRounds
    uint8 public constant PROVIDER_SEAT = PROVIDER;
    /// @inheritdoc IValidationNetwork
    uint256 public constant OUT_OF_BAND_PRICE = type(uint256).max;

    /// @param intake and @param settlement made with the same neighbours.
    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy,
        CourtIntake intake,
        CourtSettlement settlement
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {
        require(intake.neighbourhood() == neighbourhood(), RoundModuleMismatch(address(intake)));
        require(settlement.neighbourhood() == neighbourhood(), RoundModuleMismatch(address(settlement)));
        (_intake, _settlement) = (intake, settlement);
    }

    // ---------------------------------------------------------------- CourtIntake

    /// @inheritdoc IValidationNetwork
    function submit(bytes32, bytes calldata, bytes calldata) external payable {
        Delegate.forward(address(_intake));
    }

    /// @inheritdoc IVerificationRounds
    function submitFor(bytes32, bytes calldata, bytes calldata, address) external payable {
        Delegate.forward(address(_intake));
    }

    /// @inheritdoc IVerificationRounds
    function requestHashOf(Receipt calldata, bytes32) external view returns (bytes32) {
        Delegate.view_(address(_intake));
    }

    /// @inheritdoc IVerificationRounds
    function hashReceipt(Receipt calldata) external view returns (bytes32) {
        Delegate.view_(address(_intake));
    }

    /// @inheritdoc IVerificationRounds
    function policyOf(bytes32) external view returns (bytes memory) {
        Delegate.view_(address(_intake));
    }

    /// @inheritdoc IValidationNetwork
    function quote(bytes calldata) external view returns (uint256, uint32) {
        Delegate.view_(address(_intake));
    }

    /// @inheritdoc IValidationNetwork
    function supportsPolicy(bytes calldata) external view returns (bool) {
        Delegate.view_(address(_intake));
    }

    /// @inheritdoc IValidationNetwork
    function policySchema() external view returns (string memory) {
        Delegate.view_(address(_intake));
    }

    // ---------------------------------------------------------------- CourtSettlement

    /// @inheritdoc IVerificationRounds
    function settle(SeatRef[] calldata) external {
        Delegate.forward(address(_settlement));
    }

    // ---------------------------------------------------------------- money

    /// @inheritdoc IVerificationRounds
    function withdraw() external nonReentrant {
        uint256 amount = _credits[msg.sender];
        require(amount != 0, RoundNoWithdrawal(msg.sender));

        _credits[msg.sender] = 0;

        emit Withdrawn(msg.sender, amount);

        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, RoundTransferFailed(msg.sender, amount));
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IVerificationRounds
    function round(bytes32 requestHash) external view returns (Round memory r) {
        Trial storage c = _trials[requestHash];
        Head memory head = c.head;
        r.phase = _phase(requestHash);
        if (r.phase == Phase.None) return r;
        Profile memory profile;
        (r.profileId, profile) = _profileOf(c);
        (r.agentId, r.provider, r.payer) = (c.docket.agentId, c.docket.provider, head.payer);
        (r.level, r.verdict, r.selfVerified) = (head.level, head.verdict, head.selfVerified);
        (r.entropyBlock, r.sortitionEpoch) = (head.entropyBlock, head.sortitionEpoch);
        r.fee = uint256(profile.seatFee) * profile.committeeSize + profile.tip;
        r.bond = profile.providerBond;
        r.key = c.levels[head.level].key;
        Bench bench = c.levels[head.level].bench;
        r.commitClosesAt = bench.commitClosesAt();
        r.openClosesAt = bench.openClosesAt();
        if (r.phase == Phase.Publishing) r.publishClosesAt = r.openClosesAt + profile.publishWindow;
        r.committed = uint8(bench.committedCount());
        r.opened = uint8(bench.openedCount());
        r.seatCount = uint8(bench.seatCount());
        r.quorum = profile.committeeSize / 2 + 1;
        r.cluster = bench.cluster();
    }

    /// @inheritdoc IVerificationRounds
    function seats(bytes32 requestHash) external view returns (Seat[] memory) {
        return seatsAt(requestHash, _trials[requestHash].head.level);
    }

    /// @inheritdoc IVerificationRounds
    function seatsAt(bytes32 requestHash, uint8 level) public view returns (Seat[] memory list) {
        require(level < LEVELS, LevelUnknown(requestHash, level));
        Trial storage c = _trials[requestHash];
        Level storage l = c.levels[level];
        list = new Seat[](l.bench.seatCount());
        if (list.length == 0) return list;
        (, Profile memory profile) = _profileOf(c);
        for (uint256 seat = 0; seat < list.length; ++seat) {
            list[seat] = _seatView(l, seat, _agentAt(l, seat), profile.seatLock);
        }
    }

    /// @inheritdoc IVerificationRounds
    function providerSeat(bytes32 requestHash) external view returns (Seat memory) {
        Trial storage c = _trials[requestHash];
        if (c.head.phase == Phase.None) return _seatView(c.levels[0], BenchLib.PROVIDER_BIT, 0, 0);
        (, Profile memory profile) = _profileOf(c);
        return
            _seatView(c.levels[c.head.level], BenchLib.PROVIDER_BIT, c.docket.agentId, profile.providerBond);
    }

    /// @inheritdoc IVerificationRounds
    function phaseOf(bytes32 requestHash) external view returns (Phase) {
        return _phase(requestHash);
    }

    /// @inheritdoc IVerificationRounds
    function creditOf(address account) external view returns (uint256) {
        return _credits[account];
    }

    /// @inheritdoc IVerificationRounds
    function burned() external view returns (uint256) {
        return _totals.burned;
    }

    /// @inheritdoc IVerificationRounds
    function roundCount() external view returns (uint256) {
        return _totals.rounds;
    }

    /// @inheritdoc IValidationNetwork
    function validationRegistry() external view returns (address) {
        return address(_validation);
    }

    /// @inheritdoc IValidationNetwork
    function verificationProfile() external pure returns (bytes32) {
        return keccak256("lsh-output-equivalence-v1");
    }

    /// @inheritdoc IValidationNetwork
    function status(bytes32 requestHash)
        external
        view
        returns (uint8 state, uint16 validatorCount, bool responseAggregated)
    {
        Head memory head = _trials[requestHash].head;
        responseAggregated = head.verdict == Verdict.Accepted || head.verdict == Verdict.Rejected;
        if (head.phase == Phase.None) state = 0;
        else if (head.phase != Phase.Final) state = 1;
        else state = responseAggregated ? 2 : 3;
        validatorCount = uint16(_trials[requestHash].levels[head.level].bench.seatCount());
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IValidationNetwork).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _seatView(Level storage level, uint256 bit, uint256 agentId, uint256 lock)
        private
        view
        returns (Seat memory seat)
    {
        Bench bench = level.bench;
        (seat.agentId, seat.lock, seat.state) = (agentId, lock, bench.stateOf(bit));
        seat.settled = bench.isSettled(bit);
        if (seat.state == SeatState.Opened) seat.digest = level.marks[bit];
        else seat.commitment = level.marks[bit];
    }
}
