// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice ERC-8294 selection policy; `challengeKind` carries the profileId, `extensions` is empty.
struct SelectionPolicy {
    uint8 version;
    uint8 selectionSize;
    uint8 minOperators;
    uint8 minResponses;
    uint64 deadlineSeconds;
    uint8 verdictMode;
    bytes32 challengeKind;
    bytes extensions;
}

/// @title ERC-8294: a validation network behind the ERC-8004 Validation Registry.
interface IValidationNetwork is IERC165 {
    error NotAddressee(bytes32 requestHash);
    error AlreadySubmitted(bytes32 requestHash);
    error PolicyNotSupported(bytes policy);

    event RequestAccepted(bytes32 indexed requestHash, bytes policy, uint256 priceWei);
    event ValidatorsSelected(bytes32 indexed requestHash, address[] validators, bytes32 selectionEntropy);
    /// @notice Whenever a level was counted with a verdict: its seats that opened, in their order, and the root of their
    /// attestations (`libraries/Attestations.sol`). Without any if an Accepted output was then not published,
    /// or found wrong: no attestation says so, the contract does. The last one is what was answered.
    event AttestationsAggregated(
        bytes32 indexed requestHash, address[] validators, bytes32 attestationsRoot, uint8 aggregatedVerdict
    );

    /// @notice The price that means "ask elsewhere": type(uint256).max. Never quoted here.
    function OUT_OF_BAND_PRICE() external view returns (uint256);
    function validationRegistry() external view returns (address);
    /// @notice Opens a round for a request that the Validation Registry addressed to this contract.
    /// Arguments as `IVerificationRounds.submitFor` has them.
    function submit(bytes32 requestHash, bytes calldata policy, bytes calldata payload) external payable;
    /// @dev Reverts PolicyNotSupported.
    function quote(bytes calldata policy) external view returns (uint256 priceWei, uint32 etaSeconds);
    /// @notice What a supported policy looks like, in words.
    function policySchema() external view returns (string memory);
    /// @notice keccak256 of the name of the method by which verdicts are reached.
    function verificationProfile() external view returns (bytes32);
    function supportsPolicy(bytes calldata policy) external view returns (bool);
    /// @return state 0 unknown, 1 pending, 2 responded (Accepted, Rejected), 3 failed (Inconclusive, Expired).
    /// @return validatorCount seats drawn.
    /// @return responseAggregated true once the seats' digests were counted into a response.
    function status(bytes32 requestHash)
        external
        view
        returns (uint8 state, uint16 validatorCount, bool responseAggregated);
}
