// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";

/// @title Who acts for an agent: its owner, whom the owner approved (ERC-721), or its agentWallet.
library AgentAuth {
    /// @dev Reverts ERC721NonexistentToken for an agent that does not exist.
    function isOperator(IIdentityRegistry identity, uint256 agentId, address account)
        internal
        view
        returns (bool)
    {
        if (identity.isAuthorizedOrOwner(account, agentId)) return true;
        return account != address(0) && account == identity.getAgentWallet(agentId);
    }

    /// @notice `isOperator`, cheaper if it is the owner and dearer if not.
    function isOwnerOrOperator(IIdentityRegistry identity, uint256 agentId, address account)
        internal
        view
        returns (bool)
    {
        address owner;
        // What `identity.ownerOf` answers, without the encoding; of an agent that does not exist, zero.
        assembly ("memory-safe") {
            mstore(0, 0x6352211e00000000000000000000000000000000000000000000000000000000)
            mstore(4, agentId)
            if staticcall(gas(), identity, 0, 36, 0, 32) { owner := mload(0) }
        }
        if (account == owner) return account != address(0);
        return isOperator(identity, agentId, account);
    }

    /// @notice Whether an operator of the agent signed `digest`: any operator by key, and the owner, the
    /// approved address or the agentWallet as a contract (ERC-1271).
    /// @return signed True if so.
    /// @return recovered the key's address, zero if the signature is not one of a key.
    function isSignedByOperator(
        IIdentityRegistry identity,
        uint256 agentId,
        bytes32 digest,
        bytes memory signature
    ) internal view returns (bool signed, address recovered) {
        // Why recovery failed does not matter: zero is no operator.
        // slither-disable-next-line unused-return
        (recovered,,) = ECDSA.tryRecover(digest, signature);
        if (recovered != address(0) && isOperator(identity, agentId, recovered)) return (true, recovered);
        signed = SignatureChecker.isValidERC1271SignatureNow(identity.ownerOf(agentId), digest, signature)
            || SignatureChecker.isValidERC1271SignatureNow(
                identity.getAgentWallet(agentId), digest, signature
            ) || SignatureChecker.isValidERC1271SignatureNow(identity.getApproved(agentId), digest, signature);
    }
}
