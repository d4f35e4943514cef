// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {SectionKey} from "../interfaces/IExamBook.sol";
import {Digest} from "./Digest.sol";

/// @title Keys, sheets, and how many answers of a sheet are right.
library ExamSheets {
    /// @dev A section's count takes so many bits of `marks`.
    uint256 internal constant MARK_BITS = 8;
    uint256 private constant WORD = 32;

    /// @notice What an opened key is kept as.
    function hashOf(SectionKey calldata key) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encodePacked(key.digests)), key.contentsHash));
    }

    /// @return Whether these are the content hashes that a key was sealed over.
    function areContents(SectionKey calldata key, bytes32[] calldata contents) internal pure returns (bool) {
        return
            contents.length == key.digests.length && keccak256(abi.encodePacked(contents)) == key.contentsHash;
    }

    /// @notice Item `index` of a section under a root. Hashed twice, so that no inner node passes for a leaf.
    function isItem(bytes32 root, uint256 index, bytes32 hash, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, hash))));
        return MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @notice Counts the answers within `tolerance` of the keys, whose items are the sheet's in order.
    /// @param digests as many as all keys have.
    /// @return right in all.
    /// @return marks by section, that of section i in byte i.
    /// @return least the worst section's count.
    function count(SectionKey[] calldata keys, bytes32[] calldata digests, uint256 tolerance)
        internal
        pure
        returns (uint256 right, uint256 marks, uint256 least)
    {
        uint256 first = 0;
        least = type(uint256).max;
        for (uint256 section = 0; section < keys.length; ++section) {
            bytes32[] calldata answers = keys[section].digests;
            uint256 found = 0;
            for (uint256 i = 0; i < answers.length; ++i) {
                if (Digest.distance(answers[i], digests[first + i]) <= tolerance) ++found;
            }
            first += answers.length;
            right += found;
            marks |= found << (MARK_BITS * section);
            if (found < least) least = found;
        }
    }

    /// @return Whether `output` ends with `word`.
    function endsWith(bytes calldata output, bytes32 word) internal pure returns (bool) {
        uint256 size = output.length;
        return size >= WORD && bytes32(output[size - WORD:]) == word;
    }
}
