// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

/// @title Where a task is to be read: a URI that could not lead to another task is the only one admitted.
/// @dev Else a round could be had on work that no verifier can read, and one round is all a work gets.
library TaskURI {
    string private constant STORED = "assay:";
    /// @dev With the hash in hex and its 0x.
    uint256 private constant STORED_SIZE = 72;
    string private constant INLINE = "data:application/json;base64,";

    /// @return True if the URI is `assay:` with the hash in hex (0x or not), or `data:` with JSON in canonical
    /// base64 whose keccak256 is the hash.
    function names(string memory uri, bytes32 taskHash) internal pure returns (bool) {
        if (bytes(uri).length == STORED_SIZE) {
            return LibString.eq(uri, string.concat(STORED, LibString.toHexString(uint256(taskHash), 32)));
        }
        if (bytes(uri).length == STORED_SIZE - 2) {
            return
                LibString.eq(uri, string.concat(STORED, LibString.toHexStringNoPrefix(uint256(taskHash), 32)));
        }
        if (!LibString.startsWith(uri, INLINE)) return false;
        string memory given = LibString.slice(uri, bytes(INLINE).length);
        bytes memory task = Base64.decode(given);
        // What a lenient decoder forgives, a strict one would not read.
        return keccak256(task) == taskHash && LibString.eq(Base64.encode(task), given);
    }
}
