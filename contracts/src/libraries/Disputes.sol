// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Profile} from "../interfaces/IProfileRegistry.sol";

/// @title How long a round under a profile can keep stake at risk.
library Disputes {
    /// @return Seconds from the draw to the last slash, everybody taking all the time there is.
    function longest(Profile memory p) internal pure returns (uint256) {
        return uint256(p.commitWindow) + p.openWindow + p.publishWindow;
    }
}
