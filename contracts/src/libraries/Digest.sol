// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title Digests: 256 bits, compared by Hamming distance and by nothing else.
library Digest {
    /// @return The number of bits in which `a` and `b` differ, 0 to 256.
    function distance(bytes32 a, bytes32 b) internal pure returns (uint256) {
        return LibBit.popCount(uint256(a ^ b));
    }

    /// @return The digest under `key` of whatever a family does not hold to be an answer. Anybody can compute it.
    function implausible(bytes32 key) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("implausible", key));
    }

    /// @return The digest of the `exact` family: keccak256(key ‖ content).
    function exact(bytes32 key, bytes memory content) internal pure returns (bytes32) {
        return keccak256(bytes.concat(key, content));
    }
}
