// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Randomness that is fixed by a block nobody knew when the round was submitted.
interface IEntropy {
    /// @param blockNumber a block fixed at submit.
    /// @return available false while the block is not known yet, or is known no more.
    /// @return value the entropy, meaningless unless available.
    function entropyOf(uint256 blockNumber) external view returns (bool available, bytes32 value);
}
