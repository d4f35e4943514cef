// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {IVerificationRounds, Phase, Receipt} from "../interfaces/IVerificationRounds.sol";

/// @title What a court has answered in the Validation Registry, for contracts that defer to it.
library CourtAnswers {
    uint8 private constant ACCEPTED = 100;
    bytes32 private constant DECIDED = keccak256("vni:ok");

    /// @notice The round that a court holds about a receipt. A request that nobody submitted is none: else
    /// whoever has to answer could name one that never ends.
    /// @return requestHash 0 if there is none.
    function roundOf(IVerificationRounds court, Receipt calldata receipt, bytes32 nonce)
        internal
        view
        returns (bytes32 requestHash)
    {
        requestHash = court.requestHashOf(receipt, nonce);
        if (court.phaseOf(requestHash) == Phase.None) return bytes32(0);
    }

    /// @return decided whether there is a verdict: a round that ended without one, or did not end, has none.
    /// @return accepted whether it says that the work is what it claims to be.
    function verdictOf(IValidationRegistry registry, bytes32 requestHash)
        internal
        view
        returns (bool decided, bool accepted)
    {
        // Agent, hash and time of the answer do not matter here.
        // slither-disable-next-line unused-return
        (,, uint8 response,, string memory tag,) = registry.getValidationStatus(requestHash);
        decided = keccak256(bytes(tag)) == DECIDED;
        accepted = decided && response == ACCEPTED;
    }

    /// @return Whether `output` is what a receipt promised, with the salt it was promised under.
    function isOutput(bytes32 outputHash, bytes32 salt, bytes calldata output) internal pure returns (bool) {
        return keccak256(abi.encode(salt, keccak256(output))) == outputHash;
    }
}
