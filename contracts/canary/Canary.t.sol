// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

/// @dev Fails whenever it runs (profile "canary" only), to prove that a failing test is noticed.
contract CanaryTest is Test {
    function test_canary__then_fails() external pure {
        assertTrue(false, "a failing test is noticed");
    }
}
