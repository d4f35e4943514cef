// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {CourtDraws} from "./CourtDraws.sol";
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
    Flag,
    FlagKind,
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
import {Fees} from "./libraries/Fees.sol";
import {RoundsBase} from "./rounds/RoundsBase.sol";
import {RoundsSeats} from "./rounds/RoundsSeats.sol";

/// @dev The court's address: storage, the verbs of every round, its views, and the doors to the other code.
contract VerificationRounds is RoundsSeats {
    CourtIntake private immutable _intake;
    CourtDraws private immutable _draws;
    CourtSettlement private immutable _settlement;

    /// @inheritdoc IVerificationRounds
    uint8 public constant PROVIDER_SEAT = PROVIDER;
    /// @inheritdoc IValidationNetwork
    uint256 public constant OUT_OF_BAND_PRICE = type(uint256).max;

    /// @param intake, @param draws and @param settlement made with the same neighbours.
    constructor(
        IIdentityRegistry identity,
        IValidationRegistry validation,
        IProfileRegistry profiles,
        IStakeVault vault,
        IReputationLedger ledger,
        IEntropy entropy,
        CourtIntake intake,
        CourtDraws draws,
        CourtSettlement settlement
    ) RoundsBase(Neighbours(identity, validation, profiles, vault, ledger, entropy)) {
        require(intake.neighbourhood() == neighbourhood(), RoundModuleMismatch(address(intake)));
        require(settlement.neighbourhood() == neighbourhood(), RoundModuleMismatch(address(settlement)));
        require(draws.neighbourhood() == neighbourhood(), RoundModuleMismatch(address(draws)));
        (_intake, _draws, _settlement) = (intake, draws, settlement);
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

    // ---------------------------------------------------------------- CourtDraws

    /// @inheritdoc IVerificationRounds
    function draw(bytes32) external {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function advance(bytes32 requestHash) external {
        if (_isBetweenLevels(requestHash)) Delegate.forward(address(_draws));
        _advance(requestHash);
    }

    /// @inheritdoc IVerificationRounds
    function appeal(bytes32) external payable {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function publish(bytes32, bytes32, bytes calldata, bytes32) external {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function publishByReference(bytes32, bytes32, bytes32, bytes32, string calldata) external {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function flag(bytes32, FlagKind) external payable {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function vote(bytes32, uint8, bool) external {
        Delegate.forward(address(_draws));
    }

    /// @inheritdoc IVerificationRounds
    function appealCost(bytes32) external view returns (uint256, uint256) {
        Delegate.view_(address(_draws));
    }

    // ---------------------------------------------------------------- CourtSettlement

    /// @inheritdoc IVerificationRounds
    function settle(SeatRef[] calldata) external {
        Delegate.forward(address(_settlement));
    }

    /// @inheritdoc IVerificationRounds
    function round(bytes32) external view returns (Round memory) {
        Delegate.view_(address(_settlement));
    }

    /// @inheritdoc IVerificationRounds
    function seats(bytes32) external view returns (Seat[] memory) {
        Delegate.view_(address(_settlement));
    }

    /// @inheritdoc IVerificationRounds
    function seatsAt(bytes32, uint8) external view returns (Seat[] memory) {
        Delegate.view_(address(_settlement));
    }

    /// @inheritdoc IVerificationRounds
    function flagOf(bytes32) external view returns (Flag memory) {
        Delegate.view_(address(_settlement));
    }

    /// @inheritdoc IVerificationRounds
    function providerSeat(bytes32) external view returns (Seat memory) {
        Delegate.view_(address(_settlement));
    }

    // ---------------------------------------------------------------- money

    /// @dev The flagger's share of a slash: nobody else's money arrives without a verb.
    receive() external payable {
        require(msg.sender == address(_vault), RoundNotVault(msg.sender));
    }

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
        responseAggregated = head.phase == Phase.Final && _isDecisive(head.verdict);
        if (head.phase == Phase.None) state = 0;
        else if (head.phase != Phase.Final) state = 1;
        else state = responseAggregated ? 2 : 3;
        validatorCount = uint16(_trials[requestHash].levels[head.level].bench.seatCount());
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IValidationNetwork).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
