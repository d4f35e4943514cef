// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title ERC-8004 Validation Registry: who was asked to check what, and what they answered.
/// @dev Stricter than the reference, within its ABI: an empty request hash, the zero validator and a
/// validator who acts for the agent are refused, and so is a second answer after one that ERC-8294 calls
/// terminal. A validator named twice counts once in `getSummary`.
interface IValidationRegistry {
    error ValidationNotAuthorized(uint256 agentId, address caller);
    error ValidationValidatorZero();
    error ValidationRequestEmpty();
    error ValidationOfOneself(uint256 agentId, address validator);
    error ValidationRequestExists(bytes32 requestHash);
    error ValidationRequestUnknown(bytes32 requestHash);
    error ValidationNotValidator(bytes32 requestHash, address caller);
    error ValidationResponseOutOfRange(uint8 response);
    error ValidationResponseFinal(bytes32 requestHash, string tag);

    event ValidationRequest(
        address indexed validatorAddress,
        uint256 indexed agentId,
        string requestURI,
        bytes32 indexed requestHash
    );
    event ValidationResponse(
        address indexed validatorAddress,
        uint256 indexed agentId,
        bytes32 indexed requestHash,
        uint8 response,
        string responseURI,
        bytes32 responseHash,
        string tag
    );

    function getIdentityRegistry() external view returns (address);
    /// @notice Caller: the agent's owner, an operator or the approved address; the validator is none of them.
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external;
    /// @notice Caller: the validator of the request. May be repeated, and the last answer stands, unless the
    /// standing one is terminal: its tag begins with "vni:" and not with "vni:x-".
    /// @param response 0 to 100.
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;
    /// @dev Reverts ValidationRequestUnknown. An unanswered request looks like a response of 0 here.
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        );
    /// @param validatorAddresses empty means everybody. @param tag empty matches all.
    /// @return count answered requests that match.
    /// @return avgResponse their mean, rounded down.
    function getSummary(uint256 agentId, address[] calldata validatorAddresses, string calldata tag)
        external
        view
        returns (uint64 count, uint8 avgResponse);
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory requestHashes);
    function getValidatorRequests(address validatorAddress)
        external
        view
        returns (bytes32[] memory requestHashes);
    function getVersion() external pure returns (string memory);
}
