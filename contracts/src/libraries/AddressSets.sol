// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Short lists of addresses as sets.
library AddressSets {
    /// @return kept the addresses of `given` in their order, each once.
    function distinct(address[] memory given) internal pure returns (address[] memory kept) {
        kept = new address[](given.length);
        uint256 count;
        for (uint256 i = 0; i < given.length; ++i) {
            if (contains(kept, count, given[i])) continue;
            kept[count++] = given[i];
        }
        // The array only gets shorter; the words behind it stay unused.
        assembly ("memory-safe") {
            mstore(kept, count)
        }
    }

    /// @return True if `member` is among the first `count` of `list`.
    function contains(address[] memory list, uint256 count, address member) internal pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (list[i] == member) return true;
        }
        return false;
    }
}
