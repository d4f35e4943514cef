// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {BenchLib} from "./Bench.sol";

/// @title What rounds and appeals cost, in wei.
library Fees {
    /// @dev The first committee and at most three appeals.
    uint256 internal constant MAX_LEVELS = 4;
    uint256 private constant MAX_BPS = 10_000;

    /// @return Seats of a level: each has twice the last one's and one, as long as a bench has room.
    function sizeAt(Profile memory profile, uint256 level) internal pure returns (uint256) {
        uint256 size = profile.committeeSize;
        for (uint256 i = 0; i < level; ++i) {
            size = 2 * size + 1;
            if (size > BenchLib.MAX_SEATS) return BenchLib.MAX_SEATS;
        }
        return size;
    }

    /// @return count of levels that a round can have: as long as the next committee is larger.
    function levels(Profile memory profile) internal pure returns (uint256 count) {
        count = 1;
        if (profile.appealWindow == 0) return count;
        while (count < MAX_LEVELS && sizeAt(profile, count) > sizeAt(profile, count - 1)) ++count;
    }

    /// @return The seats' fees of a level.
    function ofLevel(Profile memory profile, uint256 level) internal pure returns (uint256) {
        return sizeAt(profile, level) * profile.seatFee;
    }

    /// @return The first level's fees, the finalizer's tip, and what its audit costs on average.
    function ofRound(Profile memory profile) internal pure returns (uint256) {
        return ofLevel(profile, 0) + profile.tip + premium(profile);
    }

    function premium(Profile memory profile) internal pure returns (uint256) {
        return ofLevel(profile, 1) * profile.auditBps / MAX_BPS;
    }
}
