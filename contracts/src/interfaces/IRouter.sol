// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Receipt} from "./IVerificationRounds.sol";

/// @title Opens the registry's request and the round in one transaction, for the holder of a receipt.
/// @dev A provider approves the Router for its agent (ERC-721 `approve`) when it enrols. That approval is
/// worth nothing without a receipt the provider signed: whatever the court refuses reverts as a whole.
interface IRouter {
    /// @notice Asks for verification of the work behind a receipt. The value sent is the profile's fee;
    /// it returns to the caller's credit when the round expires.
    /// @param signature the provider's, over the receipt.
    /// @param taskURI where the task is to be read; its hash must be the receipt's taskHash.
    /// @param nonce any; another one gives another request hash, should somebody have taken this one.
    function verify(
        Receipt calldata receipt,
        bytes calldata signature,
        string calldata taskURI,
        bytes32 nonce
    ) external payable returns (bytes32 requestHash);
}
