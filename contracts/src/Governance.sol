// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title What can be governed goes through here, announced and delayed; anyone may execute what was due.
/// @dev Its one power in the protocol is `StakeVault.halt`. It has no administrator but itself.
contract Governance is TimelockController {
    /// @param minDelay seconds between an announcement and its execution.
    /// @param governor who announces and may take back; it can be replaced by an announced call only.
    constructor(uint256 minDelay, address governor)
        TimelockController(minDelay, _only(governor), _only(address(0)), address(0))
    {}

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
