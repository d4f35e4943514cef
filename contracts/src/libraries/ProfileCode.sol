// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LibRLP} from "solady/utils/LibRLP.sol";

import {IProfileRegistry, Profile} from "../interfaces/IProfileRegistry.sol";

/// @title Where a registry keeps its profiles, each as the code of a contract of its own.
/// @dev That costs a reader a seventh of what storage would, and a court, which reads one at every turn of a
/// round, does not even have to ask the registry. A registry creates no other contracts, so the n-th profile
/// has the address of its nonce n + 1; and nobody else can put code there, nor change it.
library ProfileCode {
    /// @dev What `Profile` takes, in memory and encoded: 24 words.
    uint256 private constant PROFILE_BYTES = 768;

    function placeOf(address registry, uint256 number) internal pure returns (address) {
        return LibRLP.computeAddress(registry, number + 1);
    }

    /// @notice `IProfileRegistry.profileAt`, without the call. Reverts ProfileNumberUnknown.
    function read(address registry, uint256 number)
        internal
        view
        returns (bytes32 profileId, Profile memory profile)
    {
        address place = placeOf(registry, number);
        // The first byte of the code is a STOP, the others are abi.encode(profileId, profile): a struct without
        // dynamic members is the same words in memory. Where there is no code, zeros are copied.
        assembly ("memory-safe") {
            extcodecopy(place, 0, 1, 32)
            profileId := mload(0)
            extcodecopy(place, profile, 33, PROFILE_BYTES)
        }
        require(profileId != bytes32(0), IProfileRegistry.ProfileNumberUnknown(number));
    }
}
