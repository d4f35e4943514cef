// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Who may be drawn for a profile. The zero address in its place admits everybody.
interface ICapability {
    /// @return True while `agentId`, held by `owner`, has an unexpired capability for the profile.
    function isCapable(uint256 agentId, address owner, bytes32 profileId) external view returns (bool);
}
