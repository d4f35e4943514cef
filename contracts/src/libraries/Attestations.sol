// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title ERC-8294's attestations, as they follow from what the seats opened: nobody signs them, and nobody
/// could sign others.
library Attestations {
    bytes32 internal constant TYPEHASH = keccak256(
        "Attestation(bytes32 requestHash,uint256 agentId,address validator,uint8 verdict,bytes32 evidenceHash,uint64 issuedAt,bytes32 challengeKind,bytes32 nonceHash)"
    );

    /// @dev What all attestations of a level have in common.
    struct Count {
        bytes32 requestHash;
        uint256 agentId; // whose work it is
        bytes32 profileId; // the challengeKind
        bytes32 key; // the nonceHash
        uint256 agreeing; // bit i: seat i is within tolerance of the claim, its verdict is 100
    }

    /// @return EIP-712 struct hash of a seat's attestation, issued now. Its evidence is the digest.
    function leaf(Count memory c, uint256 seat, address validator, bytes32 digest)
        internal
        view
        returns (bytes32)
    {
        uint256 verdict = (c.agreeing >> seat) & 1 == 1 ? 100 : 0;
        return keccak256(
            abi.encode(
                TYPEHASH,
                c.requestHash,
                c.agentId,
                validator,
                verdict,
                digest,
                block.timestamp,
                c.profileId,
                c.key
            )
        );
    }

    /// @return Merkle root in the order of the seats: pairs hashed sorted, an odd one goes up as it is. Of one
    /// leaf itself, of none zero. The array is overwritten.
    function root(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32) {
        if (count == 0) return bytes32(0);
        for (; count > 1; count = (count + 1) / 2) {
            for (uint256 i = 0; i < count / 2; ++i) {
                leaves[i] = Hashes.commutativeKeccak256(leaves[2 * i], leaves[2 * i + 1]);
            }
            if (count % 2 == 1) leaves[count / 2] = leaves[count - 1];
        }
        return leaves[0];
    }
}
