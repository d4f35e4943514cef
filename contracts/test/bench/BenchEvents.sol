// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IReputationLedger} from "../../src/interfaces/IReputationLedger.sol";

/// @title Events in numbers, for `scripts/bench_backend.py`, which puts this code where the identity
/// registry and the ledger of a local chain are.
contract BenchEvents {
    /// @notice Agents `first` to `first + count - 1` get their owners.
    function transfers(uint256 first, uint256 count) external {
        for (uint256 id = first; id < first + count; ++id) {
            emit IERC721.Transfer(address(0), ownerOf(id), id);
        }
    }

    /// @notice Their first evidence in a domain.
    function evidence(bytes32 domain, uint256 first, uint256 count) external {
        for (uint256 id = first; id < first + count; ++id) {
            uint64 good = uint64(1e9 * (1 + id % 7));
            uint64 bad = uint64(1e9 * (id % 3));
            emit IReputationLedger.EvidenceRecorded(id, domain, ownerOf(id), good, bad, good, bad);
        }
    }

    function ownerOf(uint256 id) public pure returns (address) {
        return address(uint160(0xa11ce000000 + id));
    }
}
