// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Three checkpoints of a weight in one storage slot.
/// @dev Bits 0-63, 64-127, 128-191: the newest weight and the two before it. Bits 192-223: the epoch from
/// which the newest counts. Bits 224-239 and 240-255: how many epochs earlier the second counts than the
/// first, and the third than the second, capped. A write made in epoch E counts from E + 1, so the three
/// always cover the last epoch, this one and the next: `valueAt` is exact for those and for no others.
library Checkpoints {
    uint256 private constant MAX_GAP = type(uint16).max;

    /// @return The weight written last, which may count from the next epoch only.
    function newest(uint256 self) internal pure returns (uint64) {
        return uint64(self);
    }

    /// @return The weight that counts in `epoch`.
    function valueAt(uint256 self, uint32 epoch) internal pure returns (uint64) {
        uint256 from = uint32(self >> 192);
        if (epoch >= from) return uint64(self);
        if (epoch + uint256(uint16(self >> 224)) >= from) return uint64(self >> 64);
        return uint64(self >> 128);
    }

    /// @param epoch the present one, never earlier than at the last write.
    /// @return The slot with `weight` counting from the next epoch on.
    function write(uint256 self, uint64 weight, uint32 epoch) internal pure returns (uint256) {
        uint256 from = uint256(epoch) + 1;
        uint256 previous = uint32(self >> 192);
        if (previous == from) return ((self >> 64) << 64) | weight;

        uint256 gap = from - previous;
        if (gap > MAX_GAP) gap = MAX_GAP;
        uint256 weights = (uint256(uint128(self)) << 64) | weight;
        uint256 gaps = (uint256(uint16(self >> 224)) << 240) | (gap << 224);
        return gaps | (uint256(uint32(from)) << 192) | weights;
    }
}
