// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BetaEvidence} from "../../src/libraries/BetaEvidence.sol";
import {stdJson} from "forge-std/StdJson.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Histories derived from keccak(i), each chained into a running hash: Python computes the same one. How
/// many: `HISTORIES` of the environment, one of the counts in tests/golden/histories.json.
contract HistoriesTest is Test {
    using stdJson for string;

    uint256 private constant HALF_LIFE = 30 days;
    uint256 private constant MOST_STEPS = 8;
    uint256 private constant CHUNK = 500;

    function test_histories__then_the_running_hash_is_pythons() external view {
        uint256 count = vm.envOr("HISTORIES", uint256(2000));
        bytes32 hash;
        for (uint256 i = 0; i < count; i += CHUNK) {
            // A call of its own gives back the memory that the chunk took.
            hash = this.chain(hash, i);
        }
        string memory json = vm.readFile("tests/golden/histories.json");
        assertEq(hash, json.readBytes32(string.concat(".", vm.toString(count))));
    }

    function chain(bytes32 hash, uint256 first) external pure returns (bytes32) {
        for (uint256 i = first; i < first + CHUNK; ++i) {
            (uint64 alpha, uint64 beta) = _history(i);
            uint256 n = BetaEvidence.add(alpha, beta);
            bool known = n >= BetaEvidence.MINIMUM;
            uint16 mean = known ? BetaEvidence.meanBps(alpha, beta) : 0;
            uint16 lower = known ? BetaEvidence.lowerBps(alpha, beta) : 0;
            hash = keccak256(abi.encodePacked(hash, alpha, beta, mean, lower));
        }
        return hash;
    }

    /// @dev Word 0 gives when it begins and how long it is, each further word a step: seconds of any order of
    /// magnitude up to two half-lives, good evidence, bad evidence.
    function _history(uint256 index) private pure returns (uint64 alpha, uint64 beta) {
        uint256 word = uint256(keccak256(abi.encode(index)));
        uint256 time = uint32(word >> 8);
        for (uint256 left = 1 + (word % MOST_STEPS); left != 0; --left) {
            word = uint256(keccak256(abi.encode(word)));
            uint256 elapsed = uint64(word) % (2 * HALF_LIFE) >> (uint8(word >> 64) % 23);
            uint256 steps = BetaEvidence.stepsBetween(time, time + elapsed, HALF_LIFE);
            time += elapsed;
            alpha = BetaEvidence.add(BetaEvidence.decay(alpha, steps), uint32(word >> 128));
            beta = BetaEvidence.add(BetaEvidence.decay(beta, steps), uint32(word >> 192));
        }
    }
}
