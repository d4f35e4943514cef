// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Where evidence is kept: keccak256(abi.encode(profileId, keccak256(role))).
library Domains {
    function provider(bytes32 profileId) internal pure returns (bytes32) {
        return keccak256(abi.encode(profileId, keccak256("provider")));
    }

    function verifier(bytes32 profileId) internal pure returns (bytes32) {
        return keccak256(abi.encode(profileId, keccak256("verifier")));
    }
}
