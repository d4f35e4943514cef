// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice What one source has in one domain at the end of an epoch. Evidence in nano (1e9 = one
/// observation) as of updatedAt, scores in basis points at the epoch's time; both 0 where not known.
struct SourceScore {
    uint256 source; // agentId
    bytes32 domain;
    uint64 alpha;
    uint64 beta;
    uint64 updatedAt;
    bool known;
    uint16 meanBps;
    uint16 lowerBps;
}

/// @title Leaves of an epoch's Merkle tree, and scores packed into words.
library SourceScores {
    /// @dev What a packed score of an unknown source is.
    int16 internal constant UNKNOWN = -1;
    uint256 internal constant PER_WORD = 16;

    /// @notice Hashed twice, so that no inner node of the tree passes for a leaf.
    function leafOf(SourceScore memory score) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(score))));
    }

    function isUnder(SourceScore memory score, bytes32[] calldata proof, bytes32 root)
        internal
        pure
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, root, leafOf(score));
    }

    /// @notice Score `place` (0..15) of a word, in basis points, or UNKNOWN.
    function unpack(uint256 word, uint256 place) internal pure returns (int16) {
        return int16(uint16(word >> (16 * place)));
    }
}
