// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Checkpoints} from "./Checkpoints.sol";

/// @title Stake-weighted drawing without replacement, over weights that change by epochs.
/// @dev A binary tree of sums. Node (level, index) holds the sum of the leaves below it as `Checkpoints`, so
/// a drawing reads the weights of the epoch it belongs to, whatever was written since. The tree grows by a
/// level when its leaves run out; the new root takes over the old one's history.
library Sortition {
    struct Tree {
        uint32 leaves;
        uint8 depth;
        mapping(uint256 node => uint256 checkpoints) nodes;
    }

    /// @dev What a drawing must not find again: disjoint intervals of the cumulated weights, in order.
    struct Excluded {
        uint256 count;
        uint256 sum;
        uint256[] starts;
        uint256[] lengths;
    }

    /// @return leaf the index of a new leaf of weight zero.
    function grow(Tree storage tree) internal returns (uint32 leaf) {
        leaf = tree.leaves++;
        if (uint256(leaf) >> tree.depth != 0) {
            uint256 oldRoot = tree.nodes[_node(tree.depth, 0)];
            tree.nodes[_node(++tree.depth, 0)] = oldRoot;
        }
    }

    /// @notice Sets a leaf's weight, from the epoch after `epoch` on.
    function set(Tree storage tree, uint32 leaf, uint64 weight, uint32 epoch) internal {
        uint64 old = Checkpoints.newest(tree.nodes[_node(0, leaf)]);
        if (old == weight) return;
        uint256 index = leaf;
        for (uint256 level = 0; level <= tree.depth; ++level) {
            uint256 node = _node(level, index);
            uint256 checkpoints = tree.nodes[node];
            uint64 sum = Checkpoints.newest(checkpoints) - old + weight;
            tree.nodes[node] = Checkpoints.write(checkpoints, sum, epoch);
            index >>= 1;
        }
    }

    /// @return A leaf's weight in `epoch`.
    function weightAt(Tree storage tree, uint32 leaf, uint32 epoch) internal view returns (uint64) {
        return Checkpoints.valueAt(tree.nodes[_node(0, leaf)], epoch);
    }

    /// @return The sum of all weights in `epoch`.
    function totalAt(Tree storage tree, uint32 epoch) internal view returns (uint64) {
        return Checkpoints.valueAt(tree.nodes[_node(tree.depth, 0)], epoch);
    }

    /// @return An empty set with room for `limit` intervals.
    function none(uint256 limit) internal pure returns (Excluded memory) {
        return Excluded(0, 0, new uint256[](limit), new uint256[](limit));
    }

    /// @notice Finds the leaf that a ticket points at among those not excluded, and excludes it.
    /// @param ticket below the total weight of `epoch` less `excluded.sum`.
    function take(Tree storage tree, uint32 epoch, uint256 ticket, Excluded memory excluded)
        internal
        view
        returns (uint32 leaf)
    {
        uint256 rank;
        for (; rank < excluded.count && ticket >= excluded.starts[rank]; ++rank) {
            ticket += excluded.lengths[rank];
        }

        uint256 index;
        uint256 rest = ticket;
        for (uint256 level = tree.depth; level != 0; --level) {
            index <<= 1;
            uint256 left = Checkpoints.valueAt(tree.nodes[_node(level - 1, index)], epoch);
            if (rest >= left) {
                rest -= left;
                ++index;
            }
        }
        leaf = uint32(index);

        _insert(excluded, rank, ticket - rest, weightAt(tree, leaf, epoch));
    }

    /// @dev `rank` is where the interval belongs: `take` has just counted those before it.
    function _insert(Excluded memory excluded, uint256 rank, uint256 start, uint256 length) private pure {
        for (uint256 i = excluded.count; i > rank; --i) {
            excluded.starts[i] = excluded.starts[i - 1];
            excluded.lengths[i] = excluded.lengths[i - 1];
        }
        excluded.starts[rank] = start;
        excluded.lengths[rank] = length;
        ++excluded.count;
        excluded.sum += length;
    }

    function _node(uint256 level, uint256 index) private pure returns (uint256) {
        return (level << 32) | index;
    }
}
