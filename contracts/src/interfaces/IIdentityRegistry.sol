// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title ERC-8004 Identity Registry. Ids start at 0, and 0 is as good as any other.
interface IIdentityRegistry is IERC721 {
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    error IdentityNotAuthorized(uint256 agentId, address caller);
    error IdentityKeyReserved(string metadataKey);
    error IdentityWalletZero();
    error IdentityDeadlinePassed(uint256 deadline, uint256 timestamp);
    error IdentityDeadlineTooFar(uint256 deadline, uint256 latest);
    error IdentitySignatureInvalid(address newWallet);

    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice Mints the next id to the caller, whose address becomes the agent's wallet.
    function register() external returns (uint256 agentId);
    function register(string calldata agentURI) external returns (uint256 agentId);
    function register(string calldata agentURI, MetadataEntry[] calldata metadata)
        external
        returns (uint256 agentId);
    /// @notice Caller: owner, operator or approved, as for every setter here.
    function setAgentURI(uint256 agentId, string calldata newURI) external;
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory);
    /// @dev The key "agentWallet" is reserved: see `setAgentWallet`.
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;
    /// @return The agent's wallet, or zero; a transfer clears it.
    function getAgentWallet(uint256 agentId) external view returns (address);
    /// @param deadline at most five minutes ahead.
    /// @param signature by `newWallet` (ECDSA or ERC-1271) over
    /// AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline).
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature)
        external;
    function unsetAgentWallet(uint256 agentId) external;
    /// @dev Reverts ERC721NonexistentToken.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);
    function getVersion() external pure returns (string memory);
}
