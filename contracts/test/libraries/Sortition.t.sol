// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Sortition} from "../../src/libraries/Sortition.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Against a model that keeps every write and scans them all.
contract SortitionTest is Test {
    using Sortition for Sortition.Tree;

    struct Write {
        uint32 leaf;
        uint32 epoch;
        uint64 weight;
    }

    Sortition.Tree private tree;
    Write[] private writes;
    uint32 private epoch = 1000;

    function testFuzz_tree__when_written_over_epochs__then_reads_and_draws_as_the_model(uint256 seed)
        external
    {
        uint256 steps = 6 + seed % 24;
        for (uint256 i = 0; i < steps; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (tree.leaves == 0 || seed % 3 == 0) tree.grow();
            // Small weights too, so that tickets fall on the very ends of intervals.
            uint64 weight = uint64(seed >> 160) >> ((seed >> 32) % 2 == 0 ? 8 : 62);
            _write(uint32((seed >> 8) % tree.leaves), (seed >> 64) % 5 == 0 ? 0 : weight);
            if ((seed >> 40) % 2 == 0) epoch += uint32((seed >> 48) % 4);
            if ((seed >> 56) % 32 == 0) epoch += 70_000; // past what a gap can hold
            if (i % 4 == 3) _compareAll(seed);
        }
        _compareAll(seed);
    }

    function test_grow__when_leaves_double__then_history_stays() external {
        uint32 first = tree.grow();
        tree.set(first, 5, epoch);
        epoch += 1;
        for (uint256 i = 0; i < 9; ++i) {
            tree.set(tree.grow(), 7, epoch);
        }
        assertEq(tree.totalAt(epoch - 1), 0);
        assertEq(tree.totalAt(epoch), 5);
        assertEq(tree.totalAt(epoch + 1), 5 + 63);
        assertEq(tree.depth, 4);
    }

    function test_set__when_one_epoch__then_counts_from_the_next_only() external {
        uint32 leaf = tree.grow();
        tree.set(leaf, 5, epoch);
        tree.set(leaf, 9, epoch);
        assertEq(tree.weightAt(leaf, epoch - 1), 0);
        assertEq(tree.weightAt(leaf, epoch), 0);
        assertEq(tree.weightAt(leaf, epoch + 1), 9);
    }

    /// @dev 20,000 first draws over weights 1:2:3:4, chi-square below the 99.9 % point of 3 degrees.
    function test_take__when_weights_differ__then_drawn_in_proportion() external {
        uint64[4] memory weights = [uint64(1), 2, 3, 4];
        for (uint256 i = 0; i < 4; ++i) {
            tree.set(tree.grow(), weights[i], epoch);
        }
        uint256[4] memory hits;
        uint256 draws = 20_000;
        for (uint256 i = 0; i < draws; ++i) {
            Sortition.Excluded memory met = Sortition.none(1);
            ++hits[tree.take(epoch + 1, uint256(keccak256(abi.encode(i))) % 10, met)];
        }
        uint256 chi; // in thousandths
        for (uint256 i = 0; i < 4; ++i) {
            uint256 expected = draws * weights[i] / 10;
            uint256 off = hits[i] > expected ? hits[i] - expected : expected - hits[i];
            chi += 1000 * off * off / expected;
        }
        assertLt(chi, 16_266);
    }

    function _write(uint32 leaf, uint64 weight) private {
        tree.set(leaf, weight, epoch);
        writes.push(Write(leaf, epoch, weight));
    }

    function _compareAll(uint256 seed) private view {
        for (uint32 present = epoch - 1; present <= epoch + 1; ++present) {
            uint256[] memory weights = _model(present);
            uint256 total;
            for (uint32 leaf = 0; leaf < weights.length; ++leaf) {
                assertEq(tree.weightAt(leaf, present), weights[leaf], "weight");
                total += weights[leaf];
            }
            assertEq(tree.totalAt(present), total, "total");
            _drawAll(present, weights, total, seed);
        }
    }

    /// @dev Every leaf of a weight is drawn once, in the order in which the model draws them.
    function _drawAll(uint32 present, uint256[] memory weights, uint256 total, uint256 seed) private view {
        Sortition.Excluded memory met = Sortition.none(weights.length);
        while (met.sum < total) {
            uint256 ticket = uint256(keccak256(abi.encode(seed, present, met.count))) % (total - met.sum);
            uint256 expected = _modelTake(weights, ticket);
            assertEq(tree.take(present, ticket, met), expected, "leaf");
            weights[expected] = 0;
        }
        for (uint256 i = 0; i < weights.length; ++i) {
            assertEq(weights[i], 0);
        }
    }

    function _model(uint32 present) private view returns (uint256[] memory weights) {
        weights = new uint256[](tree.leaves);
        for (uint256 i = 0; i < writes.length; ++i) {
            if (writes[i].epoch < present) weights[writes[i].leaf] = writes[i].weight;
        }
    }

    function _modelTake(uint256[] memory weights, uint256 ticket) private pure returns (uint256 leaf) {
        while (ticket >= weights[leaf]) ticket -= weights[leaf++];
    }
}
