// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockhashEntropy} from "../src/entropy/BlockhashEntropy.sol";
import {Test} from "forge-std/Test.sol";

contract BlockhashEntropyTest is Test {
    BlockhashEntropy private entropy;

    function setUp() external {
        vm.roll(1000);
        entropy = new BlockhashEntropy();
    }

    function test_entropyOf__when_block_is_known__then_its_hash() external {
        vm.setBlockhash(998, keccak256("998"));
        (bool available, bytes32 value) = entropy.entropyOf(998);
        assertTrue(available);
        assertEq(value, keccak256("998"));
    }

    function test_entropyOf__when_block_is_not_yet_or_no_longer_known__then_unavailable() external {
        for (uint256 i = 0; i < 3; ++i) {
            (bool available,) = entropy.entropyOf(1000 + i);
            assertFalse(available);
        }
        vm.roll(1300);
        (bool known,) = entropy.entropyOf(1300 - 256);
        assertTrue(known);
        (known,) = entropy.entropyOf(1300 - 257);
        assertFalse(known);
    }

    function test_constructor__when_hashes_are_constant_or_absent__then_refused() external {
        vm.setBlockhash(998, keccak256("same"));
        vm.setBlockhash(999, keccak256("same"));
        vm.expectRevert(BlockhashEntropy.EntropyConstant.selector);
        new BlockhashEntropy();
        vm.setBlockhash(999, 0);
        vm.expectRevert(BlockhashEntropy.EntropyConstant.selector);
        new BlockhashEntropy();
    }
}
