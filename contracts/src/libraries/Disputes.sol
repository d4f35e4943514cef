// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";
import {Fees} from "./Fees.sol";

/// @title How long a round under a profile can keep stake at risk.
library Disputes {
    /// @return Seconds from the first draw to the last slash, everybody taking all the time there is and every
    /// verdict being appealed. The draws themselves are whoever's who draws first.
    function longest(Profile memory p) internal pure returns (uint256) {
        uint256 level = uint256(p.commitWindow) + p.openWindow + p.appealWindow;
        return Fees.levels(p) * level + p.publishWindow + 2 * uint256(p.flagWindow);
    }
}
