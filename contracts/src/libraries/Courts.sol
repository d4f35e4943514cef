// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The contracts a deployer may name once, after both sides are deployed, and nobody ever again.
library Courts {
    struct Set {
        address deployer;
        bool wired;
        mapping(address account => bool) contains;
        address[] members;
    }

    /// @dev The caller checks `deployer` and `wired`, each contract with errors of its own.
    function wire(Set storage set, address[] calldata courts) internal {
        set.wired = true;
        set.members = courts;
        for (uint256 i = 0; i < courts.length; ++i) {
            set.contains[courts[i]] = true;
        }
    }

    /// @dev Nobody is a court any more, and nobody can become one.
    function dismiss(Set storage set) internal {
        for (uint256 i = 0; i < set.members.length; ++i) {
            set.contains[set.members[i]] = false;
        }
    }
}
