// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Digest} from "../../src/libraries/Digest.sol";
import {Test} from "forge-std/Test.sol";

contract DigestTest is Test {
    uint256 private constant POPCOUNT_GAS = 210;

    function testFuzz_distance__when_any_digests__then_counts_differing_bits(bytes32 a, bytes32 b)
        external
        pure
    {
        uint256 expected;
        for (uint256 i = 0; i < 256; ++i) {
            if ((uint256(a) >> i) & 1 != (uint256(b) >> i) & 1) ++expected;
        }
        assertEq(Digest.distance(a, b), expected);
        assertEq(Digest.distance(b, a), expected);
    }

    function test_distance__when_extreme__then_exact() external pure {
        assertEq(Digest.distance(0, 0), 0);
        assertEq(Digest.distance(0, bytes32(type(uint256).max)), 256);
        for (uint256 i = 0; i < 256; ++i) {
            assertEq(Digest.distance(0, bytes32(uint256(1) << i)), 1);
            assertEq(Digest.distance(bytes32(type(uint256).max), bytes32(uint256(1) << i)), 255);
        }
    }

    function testFuzz_distance__then_costs_at_most_210_gas(bytes32 a, bytes32 b) external view {
        uint256 before = gasleft();
        uint256 d = Digest.distance(a, b);
        uint256 used = before - gasleft();
        assertLe(d, 256);
        assertLe(used, POPCOUNT_GAS);
    }

    function testFuzz_exact__then_hash_of_key_and_content(bytes32 key, bytes calldata content) external pure {
        assertEq(Digest.exact(key, content), keccak256(abi.encodePacked(key, content)));
    }
}
