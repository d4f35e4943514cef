// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEntropy} from "../interfaces/IEntropy.sol";

/// @title Entropy from the hash of a block.
/// @dev Who could bias it: on proof-of-stake Ethereum the proposer of that one block, by withholding it at
/// the price of its reward (one bit per block so given up); on a rollup its sequencer, freely; on a
/// development chain whoever mines. Worth a stake no larger than that. The hash is kept for 256 blocks.
contract BlockhashEntropy is IEntropy {
    error EntropyConstant();

    /// @dev Refuses a chain on which block hashes are absent or do not change.
    constructor() {
        bytes32 last = blockhash(block.number - 1);
        // Equal hashes are what is looked for.
        // slither-disable-next-line incorrect-equality
        bool constantHash = block.number > 1 && last == blockhash(block.number - 2);
        require(last != bytes32(0) && !constantHash, EntropyConstant());
    }

    /// @inheritdoc IEntropy
    function entropyOf(uint256 blockNumber) external view returns (bool available, bytes32 value) {
        value = blockhash(blockNumber);
        available = value != bytes32(0);
    }
}
